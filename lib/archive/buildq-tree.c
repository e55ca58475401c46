/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Removes trees that may have been made by somebody hostile, who may still be at it:
 * every step is relative to an open directory, and no link is followed.
 */
#include "config.h"

#include "archive/buildq-nar-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a file descriptor. What is deeper is moved up to the top first. */
#define MAX_DEPTH 32

typedef struct
{
  int top_fd;
  guint64 moved;
} Remover;

static gboolean remove_entries (Remover *self, int fd, guint depth, GError **error);

static gboolean
fail (const char *name, GError **error)
{
  int code = errno;
  g_autofree char *shown = g_filename_display_name (name);

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "removing '%s': %s",
               shown, g_strerror (code));
  return FALSE;
}

/* Opens a directory so that its entries can be listed and removed. */
static int
open_directory (int dir_fd, const char *name)
{
  g_autofree char *link = NULL;
  struct stat status;
  int path_fd = openat (dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int fd;

  if (path_fd < 0)
    return -1;
  /* fchmod does not take such a descriptor; chmod of the name could follow a link. */
  if (fstat (path_fd, &status) == 0 && (status.st_mode & S_IRWXU) != S_IRWXU)
    {
      link = g_strdup_printf ("/proc/self/fd/%d", path_fd);
      (void) !chmod (link, S_IRWXU);
    }
  fd = openat (path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  close (path_fd);
  return fd;
}

static gboolean
move_up (Remover *self, int dir_fd, const char *name, GError **error)
{
  int fd = open_directory (dir_fd, name);

  /* Moving a directory changes its "..", for which it must be writable. */
  if (fd >= 0)
    close (fd);
  while (TRUE)
    {
      g_autofree char *place
          = g_strdup_printf (".buildq-remove-%" G_GUINT64_FORMAT, self->moved++);

      if (renameat (dir_fd, name, self->top_fd, place) == 0)
        return TRUE;
      if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
        return fail (name, error);
    }
}

static gboolean
remove_entry (Remover *self, int dir_fd, const char *name, guint depth, GError **error)
{
  gboolean ok;
  int fd;

  if (unlinkat (dir_fd, name, 0) == 0)
    return TRUE;
  /* POSIX says EPERM for a directory, Linux EISDIR. */
  if (errno != EISDIR && errno != EPERM)
    return fail (name, error);
  if (self != NULL && depth == MAX_DEPTH)
    return move_up (self, dir_fd, name, error);

  fd = open_directory (dir_fd, name);
  if (fd < 0)
    return fail (name, error);
  if (self != NULL)
    ok = remove_entries (self, fd, depth + 1, error);
  else
    {
      Remover top = { .top_fd = fd };
      guint64 before;

      do
        {
          before = top.moved;
          ok = remove_entries (&top, fd, 1, error);
        }
      while (ok && top.moved != before);
    }
  close (fd);
  if (ok && unlinkat (dir_fd, name, AT_REMOVEDIR) < 0)
    return fail (name, error);
  return ok;
}

static gboolean
remove_entries (Remover *self, int fd, guint depth, GError **error)
{
  int list_fd = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = list_fd >= 0 ? fdopendir (list_fd) : NULL;
  struct dirent *entry;
  gboolean ok = TRUE;

  if (dir == NULL)
    {
      fail (".", error);
      if (list_fd >= 0)
        close (list_fd);
      return FALSE;
    }
  while (ok && (errno = 0, entry = readdir (dir)) != NULL)
    if (!g_str_equal (entry->d_name, ".") && !g_str_equal (entry->d_name, ".."))
      ok = remove_entry (self, dirfd (dir), entry->d_name, depth, error);
  if (ok && errno != 0)
    ok = fail (".", error);
  closedir (dir);
  return ok;
}

/* As _buildq_tree_remove, of an entry of an open directory. */
gboolean
_buildq_tree_remove_at (int dir_fd, const char *name, GError **error)
{
  return remove_entry (NULL, dir_fd, name, 0, error);
}

gboolean
_buildq_tree_remove (const char *path, GError **error)
{
  return _buildq_tree_remove_at (AT_FDCWD, path, error);
}
