/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-run.h"
#include "worker/buildq-execution-private.h"
#include "core/buildq-thread.h"

#include <buildq/buildq-job.h>
#include <buildq/buildq-output.h>
#include <errno.h>
#include <sys/stat.h>

struct _BuildqRun
{
  gatomicrefcount refs;
  BuildqJob *job;
  char *dir;
  char *build_dir;
  gint64 attempt;
  gint64 cores;
  GHashTable *inputs;  /* name → real path */
  GHashTable *outputs; /* name → last part of the path, where it is not the name */
  GCancellable *cancellable;
  BuildqLogSpool *spool;
  GMainContext *context;

  BuildqRunFunc answered_func;
  BuildqRunFunc logged_func;
  gpointer user_data;
  guint abandon_ms;
  GSource *abandon; /* after it was stopped */

  gboolean stopped; /* outcome and message are decided, the executor did not answer yet */
  gboolean answered;
  gboolean given_up;
  BuildqOutcome outcome;
  char *message;
  int exit_status;
  gint64 started_us;
  gint64 started_monotonic_us;
  gint64 finished_us;
  guint keep_s;
};

static gboolean
make_dir (const char *parent, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (parent, name, NULL);
  int number;

  if (mkdir (path, 0755) == 0)
    return TRUE;
  number = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "making '%s': %s", path,
               g_strerror (number));
  return FALSE;
}

static gint64
log_limit (BuildqJob *job)
{
  gint64 limit = buildq_job_get_log_limit_bytes (job);

  return limit > 0 ? limit : BUILDQ_DEFAULT_LOG_LIMIT_BYTES;
}

static BuildqRun *
run_new (BuildqJob *job, const char *dir, gint64 attempt, gint64 cores)
{
  BuildqRun *self = g_new0 (BuildqRun, 1);

  g_atomic_ref_count_init (&self->refs);
  self->job = buildq_job_ref (job);
  self->dir = g_strdup (dir);
  self->build_dir = g_build_filename (dir, "build", NULL);
  self->attempt = attempt;
  self->cores = cores;
  self->inputs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->outputs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->cancellable = g_cancellable_new ();
  self->context = g_main_context_ref_thread_default ();
  self->abandon_ms = BUILDQ_ABANDON_S * 1000;
  return self;
}

BuildqRun *
_buildq_run_new (
    BuildqJob *job, const char *dir, gint64 attempt, gint64 cores, GError **error)
{
  BuildqLogSpool *spool;
  g_autofree char *log = g_build_filename (dir, "log", NULL);
  BuildqRun *self;

  if (!make_dir (dir, "build", error) || !make_dir (dir, "home", error)
      || !make_dir (dir, "tmp", error) || !make_dir (dir, "outputs", error))
    return NULL;
  spool = _buildq_log_spool_new (log, log_limit (job), error);
  if (spool == NULL)
    return NULL;
  self = run_new (job, dir, attempt, cores);
  self->spool = spool;
  return self;
}

BuildqRun *
_buildq_run_open (BuildqJob *job,
                  const char *dir,
                  gint64 attempt,
                  gint64 cores,
                  gint64 started_us,
                  gint64 started_monotonic_us,
                  GError **error)
{
  g_autofree char *log = g_build_filename (dir, "log", NULL);
  BuildqLogSpool *spool = _buildq_log_spool_open (log, log_limit (job), error);
  BuildqRun *self;

  if (spool == NULL)
    return NULL;
  self = run_new (job, dir, attempt, cores);
  self->spool = spool;
  self->started_us = started_us;
  self->started_monotonic_us = started_monotonic_us;
  return self;
}

BuildqRun *
_buildq_run_ref (BuildqRun *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
clear_abandon (BuildqRun *self)
{
  if (self->abandon != NULL)
    g_source_destroy (self->abandon);
  g_clear_pointer (&self->abandon, g_source_unref);
}

void
_buildq_run_unref (BuildqRun *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  clear_abandon (self);
  buildq_job_unref (self->job);
  g_free (self->dir);
  g_free (self->build_dir);
  g_hash_table_unref (self->inputs);
  g_hash_table_unref (self->outputs);
  g_object_unref (self->cancellable);
  _buildq_log_spool_free (self->spool);
  g_main_context_unref (self->context);
  g_free (self->message);
  g_free (self);
}

void
_buildq_run_set_input (BuildqRun *self, const char *name, const char *path)
{
  g_hash_table_replace (self->inputs, g_strdup (name), g_strdup (path));
}

void
_buildq_run_set_output_base (BuildqRun *self, const char *name, const char *base)
{
  g_hash_table_replace (self->outputs, g_strdup (name), g_strdup (base));
}

void
_buildq_run_set_callbacks (BuildqRun *self,
                           BuildqRunFunc answered,
                           BuildqRunFunc logged,
                           gpointer user_data)
{
  self->answered_func = answered;
  self->logged_func = logged;
  self->user_data = user_data;
}

void
_buildq_run_set_abandon_ms (BuildqRun *self, guint abandon_ms)
{
  self->abandon_ms = abandon_ms;
}

static void
decide (BuildqRun *self, BuildqOutcome outcome, const char *message)
{
  self->outcome = outcome;
  g_free (self->message);
  self->message = g_strdup (message);
}

static gboolean
tell_answer (gpointer data)
{
  BuildqRun *self = data;

  if (self->answered_func != NULL)
    self->answered_func (self, self->user_data);
  return G_SOURCE_REMOVE;
}

/* The worker is told from the main loop: who answers stands in code of the user, perhaps
 * still in the call that started the job. */
void
_buildq_run_answer (BuildqRun *self, BuildqOutcome outcome, const char *message)
{
  g_autoptr (GSource) source = NULL;

  if (self->answered)
    return;
  self->answered = TRUE;
  self->finished_us = _buildq_clock_real ();
  clear_abandon (self);
  if (!self->stopped)
    decide (self, outcome, message);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[buildq] answer");
  g_source_set_callback (source, tell_answer, _buildq_run_ref (self),
                         (GDestroyNotify) _buildq_run_unref);
  g_source_attach (source, self->context);
}

void
_buildq_run_start (BuildqRun *self, BuildqExecutor *executor)
{
  g_autoptr (BuildqExecution) execution = _buildq_execution_new (self);
  g_autoptr (GError) error = NULL;

  self->started_us = _buildq_clock_real ();
  self->started_monotonic_us = g_get_monotonic_time ();
  if (buildq_executor_start (executor, execution, &error))
    return;
  /* A script that throws does not set the error. */
  _buildq_run_answer (self, BUILDQ_OUTCOME_HOST_FAULT,
                      error != NULL
                          ? error->message
                          : "the executor did not start the job, and does not say why");
}

void
_buildq_run_resume (BuildqRun *self, BuildqExecutor *executor, const char *message)
{
  g_autoptr (BuildqExecution) execution = _buildq_execution_new (self);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (buildq_executor_resume (executor, execution, &error))
    return;
  text = error != NULL ? g_strconcat (message, ": ", error->message, NULL)
                       : g_strdup (message);
  _buildq_run_answer (self, BUILDQ_OUTCOME_HOST_FAULT, text);
}

static gboolean
give_up (gpointer data)
{
  BuildqRun *self = data;
  g_autofree char *message = g_strdup_printf (
      "%s (and the executor did not stop within %u s)",
      self->message != NULL ? self->message : "stopped", self->abandon_ms / 1000);

  self->given_up = TRUE;
  decide (self, self->outcome, message);
  _buildq_run_answer (self, self->outcome, message);
  return G_SOURCE_REMOVE;
}

void
_buildq_run_stop (BuildqRun *self, BuildqOutcome outcome, const char *message)
{
  g_autoptr (BuildqRun) keep = _buildq_run_ref (self);

  if (self->answered || self->stopped)
    return;
  self->stopped = TRUE;
  decide (self, outcome, message);
  self->abandon = g_timeout_source_new (self->abandon_ms);
  g_source_set_static_name (self->abandon, "[buildq] give up a job");
  g_source_set_callback (self->abandon, give_up, self, NULL);
  g_source_attach (self->abandon, self->context);
  g_cancellable_cancel (self->cancellable);
}

static gboolean
log_taken (BuildqRun *self, gboolean ok, GError *own_error, GError **error)
{
  if (self->logged_func != NULL)
    self->logged_func (self, self->user_data);
  if (ok)
    return TRUE;
  _buildq_run_stop (self,
                    g_error_matches (own_error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE)
                        ? BUILDQ_OUTCOME_LIMIT_EXCEEDED
                        : BUILDQ_OUTCOME_HOST_FAULT,
                    own_error->message);
  g_propagate_error (error, own_error);
  return FALSE;
}

gboolean
_buildq_run_log (BuildqRun *self, const void *data, gsize size, GError **error)
{
  GError *own_error = NULL;
  gboolean ok = _buildq_log_spool_append (self->spool, data, size, &own_error);

  return log_taken (self, ok, own_error, error);
}

gboolean
_buildq_run_logged (BuildqRun *self, GError **error)
{
  GError *own_error = NULL;
  gboolean ok = _buildq_log_spool_refresh (self->spool, &own_error);

  return log_taken (self, ok, own_error, error);
}

void
_buildq_run_set_keep_s (BuildqRun *self, guint keep_s)
{
  self->keep_s = keep_s;
}

guint
_buildq_run_get_keep_s (BuildqRun *self)
{
  return self->keep_s;
}

gint64
_buildq_run_get_started_monotonic_us (BuildqRun *self)
{
  return self->started_monotonic_us;
}

void
_buildq_run_set_exit_status (BuildqRun *self, int exit_status)
{
  self->exit_status = exit_status;
}

BuildqJob *
_buildq_run_get_job (BuildqRun *self)
{
  return self->job;
}

const char *
_buildq_run_get_dir (BuildqRun *self)
{
  return self->dir;
}

const char *
_buildq_run_get_build_dir (BuildqRun *self)
{
  return self->build_dir;
}

gint64
_buildq_run_get_cores (BuildqRun *self)
{
  return self->cores;
}

gint64
_buildq_run_get_attempt (BuildqRun *self)
{
  return self->attempt;
}

const char *
_buildq_run_get_input_path (BuildqRun *self, const char *name)
{
  return g_hash_table_lookup (self->inputs, name);
}

char *
_buildq_run_get_output_path (BuildqRun *self, const char *name)
{
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (self->job);

  for (guint i = 0; i < outputs->len; i++)
    {
      BuildqOutput *output = outputs->pdata[i];
      const char *path = buildq_output_get_path (output);
      const char *base = g_hash_table_lookup (self->outputs, name);

      if (!g_str_equal (buildq_output_get_name (output), name))
        continue;
      if (path != NULL)
        return g_build_filename (self->build_dir, path, NULL);
      return g_build_filename (self->dir, "outputs", base != NULL ? base : name, NULL);
    }
  return NULL;
}

gint64
_buildq_run_get_timeout_s (BuildqRun *self)
{
  return buildq_job_get_timeout_s (self->job);
}

gint64
_buildq_run_get_silent_timeout_s (BuildqRun *self)
{
  gint64 silent = buildq_job_get_silent_timeout_s (self->job);

  return silent > 0 ? silent : BUILDQ_DEFAULT_SILENT_TIMEOUT_S;
}

GCancellable *
_buildq_run_get_cancellable (BuildqRun *self)
{
  return self->cancellable;
}

BuildqLogSpool *
_buildq_run_get_spool (BuildqRun *self)
{
  return self->spool;
}

GMainContext *
_buildq_run_get_context (BuildqRun *self)
{
  return self->context;
}

gboolean
_buildq_run_is_answered (BuildqRun *self)
{
  return self->answered;
}

gboolean
_buildq_run_is_given_up (BuildqRun *self)
{
  return self->given_up;
}

BuildqOutcome
_buildq_run_get_outcome (BuildqRun *self)
{
  return self->outcome;
}

const char *
_buildq_run_get_message (BuildqRun *self)
{
  return self->message;
}

int
_buildq_run_get_exit_status (BuildqRun *self)
{
  return self->exit_status;
}

gint64
_buildq_run_get_started_us (BuildqRun *self)
{
  return self->started_us;
}

gint64
_buildq_run_get_finished_us (BuildqRun *self)
{
  return self->finished_us;
}
