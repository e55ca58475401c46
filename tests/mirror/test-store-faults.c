/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The directory store, when machines and disks go wrong.
 */
#include "config.h"

#include "mirror-fixture.h"

#include "store/buildq-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
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

static guint
count_staged (MirrorFixture *self, const char *store)
{
  g_autofree char *tmp = g_build_filename (self->dir, store, ".buildq", "tmp", NULL);

  return mirror_fixture_count_files (tmp);
}

static void
assert_text (const char *path, const char *expected)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
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

/* What cannot be taken in after it was moved is put back. */
static void
test_put_back (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *file = write_file (self, "x", "text");
  g_autofree char *real = buildq_store_get_real_path (self->from, SOME_PATH);
  g_autofree char *record = g_build_filename (
      self->dir, "from", ".buildq", "00000000000000000000000000000000-some.json", NULL);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (record, 0755), ==, 0);
  g_assert_null (buildq_store_add (self->from, file, SOME_PATH, NULL, NULL, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, file));
  assert_text (file, "text");
  g_assert_false (g_file_test (real, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (count_staged (self, "from"), ==, 0);

  g_clear_error (&error);
  g_assert_cmpint (g_rmdir (record), ==, 0);
  artifact = buildq_store_add (self->from, file, SOME_PATH, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* A socket cannot be in an archive. */
static void
test_bad_tree (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *tree = g_build_filename (self->dir, "tree", NULL);
  g_autofree char *fifo = g_build_filename (tree, "fifo", NULL);
  g_autofree char *none = g_build_filename (self->dir, "none", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (tree, 0755), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_null (buildq_store_add (self->from, tree, NULL, NULL, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "/fifo'"));
  g_assert_true (g_file_test (fifo, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (count_staged (self, "from"), ==, 0);

  g_clear_error (&error);
  g_assert_null (buildq_store_add (self->from, none, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, none));
}

/* Puts a file system with hardly any room there, for as long as this process lives. */
static gboolean
mount_small (const char *path)
{
  return unshare (CLONE_NEWNS) == 0
         && mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
         && mount ("buildq", path, "tmpfs", 0, "size=256k") == 0;
}

static gboolean
may_mount (const char *path)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (mount_small (path) ? 0 : 1);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

/* An error of the machine, and nothing half done. */
static void
assert_no_space (MirrorFixture *self, BuildqStore *store, GError *error)
{
  g_autofree char *real = buildq_store_get_real_path (store, SOME_PATH);

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, g_strerror (ENOSPC)));
  g_assert_cmpuint (count_staged (self, "small"), ==, 0);
  g_assert_false (g_file_test (real, G_FILE_TEST_EXISTS));
}

/* As it would hold any later test up, it has a process of its own. */
static void
test_full_disk (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *small = g_build_filename (self->dir, "small", NULL);
  g_autofree char *text = g_strnfill (500000, 'x');
  g_autofree char *file = write_file (self, "big", text);
  g_autoptr (BuildqStore) store = NULL;
  g_autoptr (BuildqArtifact) plain = NULL;
  g_autoptr (BuildqArtifact) published = NULL;
  g_autoptr (BuildqResolver) resolver = NULL;
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (small, 0755), ==, 0);
  if (!g_test_subprocess ())
    {
      if (!may_mount (small))
        {
          g_test_skip ("mounting is not allowed");
          return;
        }
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  g_assert_true (mount_small (small));
  store = buildq_store_new_for_uri (small, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (buildq_store_add (store, file, SOME_PATH, NULL, NULL, &error));
  assert_no_space (self, store, error);
  assert_text (file, text);
  g_clear_error (&error);

  /* The same for what comes from a mirror. */
  plain = buildq_store_add (self->from, file, SOME_PATH, NULL, NULL, &error);
  g_assert_no_error (error);
  published = mirror_fixture_publish (self, plain, NULL);
  resolver = buildq_resolver_new (store, self->keyring);
  g_ptr_array_add (artifacts, published);
  g_assert_null (buildq_resolver_realise (resolver, artifacts, NULL, NULL, &error));
  assert_no_space (self, store, error);
  g_clear_object (&resolver);
  g_clear_object (&store);
  g_assert_cmpint (umount (small), ==, 0);
}

/* No file may become larger than a few bytes, so that not even a record can be written.
 */
static void
test_no_record_written (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *file = write_file (self, "x", "text");
  struct rlimit usual;
  struct rlimit limit;
  g_autoptr (GError) error = NULL;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &usual), ==, 0);
  limit = usual;
  limit.rlim_cur = 10;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_null (buildq_store_add (self->from, file, SOME_PATH, NULL, NULL, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &usual), ==, 0);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, g_strerror (EFBIG)));
  assert_text (file, "text");
  g_assert_cmpuint (count_staged (self, "from"), ==, 0);
  g_clear_error (&error);
  g_assert_null (buildq_store_query (self->from, SOME_PATH, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
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
  g_test_add ("/store-faults/" name, MirrorFixture, NULL, mirror_fixture_set_up, func,   \
              mirror_fixture_tear_down)
  ADD ("no-record", test_no_record);
  ADD ("put-back", test_put_back);
  ADD ("bad-tree", test_bad_tree);
  /* Mounting is for root. What others can have, a limit on sizes, is in test-store. */
  if (geteuid () == 0)
    ADD ("full-disk", test_full_disk);
  ADD ("no-record-written", test_no_record_written);
  ADD ("leftovers", test_leftovers);
  return g_test_run ();
}
