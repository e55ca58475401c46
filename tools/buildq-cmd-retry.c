/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>

typedef struct
{
  gboolean wait;
} RetryOptions;

static BuildqRequestStatus *
call (BuildqQueue *queue, const char *request_id, const char *key, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_retry_async (queue, request_id, key, G_PRIORITY_DEFAULT, NULL, tool_done,
                            &result);
  return buildq_queue_retry_finish (queue, tool_wait (&result), error);
}

static BuildqRequestStatus *
retry (BuildqQueue *queue, const char *name, GError **error)
{
  g_autoptr (GError) local = NULL;
  BuildqRequestStatus *status = call (queue, name, NULL, &local);

  if (status == NULL && g_error_matches (local, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    {
      g_clear_error (&local);
      status = call (queue, NULL, name, &local);
    }
  if (status == NULL && g_error_matches (local, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                 "there is no request and no job '%s'", name);
  else if (status == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return status;
}

static int
wait_for (BuildqQueue *queue, const char *id)
{
  gboolean stop = FALSE;
  guint source = g_unix_signal_add (SIGINT, tool_interrupted, &stop);
  int status = tool_follow (queue, id, 0, &stop);

  g_source_remove (source);
  return status;
}

static int
run (gconstpointer data, char **arguments)
{
  const RetryOptions *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = tool_connect ("submitter", &error);
  g_autoptr (BuildqRequestStatus) request = NULL;
  const char *id;

  if (queue == NULL)
    return tool_fail (error);
  request = retry (queue, arguments[0], &error);
  if (request == NULL)
    return tool_fail (error);
  id = buildq_request_status_get_id (request);
  tool_say ("%s: %s", id,
            buildq_request_state_to_string (buildq_request_status_get_state (request)));
  return options->wait ? wait_for (queue, id) : TOOL_OK;
}

/* clang-format off */
static const ToolOption options[] = {
  { "wait", 'w', TOOL_FLAG, offsetof (RetryOptions, wait), NULL,
    "wait for the end, and tell about it" },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_retry_command = {
  .name = "retry",
  .summary = "try again what did not succeed",
  .arguments = "REQUEST|KEY",
  .description
  = "Tries again what did not succeed: all jobs of a request, or one job with those that "
    "it\n"
    "needs. Jobs that waited for them go on. What runs or has succeeded is left alone.",
  .notes = "With --wait it tells what happens, and succeeds only if all jobs of the "
           "request do.\n"
           "\n"
           "Examples:\n"
           "  buildq retry hello --wait\n"
           "  buildq retry nightly-7\n"
           "\n"
           "Next: buildq status REQUEST, buildq log -f KEY",
  .min_arguments = 1,
  .max_arguments = 1,
  .options = options,
  .shared = { tool_client_options },
  .size = sizeof (RetryOptions),
  .run = run,
};
