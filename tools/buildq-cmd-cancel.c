/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

static const ToolUsage usage = {
  "REQUEST",
  "Withdraws a request. Its jobs are stopped, but for those that another request wants.",
  "Example:\n"
  "  buildq cancel 5f1c\n"
  "\n"
  "Next: buildq status REQUEST",
  1,
  1,
};

int
tool_cmd_cancel (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = NULL;
  g_autoptr (BuildqRequestStatus) request = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  int status;

  if (!tool_parse (&usage, NULL, &argc, &argv, &status))
    return status;
  queue = tool_connect ("submitter", &error);
  if (queue == NULL)
    return tool_fail (error);
  buildq_queue_cancel_async (queue, argv[1], G_PRIORITY_DEFAULT, NULL, tool_done,
                             &result);
  request = buildq_queue_cancel_finish (queue, tool_wait (&result), &error);
  if (request == NULL)
    return tool_fail (error);
  tool_say ("%s: %s", buildq_request_status_get_id (request),
            buildq_request_state_to_string (buildq_request_status_get_state (request)));
  return TOOL_OK;
}
