/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The directory store.
 */
#include "config.h"

#include "mirror-fixture.h"

#include "archive/buildq-nar-private.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOME_PATH "/buildq/store/00000000000000000000000000000000-some"

static char *
write_file (MirrorFixture *self, const char *name, const char *text)
{
  char *path = g_build_filename (self->dir, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return path;
}

/* An item is taken in by moving it, gets the modes of a store, and its hash is that of
 * its archive. */
static void
test_add (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *file = write_file (self, "x", "text");
  g_autofree char *real = buildq_store_get_real_path (self->from, SOME_PATH);
  g_autofree char *hash = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqArtifact) again = NULL;
  g_autoptr (GError) error = NULL;
  struct stat info;
  gint64 size;

  g_assert_null (buildq_store_query (self->from, SOME_PATH, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_clear_error (&error);
  artifact = buildq_store_add (self->from, file, SOME_PATH, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  g_assert_cmpint (stat (real, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0444);
  g_assert_cmpint (info.st_mtime, ==, 1);
  hash = buildq_nar_hash (real, &size, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (hash, ==, buildq_artifact_get_nar_hash (artifact));
  g_assert_cmpint (size, ==, buildq_artifact_get_nar_size (artifact));
  again = buildq_store_query (self->from, SOME_PATH, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (artifact, again));
}

static void
test_references (MirrorFixture *self, gconstpointer data)
{
  static const char *const candidates[]
      = { "11111111111111111111111111111111-used",
          "22222222222222222222222222222222-unused", NULL };
  g_autofree char *file
      = write_file (self, "x",
                    "11111111111111111111111111111111 and "
                    "/buildq/store/00000000000000000000000000000000-some");
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GError) error = NULL;

  artifact = buildq_store_add (self->from, file, SOME_PATH, candidates, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length ((char **) buildq_artifact_get_references (artifact)),
                    ==, 2);
  g_assert_cmpstr (buildq_artifact_get_references (artifact)[0], ==,
                   "00000000000000000000000000000000-some");
  g_assert_cmpstr (buildq_artifact_get_references (artifact)[1], ==, candidates[0]);
}

static void
test_reopened (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *from = g_build_filename (self->dir, "from", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqStore) second = NULL;
  g_autoptr (BuildqArtifact) again = NULL;
  g_autoptr (GError) error = NULL;

  second = buildq_store_new_for_uri (from, NULL, &error);
  g_assert_no_error (error);
  again = buildq_store_query (second, buildq_artifact_get_store_path (artifact), NULL,
                              &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (artifact, again));
}

/* A tree of a build, some of whose files have other names elsewhere. */
static char *
make_tree (MirrorFixture *self, gboolean with_link_to_outside)
{
  char *tree = g_build_filename (self->dir, "tree", NULL);
  g_autofree char *sub = g_build_filename (tree, "sub", NULL);
  g_autofree char *link = g_build_filename (tree, "link", NULL);
  g_autofree char *file = NULL;
  g_autofree char *run = NULL;
  g_autofree char *outside = g_build_filename (self->dir, "outside", NULL);

  g_assert_cmpint (g_mkdir_with_parents (sub, 0755), ==, 0);
  file = write_file (self, "tree/file", "hello\n");
  run = write_file (self, "tree/sub/run", "#!/bin/sh\n");
  g_assert_cmpint (g_chmod (run, 0750), ==, 0);
  g_assert_cmpint (g_chmod (sub, 0700), ==, 0);
  g_assert_cmpint (symlink ("sub/run", link), ==, 0);
  if (with_link_to_outside)
    g_assert_cmpint (linkat (AT_FDCWD, file, AT_FDCWD, outside, 0), ==, 0);
  return tree;
}

static void
assert_mode (const char *dir, const char *name, mode_t mode)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  struct stat info;

  g_assert_cmpint (lstat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, mode);
  g_assert_cmpint (info.st_mtime, ==, 1);
}

/* The name that `nix-store --add` gives to that tree. */
static void
test_content (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *dir = g_build_filename (self->dir, "nix", NULL);
  g_autofree char *outside = g_build_filename (self->dir, "outside", NULL);
  g_autofree char *tree = make_tree (self, TRUE);
  g_autofree char *real = NULL;
  g_autofree char *ca = NULL;
  g_autoptr (BuildqStore) store = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GError) error = NULL;

  store = buildq_store_new_for_uri (dir, "/nix/store", &error);
  g_assert_no_error (error);
  artifact = buildq_store_add (store, tree, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_artifact_get_store_path (artifact), ==,
                   "/nix/store/laj2w59k5p4kra2mzsvx6j7wxwpzrjwi-tree");
  ca = g_strconcat ("fixed:r:", buildq_artifact_get_nar_hash (artifact), NULL);
  g_assert_cmpstr (buildq_artifact_get_ca (artifact), ==, ca);
  real = buildq_store_get_real_path (store, buildq_artifact_get_store_path (artifact));
  assert_mode (real, ".", 0555);
  assert_mode (real, "file", 0444);
  assert_mode (real, "sub", 0555);
  assert_mode (real, "sub/run", 0555);

  /* Who still has the file by another name does not change the item. */
  g_assert_cmpint (g_chmod (outside, 0644), ==, 0);
  g_file_set_contents_full (outside, "bye!!\n", -1, G_FILE_SET_CONTENTS_NONE, 0644,
                            &error);
  g_assert_no_error (error);
  g_clear_pointer (&ca, g_free);
  ca = buildq_nar_hash (real, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ca, ==, buildq_artifact_get_nar_hash (artifact));
}

/* What is there already is not taken again, and what is in the store stays there. */
static void
test_again (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) first = mirror_fixture_add (self, "x", "text", NULL);
  g_autofree char *real
      = buildq_store_get_real_path (self->from, buildq_artifact_get_store_path (first));
  g_autofree char *file = write_file (self, "x", "text");
  g_autofree char *copied = buildq_store_get_real_path (self->from, SOME_PATH);
  g_autoptr (BuildqArtifact) second = NULL;
  g_autoptr (BuildqArtifact) copy = NULL;
  g_autoptr (GError) error = NULL;

  second = buildq_store_add (self->from, file, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (first, second));
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));

  copy = buildq_store_add (self->from, real, SOME_PATH, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_artifact_get_nar_hash (copy), ==,
                   buildq_artifact_get_nar_hash (first));
  g_assert_true (g_file_test (copied, G_FILE_TEST_IS_REGULAR));
  g_assert_true (g_file_test (real, G_FILE_TEST_IS_REGULAR));
}

/* What is on another file system is copied. */
static void
test_copy (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *other = g_strdup ("/dev/shm/buildq-store-XXXXXX");
  g_autofree char *tree = make_tree (self, FALSE);
  g_autoptr (BuildqStore) store = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autofree char *real = NULL;
  g_autofree char *hash = buildq_nar_hash (tree, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  struct stat here, there;

  if (g_mkdtemp (other) == NULL || stat (other, &there) < 0)
    {
      g_test_skip ("there is no /dev/shm");
      return;
    }
  g_assert_cmpint (stat (self->dir, &here), ==, 0);
  if (here.st_dev == there.st_dev)
    g_test_skip ("/dev/shm is the same file system");
  else
    {
      store = buildq_store_new_for_uri (other, NULL, &error);
      g_assert_no_error (error);
      artifact = buildq_store_add (store, tree, SOME_PATH, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (buildq_artifact_get_nar_hash (artifact), ==, hash);
      real = buildq_store_get_real_path (store, SOME_PATH);
      assert_mode (real, "sub/run", 0555);
      g_assert_true (g_file_test (tree, G_FILE_TEST_IS_DIR));
      g_clear_object (&store);
    }
  _buildq_tree_remove (other, &error);
  g_assert_no_error (error);
}

static void
test_bad_paths (MirrorFixture *self, gconstpointer data)
{
  static const char *const bad[]
      = { "/etc/passwd", "/nix/store/00000000000000000000000000000000-x",
          "/buildq/store/../00000000000000000000000000000000-x" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *file = write_file (self, "x", "text");
      g_autoptr (GError) error = NULL;

      g_assert_null (buildq_store_add (self->from, file, bad[i], NULL, NULL, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, bad[i]));
    }
}

/* --- other processes, other boots --- */

static void
assert_text (const char *path, const char *expected)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

/* The record as it would be after the machine was started again. */
static char *
age_record (MirrorFixture *self, BuildqArtifact *artifact)
{
  g_autofree char *name = g_strconcat (
      strrchr (buildq_artifact_get_store_path (artifact), '/') + 1, ".json", NULL);
  char *record = g_build_filename (self->dir, "from", ".buildq", name, NULL);
  g_autofree char *json = buildq_artifact_to_json (artifact);
  g_autofree char *old = g_strconcat ("{\"boot\":\"another\",", json + 1, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (record, old, -1, &error);
  g_assert_no_error (error);
  return record;
}

static void
test_other_boot (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_add (self, "x", "text", NULL);
  const char *store_path = buildq_artifact_get_store_path (artifact);
  g_autofree char *real = buildq_store_get_real_path (self->from, store_path);
  g_autofree char *record = age_record (self, artifact);
  g_autofree char *again = NULL;
  g_autofree char *text = NULL;
  g_autoptr (BuildqArtifact) found = NULL;
  g_autoptr (GError) error = NULL;

  found = buildq_store_query (self->from, store_path, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (artifact, found));
  /* It was hashed, which need not be done again. */
  g_file_get_contents (record, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (strstr (text, "another"));

  again = age_record (self, artifact);
  g_assert_cmpint (g_chmod (real, 0644), ==, 0);
  g_file_set_contents (real, "torn", -1, &error);
  g_assert_no_error (error);
  g_assert_null (buildq_store_query (self->from, store_path, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_assert_false (g_file_test (real, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (record, G_FILE_TEST_EXISTS));
}

#define SHARED_ITEMS 40

/* What the other processes of the next test do: all add the same. */
static int
add_many (const char *store_dir, const char *work_dir)
{
  g_autoptr (BuildqStore) store = buildq_store_new_for_uri (store_dir, NULL, NULL);
  g_autofree char *file = g_build_filename (work_dir, "x", NULL);

  for (guint i = 0; i < SHARED_ITEMS; i++)
    {
      g_autofree char *text = g_strdup_printf ("text %u", i);
      g_autofree char *store_path = g_strdup_printf ("/buildq/store/%032u-item", i);
      g_autoptr (BuildqArtifact) artifact = NULL;
      g_autoptr (GError) error = NULL;

      if (g_file_set_contents (file, text, -1, &error))
        artifact = buildq_store_add (store, file, store_path, NULL, NULL, &error);
      if (artifact == NULL)
        {
          g_printerr ("adding %u: %s\n", i, error->message);
          return 1;
        }
    }
  return 0;
}

static void
test_processes (MirrorFixture *self, gconstpointer program)
{
  g_autofree char *from = g_build_filename (self->dir, "from", NULL);
  g_autofree char *tmp = g_build_filename (from, ".buildq", "tmp", NULL);
  g_autoptr (GPtrArray) processes = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("process-%u", i);
      g_autofree char *work_dir = g_build_filename (self->dir, name, NULL);

      g_assert_cmpint (g_mkdir (work_dir, 0755), ==, 0);
      g_ptr_array_add (processes,
                       g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program,
                                         "--add-many", from, work_dir, NULL));
      g_assert_no_error (error);
    }
  for (guint i = 0; i < processes->len; i++)
    {
      g_subprocess_wait_check (processes->pdata[i], NULL, &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < SHARED_ITEMS; i++)
    {
      g_autofree char *text = g_strdup_printf ("text %u", i);
      g_autofree char *store_path = g_strdup_printf ("/buildq/store/%032u-item", i);
      g_autofree char *real = buildq_store_get_real_path (self->from, store_path);
      g_autoptr (BuildqArtifact) artifact
          = buildq_store_query (self->from, store_path, NULL, &error);

      g_assert_no_error (error);
      assert_text (real, text);
    }
  g_assert_cmpuint (mirror_fixture_count_files (tmp), ==, 0);
}

static void
test_uris (void)
{
  static const struct
  {
    const char *uri;
    int code;
  } bad[] = {
    { "", BUILDQ_ERROR_INVALID },
    { "store", BUILDQ_ERROR_INVALID },
    { "file:store", BUILDQ_ERROR_INVALID },
    { "file://host/store", BUILDQ_ERROR_INVALID },
    { "ftp://host/store", BUILDQ_ERROR_NOT_SUPPORTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i].uri);
      g_assert_null (buildq_store_new_for_uri (bad[i].uri, NULL, &error));
      g_assert_error (error, BUILDQ_ERROR, bad[i].code);
    }
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "C");
  if (argc == 4 && g_str_equal (argv[1], "--add-many"))
    return add_many (argv[2], argv[3]);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/store/" name, MirrorFixture, NULL, mirror_fixture_set_up, func,          \
              mirror_fixture_tear_down)
  ADD ("add", test_add);
  ADD ("references", test_references);
  ADD ("reopened", test_reopened);
  ADD ("content", test_content);
  ADD ("again", test_again);
  ADD ("copy", test_copy);
  ADD ("bad-paths", test_bad_paths);
  ADD ("other-boot", test_other_boot);
  g_test_add ("/store/processes", MirrorFixture, argv[0], mirror_fixture_set_up,
              test_processes, mirror_fixture_tear_down);
  g_test_add_func ("/store/uris", test_uris);
  return g_test_run ();
}
