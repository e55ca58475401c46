/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Reads the log of a job from the queue, piece by piece, and prints it.
 */
#include "config.h"

#include "buildq-tool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static BuildqLogChunk *
read_log (ToolLogReader *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_read_log_async (self->queue, self->key, self->offset, G_PRIORITY_DEFAULT,
                               NULL, tool_done, &result);
  return buildq_queue_read_log_finish (self->queue, tool_wait (&result), error);
}

static gboolean
print_bytes (GBytes *bytes, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  while (size > 0)
    {
      ssize_t n = write (STDOUT_FILENO, data, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                       "writing the log: %s", g_strerror (errno));
          return FALSE;
        }
      data += n;
      size -= (gsize) n;
    }
  return TRUE;
}

/* Prints what is in @chunk from *@offset on, and moves that to its end. The queue keeps
 * only the end of a long log, so that there may be a gap. */
static gboolean
print_chunk (BuildqLogChunk *chunk, gint64 *offset, GError **error)
{
  g_autoptr (GBytes) bytes = buildq_log_chunk_get_bytes (chunk);
  gint64 start = buildq_log_chunk_get_offset (chunk);
  gint64 size = bytes == NULL ? 0 : (gint64) g_bytes_get_size (bytes);
  gint64 skip = CLAMP (*offset - start, 0, size);
  g_autoptr (GBytes) rest = NULL;

  if (size == skip)
    return TRUE;
  if (start > *offset)
    tool_warn ("%" G_GINT64_FORMAT " bytes of the log are not kept by the queue",
               start - *offset);
  rest = g_bytes_new_from_bytes (bytes, (gsize) skip, (gsize) (size - skip));
  *offset = start + size;
  return print_bytes (rest, error);
}

/* The whole log of a job that has ended; the part that the queue keeps if the mirror does
 * not answer. */
static gboolean
print_whole (BuildqLogChunk *chunk, gint64 *offset, GError **error)
{
  BuildqLocation *location = buildq_log_chunk_get_location (chunk);
  g_autoptr (GError) local_error = NULL;

  if (location == NULL || buildq_log_chunk_get_offset (chunk) <= *offset)
    return print_chunk (chunk, offset, error);
  if (tool_fetch_log (location, *offset, STDOUT_FILENO, &local_error))
    {
      *offset = G_MAXINT64;
      return TRUE;
    }
  tool_warn ("%s", local_error->message);
  return print_chunk (chunk, offset, error);
}

gboolean
tool_log_reader_print (ToolLogReader *self, gboolean *ended, GError **error)
{
  g_autoptr (BuildqLogChunk) chunk = read_log (self, error);
  gint64 before = self->offset;
  gboolean finished;

  if (chunk == NULL)
    return FALSE;
  finished = buildq_log_chunk_get_finished (chunk);
  if (!(finished ? print_whole (chunk, &self->offset, error)
                 : print_chunk (chunk, &self->offset, error)))
    return FALSE;
  *ended = finished && (self->offset == before || self->offset == G_MAXINT64);
  return TRUE;
}
