/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-hash.h"

#include <buildq/buildq-error.h>
#include <string.h>

#define ABC_NIX32 "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"
#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_SRI "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

static void
test_sha256 (void)
{
  static const struct
  {
    const char *text;
    const char *hex;
  } cases[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", ABC_HEX },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (BuildqHash) hash = _buildq_hash_new ();
      g_autofree char *whole = NULL;
      g_autofree char *pieces = NULL;
      guint8 digest[BUILDQ_HASH_BYTES];

      _buildq_hash_bytes (cases[i].text, strlen (cases[i].text), digest);
      whole = _buildq_hash_hex (digest);
      g_assert_cmpstr (whole, ==, cases[i].hex);
      for (const char *p = cases[i].text; *p != '\0'; p++)
        _buildq_hash_update (hash, p, 1);
      _buildq_hash_finish (hash, digest);
      pieces = _buildq_hash_hex (digest);
      g_assert_cmpstr (pieces, ==, cases[i].hex);
    }
}

static void
test_spellings (void)
{
  static const char *const spellings[]
      = { ABC_NIX32, "sha256:" ABC_HEX, ABC_SRI,
          "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD" };

  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      guint8 digest[BUILDQ_HASH_BYTES];

      g_assert_true (_buildq_hash_parse (spellings[i], digest, &error));
      g_assert_no_error (error);
      text = _buildq_hash_format (digest);
      g_assert_cmpstr (text, ==, ABC_NIX32);
    }
}

static void
test_bad_spellings (void)
{
  static const char *const spellings[] = {
    "",
    "sha256",
    "sha256:",
    ABC_HEX,
    "sha1:" ABC_HEX,
    "sha256-" ABC_HEX,
    "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5",   /* short */
    "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5ss", /* long */
    "sha256:1e8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",  /* e is not used */
    "sha256:2b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",  /* over 256 bits */
    "sha256:zb8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
    "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
    "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=", /* bits that say nothing */
    "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIA  0=",
    " " ABC_NIX32,
    ABC_NIX32 "\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++)
    {
      g_autoptr (GError) error = NULL;
      guint8 digest[BUILDQ_HASH_BYTES];

      g_test_message ("%s", spellings[i]);
      g_assert_false (_buildq_hash_parse (spellings[i], digest, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
    }
}

static void
test_nix32_sizes (void)
{
  for (gsize size = 1; size < 40; size++)
    for (guint round = 0; round < 50; round++)
      {
        g_autofree guint8 *data = g_malloc (size);
        g_autofree guint8 *again = g_malloc (size);
        g_autofree char *text = NULL;

        for (gsize i = 0; i < size; i++)
          data[i] = round == 0 ? 0xff : g_test_rand_int_range (0, 256);
        text = _buildq_nix32_encode (data, size);
        g_assert_cmpint (strlen (text), ==, (size * 8 + 4) / 5);
        g_assert_true (_buildq_nix32_decode (text, again, size));
        g_assert_cmpmem (data, size, again, size);
      }
}

/* --- store paths that Nix made (tests/data/nix/cache-xz) --- */

static void
assert_made (const char *type, const char *hash, const char *name, const char *expected)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  g_autofree char *path = NULL;

  g_assert_true (_buildq_hash_parse (hash, digest, NULL));
  path = _buildq_store_path_make ("/nix/store", type, digest, name);
  g_assert_cmpstr (path, ==, expected);
  g_assert_true (_buildq_store_path_check (path, FALSE, NULL));
}

static void
test_store_path_make (void)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  g_autofree char *hex = NULL;
  g_autofree char *text = NULL;
  g_autofree char *hash = NULL;

  assert_made ("source", "sha256:1knvhy3fx95vkmsq6h882ny32krd9fcpnnfx825l9s7k5mwh2y09",
               "mixed-a", "/nix/store/90bfs6qdabv7gph4g6pz61xryqz8fnyx-mixed-a");
  assert_made ("text", "sha256:1za6yrlvalv7djly718hnd3v5wyw5ksx2fda96kxga5hjlsa8lgi",
               "texta", "/nix/store/q7y5w9amh7409fa1n46wgmk25ij2aawp-texta");

  /* A fixed output: the digest is that of a text with the hash in it. */
  g_assert_true (_buildq_hash_parse (
      "sha256:13glxxv15xxxwqzmxrij13ywi2sh5rb3z30zhm0iwb0s9fqq9n00", digest, NULL));
  hex = _buildq_hash_hex (digest);
  text = g_strdup_printf ("fixed:out:sha256:%s:", hex);
  _buildq_hash_bytes (text, strlen (text), digest);
  hash = _buildq_hash_format (digest);
  assert_made ("output:out", hash, "fixeda.txt",
               "/nix/store/5a0vix0qq18qnwx4phr7xgv2rk58nil4-fixeda.txt");
}

#define GOOD_HASH "80isls7nns6mbnin0ykr0cnf7srgq8ax"

static void
test_store_path_check (void)
{
  static const char *const good[]
      = { "/nix/store/" GOOD_HASH "-a", "/gnu/store/" GOOD_HASH "-a+B-._?=9",
          "/a/" GOOD_HASH "-a", "/buildq/store/" GOOD_HASH "-a.drv" };
  static const char *const bad[] = {
    "",
    "/",
    GOOD_HASH "-a",
    "/" GOOD_HASH "-a",
    "//" GOOD_HASH "-a",
    "nix/store/" GOOD_HASH "-a",
    "//nix/store/" GOOD_HASH "-a",
    "/nix//store/" GOOD_HASH "-a",
    "/nix/store//" GOOD_HASH "-a",
    "/nix/./store/" GOOD_HASH "-a",
    "/nix/../" GOOD_HASH "-a",
    "/nix/store/" GOOD_HASH,
    "/nix/store/" GOOD_HASH "-",
    "/nix/store/" GOOD_HASH "_a",
    "/nix/store/" GOOD_HASH "-.a",
    "/nix/store/" GOOD_HASH "-a b",
    "/nix/store/" GOOD_HASH "-a\n",
    "/nix/store/" GOOD_HASH "-a/b",
    "/nix/store/" GOOD_HASH "-a/",
    "/nix/store/" GOOD_HASH "-\303\244",
    "/nix/store/e0isls7nns6mbnin0ykr0cnf7srgq8ax-a",
    "/nix/store/0isls7nns6mbnin0ykr0cnf7srgq8ax-a",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_true (_buildq_store_path_check (good[i], FALSE, NULL));
      g_assert_true (
          _buildq_store_path_check (_buildq_store_path_base (good[i]), TRUE, NULL));
      g_assert_false (_buildq_store_path_check (good[i], TRUE, NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_false (_buildq_store_path_check (bad[i], FALSE, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
    }
}

static void
test_long_name (void)
{
  g_autofree char *longest = g_strnfill (211, 'a');
  g_autofree char *longer = g_strnfill (212, 'a');
  g_autofree char *good = g_strconcat ("/nix/store/" GOOD_HASH "-", longest, NULL);
  g_autofree char *bad = g_strconcat ("/nix/store/" GOOD_HASH "-", longer, NULL);

  g_assert_true (_buildq_store_path_check (good, FALSE, NULL));
  g_assert_false (_buildq_store_path_check (bad, FALSE, NULL));
}

static void
test_name_clean (void)
{
  static const char *const cases[][2] = {
    { "zlib-1.2", "zlib-1.2" },
    { "", "x" },
    { ".git", "x.git" },
    { "a b/c", "a-b-c" },
    { "..", "x.." },
    { "\303\244", "--" },
    { "a\nb", "a-b" },
    { "A+b_?=", "A+b_?=" },
  };
  g_autofree char *text = g_strnfill (5000, 'a');
  g_autofree char *cut = _buildq_store_name_clean (text);

  g_assert_cmpint (strlen (cut), ==, 200);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = _buildq_store_name_clean (cases[i][0]);
      g_autofree char *path = g_strconcat ("/s/" GOOD_HASH "-", name, NULL);

      g_assert_cmpstr (name, ==, cases[i][1]);
      g_assert_true (_buildq_store_path_check (path, FALSE, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hash/sha256", test_sha256);
  g_test_add_func ("/hash/spellings", test_spellings);
  g_test_add_func ("/hash/bad-spellings", test_bad_spellings);
  g_test_add_func ("/hash/nix32-sizes", test_nix32_sizes);
  g_test_add_func ("/store-path/make", test_store_path_make);
  g_test_add_func ("/store-path/check", test_store_path_check);
  g_test_add_func ("/store-path/long-name", test_long_name);
  g_test_add_func ("/store-path/name-clean", test_name_clean);
  return g_test_run ();
}
