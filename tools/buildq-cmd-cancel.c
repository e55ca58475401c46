/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

static int
run (gconstpointer options, char **arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = tool_connect ("submitter", &error);
  g_autoptr (BuildqRequestStatus) request = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  if (queue == NULL)
    return tool_fail (error);
  buildq_queue_cancel_async (queue, arguments[0], G_PRIORITY_DEFAULT, NULL, tool_done,
                             &result);
  request = buildq_queue_cancel_finish (queue, tool_wait (&result), &error);
  if (request == NULL)
    return tool_fail (error);
  tool_say ("%s: %s", buildq_request_status_get_id (request),
            buildq_request_state_to_string (buildq_request_status_get_state (request)));
  return TOOL_OK;
}

const ToolCommand tool_cancel_command = {
  .name = "cancel",
  .summary = "withdraw a request",
  .arguments = "REQUEST",
  .description = "Withdraws a request. Its jobs are stopped, but for those that another "
                 "request wants.",
  .notes = "Example:\n"
           "  buildq cancel nightly-7\n"
           "\n"
           "Next: buildq status REQUEST",
  .min_arguments = 1,
  .max_arguments = 1,
  .shared = { tool_client_options },
  .run = run,
};
