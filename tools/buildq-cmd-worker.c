/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

static int
set_state (const char *name, BuildqWorkerState state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = tool_connect ("admin", &error);
  g_autoptr (BuildqWorkerStatus) worker = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  if (queue == NULL)
    return tool_fail (error);
  buildq_queue_set_worker_state_async (queue, name, state, G_PRIORITY_DEFAULT, NULL,
                                       tool_done, &result);
  worker = buildq_queue_set_worker_state_finish (queue, tool_wait (&result), &error);
  if (worker == NULL)
    return tool_fail (error);
  tool_say ("%s: %s", buildq_worker_status_get_name (worker),
            buildq_worker_state_to_string (buildq_worker_status_get_state (worker)));
  return TOOL_OK;
}

static int
run_list (gconstpointer options, char **arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = tool_connect ("reader", &error);
  g_autoptr (GPtrArray) workers = NULL;

  if (queue == NULL)
    return tool_fail (error);
  workers = tool_list_workers (queue, &error);
  if (workers == NULL)
    return tool_fail (error);
  tool_print_workers (workers);
  return TOOL_OK;
}

static const ToolCommand list_command = {
  .name = "list",
  .summary = "list the workers of a queue, and why they take no jobs",
  .description
  = "Lists the workers of the queue at BUILDQ_URI, and those that are paused "
    "but away.",
  .notes = "Example:\n"
           "  buildq worker list\n"
           "\n"
           "Next: buildq worker pause --help",
  .shared = { tool_client_options },
  .run = run_list,
};

static int
run_pause (gconstpointer options, char **arguments)
{
  return set_state (arguments[0], BUILDQ_WORKER_STATE_PAUSED);
}

static const ToolCommand pause_command = {
  .name = "pause",
  .summary = "have a worker take no more jobs",
  .arguments = "NAME",
  .description
  = "Has a worker take no more jobs. Those that it has go on. It is remembered until\n"
    "'buildq worker resume', also while the worker is away.",
  .notes = "Example:\n"
           "  buildq worker pause ant\n"
           "\n"
           "Next: buildq worker list",
  .min_arguments = 1,
  .max_arguments = 1,
  .shared = { tool_client_options },
  .run = run_pause,
};

static int
run_resume (gconstpointer options, char **arguments)
{
  return set_state (arguments[0], BUILDQ_WORKER_STATE_READY);
}

static const ToolCommand resume_command = {
  .name = "resume",
  .summary = "let a worker take jobs again",
  .arguments = "NAME",
  .description = "Takes back that a worker is paused or drained.",
  .notes = "Example:\n"
           "  buildq worker resume ant\n"
           "\n"
           "Next: buildq worker list",
  .min_arguments = 1,
  .max_arguments = 1,
  .shared = { tool_client_options },
  .run = run_resume,
};

static int
run_drain (gconstpointer options, char **arguments)
{
  return set_state (arguments[0], BUILDQ_WORKER_STATE_DRAINING);
}

static const ToolCommand drain_command = {
  .name = "drain",
  .summary = "have a worker end when its jobs are done",
  .arguments = "NAME",
  .description = "Has a worker take no more jobs, and end when it has done those that it "
                 "has. When it\n"
                 "is started again it is paused, until 'buildq worker resume'.",
  .notes = "Example:\n"
           "  buildq worker drain ant\n"
           "\n"
           "Next: buildq worker list",
  .min_arguments = 1,
  .max_arguments = 1,
  .shared = { tool_client_options },
  .run = run_drain,
};

static const ToolCommand *const commands[]
    = { &list_command, &pause_command, &resume_command, &drain_command, NULL };

const ToolCommand tool_worker_command = {
  .name = "worker",
  .summary = "list, pause, resume and drain workers",
  .description
  = "Manages the workers of the queue at BUILDQ_URI, from wherever they are.",
  .commands = commands,
};
