/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Stands in for libFuzzer: feeds a fuzzer its seeds, every input on which it ever failed,
 * and beginnings of them. With file names, those files only.
 */
#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* So many beginnings of each seed, besides the whole. */
#define N_PREFIXES 48

static void
feed (const char *data, gsize size)
{
  /* A copy of just this size, so that ASan sees a byte read too much. */
  guint8 *copy = malloc (size > 0 ? size : 1);

  g_assert_nonnull (copy);
  memcpy (copy, data, size);
  LLVMFuzzerTestOneInput (copy, size);
  free (copy);
}

static void
feed_file (const char *path, guint n_prefixes)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  feed (data, size);
  /* Short ones, where formats have their heads, more densely. */
  for (guint i = 0; i < n_prefixes; i++)
    {
      gsize length = MIN (size, 4096) * i * i / ((gsize) n_prefixes * n_prefixes);

      feed (data, length);
    }
}

static guint
feed_folder (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  const char *name;
  guint count = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);

      if (g_file_test (inner, G_FILE_TEST_IS_DIR))
        {
          count += feed_folder (inner);
          continue;
        }
      g_test_message ("%s", inner);
      feed_file (inner, N_PREFIXES);
      count++;
    }
  return count;
}

static void
test_folder (gconstpointer path)
{
  g_assert_cmpuint (feed_folder (path), >, 0);
}

/* The file has lines NAME: FOLDER…, the folders relative to tests/. */
static void
add_tests (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fuzz", "seeds", NULL);
  g_autofree char *start = g_strconcat (name, ": ", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) folders = NULL;

      if (!g_str_has_prefix (*line, start))
        continue;
      folders = g_strsplit (*line + strlen (start), " ", -1);
      for (char **folder = folders; *folder != NULL; folder++)
        {
          g_autofree char *test = g_strdup_printf ("/%s/%s", name, *folder);

          g_test_add_data_func_full (test,
                                     g_test_build_filename (G_TEST_DIST, *folder, NULL),
                                     test_folder, g_free);
        }
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *name = g_path_get_basename (argv[0]);

  LLVMFuzzerInitialize (&argc, &argv);
  if (argc > 1 && argv[1][0] != '-')
    {
      for (int i = 1; i < argc; i++)
        feed_file (argv[i], 0);
      return 0;
    }
  g_test_init (&argc, &argv, NULL);
  add_tests (name);
  return g_test_run ();
}
