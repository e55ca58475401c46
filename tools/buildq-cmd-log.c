/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FIRST_WAIT_MS 100
#define MAX_WAIT_MS 1000
/* Without -f: how long a worker may take to send what it has so far. */
#define PATIENCE_US (5 * G_USEC_PER_SEC)

static const ToolUsage usage = {
  "KEY",
  "Prints the log of the last attempt at a job: all of it when the job has ended and "
  "its\n"
  "log is in a mirror, else as much as the queue has. With -f it goes on until the job "
  "ends.\n"
  "Logs travel only while somebody reads them.",
  "Examples:\n"
  "  buildq log hello\n"
  "  buildq log hello -f\n"
  "  buildq log hello --offset 100000\n"
  "\n"
  "Next: buildq status --jobs lists the keys",
  1,
  1,
};

static BuildqLogChunk *
read_log (BuildqQueue *queue, const char *key, gint64 offset, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_read_log_async (queue, key, offset, G_PRIORITY_DEFAULT, NULL, tool_done,
                               &result);
  return buildq_queue_read_log_finish (queue, tool_wait (&result), error);
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

static int
print_log (BuildqQueue *queue, const char *key, gint64 offset, gboolean follow)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  guint wait_ms = FIRST_WAIT_MS;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (BuildqLogChunk) chunk = read_log (queue, key, offset, &error);
      gint64 before = offset;
      gboolean finished;

      if (chunk == NULL && follow && buildq_error_is_transient (error))
        {
          tool_sleep_ms (MAX_WAIT_MS, NULL);
          continue;
        }
      if (chunk == NULL)
        return tool_fail (error);
      finished = buildq_log_chunk_get_finished (chunk);
      if (!(finished ? print_whole (chunk, &offset, &error)
                     : print_chunk (chunk, &offset, &error)))
        return tool_fail (error);
      if (finished && (offset == before || offset == G_MAXINT64))
        return TOOL_OK;
      if (!finished && !follow && offset == before
          && (before > 0 || g_get_monotonic_time () > deadline))
        {
          g_autofree char *word = tool_shell_word (key);

          tool_warn ("'%s' has not ended; 'buildq log -f %s' goes on with its log", key,
                     word);
          return TOOL_OK;
        }
      wait_ms = offset == before ? MIN (wait_ms * 3 / 2, MAX_WAIT_MS) : FIRST_WAIT_MS;
      if (offset == before)
        tool_sleep_ms (wait_ms, NULL);
    }
}

int
tool_cmd_log (int argc, char **argv)
{
  gboolean follow = FALSE;
  gint64 offset = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = NULL;
  int status;
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &follow, "go on until the job ends", NULL },
    { "offset", 0, 0, G_OPTION_ARG_INT64, &offset, "begin after the first N bytes (default: 0)", "N" },
    { NULL },
  };
  /* clang-format on */

  if (!tool_parse (&usage, entries, &argc, &argv, &status))
    return status;
  if (offset < 0)
    return tool_usage_error ("--offset %" G_GINT64_FORMAT " is negative", offset);
  queue = tool_connect ("reader", &error);
  if (queue == NULL)
    return tool_fail (error);
  return print_log (queue, argv[1], offset, follow);
}
