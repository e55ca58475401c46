/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-hash.h"
#include "core/buildq-key-private.h"

#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-artifact.h>
#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE_BYTES 4096

/**
 * BuildqKey:
 *
 * A key that signs, or only checks signatures: Ed25519, in the form of Nix,
 * `NAME:BASE64`.
 *
 * A secret key is the 32 bytes that it grows from, followed by the 32 of its public key.
 * Secret bytes are overwritten before their memory is given back; strings that were made
 * of them are up to whoever asked for them.
 *
 * Keys are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
struct _BuildqKey
{
  char *name;
  guint8 public_key[BUILDQ_KEY_BYTES];
  guint8 seed[BUILDQ_KEY_BYTES];
  gboolean is_secret;
};

G_DEFINE_BOXED_TYPE (BuildqKey, buildq_key, buildq_key_ref, buildq_key_unref)

gboolean
_buildq_base64_decode (const char *text, guint8 *data, gsize size)
{
  gsize length = (size + 2) / 3 * 4;
  g_autofree guchar *decoded = NULL;
  g_autofree char *again = NULL;
  gsize decoded_size;
  gboolean ok;

  if (strlen (text) != length)
    return FALSE;
  /* It passes over what is not base64, so the way back must give the same. */
  decoded = g_base64_decode (text, &decoded_size);
  again = g_base64_encode (decoded, decoded_size);
  ok = decoded_size == size && g_str_equal (again, text);
  if (ok)
    memcpy (data, decoded, size);
  explicit_bzero (decoded, decoded_size);
  explicit_bzero (again, strlen (again));
  return ok;
}

gsize
_buildq_key_name_length (const char *text)
{
  const char *colon = strchr (text, ':');

  if (colon == NULL || colon - text > 255)
    return 0;
  for (const char *p = text; p < colon; p++)
    if (!g_ascii_isgraph (*p))
      return 0;
  return colon - text;
}

static gboolean
name_is_good (const char *name)
{
  g_autofree char *text = g_strconcat (name, ":", NULL);

  return name[0] != '\0' && _buildq_key_name_length (text) == strlen (name);
}

/* The expression of libgcrypt for the key, with @seed for a secret one. */
static gcry_sexp_t
build_key (const guint8 *public_key, const guint8 *seed)
{
  gcry_sexp_t key = NULL;

  if (seed == NULL)
    gcry_sexp_build (&key, NULL,
                     "(public-key (ecc (curve Ed25519) (flags eddsa) (q %b)))",
                     BUILDQ_KEY_BYTES, public_key);
  else if (public_key == NULL)
    gcry_sexp_build (&key, NULL,
                     "(private-key (ecc (curve Ed25519) (flags eddsa) (d %b)))",
                     BUILDQ_KEY_BYTES, seed);
  else
    gcry_sexp_build (&key, NULL,
                     "(private-key (ecc (curve Ed25519) (flags eddsa) (q %b) (d %b)))",
                     BUILDQ_KEY_BYTES, public_key, BUILDQ_KEY_BYTES, seed);
  return key;
}

static gcry_sexp_t
build_data (const void *text, gsize size)
{
  gcry_sexp_t data = NULL;

  gcry_sexp_build (&data, NULL, "(data (flags eddsa) (hash-algo sha512) (value %b))",
                   (int) size, size > 0 ? text : "");
  return data;
}

static gboolean
derive_public_key (const guint8 seed[BUILDQ_KEY_BYTES],
                   guint8 public_key[BUILDQ_KEY_BYTES])
{
  gcry_sexp_t key = build_key (NULL, seed);
  gcry_ctx_t context = NULL;
  gcry_mpi_t point = NULL;
  const void *data = NULL;
  guint bits = 0;

  if (key != NULL && gcry_mpi_ec_new (&context, key, NULL) == 0)
    point = gcry_mpi_ec_get_mpi ("q@eddsa", context, 1);
  if (point != NULL)
    data = gcry_mpi_get_opaque (point, &bits);
  if (data != NULL && bits == BUILDQ_KEY_BYTES * 8)
    memcpy (public_key, data, BUILDQ_KEY_BYTES);
  gcry_mpi_release (point);
  gcry_ctx_release (context);
  gcry_sexp_release (key);
  return data != NULL && bits == BUILDQ_KEY_BYTES * 8;
}

/**
 * buildq_key_ref:
 * @self: a key
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
BuildqKey *
buildq_key_ref (BuildqKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_atomic_rc_box_acquire (self);
}

static void
key_clear (gpointer data)
{
  BuildqKey *self = data;

  g_free (self->name);
  explicit_bzero (self->seed, sizeof self->seed);
}

/**
 * buildq_key_unref:
 * @self: (transfer full): a key
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
void
buildq_key_unref (BuildqKey *self)
{
  g_return_if_fail (self != NULL);
  g_atomic_rc_box_release_full (self, key_clear);
}

/**
 * buildq_key_generate:
 * @name: a name, such as `farm.example.org-1`; printable ASCII without `:` and spaces
 * @error: `INVALID` for a bad name
 *
 * Makes a new secret key. By custom a name ends in a number that counts the keys of its
 * owner, as signatures name the key and a key cannot be changed.
 *
 * Returns: (transfer full): a new key
 *
 * Since: 0.1
 */
BuildqKey *
buildq_key_generate (const char *name, GError **error)
{
  g_autoptr (BuildqKey) self = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  if (!name_is_good (name))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "'%s' cannot be the name of a key", name);
      return NULL;
    }
  _buildq_crypto_init ();
  self = g_atomic_rc_box_new0 (BuildqKey);
  self->name = g_strdup (name);
  self->is_secret = TRUE;
  gcry_randomize (self->seed, sizeof self->seed, GCRY_VERY_STRONG_RANDOM);
  if (derive_public_key (self->seed, self->public_key))
    return g_steal_pointer (&self);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED,
               "this libgcrypt cannot make the key '%s'", name);
  return NULL;
}

/* Whether the public half of a secret key belongs to the other. */
static gboolean
check_halves (BuildqKey *self, GError **error)
{
  guint8 derived[BUILDQ_KEY_BYTES];

  if (derive_public_key (self->seed, derived)
      && memcmp (derived, self->public_key, sizeof derived) == 0)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "key '%s': the two halves do not belong together", self->name);
  return FALSE;
}

/**
 * buildq_key_new_from_string:
 * @text: `NAME:BASE64`
 * @error: `INVALID`; the message never shows the key itself
 *
 * Reads a key: a public one of 32 bytes, or a secret one of 64.
 *
 * Returns: (transfer full): a new key
 *
 * Since: 0.1
 */
BuildqKey *
buildq_key_new_from_string (const char *text, GError **error)
{
  g_autoptr (BuildqKey) self = NULL;
  guint8 bytes[2 * BUILDQ_KEY_BYTES];
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);

  _buildq_crypto_init ();
  length = _buildq_key_name_length (text);
  if (length == 0)
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                           "a key must have the form NAME:BASE64");
      return NULL;
    }

  self = g_atomic_rc_box_new0 (BuildqKey);
  self->name = g_strndup (text, length);
  text += length + 1;
  if (_buildq_base64_decode (text, self->public_key, BUILDQ_KEY_BYTES))
    return g_steal_pointer (&self);
  if (!_buildq_base64_decode (text, bytes, sizeof bytes))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "key '%s' is not the base64 of 32 or 64 bytes", self->name);
      return NULL;
    }
  self->is_secret = TRUE;
  memcpy (self->seed, bytes, BUILDQ_KEY_BYTES);
  memcpy (self->public_key, bytes + BUILDQ_KEY_BYTES, BUILDQ_KEY_BYTES);
  explicit_bzero (bytes, sizeof bytes);
  return check_halves (self, error) ? g_steal_pointer (&self) : NULL;
}

/* Reads up to @size bytes; -1 with @error. */
static gssize
read_file (const char *path, char *buffer, gsize size, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
  gsize used = 0;
  gssize got = -1;
  int code;

  while (fd >= 0 && used < size)
    {
      got = read (fd, buffer + used, size - used);
      if (got > 0)
        used += got;
      else if (got == 0 || errno != EINTR)
        break;
    }
  code = errno;
  if (fd >= 0)
    close (fd);
  if (fd >= 0 && got >= 0)
    return used;
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code),
                       g_strerror (code));
  return -1;
}

/**
 * buildq_key_new_from_file:
 * @path: (type filename): the name of a file
 * @error: `INVALID`, or a #GIOErrorEnum when the file cannot be read
 *
 * Reads a key, public or secret, from a file as `nix key generate-secret` writes it: one
 * line, with or without a newline at its end.
 *
 * Returns: (transfer full): a new key
 *
 * Since: 0.1
 */
BuildqKey *
buildq_key_new_from_file (const char *path, GError **error)
{
  char text[MAX_FILE_BYTES + 1];
  BuildqKey *self = NULL;
  gssize size;

  g_return_val_if_fail (path != NULL, NULL);

  size = read_file (path, text, sizeof text, error);
  if (size == sizeof text)
    g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                         "it is too large for a key");
  else if (size >= 0)
    {
      if (size > 0 && text[size - 1] == '\n')
        size--;
      text[size] = '\0';
      self = buildq_key_new_from_string (text, error);
    }
  explicit_bzero (text, sizeof text);
  if (self == NULL)
    {
      g_autofree char *shown = g_filename_display_name (path);

      g_prefix_error (error, "key file '%s': ", shown);
    }
  return self;
}

/**
 * buildq_key_get_name:
 * @self: a key
 *
 * Returns: (transfer none): its name
 *
 * Since: 0.1
 */
const char *
buildq_key_get_name (BuildqKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->name;
}

/**
 * buildq_key_is_secret:
 * @self: a key
 *
 * Returns: whether it can sign
 *
 * Since: 0.1
 */
gboolean
buildq_key_is_secret (BuildqKey *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->is_secret;
}

/**
 * buildq_key_to_public_string:
 * @self: a key
 *
 * Returns: (transfer full): `NAME:BASE64` of the public half, as Nix has it in
 *    `trusted-public-keys`
 *
 * Since: 0.1
 */
char *
buildq_key_to_public_string (BuildqKey *self)
{
  g_autofree char *text = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  text = g_base64_encode (self->public_key, sizeof self->public_key);
  return g_strconcat (self->name, ":", text, NULL);
}

/**
 * buildq_key_to_secret_string:
 * @self: a key
 *
 * Returns: (transfer full) (nullable): `NAME:BASE64` of the secret key; %NULL when the
 * key is not secret
 *
 * Since: 0.1
 */
char *
buildq_key_to_secret_string (BuildqKey *self)
{
  guint8 bytes[2 * BUILDQ_KEY_BYTES];
  g_autofree char *text = NULL;
  char *result;

  g_return_val_if_fail (self != NULL, NULL);
  if (!self->is_secret)
    return NULL;

  memcpy (bytes, self->seed, BUILDQ_KEY_BYTES);
  memcpy (bytes + BUILDQ_KEY_BYTES, self->public_key, BUILDQ_KEY_BYTES);
  text = g_base64_encode (bytes, sizeof bytes);
  result = g_strconcat (self->name, ":", text, NULL);
  explicit_bzero (bytes, sizeof bytes);
  explicit_bzero (text, strlen (text));
  return result;
}

/* Copies one half of a signature, which libgcrypt gives in full length. */
static gboolean
get_half (gcry_sexp_t signature,
          const char *name,
          guint8 half[BUILDQ_SIGNATURE_BYTES / 2])
{
  gcry_sexp_t found = gcry_sexp_find_token (signature, name, 0);
  gsize size = 0;
  const char *data = found != NULL ? gcry_sexp_nth_data (found, 1, &size) : NULL;
  gboolean ok = data != NULL && size == BUILDQ_SIGNATURE_BYTES / 2;

  if (ok)
    memcpy (half, data, size);
  gcry_sexp_release (found);
  return ok;
}

/**
 * buildq_key_sign:
 * @self: a secret key
 * @text: what to sign
 * @error: `INVALID` when the key is not secret
 *
 * Signs @text. The same text always gives the same signature.
 *
 * Returns: (transfer full): `NAME:BASE64`
 *
 * Since: 0.1
 */
char *
buildq_key_sign (BuildqKey *self, GBytes *text, GError **error)
{
  guint8 bytes[BUILDQ_SIGNATURE_BYTES];
  g_autofree char *base64 = NULL;
  gcry_sexp_t signature = NULL;
  gcry_sexp_t data;
  gcry_sexp_t key;
  gboolean ok;

  g_return_val_if_fail (self != NULL && text != NULL, NULL);

  if (!self->is_secret)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "key '%s' is not secret, so it cannot sign", self->name);
      return NULL;
    }
  _buildq_crypto_init ();
  key = build_key (self->public_key, self->seed);
  data = build_data (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  ok = gcry_pk_sign (&signature, data, key) == 0 && get_half (signature, "r", bytes)
       && get_half (signature, "s", bytes + BUILDQ_SIGNATURE_BYTES / 2);
  gcry_sexp_release (signature);
  gcry_sexp_release (data);
  gcry_sexp_release (key);
  if (!ok)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED, "key '%s' failed to sign",
                   self->name);
      return NULL;
    }
  base64 = g_base64_encode (bytes, sizeof bytes);
  return g_strconcat (self->name, ":", base64, NULL);
}

gboolean
_buildq_key_verify (BuildqKey *self,
                    const void *text,
                    gsize size,
                    const guint8 signature[BUILDQ_SIGNATURE_BYTES])
{
  gcry_sexp_t sexp = NULL;
  gcry_sexp_t data;
  gcry_sexp_t key;
  gboolean good;

  _buildq_crypto_init ();
  key = build_key (self->public_key, NULL);
  data = build_data (text, size);
  gcry_sexp_build (&sexp, NULL, "(sig-val (eddsa (r %b) (s %b)))",
                   BUILDQ_SIGNATURE_BYTES / 2, signature, BUILDQ_SIGNATURE_BYTES / 2,
                   signature + BUILDQ_SIGNATURE_BYTES / 2);
  good = gcry_pk_verify (sexp, data, key) == 0;
  gcry_sexp_release (sexp);
  gcry_sexp_release (data);
  gcry_sexp_release (key);
  return good;
}

BuildqKey *
_buildq_key_to_public (BuildqKey *self)
{
  BuildqKey *key;

  if (!self->is_secret)
    return buildq_key_ref (self);
  key = g_atomic_rc_box_new0 (BuildqKey);
  key->name = g_strdup (self->name);
  memcpy (key->public_key, self->public_key, sizeof key->public_key);
  return key;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * buildq_key_sign_artifact:
 * @self: a secret key
 * @artifact: an artifact
 * @error: `INVALID` when the key is not secret
 *
 * Signs the fingerprint of @artifact, as Nix does. Another signature by a key of the same
 * name is replaced; signatures are kept sorted.
 *
 * Returns: (transfer full): a new artifact, with the signature
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_key_sign_artifact (BuildqKey *self, BuildqArtifact *artifact, GError **error)
{
  g_autoptr (BuildqArtifactBuilder) builder = NULL;
  g_autoptr (GPtrArray) signatures = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autofree char *signature = NULL;
  g_autofree char *prefix = NULL;
  char *fingerprint;

  g_return_val_if_fail (self != NULL && artifact != NULL, NULL);

  fingerprint = buildq_artifact_get_fingerprint (artifact);
  text = g_bytes_new_take (fingerprint, strlen (fingerprint));
  signature = buildq_key_sign (self, text, error);
  if (signature == NULL)
    return NULL;

  prefix = g_strconcat (self->name, ":", NULL);
  signatures = g_ptr_array_new ();
  for (const char *const *p = buildq_artifact_get_signatures (artifact); *p != NULL; p++)
    if (!g_str_has_prefix (*p, prefix))
      g_ptr_array_add (signatures, (gpointer) *p);
  g_ptr_array_add (signatures, signature);
  g_ptr_array_sort (signatures, compare_strings);
  g_ptr_array_add (signatures, NULL);

  builder = buildq_artifact_builder_new ();
  buildq_artifact_builder_set_from (builder, artifact);
  buildq_artifact_builder_set_signatures (builder,
                                          (const char *const *) signatures->pdata);
  return buildq_artifact_builder_build (builder, error);
}
