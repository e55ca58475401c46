/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "archive/buildq-stream.h"

#include <buildq/buildq-error.h>
#include <errno.h>
#include <unistd.h>

static gboolean
set_errno (const char *what, int code, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", what,
               g_strerror (code));
  return FALSE;
}

/* Waits until @fd is ready, so that a pipe that nobody serves can be given up. */
static gboolean
wait_ready (int fd, gushort events, GCancellable *cancellable, GError **error)
{
  GPollFD polled[2] = { { .fd = fd, .events = events } };
  gboolean have_cancel_fd
      = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &polled[1]);
  int ready;

  do
    ready = g_poll (polled, have_cancel_fd ? 2 : 1, -1);
  while (ready < 0 && errno == EINTR);
  if (have_cancel_fd)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
_buildq_fd_sink (gpointer fd_link, const void *data, gsize size, GError **error)
{
  BuildqFdLink *self = fd_link;
  const char *rest = data;

  while (size > 0)
    {
      gssize written;

      if (self->cancellable != NULL
          && !wait_ready (self->fd, G_IO_OUT, self->cancellable, error))
        return FALSE;
      written = write (self->fd, rest, MIN (size, (gsize) G_MAXINT));
      if (written < 0 && errno == EAGAIN)
        {
          if (!wait_ready (self->fd, G_IO_OUT, self->cancellable, error))
            return FALSE;
          continue;
        }
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return set_errno ("writing", errno, error);
      rest += written;
      size -= written;
      self->size += written;
    }
  return TRUE;
}

gssize
_buildq_fd_source (gpointer fd_link, void *buffer, gsize size, GError **error)
{
  BuildqFdLink *self = fd_link;
  gboolean wait = self->cancellable != NULL;

  while (TRUE)
    {
      gssize got;

      if (wait && !wait_ready (self->fd, G_IO_IN, self->cancellable, error))
        return -1;
      got = read (self->fd, buffer, MIN (size, (gsize) G_MAXINT));
      if (got >= 0)
        {
          self->size += got;
          return got;
        }
      wait |= errno == EAGAIN;
      if (errno != EAGAIN && errno != EINTR)
        {
          set_errno ("reading", errno, error);
          return -1;
        }
    }
}

gssize
_buildq_stream_source (gpointer stream_link, void *buffer, gsize size, GError **error)
{
  BuildqStreamLink *self = stream_link;
  gssize got = g_input_stream_read (self->stream, buffer, MIN (size, (gsize) G_MAXINT),
                                    self->cancellable, error);

  if (got > 0)
    self->size += got;
  return got;
}

static gboolean
hash_link_count (BuildqHashLink *self, const void *data, gsize size, GError **error)
{
  if (size > (guint64) (G_MAXINT64 - self->size)
      || (self->max_size > 0 && self->size + (gint64) size > self->max_size))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "more than %" G_GINT64_FORMAT " bytes",
                   self->max_size > 0 ? self->max_size : G_MAXINT64);
      return FALSE;
    }
  self->size += size;
  if (self->hash != NULL)
    _buildq_hash_update (self->hash, data, size);
  return TRUE;
}

gboolean
_buildq_hash_sink (gpointer hash_link, const void *data, gsize size, GError **error)
{
  BuildqHashLink *self = hash_link;

  return hash_link_count (self, data, size, error)
         && (self->sink == NULL || self->sink (self->next, data, size, error));
}

gssize
_buildq_hash_source (gpointer hash_link, void *buffer, gsize size, GError **error)
{
  BuildqHashLink *self = hash_link;
  gssize got = self->source (self->next, buffer, size, error);

  if (got > 0 && !hash_link_count (self, buffer, got, error))
    return -1;
  return got;
}
