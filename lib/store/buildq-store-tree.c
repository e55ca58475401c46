/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Trees that a build made. Whoever made them is gone by now, but links in them may point
 * anywhere: every step is relative to an open directory, and no link is followed.
 */
#include "config.h"

#include "store/buildq-store-tree.h"

#include "archive/buildq-nar-private.h"
#include "core/buildq-offload.h"

#include <buildq/buildq-error.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 256 /* each level holds two file descriptors while it is copied */

typedef struct
{
  GCancellable *cancellable;
  GString *path; /* of the entry at hand, for messages */
  guint depth;
  char *buffer;
  gboolean merge; /* into directories that are there, and with times that are all equal */
} Walk;

/* What is done with one entry; recursion is by walk_directory. */
typedef gboolean (*EntryFunc) (
    Walk *self, int from, int to, const char *name, GError **error);

static gboolean
fail (Walk *self, const char *what, GError **error)
{
  int code = errno;
  g_autofree char *shown = g_filename_display_name (self->path->str);

  return _buildq_set_errno (error, code, what, shown);
}

static gboolean
fail_invalid (Walk *self, const char *why, GError **error)
{
  g_autofree char *shown = g_filename_display_name (self->path->str);

  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "'%s' %s", shown, why);
  return FALSE;
}

/* Names are read first: entries that are made meanwhile must not be met. */
static GPtrArray *
list_names (Walk *self, int fd, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  int copy = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy >= 0 ? fdopendir (copy) : NULL;
  struct dirent *entry;

  if (dir == NULL)
    {
      fail (self, "listing", error);
      if (copy >= 0)
        close (copy);
      return NULL;
    }
  while ((errno = 0, entry = readdir (dir)) != NULL)
    if (!g_str_equal (entry->d_name, ".") && !g_str_equal (entry->d_name, ".."))
      g_ptr_array_add (names, g_strdup (entry->d_name));
  if (errno != 0)
    {
      fail (self, "listing", error);
      g_clear_pointer (&names, g_ptr_array_unref);
    }
  closedir (dir);
  return g_steal_pointer (&names);
}

static gboolean
walk_directory (Walk *self, int from, int to, EntryFunc func, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  gboolean ok = TRUE;

  if (self->depth >= MAX_DEPTH)
    return fail_invalid (self, "is nested too deeply", error);
  names = list_names (self, from, error);
  if (names == NULL)
    return FALSE;

  self->depth++;
  for (guint i = 0; ok && i < names->len; i++)
    {
      gsize length = self->path->len;

      g_string_append_printf (self->path, "/%s", (char *) names->pdata[i]);
      ok = !g_cancellable_set_error_if_cancelled (self->cancellable, error)
           && func (self, from, to, names->pdata[i], error);
      g_string_truncate (self->path, length);
    }
  self->depth--;
  return ok;
}

static int
open_directory (int dir_fd, const char *name)
{
  return openat (dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static const struct timespec canonical_times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

static gboolean
copy_bytes (Walk *self, int from, int to, GError **error)
{
  BuildqFdLink in = { .fd = from };
  BuildqFdLink out = { .fd = to };
  gssize got;

  while ((got = _buildq_fd_source (&in, self->buffer, BUILDQ_CHUNK_BYTES, error)) > 0)
    if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
        || !_buildq_fd_sink (&out, self->buffer, got, error))
      break;
  if (got == 0)
    return TRUE;
  g_prefix_error (error, "copying '%s': ", self->path->str);
  return FALSE;
}

static gboolean
copy_file (
    Walk *self, int from, const char *name, int to, const char *to_name, GError **error)
{
  int in = openat (from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  int out = -1;
  struct stat status;
  gboolean ok;

  if (in < 0)
    return fail (self, "opening", error);
  ok = fstat (in, &status) == 0;
  if (ok)
    {
      mode_t mode = (status.st_mode & S_IXUSR) != 0 ? 0755 : 0644;

      out = openat (to, to_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    mode);
      ok = out >= 0;
    }
  ok = ok ? copy_bytes (self, in, out, error) : fail (self, "copying", error);
  if (ok && self->merge && futimens (out, canonical_times) < 0)
    ok = fail (self, "changing", error);
  /* Some file systems tell of a full disk only now. */
  if (out >= 0 && close (out) < 0 && ok)
    ok = fail (self, "copying", error);
  close (in);
  return ok;
}

static gboolean
copy_link (
    Walk *self, int from, const char *name, int to, const char *to_name, GError **error)
{
  char target[4096];
  gssize length = readlinkat (from, name, target, sizeof target);

  if (length < 0)
    return fail (self, "reading", error);
  if (length == sizeof target)
    return fail_invalid (self, "is a link with too long a target", error);
  target[length] = '\0';
  return symlinkat (target, to, to_name) == 0 || fail (self, "copying", error);
}

static gboolean copy_entry_as (
    Walk *self, int from, const char *name, int to, const char *to_name, GError **error);

static gboolean
copy_entry (Walk *self, int from, int to, const char *name, GError **error)
{
  return copy_entry_as (self, from, name, to, name, error);
}

static gboolean
copy_directory (
    Walk *self, int from, const char *name, int to, const char *to_name, GError **error)
{
  int in = open_directory (from, name);
  int out = -1;
  gboolean ok;

  if (in < 0)
    return fail (self, "opening", error);
  ok = (mkdirat (to, to_name, 0755) == 0 || (self->merge && errno == EEXIST))
       && (out = open_directory (to, to_name)) >= 0;
  ok = ok ? walk_directory (self, in, out, copy_entry, error)
          : fail (self, "making", error);
  if (out >= 0)
    close (out);
  close (in);
  return ok;
}

static gboolean
copy_entry_as (
    Walk *self, int from, const char *name, int to, const char *to_name, GError **error)
{
  struct stat status;

  if (fstatat (from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return fail (self, "reading", error);
  if (S_ISDIR (status.st_mode))
    return copy_directory (self, from, name, to, to_name, error);
  if (S_ISREG (status.st_mode))
    return copy_file (self, from, name, to, to_name, error);
  if (S_ISLNK (status.st_mode))
    return copy_link (self, from, name, to, to_name, error);
  return fail_invalid (self, "is neither a file, a directory nor a link", error);
}

gboolean
_buildq_store_tree_copy (const char *from,
                         const char *to,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autofree char *buffer = g_malloc (BUILDQ_CHUNK_BYTES);
  Walk self
      = { .cancellable = cancellable, .buffer = buffer, .path = g_string_new (from) };
  gboolean ok = copy_entry_as (&self, AT_FDCWD, from, AT_FDCWD, to, error);

  g_string_free (self.path, TRUE);
  if (!ok)
    _buildq_tree_remove (to, NULL);
  return ok;
}

/* Opens the directory at @top that is to hold the last part of @at, which is made. */
static int
open_parent (const char *top, char **parts, GError **error)
{
  int fd = open_directory (AT_FDCWD, top);

  for (char **p = parts; fd >= 0 && p[0] != NULL && p[1] != NULL; p++)
    {
      int child
          = mkdirat (fd, *p, 0755) < 0 && errno != EEXIST ? -1 : open_directory (fd, *p);
      int code = errno;

      close (fd);
      fd = child;
      errno = code;
    }
  if (fd < 0)
    _buildq_set_errno (error, errno, "opening a directory of", top);
  return fd;
}

gboolean
_buildq_store_tree_place (const char *from,
                          const char *top,
                          const char *at,
                          GCancellable *cancellable,
                          GError **error)
{
  g_auto (GStrv) parts = g_strsplit (at, "/", -1);
  g_autofree char *buffer = g_malloc (BUILDQ_CHUNK_BYTES);
  Walk self = { .cancellable = cancellable, .buffer = buffer, .merge = TRUE };
  int fd = open_parent (top, parts, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;
  self.path = g_string_new (from);
  ok = copy_entry_as (&self, AT_FDCWD, from, fd, parts[g_strv_length (parts) - 1], error);
  g_string_free (self.path, TRUE);
  close (fd);
  return ok;
}

/* --- making it canonical --- */

/* The file has another name somewhere, by which it could be changed later. */
static gboolean
unshare_file (Walk *self, int dir_fd, const char *name, GError **error)
{
  const char *place = ".buildq-unshare";

  (void) !unlinkat (dir_fd, place, 0);
  if (self->buffer == NULL)
    self->buffer = g_malloc (BUILDQ_CHUNK_BYTES);
  if (!copy_file (self, dir_fd, name, dir_fd, place, error))
    {
      (void) !unlinkat (dir_fd, place, 0);
      return FALSE;
    }
  return renameat (dir_fd, place, dir_fd, name) == 0 || fail (self, "copying", error);
}

static gboolean canonicalise_entry (
    Walk *self, int dir_fd, int unused, const char *name, GError **error);

static gboolean
canonicalise_directory (Walk *self, int dir_fd, const char *name, GError **error)
{
  gboolean ok;
  int fd;

  /* It is a directory of ours by now, so no link is followed here. */
  if (fchmodat (dir_fd, name, 0755, 0) < 0)
    return fail (self, "changing", error);
  fd = open_directory (dir_fd, name);
  if (fd < 0)
    return fail (self, "opening", error);
  ok = walk_directory (self, fd, -1, canonicalise_entry, error);
  if (ok && (fchmod (fd, 0555) < 0 || futimens (fd, canonical_times) < 0))
    ok = fail (self, "changing", error);
  close (fd);
  return ok;
}

static gboolean
canonicalise_entry (Walk *self, int dir_fd, int unused, const char *name, GError **error)
{
  struct stat status;
  mode_t mode;

  if (fstatat (dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return fail (self, "reading", error);
  if (!S_ISDIR (status.st_mode) && !S_ISREG (status.st_mode) && !S_ISLNK (status.st_mode))
    return fail_invalid (self, "is neither a file, a directory nor a link", error);
  if (status.st_uid != geteuid ()
      && fchownat (dir_fd, name, geteuid (), getegid (), AT_SYMLINK_NOFOLLOW) < 0)
    return fail (self, "taking", error);
  if (S_ISDIR (status.st_mode))
    return canonicalise_directory (self, dir_fd, name, error);

  if (S_ISREG (status.st_mode) && status.st_nlink > 1
      && !unshare_file (self, dir_fd, name, error))
    return FALSE;
  mode = (status.st_mode & S_IXUSR) != 0 ? 0555 : 0444;
  if (S_ISREG (status.st_mode) && fchmodat (dir_fd, name, mode, 0) < 0)
    return fail (self, "changing", error);
  return utimensat (dir_fd, name, canonical_times, AT_SYMLINK_NOFOLLOW) == 0
         || fail (self, "changing", error);
}

gboolean
_buildq_store_tree_canonicalise (const char *path,
                                 GCancellable *cancellable,
                                 GError **error)
{
  Walk self = { .cancellable = cancellable, .path = g_string_new (path) };
  gboolean ok = canonicalise_entry (&self, AT_FDCWD, -1, path, error);

  g_string_free (self.path, TRUE);
  g_free (self.buffer);
  return ok;
}

gboolean
_buildq_store_tree_rename (const char *from, const char *to)
{
  struct stat status;
  gboolean locked;
  int code = 0;

  if (lstat (from, &status) < 0)
    return FALSE;
  /* Moving a directory changes its "..", for which it must be writable. */
  locked = S_ISDIR (status.st_mode) && (status.st_mode & S_IWUSR) == 0;
  if (locked)
    (void) !chmod (from, status.st_mode | S_IWUSR);
  if (rename (from, to) < 0)
    code = errno;
  if (locked)
    (void) !chmod (code == 0 ? to : from, status.st_mode & 07777);
  errno = code;
  return code == 0;
}
