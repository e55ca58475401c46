/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The short texts: hashes, Nix base32, base64, store paths, keys, signatures.
 */
#include "config.h"

#include "fuzz.h"

#include "core/buildq-hash.h"
#include "core/buildq-key-private.h"

#include <buildq/buildq-keyring.h>
#include <string.h>

static void
check_hash (const char *text)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  guint8 again[BUILDQ_HASH_BYTES];
  g_autofree char *written = NULL;

  if (!_buildq_hash_parse (text, digest, NULL))
    return;
  written = _buildq_hash_format (digest);
  g_assert_true (_buildq_hash_parse (written, again, NULL));
  g_assert_cmpmem (digest, sizeof digest, again, sizeof again);
}

static void
check_base32 (const char *text)
{
  guint8 data[64];
  gsize size = strlen (text) * 5 / 8;
  g_autofree char *written = NULL;

  if (size == 0 || size > sizeof data || !_buildq_nix32_decode (text, data, size))
    return;
  written = _buildq_nix32_encode (data, size);
  g_assert_cmpstr (written, ==, text);
}

static void
check_base64 (const char *text)
{
  static const gsize sizes[] = { BUILDQ_KEY_BYTES, BUILDQ_SIGNATURE_BYTES };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint8 data[BUILDQ_SIGNATURE_BYTES];
      g_autofree char *written = NULL;

      if (!_buildq_base64_decode (text, data, sizes[i]))
        continue;
      written = g_base64_encode (data, sizes[i]);
      g_assert_cmpstr (written, ==, text);
    }
}

static void
check_store_path (const char *text)
{
  g_autofree char *name = _buildq_store_name_clean (text);
  g_autofree char *base = g_strconcat ("00000000000000000000000000000000-", name, NULL);
  g_autofree char *path = g_strconcat ("/store/", base, NULL);
  g_autoptr (GError) error = NULL;

  _buildq_store_path_check (base, TRUE, &error);
  g_assert_no_error (error);
  _buildq_store_path_check (path, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (_buildq_store_path_base (path), ==, base);

  if (_buildq_store_path_check (text, TRUE, NULL))
    g_assert_null (strchr (text, '/'));
  if (_buildq_store_path_check (text, FALSE, NULL))
    {
      g_assert_true (
          _buildq_store_path_check (_buildq_store_path_base (text), TRUE, NULL));
      g_assert_true (text[0] == '/');
      g_assert_null (strstr (text, "/../"));
      g_assert_null (strstr (text, "//"));
    }
}

static void
check_key (const char *text)
{
  g_autoptr (BuildqKey) key = buildq_key_new_from_string (text, NULL);
  g_autoptr (BuildqKey) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *public = NULL;
  g_autofree char *written = NULL;

  if (key == NULL)
    return;
  public = buildq_key_to_public_string (key);
  again = buildq_key_new_from_string (public, &error);
  g_assert_no_error (error);
  g_assert_false (buildq_key_is_secret (again));
  written = buildq_key_to_public_string (again);
  g_assert_cmpstr (written, ==, public);
}

/* As texts of a configuration, and as a signature from a mirror. */
static void
check_keyring (const char *text)
{
  static BuildqKeyring *trusted;
  static GBytes *message;
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (GError) error = NULL;

  if (trusted == NULL)
    {
      trusted = buildq_keyring_new ();
      message = g_bytes_new_static ("message", 7);
      buildq_keyring_add_string (
          trusted, "k-1:ba3lMONYeW/6DPPVOlS0zKLdcRtUdNZ5Egk6vhRdRSo=", &error);
      g_assert_no_error (error);
    }
  buildq_keyring_add_string (keyring, text, NULL);
  g_assert_false (buildq_keyring_verify (trusted, message, text, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  check_hash (text);
  check_base32 (text);
  check_base64 (text);
  if (!g_utf8_validate (text, -1, NULL))
    return 0;
  check_store_path (text);
  check_key (text);
  check_keyring (text);
  return 0;
}
