/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "archive/buildq-nar-private.h"
#include "archive/buildq-nar-tokens.h"

#include <buildq/buildq-error.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small enough to stay in the cache until who is next has read it. */
#define BUFFER_BYTES (256 * 1024)

typedef struct
{
  BuildqSinkFunc sink;
  gpointer next;
  GCancellable *cancellable;
  guint8 *buffer;
  gsize used;
  GString *path; /* of the entry at hand, for messages */
  guint depth;
} Writer;

#define PUT(self, words, error) put (self, words, sizeof (words) - 1, error)

static gboolean write_node (
    Writer *self, int dir_fd, const char *name, guchar type, GError **error);

static gboolean
fail (Writer *self, int code, const char *message, GError **error)
{
  g_autofree char *path = g_filename_display_name (self->path->str);

  g_set_error (error, code >= 0 ? G_IO_ERROR : BUILDQ_ERROR,
               code >= 0 ? (int) g_io_error_from_errno (code)
                         : (int) BUILDQ_ERROR_INVALID,
               "archiving '%s': %s", path, message);
  return FALSE;
}

static gboolean
fail_errno (Writer *self, GError **error)
{
  int code = errno;

  return fail (self, code, g_strerror (code), error);
}

static gboolean
flush (Writer *self, GError **error)
{
  gsize size = self->used;

  self->used = 0;
  return size == 0
         || (!g_cancellable_set_error_if_cancelled (self->cancellable, error)
             && self->sink (self->next, self->buffer, size, error));
}

/* For short pieces, which always fit into the empty buffer. */
static gboolean
put (Writer *self, const void *data, gsize size, GError **error)
{
  if (BUFFER_BYTES - self->used < size && !flush (self, error))
    return FALSE;
  memcpy (self->buffer + self->used, data, size);
  self->used += size;
  return TRUE;
}

static gboolean
put_number (Writer *self, guint64 number, GError **error)
{
  guint64 bytes = GUINT64_TO_LE (number);

  return put (self, &bytes, sizeof bytes, error);
}

static gboolean
put_padding (Writer *self, guint64 size, GError **error)
{
  return put (self, NAR_EMPTY, NAR_PADDING (size), error);
}

static gboolean
put_string (Writer *self, const char *string, gsize size, GError **error)
{
  return put_number (self, size, error) && put (self, string, size, error)
         && put_padding (self, size, error);
}

/* The file is read right into the buffer. One byte more than there should be is asked
 * for, so that a file that grows is noticed without a call of its own. */
static gboolean
put_contents (Writer *self, int fd, guint64 size, GError **error)
{
  guint64 rest = size;

  while (TRUE)
    {
      gssize got;

      if (self->used == BUFFER_BYTES && !flush (self, error))
        return FALSE;
      got = read (fd, self->buffer + self->used,
                  MIN (rest + 1, BUFFER_BYTES - self->used));
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return fail_errno (self, error);
      if ((guint64) got > rest || (got == 0 && rest > 0))
        return fail (self, -1, "the file changed while it was read", error);
      self->used += got;
      rest -= got;
      if (rest == 0)
        return put_padding (self, size, error);
    }
}

static gboolean
write_regular (Writer *self, int dir_fd, const char *name, GError **error)
{
  struct stat status;
  gboolean ok;
  /* Not blocking, in case that it just became a pipe. */
  int fd
      = openat (dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0)
    return fail_errno (self, error);
  if (fstat (fd, &status) < 0)
    ok = fail_errno (self, error);
  else if (!S_ISREG (status.st_mode))
    ok = fail (self, -1, "the file changed while it was read", error);
  else
    ok = PUT (self, NAR_OPEN NAR_TYPE NAR_REGULAR, error)
         && (!(status.st_mode & S_IXUSR) || PUT (self, NAR_EXECUTABLE NAR_EMPTY, error))
         && PUT (self, NAR_CONTENTS, error) && put_number (self, status.st_size, error)
         && put_contents (self, fd, status.st_size, error)
         && PUT (self, NAR_CLOSE, error);
  close (fd);
  return ok;
}

static gboolean
write_symlink (Writer *self, int dir_fd, const char *name, GError **error)
{
  char target[PATH_MAX];
  gssize size = readlinkat (dir_fd, name, target, sizeof target);

  if (size < 0)
    return fail_errno (self, error);
  if (size == sizeof target)
    return fail (self, ENAMETOOLONG, "the target of the link is too long", error);
  return PUT (self, NAR_OPEN NAR_TYPE NAR_SYMLINK NAR_TARGET, error)
         && put_string (self, target, size, error) && PUT (self, NAR_CLOSE, error);
}

/* An entry is its type in one byte, then its name. */
static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a + 1, *(const char *const *) b + 1);
}

static GPtrArray *
list_directory (Writer *self, DIR *dir, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);
  struct dirent *entry;

  while ((errno = 0, entry = readdir (dir)) != NULL)
    {
      gsize length = strlen (entry->d_name);
      char *copy;

      if (g_str_equal (entry->d_name, ".") || g_str_equal (entry->d_name, ".."))
        continue;
      copy = g_malloc (length + 2);
      copy[0] = (char) entry->d_type;
      memcpy (copy + 1, entry->d_name, length + 1);
      g_ptr_array_add (entries, copy);
    }
  if (errno != 0)
    {
      fail_errno (self, error);
      return NULL;
    }
  g_ptr_array_sort (entries, compare_entries);
  return g_steal_pointer (&entries);
}

static gboolean
write_entries (Writer *self, DIR *dir, GError **error)
{
  g_autoptr (GPtrArray) entries = list_directory (self, dir, error);
  gsize length = self->path->len;

  if (entries == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      const char *name = (const char *) entries->pdata[i] + 1;

      g_string_append_c (self->path, '/');
      g_string_append (self->path, name);
      if (!PUT (self, NAR_ENTRY NAR_OPEN NAR_NAME, error)
          || !put_string (self, name, strlen (name), error)
          || !PUT (self, NAR_NODE, error)
          || !write_node (self, dirfd (dir), name, (guchar) name[-1], error)
          || !PUT (self, NAR_CLOSE, error))
        return FALSE;
      g_string_truncate (self->path, length);
    }
  return TRUE;
}

static gboolean
write_directory (Writer *self, int dir_fd, const char *name, GError **error)
{
  gboolean ok;
  DIR *dir;
  int fd;

  if (self->depth == NAR_MAX_DEPTH)
    return fail (self, -1, "directories are nested too deeply", error);
  fd = openat (dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return fail_errno (self, error);
  dir = fdopendir (fd);
  if (dir == NULL)
    {
      fail_errno (self, error);
      close (fd);
      return FALSE;
    }

  self->depth++;
  ok = PUT (self, NAR_OPEN NAR_TYPE NAR_DIRECTORY, error)
       && write_entries (self, dir, error) && PUT (self, NAR_CLOSE, error);
  self->depth--;
  closedir (dir);
  return ok;
}

/* @type is what readdir said, and is only trusted to choose how the entry is opened. */
static gboolean
write_node (Writer *self, int dir_fd, const char *name, guchar type, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (type == DT_UNKNOWN)
    {
      struct stat status;

      if (fstatat (dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno (self, error);
      type = IFTODT (status.st_mode);
    }
  switch (type)
    {
    case DT_REG:
      return write_regular (self, dir_fd, name, error);
    case DT_LNK:
      return write_symlink (self, dir_fd, name, error);
    case DT_DIR:
      return write_directory (self, dir_fd, name, error);
    case DT_SOCK:
      return fail (self, -1, "a socket cannot be archived", error);
    case DT_FIFO:
      return fail (self, -1, "a named pipe cannot be archived", error);
    default:
      return fail (self, -1, "a device cannot be archived", error);
    }
}

gboolean
_buildq_nar_write (const char *path,
                   BuildqSinkFunc sink,
                   gpointer next,
                   GCancellable *cancellable,
                   GError **error)
{
  Writer self = { .sink = sink, .next = next, .cancellable = cancellable };
  gboolean ok;

  self.buffer = g_malloc (BUFFER_BYTES);
  self.path = g_string_new (path);
  ok = PUT (&self, NAR_MAGIC, error)
       && write_node (&self, AT_FDCWD, path, DT_UNKNOWN, error) && flush (&self, error);
  g_string_free (self.path, TRUE);
  g_free (self.buffer);
  return ok;
}
