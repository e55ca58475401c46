/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-keyring.h>

#include "core/buildq-key-private.h"

#include <buildq/buildq-artifact.h>
#include <string.h>

/**
 * BuildqKeyring:
 *
 * The public keys that are trusted.
 *
 * Since: 0.1
 */
struct _BuildqKeyring
{
  GObject parent_instance;

  GPtrArray *keys; /* of BuildqKey, none secret */
};

G_DEFINE_FINAL_TYPE (BuildqKeyring, buildq_keyring, G_TYPE_OBJECT)

static void
buildq_keyring_finalize (GObject *object)
{
  BuildqKeyring *self = BUILDQ_KEYRING (object);

  g_ptr_array_unref (self->keys);
  G_OBJECT_CLASS (buildq_keyring_parent_class)->finalize (object);
}

static void
buildq_keyring_class_init (BuildqKeyringClass *class)
{
  G_OBJECT_CLASS (class)->finalize = buildq_keyring_finalize;
}

static void
buildq_keyring_init (BuildqKeyring *self)
{
  self->keys = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_key_unref);
}

/**
 * buildq_keyring_new:
 *
 * Returns: (transfer full): a new keyring, which trusts nobody
 *
 * Since: 0.1
 */
BuildqKeyring *
buildq_keyring_new (void)
{
  return g_object_new (BUILDQ_TYPE_KEYRING, NULL);
}

/**
 * buildq_keyring_add:
 * @self: a keyring
 * @key: a key; of a secret one only the public half is kept
 *
 * Trusts @key from now on. Several keys may have one name.
 *
 * Since: 0.1
 */
void
buildq_keyring_add (BuildqKeyring *self, BuildqKey *key)
{
  g_autofree char *text = NULL;

  g_return_if_fail (BUILDQ_IS_KEYRING (self));
  g_return_if_fail (key != NULL);

  text = buildq_key_to_public_string (key);
  for (guint i = 0; i < self->keys->len; i++)
    {
      g_autofree char *other = buildq_key_to_public_string (self->keys->pdata[i]);

      if (g_str_equal (text, other))
        return;
    }
  g_ptr_array_add (self->keys, _buildq_key_to_public (key));
}

/**
 * buildq_keyring_add_string:
 * @self: a keyring
 * @text: a key, as `NAME:BASE64`
 * @error: `INVALID`
 *
 * Reads a key and trusts it from now on.
 *
 * Returns: whether it was a good key
 *
 * Since: 0.1
 */
gboolean
buildq_keyring_add_string (BuildqKeyring *self, const char *text, GError **error)
{
  g_autoptr (BuildqKey) key = NULL;

  g_return_val_if_fail (BUILDQ_IS_KEYRING (self), FALSE);
  g_return_val_if_fail (text != NULL, FALSE);

  key = buildq_key_new_from_string (text, error);
  if (key == NULL)
    return FALSE;
  buildq_keyring_add (self, key);
  return TRUE;
}

/* Says nothing of which text it is; the callers do. */
static gboolean
verify (BuildqKeyring *self,
        const void *text,
        gsize size,
        const char *signature,
        GError **error)
{
  guint8 bytes[BUILDQ_SIGNATURE_BYTES];
  gsize length = _buildq_key_name_length (signature);
  g_autofree char *name = g_strndup (signature, length);
  gboolean known = FALSE;
  gboolean decoded;

  if (length == 0)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "'%s' is not a signature of the form NAME:BASE64", signature);
      return FALSE;
    }
  decoded = _buildq_base64_decode (signature + length + 1, bytes, BUILDQ_SIGNATURE_BYTES);
  for (guint i = 0; i < self->keys->len; i++)
    {
      BuildqKey *key = self->keys->pdata[i];

      if (!g_str_equal (buildq_key_get_name (key), name))
        continue;
      known = TRUE;
      if (decoded && _buildq_key_verify (key, text, size, bytes))
        return TRUE;
    }
  if (known)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
                 "the signature by '%s' is wrong", name);
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                 "the key '%s' is not trusted", name);
  return FALSE;
}

/**
 * buildq_keyring_verify:
 * @self: a keyring
 * @text: what was signed
 * @signature: `NAME:BASE64`
 * @error: `INVALID` when @signature names no key, `UNAUTHORIZED` when no key of
 * that name is trusted, `CHECKSUM` when the signature is wrong
 *
 * Checks a signature.
 *
 * Returns: whether it is good, and by a trusted key
 *
 * Since: 0.1
 */
gboolean
buildq_keyring_verify (BuildqKeyring *self,
                       GBytes *text,
                       const char *signature,
                       GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_KEYRING (self), FALSE);
  g_return_val_if_fail (text != NULL && signature != NULL, FALSE);

  return verify (self, g_bytes_get_data (text, NULL), g_bytes_get_size (text), signature,
                 error);
}

/* The names of the keys that are said to have signed, for a message. */
static char *
signer_names (BuildqArtifact *artifact)
{
  GString *names = g_string_new (NULL);

  for (const char *const *p = buildq_artifact_get_signatures (artifact); *p != NULL; p++)
    {
      gsize length = _buildq_key_name_length (*p);

      if (length > 0)
        g_string_append_printf (names, "%s'%.*s'", names->len > 0 ? ", " : "",
                                (int) length, *p);
    }
  return g_string_free (names, FALSE);
}

/**
 * buildq_keyring_verify_artifact:
 * @self: a keyring
 * @artifact: an artifact
 * @error: `CHECKSUM` when there is no good signature and a wrong one by a trusted key,
 *    `UNAUTHORIZED` when no trusted key signed
 *
 * Checks that a trusted key signed @artifact. One good signature is enough, whatever the
 * others are.
 *
 * Returns: whether one did
 *
 * Since: 0.1
 */
gboolean
buildq_keyring_verify_artifact (BuildqKeyring *self,
                                BuildqArtifact *artifact,
                                GError **error)
{
  g_autofree char *fingerprint = NULL;
  g_autofree char *names = NULL;
  g_autoptr (GError) wrong = NULL;
  const char *path;

  g_return_val_if_fail (BUILDQ_IS_KEYRING (self), FALSE);
  g_return_val_if_fail (artifact != NULL, FALSE);

  path = buildq_artifact_get_store_path (artifact);
  fingerprint = buildq_artifact_get_fingerprint (artifact);
  for (const char *const *p = buildq_artifact_get_signatures (artifact); *p != NULL; p++)
    {
      g_autoptr (GError) local = NULL;

      if (verify (self, fingerprint, strlen (fingerprint), *p, &local))
        return TRUE;
      if (wrong == NULL && g_error_matches (local, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM))
        wrong = g_steal_pointer (&local);
    }

  names = signer_names (artifact);
  if (wrong != NULL)
    g_propagate_prefixed_error (error, g_steal_pointer (&wrong), "'%s': ", path);
  else if (names[0] == '\0')
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED, "'%s' is not signed",
                 path);
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                 "'%s' is signed by %s, of which none is trusted", path, names);
  return FALSE;
}

/**
 * buildq_keyring_get_keys:
 * @self: a keyring
 *
 * Returns: (transfer container) (element-type BuildqKey): the keys that are trusted now
 *
 * Since: 0.1
 */
GPtrArray *
buildq_keyring_get_keys (BuildqKeyring *self)
{
  GPtrArray *keys;

  g_return_val_if_fail (BUILDQ_IS_KEYRING (self), NULL);

  keys = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_key_unref);
  for (guint i = 0; i < self->keys->len; i++)
    g_ptr_array_add (keys, buildq_key_ref (self->keys->pdata[i]));
  return keys;
}
