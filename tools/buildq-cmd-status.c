/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>

#define MAX_JOBS 200

typedef struct
{
  gboolean jobs;
  gboolean workers;
  gboolean json;
} StatusOptions;

static const char *const unfinished[] = { "leased", "ready", "waiting", NULL };

static int
show_workers (BuildqQueue *queue, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) workers = tool_list_workers (queue, &error);

  if (workers == NULL)
    return tool_fail (error);
  if (!json)
    {
      tool_print_workers (workers);
      return TOOL_OK;
    }
  putchar ('[');
  for (guint i = 0; i < workers->len; i++)
    {
      g_autofree char *text = buildq_worker_status_to_json (workers->pdata[i]);

      printf ("%s%s", i == 0 ? "" : ",\n", text);
    }
  puts ("]");
  return TOOL_OK;
}

static int
show_jobs (BuildqQueue *queue, const char *const *states, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) jobs
      = tool_list_jobs (queue, NULL, states, json ? 0 : MAX_JOBS, &error);

  if (jobs == NULL)
    return tool_fail (error);
  if (json)
    {
      putchar ('[');
      for (guint i = 0; i < jobs->len; i++)
        {
          g_autofree char *text = buildq_job_status_to_json (jobs->pdata[i]);

          printf ("%s%s", i == 0 ? "" : ",\n", text);
        }
      puts ("]");
      return TOOL_OK;
    }
  if (jobs->len == 0)
    puts (states == NULL ? "no jobs" : "no unfinished jobs");
  else
    tool_print_jobs (jobs);
  if (jobs->len == MAX_JOBS)
    printf ("only the first %d are shown; --json prints all\n", MAX_JOBS);
  return TOOL_OK;
}

static int
show_all (BuildqQueue *queue, gboolean json)
{
  int status;

  if (json)
    return show_jobs (queue, unfinished, TRUE);
  status = show_workers (queue, FALSE);
  if (status != TOOL_OK)
    return status;
  puts ("");
  return show_jobs (queue, unfinished, FALSE);
}

static int
show_job (BuildqJobStatus *job, gboolean json)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new ();

  if (json)
    {
      g_autofree char *text = buildq_job_status_to_json (job);

      puts (text);
      return TOOL_OK;
    }
  if (buildq_job_status_get_state (job) == BUILDQ_JOB_STATE_FAILED)
    {
      tool_print_failure (stdout, job, 0);
      return TOOL_OK;
    }
  g_ptr_array_add (jobs, job);
  tool_print_jobs (jobs);
  return TOOL_OK;
}

static int
show_request (BuildqQueue *queue, BuildqRequestStatus *request)
{
  const char *id = buildq_request_status_get_id (request);
  const char *submitter = buildq_request_status_get_submitter (request);
  const char *group = buildq_request_status_get_group (request);
  g_autofree char *ago = tool_format_ago (buildq_request_status_get_created_us (request));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) jobs = NULL;

  printf ("%s: %s; %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
          " succeeded, submitted %s%s%s%s%s\n\n",
          id, buildq_request_state_to_string (buildq_request_status_get_state (request)),
          buildq_request_status_get_succeeded (request),
          buildq_request_status_get_total (request), ago, submitter == NULL ? "" : " by ",
          submitter == NULL ? "" : submitter, group == NULL ? "" : ", group ",
          group == NULL ? "" : group);
  jobs = tool_list_jobs (queue, id, NULL, MAX_JOBS, &error);
  if (jobs == NULL)
    return tool_fail (error);
  tool_print_jobs (jobs);
  if (jobs->len == MAX_JOBS)
    printf ("only the first %d are shown; --json prints all\n", MAX_JOBS);
  return TOOL_OK;
}

/* Most have a request in mind, but the key of a job is not refused. */
static int
show_named (BuildqQueue *queue, const char *name, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) request = tool_get_request (queue, name, &error);
  g_autoptr (BuildqJobStatus) job = NULL;

  if (request != NULL && !json)
    return show_request (queue, request);
  if (request != NULL)
    return tool_print_request_json (queue, name, &error) ? TOOL_OK : tool_fail (error);
  if (!g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    return tool_fail (error);
  job = tool_get_job (queue, name, NULL);
  if (job != NULL)
    return show_job (job, json);
  tool_warn ("there is no request and no job '%s'", name);
  fputs ("'buildq status --jobs' lists all jobs\n", stderr);
  return TOOL_FAILED;
}

static int
run (gconstpointer data, char **arguments)
{
  const StatusOptions *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = NULL;

  if (options->jobs + options->workers + (arguments[0] != NULL) > 1)
    return tool_usage_error ("a request, --jobs and --workers exclude each other");
  queue = tool_connect ("reader", &error);
  if (queue == NULL)
    return tool_fail (error);
  if (arguments[0] != NULL)
    return show_named (queue, arguments[0], options->json);
  if (options->workers)
    return show_workers (queue, options->json);
  return options->jobs ? show_jobs (queue, NULL, options->json)
                       : show_all (queue, options->json);
}

/* clang-format off */
static const ToolOption options[] = {
  { "jobs", 0, TOOL_FLAG, offsetof (StatusOptions, jobs), NULL,
    "show all jobs, finished ones too" },
  { "workers", 0, TOOL_FLAG, offsetof (StatusOptions, workers), NULL,
    "show the workers only" },
  { "json", 0, TOOL_FLAG, offsetof (StatusOptions, json), NULL,
    "print JSON, as in the protocol" },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_status_command = {
  .name = "status",
  .summary = "show jobs, requests and workers",
  .arguments = "[REQUEST|KEY]",
  .description = "Shows what the queue at BUILDQ_URI has: without an argument the "
                 "workers and the jobs "
                 "that\n"
                 "are not finished; else a request with its jobs, or one job.",
  .notes = "Examples:\n"
           "  buildq status\n"
           "  buildq status nightly-7\n"
           "  buildq status --jobs --json | jq '.[].key'\n"
           "\n"
           "Next: buildq log KEY, buildq cancel REQUEST",
  .max_arguments = 1,
  .options = options,
  .shared = { tool_client_options },
  .size = sizeof (StatusOptions),
  .run = run,
};
