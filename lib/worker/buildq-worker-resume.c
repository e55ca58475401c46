/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What a worker before this one left in the spool. All of this happens before the agent
 * attaches, so that it says from the first message on what is still held.
 */
#include "config.h"

#include "worker/buildq-worker-private.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-output.h>
#include <string.h>

static void check_next (WorkerJob *self);

static void
restore_places (WorkerJob *self)
{
  BuildqJob *job = buildq_grant_get_job (self->grant);
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (job);
  char **inputs = self->entry->inputs, **store_paths = self->entry->store_paths;

  for (gsize i = 0; inputs[i] != NULL; i++)
    {
      const char *path = strchr (inputs[i], '=');
      g_autofree char *name
          = path != NULL ? g_strndup (inputs[i], path - inputs[i]) : NULL;

      if (path != NULL)
        _buildq_run_set_input (self->run, name, path + 1);
    }
  for (guint i = 0; i < outputs->len && store_paths[i] != NULL; i++)
    {
      const char *base = strrchr (store_paths[i], '/');

      if (base != NULL)
        _buildq_run_set_output_base (
            self->run, buildq_output_get_name (outputs->pdata[i]), base + 1);
    }
}

static gboolean
open_run (WorkerJob *self, GError **error)
{
  BuildqSpoolEntry *entry = self->entry;

  if (entry->dir == NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "its directory is not known");
      return FALSE;
    }
  if (entry->cores > 0)
    self->cores = entry->cores;
  self->dir = g_build_filename (self->worker->work_path, entry->dir, NULL);
  self->run = _buildq_run_open (buildq_grant_get_job (self->grant), self->dir,
                                buildq_grant_get_attempt (self->grant), self->cores,
                                entry->started_us, entry->started_monotonic_us, error);
  if (self->run == NULL)
    return FALSE;
  _buildq_run_set_keep_s (self->run, self->worker->keep_running_s);
  restore_places (self);
  return TRUE;
}

/* --- a job that ran --- */

static char *
describe_restart (WorkerJob *self)
{
  return g_strdup_printf (
      "%s '%s' was restarted while it built '%s'",
      _buildq_spool_entry_is_of_this_boot (self->entry) ? "worker" : "machine",
      self->worker->name, buildq_job_get_key (buildq_grant_get_job (self->grant)));
}

static void
resume_running (WorkerJob *self)
{
  const char *kind = buildq_job_get_kind (buildq_grant_get_job (self->grant));
  BuildqExecutor *executor = g_hash_table_lookup (self->worker->executors, kind);
  g_autofree char *message = describe_restart (self);
  g_autoptr (GError) error = NULL;

  if (!open_run (self, &error))
    {
      g_prefix_error (&error, "%s: ", message);
      _buildq_worker_job_fail (self, BUILDQ_OUTCOME_HOST_FAULT, error);
      _buildq_worker_job_finish (self);
      return;
    }
  _buildq_worker_job_running (self);
  if (executor != NULL && _buildq_spool_entry_is_of_this_boot (self->entry))
    _buildq_run_resume (self->run, executor, message);
  else
    _buildq_run_answer (self->run, BUILDQ_OUTCOME_HOST_FAULT, message);
}

/* --- a job that is done --- */

static void
checked (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact
      = buildq_store_query_finish (BUILDQ_STORE (source), result, &error);

  if (artifact != NULL)
    {
      self->next++;
      check_next (self);
    }
  else if (self->state == WORKER_JOB_COMPLETING
           && g_cancellable_is_cancelled (self->cancellable))
    {
      self->keep = self->worker->keeps = TRUE;
      _buildq_worker_job_clean (self);
    }
  else
    {
      g_autofree char *message = describe_restart (self);

      g_prefix_error (&error, "%s, and lost what that made: ", message);
      _buildq_worker_job_fail (self, BUILDQ_OUTCOME_HOST_FAULT, error);
      _buildq_worker_job_upload (self);
    }
}

static gboolean
must_be_in_store (WorkerJob *self, BuildqArtifact *artifact)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);

  return self->entry->state == BUILDQ_SPOOL_BUILT || locations->len == 0;
}

/* What others are to get from here, or from the mirrors by our word, must be as it was: a
 * machine that lost its power has not always kept what it wrote. */
static void
check_next (WorkerJob *self)
{
  while (self->next < self->artifacts->len
         && !must_be_in_store (self, self->artifacts->pdata[self->next]))
    self->next++;
  if (self->next < self->artifacts->len)
    buildq_store_query_async (
        self->worker->store,
        buildq_artifact_get_store_path (self->artifacts->pdata[self->next]),
        G_PRIORITY_DEFAULT, self->cancellable, checked, self);
  else if (self->entry->state == BUILDQ_SPOOL_BUILT)
    _buildq_worker_job_upload (self);
  else
    _buildq_worker_job_hand_in (self);
}

static void
resume_done (WorkerJob *self)
{
  BuildqResult *result = self->entry->result;

  self->state = self->entry->state == BUILDQ_SPOOL_BUILT ? WORKER_JOB_FINISHING
                                                         : WORKER_JOB_COMPLETING;
  _buildq_worker_job_decide (self, result->outcome, result->message);
  for (guint i = 0; i < result->artifacts->len; i++)
    g_ptr_array_add (self->artifacts, buildq_artifact_ref (result->artifacts->pdata[i]));
  /* For its log alone; what there is of that is in the result. */
  if (self->entry->state == BUILDQ_SPOOL_BUILT)
    open_run (self, NULL);
  check_next (self);
}

void
_buildq_worker_resume (BuildqWorker *worker, GPtrArray *entries)
{
  for (guint i = 0; i < entries->len; i++)
    {
      BuildqSpoolEntry *entry = entries->pdata[i];
      WorkerJob *self;

      if (entry->state == BUILDQ_SPOOL_ACCEPTED)
        {
          _buildq_worker_add_to_backlog (worker, entry);
          continue;
        }
      self = _buildq_worker_job_new (worker, entry);
      self->resumed = TRUE;
      _buildq_worker_give_resources (worker, self);
      buildq_agent_hold (worker->agent, entry->grant);
      _buildq_worker_emit_resumed (worker, entry->grant->job->key);
      if (entry->state == BUILDQ_SPOOL_RUNNING)
        resume_running (self);
      else
        resume_done (self);
    }
}
