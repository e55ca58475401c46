/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "nar-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_remove_deep (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  int fd = g_open (fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  const char *name = "target";

  /* Deeper than the path of a file may be long. */
  for (guint i = 0; i < 3000; i++)
    {
      int next;

      g_assert_no_errno (mkdirat (fd, name, 0755));
      next = openat (fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      g_assert_cmpint (next, >=, 0);
      close (fd);
      fd = next;
      name = "a";
    }
  g_assert_no_errno (symlinkat ("/", fd, "root"));
  close (fd);
  g_assert_true (_buildq_tree_remove (fixture->target, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (fixture->target, G_FILE_TEST_EXISTS));
}

static void
test_remove_read_only (Fixture *fixture, gconstpointer data)
{
  g_autofree char *inner = g_build_filename (fixture->target, "inner", NULL);
  g_autofree char *file = g_build_filename (inner, "file", NULL);
  g_autofree char *outside = g_build_filename (fixture->dir, "outside", NULL);
  g_autofree char *kept = g_build_filename (outside, "kept", NULL);
  g_autofree char *link_path = g_build_filename (inner, "link", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir (outside, 0755));
  g_assert_true (g_file_set_contents (kept, "", 0, NULL));
  g_assert_no_errno (g_mkdir_with_parents (inner, 0755));
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_no_errno (symlink (outside, link_path));
  g_assert_no_errno (chmod (inner, 0));
  g_assert_no_errno (chmod (fixture->target, 0555));
  g_assert_true (_buildq_tree_remove (fixture->target, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));

  g_assert_false (_buildq_tree_remove (fixture->target, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tree/remove-deep", test_remove_deep);
  ADD ("/tree/remove-read-only", test_remove_read_only);
  return g_test_run ();
}
