/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

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

static int
print_log (BuildqQueue *queue, const char *key, gint64 offset, gboolean follow)
{
  ToolLogReader reader = { .queue = queue, .key = key, .offset = offset };
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  guint wait_ms = FIRST_WAIT_MS;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      gint64 before = reader.offset;
      gboolean ended;

      if (!tool_log_reader_print (&reader, &ended, &error))
        {
          if (!follow || !buildq_error_is_transient (error))
            return tool_fail (error);
          tool_sleep_ms (MAX_WAIT_MS, NULL);
          continue;
        }
      if (ended)
        return TOOL_OK;
      if (!follow && reader.offset == before
          && (before > 0 || g_get_monotonic_time () > deadline))
        {
          g_autofree char *word = tool_shell_word (key);

          tool_warn ("'%s' has not ended; 'buildq log -f %s' goes on with its log", key,
                     word);
          return TOOL_OK;
        }
      wait_ms
          = reader.offset == before ? MIN (wait_ms * 3 / 2, MAX_WAIT_MS) : FIRST_WAIT_MS;
      if (reader.offset == before)
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
