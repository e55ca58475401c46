/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The directory store.
 */
#include "config.h"

#include "mirror-fixture.h"

#include "store/buildq-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* What a crash may leave: an item that nothing is known of. */
static void
test_no_record (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *real = buildq_store_get_real_path (self->from, SOME_PATH);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autofree char *file = write_file (self, "x", "text");
  g_autoptr (GError) error = NULL;

  g_file_set_contents (real, "half of it", -1, &error);
  g_assert_no_error (error);
  g_assert_null (buildq_store_query (self->from, SOME_PATH, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_clear_error (&error);
  artifact = buildq_store_add (self->from, file, SOME_PATH, NULL, NULL, &error);
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

/* A disk that takes no more (no file may become larger than a few bytes): an error of the
 * machine, and nothing half done. The file is on another file system than the store, so
 * that it has to be copied. */
static void
test_full_disk (MirrorFixture *self, gconstpointer data)
{
  struct rlimit limit = { 100, RLIM_INFINITY };
  g_autofree char *real = buildq_store_get_real_path (self->from, SOME_PATH);
  g_autofree char *file = g_strdup ("/dev/shm/buildq-test-XXXXXX");
  g_autofree char *text = g_strnfill (100000, 'x');
  g_autoptr (GError) error = NULL;
  struct stat here, there;
  int fd;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  fd = g_mkstemp (file);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, 100000), ==, 100000);
  close (fd);
  g_assert_true (stat (file, &there) == 0 && stat (self->dir, &here) == 0);
  g_assert_cmpint (here.st_dev, !=, there.st_dev);

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_null (buildq_store_add (self->from, file, SOME_PATH, NULL, NULL, &error));
  limit.rlim_cur = RLIM_INFINITY;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  g_assert_nonnull (strstr (error->message, g_strerror (EFBIG)));
  g_assert_false (g_file_test (real, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  g_unlink (file);
}

/* What a process that was killed left in the making is removed by the next. */
static void
test_leftovers (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *from = g_build_filename (self->dir, "from", NULL);
  g_autofree char *tmp = g_build_filename (from, ".buildq", "tmp", NULL);
  g_autoptr (BuildqStore) next = NULL;
  g_autofree char *staged = NULL;
  g_autoptr (GError) error = NULL;
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      g_autofree char *path
          = _buildq_store_make_staging_path (self->from, SOME_PATH, NULL);

      if (path == NULL || !g_file_set_contents (path, "half", -1, NULL))
        _exit (1);
      kill (getpid (), SIGKILL);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpuint (mirror_fixture_count_files (tmp), ==, 1);

  next = buildq_store_new_for_uri (from, NULL, &error);
  g_assert_no_error (error);
  staged = _buildq_store_make_staging_path (next, SOME_PATH, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (mirror_fixture_count_files (tmp), ==, 0);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "C");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/store/" name, MirrorFixture, NULL, mirror_fixture_set_up, func,          \
              mirror_fixture_tear_down)
  ADD ("add", test_add);
  ADD ("references", test_references);
  ADD ("reopened", test_reopened);
  ADD ("no-record", test_no_record);
  ADD ("bad-paths", test_bad_paths);
  ADD ("full-disk", test_full_disk);
  ADD ("leftovers", test_leftovers);
  return g_test_run ();
}
