/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Follows a request to its end. Each change of a job is a line; on a terminal a block
 * below them, drawn again and again, says what runs now.
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MIN_WAIT_MS 200
#define MAX_WAIT_MS 2000
#define REDRAW_MS 500
#define RETRY_MS 1000
#define MAX_SHOWN_RUNNING 10
#define MAX_LISTED                                                                       \
  2000 /* of a larger request, only what runs and what failed is listed */
#define MAX_FAILURES_SHOWN 5

typedef struct
{
  BuildqQueue *queue;
  const char *id;
  ToolFollowFlags flags;
  gboolean terminal;
  gint64 start_us;  /* when the request was made; what finished earlier it found done */
  guint n_drawn;    /* lines of the block that is on the terminal */
  GHashTable *seen; /* key → state and attempt that were told */
  guint n_failures_shown;
  char *counts; /* of the request, when it was asked last */
  gboolean offline;
} Follow;

static void
erase (Follow *self)
{
  if (self->n_drawn > 0)
    printf ("\033[%uA\033[J", self->n_drawn);
  self->n_drawn = 0;
}

/* --- one line for each change --- */

static void
tell_started (Follow *self, BuildqJobStatus *job)
{
  const char *worker = buildq_job_status_get_worker (job);
  gint64 attempt = buildq_job_status_get_attempt (job);

  /* On a terminal the block has it. */
  if (self->terminal || worker == NULL)
    return;
  if (attempt > 1)
    printf ("started    %s on %s, attempt %" G_GINT64_FORMAT "\n",
            buildq_job_status_get_key (job), worker, attempt);
  else
    printf ("started    %s on %s\n", buildq_job_status_get_key (job), worker);
}

static char *
took (BuildqJobStatus *job)
{
  BuildqResult *result = buildq_job_status_get_result (job);
  gint64 start = buildq_job_status_get_leased_us (job);
  gint64 end = buildq_job_status_get_finished_us (job);

  if (result != NULL && buildq_result_get_started_us (result) != 0)
    {
      start = buildq_result_get_started_us (result);
      end = buildq_result_get_finished_us (result);
    }
  return start == 0 ? g_strdup ("-") : tool_format_us (end - start);
}

static void
tell_succeeded (BuildqJobStatus *job, gint64 start_us)
{
  g_autofree char *time = took (job);
  const char *worker = buildq_job_status_get_worker (job);
  const char *key = buildq_job_status_get_key (job);

  if (buildq_job_status_get_finished_us (job) < start_us)
    printf ("succeeded  %s, before\n", key);
  else if (worker != NULL)
    printf ("succeeded  %s on %s in %s\n", key, worker, time);
  else
    printf ("succeeded  %s in %s\n", key, time);
}

static void
tell_failed (Follow *self, BuildqJobStatus *job)
{
  g_autoptr (BuildqJobStatus) whole = NULL;

  if (self->n_failures_shown++ >= MAX_FAILURES_SHOWN)
    {
      printf ("failed     %s\n", buildq_job_status_get_key (job));
      return;
    }
  whole = tool_get_job (self->queue, buildq_job_status_get_key (job), NULL);
  tool_print_failure (stdout, whole == NULL ? job : whole,
                      self->flags & TOOL_FOLLOW_IN_FARM ? TOOL_FAILURE_IN_FARM : 0);
}

static void
tell (Follow *self, BuildqJobStatus *job)
{
  const char *message = buildq_job_status_get_message (job);

  switch (buildq_job_status_get_state (job))
    {
    case BUILDQ_JOB_STATE_LEASED:
      tell_started (self, job);
      break;
    case BUILDQ_JOB_STATE_SUCCEEDED:
      tell_succeeded (job, self->start_us);
      break;
    case BUILDQ_JOB_STATE_FAILED:
      tell_failed (self, job);
      break;
    case BUILDQ_JOB_STATE_DEP_FAILED:
      printf ("not built  %s: %s\n", buildq_job_status_get_key (job),
              message != NULL ? message : "something that it needs failed");
      break;
    case BUILDQ_JOB_STATE_CANCELLED:
      printf ("cancelled  %s\n", buildq_job_status_get_key (job));
      break;
    case BUILDQ_JOB_STATE_WAITING:
    case BUILDQ_JOB_STATE_READY:
      break;
    }
}

/* Tells of the job, if it is news that it is in this state, in this attempt. */
static void
tell_news (Follow *self, BuildqJobStatus *job)
{
  gpointer mark = GINT_TO_POINTER ((int) buildq_job_status_get_attempt (job) * 16
                                   + (int) buildq_job_status_get_state (job) + 1);
  const char *key = buildq_job_status_get_key (job);

  if (g_hash_table_lookup (self->seen, key) == mark)
    return;
  g_hash_table_replace (self->seen, g_strdup (key), mark);
  tell (self, job);
}

/* --- the block on a terminal --- */

static gboolean
terminal_size (guint *columns, guint *rows)
{
  struct winsize size;

  *columns = 80;
  *rows = 24;
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0
      || size.ws_row == 0)
    return FALSE;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return TRUE;
}

/* A line that never wraps, so that the block has as many rows as lines. */
static void
draw_line (Follow *self, guint columns, const char *text)
{
  g_autofree char *line = tool_printable (text);
  g_autofree char *cut
      = g_utf8_substring (line, 0, MIN (g_utf8_strlen (line, -1), columns - 1));

  puts (cut);
  self->n_drawn++;
}

static char *
describe_counts (BuildqRequestStatus *status, gint64 now)
{
  g_autofree char *time
      = tool_format_us (now - buildq_request_status_get_created_us (status));
  GString *text = g_string_new (NULL);
  const struct
  {
    const char *what;
    gint64 count;
  } counts[] = {
    { "running", buildq_request_status_get_leased (status) },
    { "ready", buildq_request_status_get_ready (status) },
    { "waiting", buildq_request_status_get_waiting (status) },
    { "failed", buildq_request_status_get_failed (status) },
    { "not built", buildq_request_status_get_dep_failed (status) },
    { "cancelled", buildq_request_status_get_cancelled (status) },
  };

  g_string_append_printf (text, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " succeeded",
                          buildq_request_status_get_succeeded (status),
                          buildq_request_status_get_total (status));
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i].count > 0)
      g_string_append_printf (text, ", %" G_GINT64_FORMAT " %s", counts[i].count,
                              counts[i].what);
  g_string_append_printf (text, "; %s", time);
  return g_string_free (text, FALSE);
}

static void
draw (Follow *self, BuildqRequestStatus *status, GPtrArray *running)
{
  gint64 now = g_get_real_time ();
  g_autofree char *counts = describe_counts (status, now);
  guint columns, rows, shown = MIN (running->len, MAX_SHOWN_RUNNING);

  terminal_size (&columns, &rows);
  shown = MIN (shown, rows > 4 ? rows - 4 : 0);
  for (guint i = 0; i < shown; i++)
    {
      BuildqJobStatus *job = running->pdata[i];
      g_autofree char *time
          = tool_format_us (now - buildq_job_status_get_leased_us (job));
      const char *worker = buildq_job_status_get_worker (job);
      g_autofree char *line
          = g_strdup_printf ("  %-24s %-16s %s", buildq_job_status_get_key (job),
                             worker == NULL ? "" : worker, time);

      draw_line (self, columns, line);
    }
  if (running->len > shown)
    {
      g_autofree char *more = g_strdup_printf ("  and %u more", running->len - shown);

      draw_line (self, columns, more);
    }
  draw_line (self, columns, counts);
  fflush (stdout);
}

/* --- the loop --- */

static char *
count_all (BuildqRequestStatus *status)
{
  return g_strdup_printf ("%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                          " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
                          (int) buildq_request_status_get_state (status),
                          buildq_request_status_get_ready (status),
                          buildq_request_status_get_leased (status),
                          buildq_request_status_get_succeeded (status),
                          buildq_request_status_get_failed (status),
                          buildq_request_status_get_dep_failed (status),
                          buildq_request_status_get_cancelled (status));
}

static GPtrArray *
list_interesting (Follow *self, BuildqRequestStatus *status, GError **error)
{
  const char *const some[] = { "leased", "failed", "dep-failed", NULL };
  gboolean large = buildq_request_status_get_total (status) > MAX_LISTED;

  return tool_list_jobs (self->queue, self->id, large ? some : NULL, 0, error);
}

/* Tells what has changed; returns whether something has. */
static gboolean
update (Follow *self, BuildqRequestStatus *status, gboolean *changed, GError **error)
{
  g_autofree char *counts = count_all (status);
  gboolean live = self->terminal && buildq_request_status_get_leased (status) > 0;
  g_autoptr (GPtrArray) jobs = NULL;
  g_autoptr (GPtrArray) running = g_ptr_array_new ();

  *changed = g_strcmp0 (counts, self->counts) != 0;
  if (self->flags & TOOL_FOLLOW_QUIET || !(*changed || live))
    jobs = g_ptr_array_new ();
  else
    jobs = list_interesting (self, status, error);
  if (jobs == NULL)
    return FALSE;

  erase (self);
  /* What has ended first: it is why others could start. */
  for (guint i = 0; i < jobs->len; i++)
    if (buildq_job_status_get_state (jobs->pdata[i]) != BUILDQ_JOB_STATE_LEASED)
      tell_news (self, jobs->pdata[i]);
    else
      g_ptr_array_add (running, jobs->pdata[i]);
  for (guint i = 0; i < running->len; i++)
    tell_news (self, running->pdata[i]);
  if (self->terminal
      && buildq_request_status_get_state (status) == BUILDQ_REQUEST_STATE_ACTIVE)
    draw (self, status, running);
  fflush (stdout);
  g_free (self->counts);
  self->counts = g_steal_pointer (&counts);
  return TRUE;
}

/* An error that may pass does not end the waiting: the queue keeps the request. */
static gboolean
may_pass (Follow *self, const GError *error)
{
  if (!buildq_error_is_transient (error))
    return FALSE;
  if (!self->offline)
    {
      erase (self);
      fflush (stdout);
      tool_warn ("the queue does not answer (%s); trying again until it does",
                 error->message);
    }
  self->offline = TRUE;
  return TRUE;
}

static int
finish (Follow *self, BuildqRequestStatus *status)
{
  gboolean good
      = buildq_request_status_get_state (status) == BUILDQ_REQUEST_STATE_SUCCEEDED;
  g_autofree char *counts = describe_counts (status, g_get_real_time ());

  if (!(self->flags & TOOL_FOLLOW_QUIET))
    tool_say ("%s: %s",
              buildq_request_state_to_string (buildq_request_status_get_state (status)),
              counts);
  return good ? TOOL_OK : TOOL_FAILED;
}

static int
follow (Follow *self, gboolean *stop)
{
  guint wait_ms = MIN_WAIT_MS;

  while (!*stop)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (BuildqRequestStatus) status
          = tool_get_request (self->queue, self->id, &error);
      gboolean changed = FALSE;

      /* By the clock of the queue, as the times of jobs are. */
      if (status != NULL)
        self->start_us = buildq_request_status_get_created_us (status);
      if (status == NULL || !update (self, status, &changed, &error))
        {
          if (!may_pass (self, error))
            return tool_fail (error);
          tool_sleep_ms (RETRY_MS, stop);
          continue;
        }
      if (self->offline)
        tool_warn ("the queue answers again");
      self->offline = FALSE;
      if (buildq_request_status_get_state (status) != BUILDQ_REQUEST_STATE_ACTIVE)
        return finish (self, status);
      wait_ms = changed ? MIN_WAIT_MS : MIN (wait_ms * 3 / 2, MAX_WAIT_MS);
      tool_sleep_ms (self->terminal ? MIN (wait_ms, REDRAW_MS) : wait_ms, stop);
    }
  erase (self);
  fflush (stdout);
  return TOOL_INTERRUPTED;
}

int
tool_follow (BuildqQueue *queue,
             const char *request,
             ToolFollowFlags flags,
             gboolean *stop)
{
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Follow self = {
    .queue = queue,
    .id = request,
    .flags = flags,
    .terminal = isatty (STDOUT_FILENO) && !(flags & TOOL_FOLLOW_QUIET),
    .seen = seen,
  };
  int status = follow (&self, stop);

  g_free (self.counts);
  return status;
}
