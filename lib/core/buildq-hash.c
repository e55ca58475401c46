/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-hash.h"

#include <buildq/buildq-error.h>
#include <gcrypt.h>
#include <string.h>

#define HASH_PREFIX "sha256:"

static const char nix32_alphabet[] = "0123456789abcdfghijklmnpqrsvwxyz";

void
_buildq_crypto_init (void)
{
  static gsize ready = 0;

  if (!g_once_init_enter (&ready))
    return;
  /* A host program may have done it already. */
  if (!gcry_control (GCRYCTL_INITIALIZATION_FINISHED_P))
    {
      gcry_check_version (NULL);
      gcry_control (GCRYCTL_DISABLE_SECMEM, 0);
      gcry_control (GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
  g_once_init_leave (&ready, 1);
}

struct _BuildqHash
{
  gcry_md_hd_t md;
};

BuildqHash *
_buildq_hash_new (void)
{
  BuildqHash *self = g_new0 (BuildqHash, 1);
  gcry_error_t failed;

  _buildq_crypto_init ();
  failed = gcry_md_open (&self->md, GCRY_MD_SHA256, 0);
  g_assert (failed == 0);
  return self;
}

void
_buildq_hash_free (BuildqHash *self)
{
  gcry_md_close (self->md);
  g_free (self);
}

void
_buildq_hash_update (BuildqHash *self, const void *data, gsize size)
{
  gcry_md_write (self->md, data, size);
}

void
_buildq_hash_finish (BuildqHash *self, guint8 digest[BUILDQ_HASH_BYTES])
{
  memcpy (digest, gcry_md_read (self->md, GCRY_MD_SHA256), BUILDQ_HASH_BYTES);
}

void
_buildq_hash_bytes (const void *data, gsize size, guint8 digest[BUILDQ_HASH_BYTES])
{
  _buildq_crypto_init ();
  gcry_md_hash_buffer (GCRY_MD_SHA256, digest, data, size);
}

/* Groups of five bits, the last first. */
char *
_buildq_nix32_encode (const guint8 *data, gsize size)
{
  gsize length = (size * 8 + 4) / 5;
  char *text = g_malloc (length + 1);

  for (gsize n = 0; n < length; n++)
    {
      gsize bit = n * 5;
      guint value = data[bit / 8] >> (bit % 8);

      if (bit % 8 > 3 && bit / 8 + 1 < size)
        value |= data[bit / 8 + 1] << (8 - bit % 8);
      text[length - 1 - n] = nix32_alphabet[value & 0x1f];
    }
  text[length] = '\0';
  return text;
}

gboolean
_buildq_nix32_decode (const char *text, guint8 *data, gsize size)
{
  gsize length = (size * 8 + 4) / 5;

  if (strlen (text) != length)
    return FALSE;
  memset (data, 0, size);
  for (gsize n = 0; n < length; n++)
    {
      const char *found = strchr (nix32_alphabet, text[length - 1 - n]);
      gsize bit = n * 5;
      guint value;

      if (found == NULL)
        return FALSE;
      value = found - nix32_alphabet;
      data[bit / 8] |= (guint8) (value << (bit % 8));
      if (bit % 8 > 3)
        {
          guint rest = value >> (8 - bit % 8);

          if (bit / 8 + 1 < size)
            data[bit / 8 + 1] |= rest;
          else if (rest != 0)
            return FALSE;
        }
    }
  return TRUE;
}

char *
_buildq_hash_format (const guint8 digest[BUILDQ_HASH_BYTES])
{
  g_autofree char *text = _buildq_nix32_encode (digest, BUILDQ_HASH_BYTES);

  return g_strconcat (HASH_PREFIX, text, NULL);
}

char *
_buildq_hash_hex (const guint8 digest[BUILDQ_HASH_BYTES])
{
  char *text = g_malloc (BUILDQ_HASH_BYTES * 2 + 1);

  for (gsize i = 0; i < BUILDQ_HASH_BYTES; i++)
    g_snprintf (text + 2 * i, 3, "%02x", digest[i]);
  return text;
}

static gboolean
hex_decode (const char *text, guint8 digest[BUILDQ_HASH_BYTES])
{
  if (strlen (text) != BUILDQ_HASH_BYTES * 2)
    return FALSE;
  for (gsize i = 0; i < BUILDQ_HASH_BYTES; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]);
      int low = g_ascii_xdigit_value (text[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      digest[i] = high << 4 | low;
    }
  return TRUE;
}

static gboolean
base64_decode (const char *text, guint8 digest[BUILDQ_HASH_BYTES])
{
  g_autofree guchar *data = NULL;
  g_autofree char *again = NULL;
  gsize size;

  if (strlen (text) != 44)
    return FALSE;
  data = g_base64_decode (text, &size);
  if (size != BUILDQ_HASH_BYTES)
    return FALSE;
  again = g_base64_encode (data, size);
  memcpy (digest, data, BUILDQ_HASH_BYTES);
  return g_str_equal (text, again);
}

gboolean
_buildq_hash_parse (const char *text, guint8 digest[BUILDQ_HASH_BYTES], GError **error)
{
  if (g_str_has_prefix (text, HASH_PREFIX)
      && (_buildq_nix32_decode (text + strlen (HASH_PREFIX), digest, BUILDQ_HASH_BYTES)
          || hex_decode (text + strlen (HASH_PREFIX), digest)))
    return TRUE;
  if (g_str_has_prefix (text, "sha256-")
      && base64_decode (text + strlen ("sha256-"), digest))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "'%s' is not a SHA-256 hash such as sha256:0c5b…", text);
  return FALSE;
}

static gboolean
store_name_is_good (const char *name)
{
  gsize length = strlen (name);

  return length > 0 && length <= 211 && name[0] != '.'
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z "0123456789+-._?=") == length;
}

/* TYPE:sha256:HEX:STOREDIR:NAME, hashed and folded to 20 bytes. */
char *
_buildq_store_path_make (const char *store_dir,
                         const char *type,
                         const guint8 digest[BUILDQ_HASH_BYTES],
                         const char *name)
{
  g_autofree char *hex = _buildq_hash_hex (digest);
  g_autofree char *text
      = g_strdup_printf ("%s:sha256:%s:%s:%s", type, hex, store_dir, name);
  g_autofree char *hash = NULL;
  guint8 full[BUILDQ_HASH_BYTES];
  guint8 folded[20] = { 0 };

  _buildq_hash_bytes (text, strlen (text), full);
  for (gsize i = 0; i < BUILDQ_HASH_BYTES; i++)
    folded[i % sizeof folded] ^= full[i];
  hash = _buildq_nix32_encode (folded, sizeof folded);
  return g_strdup_printf ("%s/%s-%s", store_dir, hash, name);
}

const char *
_buildq_store_path_base (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash != NULL ? slash + 1 : path;
}

/* The directory must be plain: absolute, with no "." or ".." and no doubled "/". */
static gboolean
directory_is_good (const char *path, gsize length)
{
  g_autofree char *directory = g_strndup (path, length);
  g_autofree char *canonical = NULL;

  /* A leading "//" is something of its own to POSIX, and kept by GLib. */
  if (directory[0] != '/' || directory[1] == '/')
    return FALSE;
  canonical = g_canonicalize_filename (directory, "/");
  return g_str_equal (canonical, directory);
}

gboolean
_buildq_store_path_check (const char *path, gboolean base_only, GError **error)
{
  const char *base = base_only ? path : _buildq_store_path_base (path);
  guint8 hash[20];
  g_autofree char *start = g_strndup (base, BUILDQ_STORE_HASH_LENGTH);

  if (strlen (base) > BUILDQ_STORE_HASH_LENGTH + 1
      && base[BUILDQ_STORE_HASH_LENGTH] == '-'
      && _buildq_nix32_decode (start, hash, sizeof hash)
      && store_name_is_good (base + BUILDQ_STORE_HASH_LENGTH + 1)
      && (base_only || (base > path + 2 && directory_is_good (path, base - path - 1))))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "'%s' is not a store path%s",
               path, base_only ? "'s base name" : "");
  return FALSE;
}

char *
_buildq_store_name_clean (const char *text)
{
  g_autofree char *name = g_strndup (text, 200);

  for (char *p = name; *p != '\0'; p++)
    if (strchr (G_CSET_A_2_Z G_CSET_a_2_z "0123456789+-._?=", *p) == NULL)
      *p = '-';
  if (name[0] == '\0' || name[0] == '.')
    return g_strconcat ("x", name, NULL);
  return g_steal_pointer (&name);
}
