/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Waits for a command that runs elsewhere as if it ran here: its log goes to stdout, what
 * is said about it to stderr, and its exit status is ours.
 */
#include "config.h"

#include "buildq-tool.h"

#include <sys/stat.h>
#include <unistd.h>

#define MIN_WAIT_MS 100
#define MAX_WAIT_MS 1000
#define PATIENCE_US (2 * G_USEC_PER_SEC) /* before it is said that it waits */

typedef struct
{
  BuildqQueue *queue;
  const char *request_id;
  const char *key;
  ToolLogReader log;
  gint64 attempt; /* that was told */
  gint64 start_us;
  gboolean said_waiting;
  gboolean offline;
} Await;

static void
tell_attempt (Await *self, BuildqJobStatus *job)
{
  gint64 attempt = buildq_job_status_get_attempt (job);
  const char *worker = buildq_job_status_get_worker (job);

  if (attempt == self->attempt)
    return;
  if (self->attempt > 0)
    tool_warn ("%s: once more, on %s", self->key, worker);
  else
    tool_warn ("%s: runs on %s", self->key, worker);
  /* Each attempt has a log of its own. */
  self->log.offset = 0;
  self->attempt = attempt;
}

static void
tell_waiting (Await *self, BuildqJobStatus *job)
{
  const char *message = buildq_job_status_get_message (job);

  if (self->said_waiting || g_get_monotonic_time () < self->start_us + PATIENCE_US)
    return;
  self->said_waiting = TRUE;
  tool_warn ("%s: waits for a machine%s%s; 'buildq status --workers' lists them",
             self->key, message == NULL ? "" : ": ", message == NULL ? "" : message);
}

/* The rest of the log, as far as it can still be had. */
static void
print_rest (Await *self)
{
  gboolean ended = FALSE;
  g_autoptr (GError) error = NULL;

  while (!ended)
    if (!tool_log_reader_print (&self->log, &ended, &error))
      {
        tool_warn ("%s", error->message);
        return;
      }
}

/* *@job: when it has ended. */
static gboolean
look (Await *self, BuildqJobStatus **ended, gboolean *news, GError **error)
{
  g_autoptr (BuildqJobStatus) job = tool_get_job (self->queue, self->key, error);
  gint64 before = self->log.offset;
  gboolean log_ended;

  if (job == NULL)
    return FALSE;
  switch (buildq_job_status_get_state (job))
    {
    case BUILDQ_JOB_STATE_WAITING:
    case BUILDQ_JOB_STATE_READY:
      tell_waiting (self, job);
      return TRUE;
    case BUILDQ_JOB_STATE_LEASED:
      tell_attempt (self, job);
      if (!tool_log_reader_print (&self->log, &log_ended, error))
        return FALSE;
      *news = self->log.offset != before;
      return TRUE;
    case BUILDQ_JOB_STATE_SUCCEEDED:
    case BUILDQ_JOB_STATE_FAILED:
      /* What was built before has no attempt that we saw. */
      if (buildq_job_status_get_attempt (job) != self->attempt)
        self->log.offset = 0;
      print_rest (self);
      break;
    case BUILDQ_JOB_STATE_DEP_FAILED:
    case BUILDQ_JOB_STATE_CANCELLED:
      break;
    }
  *ended = g_steal_pointer (&job);
  return TRUE;
}

static gboolean
may_pass (Await *self, const GError *error)
{
  if (!buildq_error_is_transient (error))
    return FALSE;
  if (!self->offline)
    tool_warn ("the queue does not answer (%s); trying again until it does",
               error->message);
  self->offline = TRUE;
  return TRUE;
}

/* %NULL with no error: it was stopped. */
static BuildqJobStatus *
await_end (Await *self, gboolean *stop, GError **error)
{
  guint wait_ms = MIN_WAIT_MS;

  while (!*stop)
    {
      g_autoptr (GError) local = NULL;
      BuildqJobStatus *ended = NULL;
      gboolean news = FALSE;

      if (!look (self, &ended, &news, &local))
        {
          if (!may_pass (self, local))
            {
              g_propagate_error (error, g_steal_pointer (&local));
              return NULL;
            }
          tool_sleep_ms (MAX_WAIT_MS, stop);
          continue;
        }
      if (self->offline)
        tool_warn ("the queue answers again");
      self->offline = FALSE;
      if (ended != NULL)
        return ended;
      wait_ms = news ? MIN_WAIT_MS : MIN (wait_ms * 3 / 2, MAX_WAIT_MS);
      tool_sleep_ms (wait_ms, stop);
    }
  return NULL;
}

static int
withdraw (Await *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autoptr (GError) error = NULL;

  buildq_queue_cancel_async (self->queue, self->request_id, G_PRIORITY_DEFAULT, NULL,
                             tool_done, &result);
  status = buildq_queue_cancel_finish (self->queue, tool_wait (&result), &error);
  if (status == NULL)
    tool_warn ("%s: it may still run: %s; next: buildq cancel %s", self->key,
               error->message, self->request_id);
  else
    tool_warn ("%s: withdrawn", self->key);
  return TOOL_INTERRUPTED;
}

/* Whether who reads what we say about the command also reads its log. */
static gboolean
is_one_reader (void)
{
  struct stat out, err;

  return fstat (STDOUT_FILENO, &out) == 0 && fstat (STDERR_FILENO, &err) == 0
         && out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

static int
conclude_failed (BuildqJobStatus *job)
{
  BuildqResult *result = buildq_job_status_get_result (job);
  gint64 exit_status;

  tool_print_failure (stderr, job, is_one_reader () ? TOOL_FAILURE_NO_TAIL : 0);
  if (result == NULL)
    return TOOL_NOT_RUN;
  if (buildq_result_get_outcome (result) == BUILDQ_OUTCOME_TIMED_OUT)
    return TOOL_TIMED_OUT;
  if (buildq_result_get_outcome (result) != BUILDQ_OUTCOME_FAILED)
    return TOOL_NOT_RUN;
  exit_status = buildq_result_get_exit_status (result);
  return exit_status > 0 && exit_status < 256 ? (int) exit_status : TOOL_NOT_RUN;
}

static int
conclude (BuildqJobStatus *job, BuildqRequest *request, char **mirrors)
{
  g_autoptr (GPtrArray) jobs = buildq_request_get_jobs (request);
  g_autoptr (GError) error = NULL;

  switch (buildq_job_status_get_state (job))
    {
    case BUILDQ_JOB_STATE_SUCCEEDED:
      if (tool_take_outputs (jobs->pdata[0], buildq_job_status_get_result (job), mirrors,
                             &error))
        return TOOL_OK;
      tool_warn ("%s: it succeeded, but its outputs are not here: %s",
                 buildq_job_status_get_key (job), error->message);
      return TOOL_NOT_RUN;
    case BUILDQ_JOB_STATE_FAILED:
      return conclude_failed (job);
    case BUILDQ_JOB_STATE_CANCELLED:
      tool_warn ("%s: somebody withdrew it", buildq_job_status_get_key (job));
      return TOOL_NOT_RUN;
    case BUILDQ_JOB_STATE_DEP_FAILED:
    case BUILDQ_JOB_STATE_WAITING:
    case BUILDQ_JOB_STATE_READY:
    case BUILDQ_JOB_STATE_LEASED:
      break;
    }
  return TOOL_NOT_RUN;
}

int
tool_await_command (BuildqQueue *queue,
                    const char *request_id,
                    BuildqRequest *request,
                    char **mirrors,
                    gboolean *stop)
{
  g_autoptr (GPtrArray) jobs = buildq_request_get_jobs (request);
  const char *key = buildq_job_get_key (jobs->pdata[0]);
  Await self = {
    .queue = queue,
    .request_id = request_id,
    .key = key,
    .log = { .queue = queue, .key = key },
    .start_us = g_get_monotonic_time (),
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobStatus) job = await_end (&self, stop, &error);

  if (job != NULL)
    return conclude (job, request, mirrors);
  if (error == NULL)
    return withdraw (&self);
  (void) !tool_fail (error);
  return TOOL_NOT_RUN;
}
