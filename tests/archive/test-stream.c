/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The links of a chain that are no compressors.
 */
#include "config.h"

#include "archive/buildq-stream.h"

#include <buildq/buildq-error.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gboolean
append_sink (gpointer array, const void *data, gsize size, GError **error)
{
  g_byte_array_append (array, data, size);
  return TRUE;
}

/* --- scanning --- */

#define HASH_A "80isls7nns6mbnin0ykr0cnf7srgq8ax"
#define HASH_B "i4j98vbzhckaqwywh3bqjzfbf8srk3as"
#define HASH_C "0l3n1r0vx2dm2hgv8pbpy5x2xldw81gn"

static const char *const candidates[]
    = { HASH_B "-b", HASH_A "-a", HASH_C "-c", HASH_A "-a-again", HASH_B "-b", NULL };

static void
assert_found (const char *text, gsize size, gsize step, const char *expected)
{
  g_autoptr (GByteArray) passed = g_byte_array_new ();
  g_autoptr (BuildqScanner) scanner
      = _buildq_scanner_new (candidates, append_sink, passed);
  g_auto (GStrv) found = NULL;
  g_autofree char *joined = NULL;

  for (gsize i = 0; i < size; i += step)
    g_assert_true (_buildq_scanner_sink (scanner, text + i, MIN (step, size - i), NULL));
  g_assert_cmpmem (passed->data, passed->len, text, size);
  found = _buildq_scanner_found (scanner);
  joined = g_strjoinv (" ", found);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_scan (void)
{
  static const struct
  {
    const char *text;
    const char *found;
  } cases[] = {
    { "", "" },
    { HASH_B, HASH_B "-b" },
    { "/store/" HASH_B "-b/bin", HASH_B "-b" },
    { "x" HASH_A, HASH_A "-a " HASH_A "-a-again" },
    { HASH_C HASH_B, HASH_C "-c " HASH_B "-b" },
    /* Within a long run of characters that can be in a hash, and after one that cannot.
     */
    { "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz" HASH_C "zzzzzzzzzz", HASH_C "-c" },
    { "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzze" HASH_C "tuo", HASH_C "-c" },
    { "e" HASH_A "e" HASH_B, HASH_A "-a " HASH_A "-a-again " HASH_B "-b" },
    { "80isls7nns6mbnin0ykr0cnf7srgq8a", "" },
    { "80isls7nns6mbnin0ykr0cnf7srgq8a-80isls7nns6mbnin0ykr0cnf7srgq8a", "" },
    { "80ISLS7NNS6MBNIN0YKR0CNF7SRGQ8AX", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize step = 1; step < 100; step++)
      assert_found (cases[i].text, strlen (cases[i].text), step, cases[i].found);
}

/* Against a search that is too simple to be wrong. */
static void
test_scan_random (void)
{
  static const char characters[] = "80isl7nmbkrcfgqaxeout\n";

  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GString) expected = g_string_new (NULL);
      const char *const sorted[]
          = { HASH_C "-c", HASH_A "-a", HASH_A "-a-again", HASH_B "-b" };

      for (guint i = 0; i < 40; i++)
        if (g_test_rand_int_range (0, 6) == 0)
          g_string_append_len (text, candidates[g_test_rand_int_range (0, 3)],
                               g_test_rand_int_range (28, 34));
        else
          g_string_append_c (
              text, characters[g_test_rand_int_range (0, sizeof characters - 1)]);
      for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
        if (memmem (text->str, text->len, sorted[i], 32) != NULL)
          g_string_append_printf (expected, "%s%s", expected->len > 0 ? " " : "",
                                  sorted[i]);
      assert_found (text->str, text->len, g_test_rand_int_range (1, 70), expected->str);
    }
}

static void
test_scan_nothing (void)
{
  static const char *const odd[] = { "short", "", NULL };
  g_autoptr (BuildqScanner) scanner = _buildq_scanner_new (odd, NULL, NULL);
  g_auto (GStrv) found = NULL;

  g_assert_true (_buildq_scanner_sink (scanner, HASH_A, 32, NULL));
  found = _buildq_scanner_found (scanner);
  g_assert_cmpint (g_strv_length (found), ==, 0);
}

/* --- the other links --- */

static void
test_hash_link (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (BuildqHash) hash = _buildq_hash_new ();
  BuildqHashLink link = { .hash = hash, .max_size = 3, .sink = append_sink, .next = out };
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];

  g_assert_true (_buildq_hash_sink (&link, "ab", 2, NULL));
  g_assert_true (_buildq_hash_sink (&link, "c", 1, NULL));
  g_assert_false (_buildq_hash_sink (&link, "d", 1, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  g_assert_cmpmem (out->data, out->len, "abc", 3);
  g_assert_cmpint (link.size, ==, 3);
  _buildq_hash_finish (hash, digest);
  text = _buildq_hash_format (digest);
  g_assert_cmpstr (text, ==,
                   "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s");
}

static void
test_stream_link (void)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data ("abc", 3, NULL);
  BuildqStreamLink link = { .stream = stream };
  g_autoptr (GError) error = NULL;
  char buffer[2];

  g_assert_cmpint (_buildq_stream_source (&link, buffer, 2, NULL), ==, 2);
  g_assert_cmpint (_buildq_stream_source (&link, buffer, 2, NULL), ==, 1);
  g_assert_cmpint (_buildq_stream_source (&link, buffer, 2, NULL), ==, 0);
  g_assert_cmpint (link.size, ==, 3);
  g_assert_true (g_input_stream_close (stream, NULL, NULL));
  g_assert_cmpint (_buildq_stream_source (&link, buffer, 2, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_fd_link (void)
{
  BuildqFdLink bad = { .fd = g_open ("/dev/full", O_WRONLY | O_CLOEXEC, 0) };
  BuildqFdLink closed = { .fd = -1 };
  g_autoptr (GError) error = NULL;
  char buffer[2];

  g_assert_false (_buildq_fd_sink (&bad, "a", 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_clear_error (&error);
  close (bad.fd);
  g_assert_cmpint (_buildq_fd_source (&closed, buffer, sizeof buffer, &error), ==, -1);
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scanner/scan", test_scan);
  g_test_add_func ("/scanner/random", test_scan_random);
  g_test_add_func ("/scanner/nothing", test_scan_nothing);
  g_test_add_func ("/stream/hash", test_hash_link);
  g_test_add_func ("/stream/input-stream", test_stream_link);
  g_test_add_func ("/stream/fd", test_fd_link);
  return g_test_run ();
}
