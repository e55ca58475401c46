/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-log-spool.h"

#include <buildq/buildq-error.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct _BuildqLogSpool
{
  char *path;
  int fd;
  gint64 limit;
  gint64 size;
  char last;     /* the last byte written; 0 at the start */
  gboolean full; /* the limit was reached, and the log says so */
};

static void
set_io_error (GError **error, int number, const char *doing, const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s '%s': %s", doing,
               path, g_strerror (number));
}

static BuildqLogSpool *
spool_open (const char *path, int flags, gint64 limit, GError **error)
{
  BuildqLogSpool *self;
  int fd = open (path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0644);

  if (fd < 0)
    {
      set_io_error (error, errno, flags != 0 ? "making the log" : "opening the log",
                    path);
      return NULL;
    }
  self = g_new0 (BuildqLogSpool, 1);
  self->path = g_strdup (path);
  self->fd = fd;
  self->limit = limit;
  return self;
}

BuildqLogSpool *
_buildq_log_spool_new (const char *path, gint64 limit, GError **error)
{
  return spool_open (path, O_CREAT | O_EXCL, limit, error);
}

BuildqLogSpool *
_buildq_log_spool_open (const char *path, gint64 limit, GError **error)
{
  BuildqLogSpool *self = spool_open (path, 0, limit, error);

  if (self == NULL)
    return NULL;
  self->size = MAX (lseek (self->fd, 0, SEEK_END), 0);
  self->last = '?'; /* so that a note starts a line */
  return self;
}

void
_buildq_log_spool_free (BuildqLogSpool *self)
{
  close (self->fd);
  g_free (self->path);
  g_free (self);
}

static gboolean
write_all (BuildqLogSpool *self, const char *data, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize done = write (self->fd, data, size);

      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        {
          set_io_error (error, errno, "writing the log", self->path);
          return FALSE;
        }
      self->size += done;
      self->last = data[done - 1];
      data += done;
      size -= done;
    }
  return TRUE;
}

void
_buildq_log_spool_note (BuildqLogSpool *self, const char *text)
{
  g_autofree char *line = g_strdup_printf (
      "%sbuildq: %s\n", self->last == '\n' || self->last == '\0' ? "" : "\n", text);

  /* Who notes something is already about to report it elsewhere. */
  write_all (self, line, strlen (line), NULL);
}

static gboolean
refuse (BuildqLogSpool *self, GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
               "the log is longer than its limit of %" G_GINT64_FORMAT " bytes",
               self->limit);
  return FALSE;
}

static void
end_log (BuildqLogSpool *self)
{
  g_autofree char *text = g_strdup_printf (
      "the log ends here: it is longer than its limit of %" G_GINT64_FORMAT " bytes",
      self->limit);

  self->full = TRUE;
  _buildq_log_spool_note (self, text);
}

gboolean
_buildq_log_spool_append (BuildqLogSpool *self,
                          const void *data,
                          gsize size,
                          GError **error)
{
  if (self->full)
    return refuse (self, error);
  if (self->size + (gint64) size <= self->limit)
    return write_all (self, data, size, error);

  if (!write_all (self, data, MAX (self->limit - self->size, 0), error))
    return FALSE;
  end_log (self);
  return refuse (self, error);
}

gboolean
_buildq_log_spool_refresh (BuildqLogSpool *self, GError **error)
{
  self->size = MAX (lseek (self->fd, 0, SEEK_END), self->size);
  self->last = '?';
  if (self->full)
    return refuse (self, error);
  if (self->size <= self->limit)
    return TRUE;
  if (ftruncate (self->fd, self->limit) < 0)
    {
      set_io_error (error, errno, "cutting the log", self->path);
      return FALSE;
    }
  self->size = self->limit;
  end_log (self);
  return refuse (self, error);
}

gint64
_buildq_log_spool_get_limit (BuildqLogSpool *self)
{
  return self->limit;
}

int
_buildq_log_spool_get_fd (BuildqLogSpool *self)
{
  return self->fd;
}

const char *
_buildq_log_spool_get_path (BuildqLogSpool *self)
{
  return self->path;
}

gint64
_buildq_log_spool_get_size (BuildqLogSpool *self)
{
  return self->size;
}

GBytes *
_buildq_log_spool_read (BuildqLogSpool *self, gint64 offset, gsize max, GError **error)
{
  gsize wanted = CLAMP (self->size - offset, 0, (gint64) max), done = 0;
  g_autofree char *data = g_malloc (wanted + 1);

  while (done < wanted)
    {
      gssize got = pread (self->fd, data + done, wanted - done, offset + done);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          set_io_error (error, errno, "reading the log", self->path);
          return NULL;
        }
      if (got == 0)
        break;
      done += got;
    }
  return g_bytes_new_take (g_steal_pointer (&data), done);
}

/* Bytes in the middle of a character, which a cut leaves at the start, are no characters.
 */
static const char *
skip_cut_character (const char *text, gsize *size)
{
  guint n = 0;

  while (n < 3 && n < *size && (text[n] & 0xc0) == 0x80)
    n++;
  *size -= n;
  return text + n;
}

char *
_buildq_log_spool_tail (BuildqLogSpool *self)
{
  gint64 offset = MAX (self->size - BUILDQ_LOG_TAIL_BYTES, 0);
  g_autoptr (GBytes) bytes
      = _buildq_log_spool_read (self, offset, BUILDQ_LOG_TAIL_BYTES, NULL);
  g_autofree char *valid = NULL;
  const char *text;
  gsize size;

  if (bytes == NULL)
    return g_strdup ("");
  text = g_bytes_get_data (bytes, &size);
  if (offset > 0)
    text = skip_cut_character (text, &size);
  valid = g_utf8_make_valid (text != NULL ? text : "", size);
  /* What replaces a byte that is no text has three. */
  size = strlen (valid);
  if (size <= BUILDQ_LOG_TAIL_BYTES)
    return g_steal_pointer (&valid);
  text = g_utf8_find_next_char (valid + size - BUILDQ_LOG_TAIL_BYTES - 1, NULL);
  return g_strdup (text);
}
