/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What is said about jobs.
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>
#include <string.h>

#define TAIL_LINES 30

/* The last lines of a text, without the newline at its end. */
static char *
last_lines (const char *text, guint n_lines)
{
  gsize end = strlen (text);
  const char *start;

  while (end > 0 && text[end - 1] == '\n')
    end--;
  for (start = text + end; start > text; start--)
    if (start[-1] == '\n' && --n_lines == 0)
      break;
  return g_strndup (start, (gsize) (text + end - start));
}

static void
print_tail (FILE *file, BuildqResult *result)
{
  const char *tail = buildq_result_get_log_tail (result);
  g_autofree char *lines = NULL;
  g_auto (GStrv) split = NULL;

  if (tail == NULL || *tail == '\0')
    {
      fputs ("           it wrote no log\n", file);
      return;
    }
  lines = last_lines (tail, TAIL_LINES);
  split = g_strsplit (lines, "\n", -1);
  for (char **p = split; *p != NULL; p++)
    {
      g_autofree char *line = tool_printable (*p);

      fprintf (file, "  | %s\n", line);
    }
}

static void
print_next (FILE *file, BuildqJobStatus *job, ToolFailureFlags flags)
{
  BuildqResult *result = buildq_job_status_get_result (job);
  BuildqLocation *log = result == NULL ? NULL : buildq_result_get_log (result);
  g_autofree char *key = tool_shell_word (buildq_job_status_get_key (job));

  if (!(flags & TOOL_FAILURE_IN_FARM))
    fprintf (file,
             "           the whole log: buildq log %s\n"
             "           once more: buildq retry %s\n",
             key, key);
  else if (log != NULL)
    fprintf (file, "           the whole log: %s\n", buildq_location_get_uri (log));
}

void
tool_print_failure (FILE *file, BuildqJobStatus *job, ToolFailureFlags flags)
{
  BuildqResult *result = buildq_job_status_get_result (job);
  const char *worker = buildq_job_status_get_worker (job);
  const char *message = buildq_job_status_get_message (job);
  const char *outcome = "failed";

  if (result != NULL)
    {
      outcome = buildq_outcome_to_string (buildq_result_get_outcome (result));
      worker = buildq_result_get_worker (result) != NULL
                   ? buildq_result_get_worker (result)
                   : worker;
      message = buildq_result_get_message (result) != NULL
                    ? buildq_result_get_message (result)
                    : message;
    }
  fprintf (file, "failed     %s: %s%s%s\n", buildq_job_status_get_key (job), outcome,
           worker == NULL ? "" : " on ", worker == NULL ? "" : worker);
  if (message != NULL)
    fprintf (file, "           %s\n", message);
  if (result != NULL && !(flags & TOOL_FAILURE_NO_TAIL))
    print_tail (file, result);
  print_next (file, job, flags);
  fflush (file);
}

static char *
describe_time (BuildqJobStatus *job)
{
  gint64 leased = buildq_job_status_get_leased_us (job);
  gint64 finished = buildq_job_status_get_finished_us (job);

  if (leased == 0)
    return g_strdup ("");
  return tool_format_us ((finished == 0 ? g_get_real_time () : finished) - leased);
}

/* What there is to say in one cell: where the result is, or why there is none. */
static char *
describe_end (BuildqJobStatus *job)
{
  BuildqResult *result = buildq_job_status_get_result (job);
  g_autoptr (GPtrArray) artifacts
      = result == NULL ? NULL : buildq_result_get_artifacts (result);
  const char *const *waiting = buildq_job_status_get_waiting_for (job);
  const char *message = buildq_job_status_get_message (job);

  if (buildq_job_status_get_state (job) == BUILDQ_JOB_STATE_SUCCEEDED)
    return g_strdup (artifacts == NULL || artifacts->len == 0
                         ? ""
                         : buildq_artifact_get_store_path (artifacts->pdata[0]));
  if (buildq_job_status_get_state (job) == BUILDQ_JOB_STATE_WAITING && waiting != NULL
      && waiting[0] != NULL)
    {
      g_autofree char *keys = g_strjoinv (" ", (char **) waiting);

      return g_strconcat ("for ", keys, NULL);
    }
  if (buildq_job_status_get_state (job) == BUILDQ_JOB_STATE_FAILED && result != NULL
      && buildq_result_get_message (result) != NULL)
    message = buildq_result_get_message (result);
  return g_strdup (message == NULL ? "" : message);
}

void
tool_print_jobs (GPtrArray *jobs)
{
  g_autoptr (ToolTable) table
      = tool_table_new ("JOB", "STATE", "WORKER", "TIME", "RESULT", NULL);

  for (guint i = 0; i < jobs->len; i++)
    {
      BuildqJobStatus *job = jobs->pdata[i];
      g_autofree char *time = describe_time (job);
      g_autofree char *end = describe_end (job);
      const char *worker = buildq_job_status_get_worker (job);

      tool_table_add (table, buildq_job_status_get_key (job),
                      buildq_job_state_to_string (buildq_job_status_get_state (job)),
                      worker == NULL ? "" : worker, time, end, NULL);
    }
  tool_table_print (table);
}

/* {"request": …, "jobs": […]}, the members as on the wire. */
gboolean
tool_print_request_json (BuildqQueue *queue, const char *request, GError **error)
{
  g_autoptr (BuildqRequestStatus) status = tool_get_request (queue, request, error);
  g_autoptr (GPtrArray) jobs = NULL;
  g_autofree char *json = NULL;

  if (status == NULL)
    return FALSE;
  jobs = tool_list_jobs (queue, request, NULL, 0, error);
  if (jobs == NULL)
    return FALSE;
  json = buildq_request_status_to_json (status);
  printf ("{\"request\":%s,\"jobs\":[", json);
  for (guint i = 0; i < jobs->len; i++)
    {
      g_autofree char *job = buildq_job_status_to_json (jobs->pdata[i]);

      printf ("%s%s", i == 0 ? "" : ",\n", job);
    }
  puts ("]}");
  fflush (stdout);
  return TRUE;
}
