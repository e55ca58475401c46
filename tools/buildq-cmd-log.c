/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#define MAX_OFFSET 1e15
#define FIRST_WAIT_MS 100
#define MAX_WAIT_MS 1000
/* Without -f: how long a worker may take to send what it has so far. */
#define PATIENCE_US (5 * G_USEC_PER_SEC)

typedef struct
{
  gboolean follow;
  gint64 offset;
} LogOptions;

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

static int
run (gconstpointer data, char **arguments)
{
  const LogOptions *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = tool_connect ("reader", &error);

  if (queue == NULL)
    return tool_fail (error);
  return print_log (queue, arguments[0], options->offset, options->follow);
}

/* clang-format off */
static const ToolOption options[] = {
  { "follow", 'f', TOOL_FLAG, offsetof (LogOptions, follow), NULL,
    "go on until the job ends" },
  { "offset", 0, TOOL_INT, offsetof (LogOptions, offset), "N",
    "begin after the first N bytes", .value = "0", .min = 0, .max = MAX_OFFSET },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_log_command = {
  .name = "log",
  .summary = "print or follow the log of a job",
  .arguments = "KEY",
  .description
  = "Prints the log of the last attempt at a job: all of it when the job has ended and "
    "its\n"
    "log is in a mirror, else as much as the queue has. With -f it goes on until the job "
    "ends.\n"
    "Logs travel only while somebody reads them.",
  .notes = "Examples:\n"
           "  buildq log hello\n"
           "  buildq log hello -f\n"
           "  buildq log hello --offset 100000\n"
           "\n"
           "Next: buildq status --jobs lists the keys",
  .min_arguments = 1,
  .max_arguments = 1,
  .options = options,
  .shared = { tool_client_options },
  .size = sizeof (LogOptions),
  .run = run,
};
