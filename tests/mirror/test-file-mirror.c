/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "mirror-check.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mirror/buildq-mirror-private.h"

typedef struct
{
  char *dir;
  char *root; /* with a space, which a URI escapes */
  BuildqMirror *mirror;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = make_folder ();
  f->root = g_build_filename (f->dir, "a mirror", "deep", NULL);
  f->mirror = make_mirror (f->root);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->mirror);
  g_free (f->root);
  remove_folder (f->dir);
}

static void
write_text (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (f->root, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static char *
read_text (Fixture *f, const char *name)
{
  g_autofree char *path = g_build_filename (f->root, name, NULL);
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
test_contract (Fixture *f, gconstpointer data)
{
  g_autofree char *record = NULL;
  g_autofree char *info = NULL;
  g_autoptr (GDir) folder = NULL;
  const char *name;

  check_mirror (f->mirror, f->dir);
  record = read_text (f, ITEM_HASH ".narinfo");
  g_assert_nonnull (strstr (record, "\nURL: nar/1abc.nar.zst\n"));
  info = read_text (f, "nix-cache-info");
  g_assert_cmpstr (info, ==, "StoreDir: /buildq/store\nWantMassQuery: 1\nPriority: 40\n");
  folder = g_dir_open (f->root, 0, NULL);
  while ((name = g_dir_read_name (folder)) != NULL)
    g_assert_false (g_str_has_prefix (name, "."));
}

static void
test_uris (Fixture *f, gconstpointer data)
{
  g_autofree char *uri = g_strconcat ("file://", f->dir, "/b%20c/", NULL);
  g_autofree char *root = g_build_filename (f->dir, "b c", NULL);
  g_autoptr (BuildqMirror) mirror = make_mirror (uri);
  const struct
  {
    const char *uri;
    BuildqError code;
  } bad[] = { { "", BUILDQ_ERROR_INVALID },
              { "mirror", BUILDQ_ERROR_INVALID },
              { "file:mirror", BUILDQ_ERROR_INVALID },
              { "file://host/mirror", BUILDQ_ERROR_INVALID },
              { "ftp://host/mirror", BUILDQ_ERROR_NOT_SUPPORTED } };

  g_assert_true (g_file_test (root, G_FILE_TEST_IS_DIR));
  uri[strlen (uri) - 1] = '\0';
  g_assert_cmpstr (buildq_mirror_get_uri (mirror), ==, uri);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (buildq_mirror_new_for_uri (bad[i].uri, &error));
      g_assert_error (error, BUILDQ_ERROR, (int) bad[i].code);
    }
}

static void
test_no_folder (Fixture *f, gconstpointer data)
{
  g_autofree char *path = make_file (f->dir, "file", 1);
  g_autofree char *below = g_build_filename (path, "mirror", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_mirror_new_for_uri (below, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
}

static void
test_covers (Fixture *f, gconstpointer data)
{
  const char *uri = buildq_mirror_get_uri (f->mirror);
  g_autofree char *inside = g_strconcat (uri, "/nar/x", NULL);
  g_autofree char *beside = g_strconcat (uri, "-2/nar/x", NULL);

  g_assert_true (_buildq_mirror_covers (f->mirror, inside));
  g_assert_false (_buildq_mirror_covers (f->mirror, beside));
  g_assert_false (_buildq_mirror_covers (f->mirror, uri));
}

/* What is half there, after a crash, is written again; a log may change. */
static void
test_overwrite (Fixture *f, gconstpointer data)
{
  const char *names[] = { "nar/1", "log/1" };
  g_autofree char *path = make_file (f->dir, "upload", 1000);
  g_autofree char *half = make_file (f->dir, "half", 500);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *place = g_build_filename (f->root, names[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *before = put_file (f->mirror, names[i], half, &error);
      g_autofree char *after = put_file (f->mirror, names[i], path, &error);
      struct stat st;

      g_assert_no_error (error);
      g_assert_cmpstr (before, ==, after);
      g_assert_cmpint (stat (place, &st), ==, 0);
      g_assert_cmpint (st.st_size, ==, 1000);
      g_assert_cmpint (st.st_mode & 0777, ==, 0644);
    }
}

static void
assert_bad_record (Fixture *f, const char *text, BuildqError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  write_text (f, ITEM_HASH ".narinfo", text);
  g_assert_null (buildq_mirror_lookup (f->mirror, ITEM, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  assert_message (error, message);
  assert_message (error, ITEM_HASH ".narinfo");
}

static void
test_bad_records (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) artifact = make_artifact ("nar/1");
  g_autoptr (GError) error = NULL;
  g_autofree char *good = buildq_narinfo_format (artifact, &error);
  g_autofree char *cut = g_strndup (good, 60);
  g_autofree char *other = g_strdup (good);
  g_autofree char *long_text = g_malloc (BUILDQ_MAX_NARINFO_BYTES + 2);

  strstr (other, "hello")[0] = 'j';
  memset (long_text, 'x', BUILDQ_MAX_NARINFO_BYTES + 1);
  long_text[BUILDQ_MAX_NARINFO_BYTES + 1] = '\0';
  assert_bad_record (f, "", BUILDQ_ERROR_INVALID, "");
  assert_bad_record (f, cut, BUILDQ_ERROR_INVALID, "");
  assert_bad_record (f, other, BUILDQ_ERROR_CHECKSUM, "jello");
  assert_bad_record (f, long_text, BUILDQ_ERROR_TOO_LARGE, "1048576");
}

/* A location can name anything that is on this machine, and must not block. */
static void
test_pipe (Fixture *f, gconstpointer data)
{
  g_autofree char *pipe = g_build_filename (f->root, "pipe", NULL);
  g_autofree char *uri = g_filename_to_uri (pipe, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_null (read_uri (f->mirror, uri, 0, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  assert_message (error, "not a regular file");
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (BuildqArtifact) artifact = make_artifact ("file:///nar/1");
  g_autofree char *place = g_build_filename (f->root, ITEM_HASH ".narinfo", NULL);
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (buildq_mirror_publish (f->mirror, artifact, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (place, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  g_assert_null (buildq_mirror_lookup (f->mirror, ITEM, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(name, function)                                                              \
  g_test_add ("/file-mirror/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("contract", test_contract);
  ADD ("uris", test_uris);
  ADD ("no-folder", test_no_folder);
  ADD ("covers", test_covers);
  ADD ("overwrite", test_overwrite);
  ADD ("bad-records", test_bad_records);
  ADD ("pipe", test_pipe);
  ADD ("cancelled", test_cancelled);
  return g_test_run ();
}
