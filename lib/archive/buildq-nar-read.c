/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Reads a NAR, which may come from anybody. It is stricter than the readers of Nix and
 * Guix: exactly what a writer makes is taken. Names that differ only in case are legal.
 */
#include "config.h"

#include "archive/buildq-nar-private.h"
#include "archive/buildq-nar-tokens.h"

#include <buildq/buildq-error.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a pipe holds. Larger writes take half as long again on a tmpfs. Fuzzers run often
 * and read little. A link target, the longest string, must fit. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define BUFFER_BYTES (8 * 1024)
#else
#define BUFFER_BYTES (64 * 1024)
#endif

typedef struct
{
  BuildqSourceFunc source;
  gpointer next;
  GCancellable *cancellable;
  guint8 *buffer;
  gsize start, end; /* what is in the buffer and not yet read */
  GString *path;    /* of the entry at hand, for messages */
  guint depth;
  gboolean canonical;
  gboolean touched; /* the target was made */
} Reader;

#define EXPECT(self, words, error) expect (self, words, sizeof (words) - 1, error)
#define NEXT_IS(self, words, found, error)                                               \
  next_is (self, words, sizeof (words) - 1, found, error)

static gboolean read_node (Reader *self, int dir_fd, const char *name, GError **error);

static gboolean
fail (Reader *self, const char *message, GError **error)
{
  g_autofree char *path = g_filename_display_name (self->path->str);

  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "bad archive, at '%s': %s",
               path, message);
  return FALSE;
}

static gboolean
fail_errno (Reader *self, GError **error)
{
  int code = errno;
  g_autofree char *path = g_filename_display_name (self->path->str);

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "unpacking '%s': %s",
               path, g_strerror (code));
  return FALSE;
}

/* Gets more into the buffer; %FALSE with no error at the end. */
static gboolean
refill (Reader *self, GError **error)
{
  gssize got;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (self->start > 0)
    {
      memmove (self->buffer, self->buffer + self->start, self->end - self->start);
      self->end -= self->start;
      self->start = 0;
    }
  got = self->source (self->next, self->buffer + self->end, BUFFER_BYTES - self->end,
                      error);
  if (got > 0)
    self->end += got;
  return got > 0;
}

/* Sees to it that @size bytes, never many, are in the buffer, if there are so many. */
static gboolean
have (Reader *self, gsize size, gboolean *there, GError **error)
{
  GError *local = NULL;

  while (self->end - self->start < size)
    if (!refill (self, &local))
      break;
  *there = self->end - self->start >= size;
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

static gboolean
need (Reader *self, gsize size, GError **error)
{
  gboolean there;

  return have (self, size, &there, error)
         && (there || fail (self, "it ends too early", error));
}

/* Takes @words when they come next. */
static gboolean
next_is (Reader *self, const char *words, gsize size, gboolean *found, GError **error)
{
  if (!have (self, size, found, error))
    return FALSE;
  *found = *found && memcmp (self->buffer + self->start, words, size) == 0;
  if (*found)
    self->start += size;
  return TRUE;
}

/* What should stand here, as a word for messages: the last one of @words. */
static gboolean
fail_expected (Reader *self, const char *words, gsize size, GError **error)
{
  g_autofree char *message = NULL;
  const char *last = words;

  for (const char *p = words; p < words + size;)
    {
      guint length = (guchar) *p;

      if (length > 0)
        last = p;
      p += 8 + length + NAR_PADDING (length);
    }
  message = g_strdup_printf ("'%.*s' is missing here", *last, last + 8);
  return fail (self, message, error);
}

static gboolean
expect (Reader *self, const char *words, gsize size, GError **error)
{
  if (!need (self, size, error))
    return FALSE;
  if (memcmp (self->buffer + self->start, words, size) != 0)
    return fail_expected (self, words, size, error);
  self->start += size;
  return TRUE;
}

static gboolean
read_number (Reader *self, guint64 *number, GError **error)
{
  if (!need (self, sizeof *number, error))
    return FALSE;
  memcpy (number, self->buffer + self->start, sizeof *number);
  *number = GUINT64_FROM_LE (*number);
  self->start += sizeof *number;
  return TRUE;
}

static gboolean
check_padding (Reader *self, guint64 size, GError **error)
{
  gsize padding = NAR_PADDING (size);

  if (!need (self, padding, error))
    return FALSE;
  if (memcmp (self->buffer + self->start, NAR_EMPTY, padding) != 0)
    return fail (self, "the padding is not zero", error);
  self->start += padding;
  return TRUE;
}

/* A string without NUL of 1 to @max bytes, copied to @string with a NUL at its end. */
static gboolean
read_string (Reader *self, char *string, gsize max, const char *what, GError **error)
{
  g_autofree char *message = NULL;
  guint64 size;

  if (!read_number (self, &size, error))
    return FALSE;
  if (size == 0 || size > max)
    {
      message = g_strdup_printf ("%s of %" G_GUINT64_FORMAT " bytes", what, size);
      return fail (self, message, error);
    }
  if (!need (self, size, error))
    return FALSE;
  memcpy (string, self->buffer + self->start, size);
  string[size] = '\0';
  self->start += size;
  if (!check_padding (self, size, error))
    return FALSE;
  if (strlen (string) == size)
    return TRUE;
  message = g_strdup_printf ("%s with a NUL in it", what);
  return fail (self, message, error);
}

static gboolean
write_all (Reader *self, int fd, const guint8 *data, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize written = write (fd, data, size);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return fail_errno (self, error);
      data += written;
      size -= written;
    }
  return TRUE;
}

static gboolean
copy_contents (Reader *self, int fd, GError **error)
{
  guint64 size;
  guint64 rest;

  if (!read_number (self, &size, error))
    return FALSE;
  if (size > G_MAXINT64)
    return fail (self, "the size of the file is not possible", error);
  for (rest = size; rest > 0;)
    {
      gsize part = MIN (rest, self->end - self->start);

      if (part == 0)
        {
          if (!need (self, 1, error))
            return FALSE;
          continue;
        }
      if (!write_all (self, fd, self->buffer + self->start, part, error))
        return FALSE;
      self->start += part;
      rest -= part;
    }
  return check_padding (self, size, error);
}

/* The mode is set once more, as the umask may have taken something away. */
static gboolean
make_canonical (Reader *self, int fd, mode_t mode, GError **error)
{
  static const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

  return !self->canonical || (fchmod (fd, mode) == 0 && futimens (fd, times) == 0)
         || fail_errno (self, error);
}

static gboolean
read_regular (Reader *self, int dir_fd, const char *name, GError **error)
{
  gboolean executable;
  mode_t mode;
  gboolean ok;
  int fd;

  if (!NEXT_IS (self, NAR_EXECUTABLE NAR_EMPTY, &executable, error)
      || !EXPECT (self, NAR_CONTENTS, error))
    return FALSE;
  mode = self->canonical ? (executable ? 0555 : 0444) : (executable ? 0755 : 0644);
  fd = openat (dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0)
    return fail_errno (self, error);
  self->touched = TRUE;
  ok = copy_contents (self, fd, error) && make_canonical (self, fd, mode, error);
  if (close (fd) < 0 && ok)
    return fail_errno (self, error);
  return ok && EXPECT (self, NAR_CLOSE, error);
}

static gboolean
read_symlink (Reader *self, int dir_fd, const char *name, GError **error)
{
  static const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
  char target[PATH_MAX];

  if (!EXPECT (self, NAR_TARGET, error)
      || !read_string (self, target, sizeof target - 1, "a link target", error))
    return FALSE;
  if (symlinkat (target, dir_fd, name) < 0)
    return fail_errno (self, error);
  self->touched = TRUE;
  if (self->canonical && utimensat (dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
    return fail_errno (self, error);
  return EXPECT (self, NAR_CLOSE, error);
}

static gboolean
check_name (Reader *self, const char *name, const char *previous, GError **error)
{
  g_autofree char *shown = NULL;
  g_autofree char *message = NULL;
  const char *wrong = NULL;

  if (strchr (name, '/') != NULL || g_str_equal (name, ".") || g_str_equal (name, ".."))
    wrong = "cannot be a name";
  else if (strcmp (name, previous) == 0)
    wrong = "is there twice";
  else if (strcmp (name, previous) < 0)
    wrong = "is not sorted";
  if (wrong == NULL)
    return TRUE;
  shown = g_filename_display_name (name);
  message = g_strdup_printf ("the entry '%s' %s", shown, wrong);
  return fail (self, message, error);
}

static gboolean
read_entries (Reader *self, int fd, GError **error)
{
  char name[NAME_MAX + 1];
  char previous[NAME_MAX + 1] = "";
  gsize length = self->path->len;

  while (TRUE)
    {
      gboolean closed;

      if (!NEXT_IS (self, NAR_CLOSE, &closed, error))
        return FALSE;
      if (closed)
        return TRUE;
      if (!EXPECT (self, NAR_ENTRY NAR_OPEN NAR_NAME, error)
          || !read_string (self, name, NAME_MAX, "an entry name", error)
          || !check_name (self, name, previous, error))
        return FALSE;

      g_string_append_c (self->path, '/');
      g_string_append (self->path, name);
      if (!EXPECT (self, NAR_NODE, error) || !read_node (self, fd, name, error)
          || !EXPECT (self, NAR_CLOSE, error))
        return FALSE;
      g_string_truncate (self->path, length);
      memcpy (previous, name, sizeof name);
    }
}

static gboolean
read_directory (Reader *self, int dir_fd, const char *name, GError **error)
{
  gboolean ok;
  int fd;

  if (self->depth == NAR_MAX_DEPTH)
    return fail (self, "directories are nested too deeply", error);
  if (mkdirat (dir_fd, name, self->canonical ? 0700 : 0755) < 0)
    return fail_errno (self, error);
  self->touched = TRUE;
  fd = openat (dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return fail_errno (self, error);

  self->depth++;
  ok = read_entries (self, fd, error) && make_canonical (self, fd, 0555, error);
  self->depth--;
  close (fd);
  return ok;
}

static gboolean
read_node (Reader *self, int dir_fd, const char *name, GError **error)
{
  g_autofree char *message = NULL;
  g_autofree char *shown = NULL;
  char type[16];

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (!EXPECT (self, NAR_OPEN NAR_TYPE, error)
      || !read_string (self, type, sizeof type - 1, "a type", error))
    return FALSE;
  if (g_str_equal (type, "regular"))
    return read_regular (self, dir_fd, name, error);
  if (g_str_equal (type, "directory"))
    return read_directory (self, dir_fd, name, error);
  if (g_str_equal (type, "symlink"))
    return read_symlink (self, dir_fd, name, error);
  shown = g_strescape (type, NULL);
  message = g_strdup_printf ("the type '%s' is not known", shown);
  return fail (self, message, error);
}

static gboolean
read_archive (Reader *self, int dir_fd, const char *name, GError **error)
{
  gboolean more;

  if (!EXPECT (self, NAR_MAGIC, error) || !read_node (self, dir_fd, name, error)
      || !have (self, 1, &more, error))
    return FALSE;
  return !more || fail (self, "something follows after its end", error);
}

gboolean
_buildq_nar_read (BuildqSourceFunc source,
                  gpointer next,
                  const char *path,
                  gboolean canonical,
                  GCancellable *cancellable,
                  GError **error)
{
  Reader self = { .source = source, .next = next, .cancellable = cancellable };
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  int dir_fd = open (parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  gboolean ok;

  self.canonical = canonical;
  self.path = g_string_new (path);
  self.buffer = g_malloc (BUFFER_BYTES);
  ok = dir_fd >= 0 ? read_archive (&self, dir_fd, name, error)
                   : fail_errno (&self, error);
  if (!ok && self.touched)
    _buildq_tree_remove_at (dir_fd, name, NULL);
  if (dir_fd >= 0)
    close (dir_fd);
  g_free (self.buffer);
  g_string_free (self.path, TRUE);
  return ok;
}
