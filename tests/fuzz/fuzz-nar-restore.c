/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The reader of NARs on a real file system (TMPDIR, best a tmpfs): what it takes and then
 * writes again is the same, what it refuses leaves nothing behind, and nothing beside
 * the target is touched.
 */
#include "config.h"

#include "fuzz.h"

#include "archive/buildq-nar-private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* TOP/place/target is the target; the working directory is TOP/here. */
static char *top;
static char *place;
static char *target;
static char *watched;
static struct stat watched_status;

static void
clean_up (void)
{
  _buildq_tree_remove (top, NULL);
}

static void
set_up (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *here = NULL;

  top = g_dir_make_tmp ("buildq-fuzz-XXXXXX", &error);
  g_assert_no_error (error);
  atexit (clean_up);
  place = g_build_filename (top, "place", NULL);
  target = g_build_filename (place, "target", NULL);
  here = g_build_filename (top, "here", NULL);
  watched = g_build_filename (top, "watched", NULL);
  g_assert_no_errno (mkdir (place, 0755));
  g_assert_no_errno (mkdir (here, 0755));
  g_assert_no_errno (chdir (here));
  g_assert_true (g_file_set_contents (watched, "x", 1, NULL));
  g_assert_no_errno (lstat (watched, &watched_status));
}

static guint
count_entries (const char *path)
{
  DIR *dir = opendir (path);
  guint count = 0;

  g_assert_nonnull (dir);
  while (readdir (dir) != NULL)
    count++;
  closedir (dir);
  return count - 2; /* "." and ".." */
}

static void
check_around (gboolean target_there)
{
  struct stat status;

  g_assert_cmpuint (count_entries (top), ==, 3);
  g_assert_cmpuint (count_entries (place), ==, target_there ? 1 : 0);
  g_assert_cmpuint (count_entries ("."), ==, 0);
  g_assert_no_errno (lstat (watched, &status));
  g_assert_true (status.st_ino == watched_status.st_ino
                 && status.st_mode == watched_status.st_mode
                 && status.st_size == watched_status.st_size
                 && status.st_mtim.tv_sec == watched_status.st_mtim.tv_sec
                 && status.st_mtim.tv_nsec == watched_status.st_mtim.tv_nsec);
}

static void
check_same (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) again = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  _buildq_nar_write (target, fuzz_array_sink, again, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (again->data, again->len, data, size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzMemory memory = { .data = data, .size = size };
  g_autoptr (GError) error = NULL;
  gboolean ok;

  if (top == NULL)
    set_up ();
  ok = _buildq_nar_read (fuzz_memory_source, &memory, target, size % 16 == 0, NULL,
                         &error);
  g_assert_true (ok == (error == NULL));
  check_around (ok);
  if (!ok)
    return 0;
  check_same (data, size);
  _buildq_tree_remove (target, &error);
  g_assert_no_error (error);
  check_around (FALSE);
  return 0;
}
