/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * One grant, up to the answer of the executor:
 *
 *   PREPARING ──▶ RUNNING ──▶ FINISHING ──▶ COMPLETING ──▶ cleaned, gone
 *       └────────────────────────┴── whatever goes wrong ──▲
 */
#include "config.h"

#include "worker/buildq-worker-private.h"
#include "worker/buildq-collect.h"
#include "worker/buildq-place.h"
#include "core/buildq-hash.h"
#include "core/buildq-thread.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-location.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-output.h>

#define LOG_CHUNK_BYTES (256 * 1024)
#define LOG_WISH_US G_USEC_PER_SEC /* the queue repeats what it wants */
#define LOG_GATHER_MS 50           /* so that not each line is a message */
#define GIVE_UP_S 5

WorkerJob *
_buildq_worker_job_new (BuildqWorker *worker, BuildqSpoolEntry *entry)
{
  WorkerJob *self = g_rc_box_new0 (WorkerJob);

  self->worker = worker;
  self->entry = _buildq_value_ref (entry);
  self->grant = buildq_grant_ref (entry->grant);
  self->cancellable = g_cancellable_new ();
  self->outcome = BUILDQ_OUTCOME_SUCCEEDED;
  self->real_paths = g_ptr_array_new_with_free_func (g_free);
  self->artifacts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_artifact_unref);
  self->wanted_offset = -1;
  g_hash_table_insert (worker->jobs, (char *) buildq_grant_get_token (self->grant), self);
  return self;
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
job_clear (gpointer data)
{
  WorkerJob *self = data;

  clear_source (&self->log_timer);
  clear_source (&self->give_up);
  g_clear_pointer (&self->grant, buildq_grant_unref);
  g_clear_pointer (&self->entry, _buildq_spool_entry_unref);
  g_clear_pointer (&self->run, _buildq_run_unref);
  g_clear_pointer (&self->known, g_ptr_array_unref);
  g_clear_pointer (&self->log, buildq_location_unref);
  g_ptr_array_unref (self->real_paths);
  g_ptr_array_unref (self->artifacts);
  g_object_unref (self->cancellable);
  g_free (self->dir);
  g_free (self->message);
}

void
_buildq_worker_job_unref (WorkerJob *self)
{
  g_rc_box_release_full (self, job_clear);
}

static BuildqJob *
get_job (WorkerJob *self)
{
  return buildq_grant_get_job (self->grant);
}

void
_buildq_worker_job_decide (WorkerJob *self, BuildqOutcome outcome, const char *message)
{
  if (self->outcome != BUILDQ_OUTCOME_SUCCEEDED)
    return;
  self->outcome = outcome;
  self->message = g_strdup (message);
}

void
_buildq_worker_job_fail (WorkerJob *self, BuildqOutcome outcome, const GError *error)
{
  _buildq_worker_job_decide (self, outcome, error->message);
}

void
_buildq_worker_job_put (WorkerJob *self,
                        BuildqSpoolState state,
                        GAsyncReadyCallback callback)
{
  self->entry->state = state;
  _buildq_spool_put_async (self->worker->work_path, self->entry, callback,
                           g_rc_box_acquire (self));
}

/* --- the end --- */

static void
cleaned (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (BuildqWorker) worker = g_object_ref (self->worker);
  g_autofree char *key = g_strdup (buildq_job_get_key (get_job (self)));
  g_autoptr (GError) error = NULL;
  BuildqOutcome outcome = self->outcome;

  /* It is tried again when the worker starts the next time. */
  if (!_buildq_work_dir_remove_finish (result, &error))
    g_info ("%s: %s", worker->name, error->message);
  g_hash_table_remove (worker->jobs, buildq_grant_get_token (self->grant));
  _buildq_worker_emit_finished (worker, key, outcome);
  _buildq_worker_job_gone (worker);
}

void
_buildq_worker_job_clean (WorkerJob *self)
{
  g_autofree char *entry
      = self->keep ? NULL
                   : _buildq_spool_path (self->worker->work_path,
                                         buildq_grant_get_token (self->grant));

  self->state = WORKER_JOB_COMPLETING;
  self->asked_queue = FALSE;
  clear_source (&self->give_up);
  clear_source (&self->log_timer);
  _buildq_work_dir_remove_async (entry, self->dir, cleaned, self);
}

static gboolean
give_up (gpointer data)
{
  WorkerJob *self = data;

  g_cancellable_cancel (self->cancellable);
  if (self->asked_queue)
    {
      self->keep = self->worker->keeps = TRUE;
      _buildq_worker_job_clean (self);
    }
  return G_SOURCE_REMOVE;
}

void
_buildq_worker_job_stop (WorkerJob *self, gboolean silent, const char *message)
{
  if (self->state == WORKER_JOB_COMPLETING)
    {
      /* The result is made, and the queue may have accepted it: it is given a moment to
       * say so, so that what it accepts is published. Else the next worker asks. */
      if (self->give_up != NULL)
        return;
      self->give_up = g_timeout_source_new_seconds (GIVE_UP_S);
      g_source_set_callback (self->give_up, give_up, self, NULL);
      g_source_attach (self->give_up, g_main_context_get_thread_default ());
      return;
    }
  if (silent)
    self->silent = TRUE;
  if (self->outcome == BUILDQ_OUTCOME_SUCCEEDED)
    _buildq_worker_job_decide (self, BUILDQ_OUTCOME_CANCELLED, message);
  g_cancellable_cancel (self->cancellable);
  if (self->state == WORKER_JOB_RUNNING)
    _buildq_run_stop (self->run, BUILDQ_OUTCOME_CANCELLED, message);
}

/* --- its log, for those who watch --- */

void
_buildq_worker_job_send_log (WorkerJob *self)
{
  BuildqLogSpool *spool = _buildq_run_get_spool (self->run);
  gint64 size = _buildq_log_spool_get_size (spool), offset = self->wanted_offset;
  g_autoptr (BuildqLogChunk) chunk = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gboolean answered = _buildq_run_is_answered (self->run), last;

  if (offset < 0 || (offset >= size && !answered))
    return;
  bytes = _buildq_log_spool_read (spool, offset, LOG_CHUNK_BYTES, NULL);
  if (bytes == NULL)
    return;
  self->wanted_offset = -1;
  last = answered && offset + (gint64) g_bytes_get_size (bytes) >= size;
  chunk = buildq_log_chunk_new (buildq_grant_get_token (self->grant), offset, bytes, last,
                                self->log);
  buildq_agent_send_log (self->worker->agent, chunk);
}

static gboolean
gathered (gpointer data)
{
  WorkerJob *self = data;

  clear_source (&self->log_timer);
  _buildq_worker_job_send_log (self);
  return G_SOURCE_REMOVE;
}

static void
logged (BuildqRun *run, gpointer data)
{
  WorkerJob *self = data;

  if (self->wanted_offset < 0 || self->log_timer != NULL)
    return;
  if (_buildq_clock_now () > self->wanted_until)
    {
      self->wanted_offset = -1;
      return;
    }
  self->log_timer = g_timeout_source_new (LOG_GATHER_MS);
  g_source_set_static_name (self->log_timer, "[buildq] gather log");
  g_source_set_callback (self->log_timer, gathered, self, NULL);
  g_source_attach (self->log_timer, _buildq_run_get_context (run));
}

void
_buildq_worker_job_want_log (WorkerJob *self, gint64 offset)
{
  self->wanted_offset = offset;
  self->wanted_until = _buildq_clock_now () + LOG_WISH_US;
  if (self->run != NULL && self->log_timer == NULL)
    _buildq_worker_job_send_log (self);
}

/* --- from the grant to the executor --- */

static void
answered (BuildqRun *run, gpointer data)
{
  WorkerJob *self = data;

  _buildq_worker_job_decide (self, _buildq_run_get_outcome (run),
                             _buildq_run_get_message (run));
  if (self->log_timer == NULL)
    _buildq_worker_job_send_log (self);
  _buildq_worker_job_finish (self);
}

/* All that an output may refer to but the other outputs: what the inputs are, and need,
 * however deep, since a job can read that too. */
static void
note_candidates (WorkerJob *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; self->known != NULL && i < self->known->len; i++)
    g_strv_builder_add (builder, buildq_artifact_get_store_path (self->known->pdata[i]));
  g_strfreev (self->entry->candidates);
  self->entry->candidates = g_strv_builder_end (builder);
}

static void
set_input (WorkerJob *self, const char *name, BuildqArtifact *artifact)
{
  g_autofree char *path = buildq_store_get_real_path (
      self->worker->store, buildq_artifact_get_store_path (artifact));
  g_autofree char *noted = g_strconcat (name, "=", path, NULL);

  _buildq_run_set_input (self->run, name, path);
  _buildq_strv_add (&self->entry->inputs, noted);
}

static gboolean
set_places (WorkerJob *self, GError **error)
{
  BuildqJob *job = get_job (self);
  const char *store_dir = buildq_store_get_store_dir (self->worker->store);
  g_autoptr (GPtrArray) inputs = buildq_job_get_inputs (job);
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (job);

  for (guint i = 0; i < inputs->len; i++)
    {
      BuildqArtifact *artifact
          = _buildq_input_find_artifact (inputs->pdata[i], self->known);

      /* One that is not there: the store path of the outputs, below, says so. */
      if (artifact != NULL)
        set_input (self, buildq_input_get_name (inputs->pdata[i]), artifact);
    }
  for (guint i = 0; i < outputs->len; i++)
    {
      const char *name = buildq_output_get_name (outputs->pdata[i]);
      g_autofree char *path
          = _buildq_output_store_path (job, self->known, store_dir, name, error);

      if (path == NULL)
        return FALSE;
      _buildq_strv_add (&self->entry->store_paths, path);
      _buildq_run_set_output_base (self->run, name, _buildq_store_path_base (path));
    }
  note_candidates (self);
  return TRUE;
}

void
_buildq_worker_job_running (WorkerJob *self)
{
  self->state = WORKER_JOB_RUNNING;
  _buildq_run_set_callbacks (self->run, answered, logged, self);
}

static void
spooled (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  BuildqExecutor *executor = g_hash_table_lookup (self->worker->executors,
                                                  buildq_job_get_kind (get_job (self)));
  g_autoptr (GError) error = NULL;

  if (!_buildq_spool_put_finish (result, &error))
    _buildq_worker_job_fail (self, BUILDQ_OUTCOME_HOST_FAULT, error);
  if (self->outcome != BUILDQ_OUTCOME_SUCCEEDED)
    _buildq_worker_job_finish (self);
  else
    {
      _buildq_worker_job_running (self);
      _buildq_run_start (self->run, executor);
    }
  _buildq_worker_job_unref (self);
}

static void
start_executor (WorkerJob *self)
{
  self->entry->started_us = _buildq_clock_real ();
  self->entry->started_monotonic_us = g_get_monotonic_time ();
  _buildq_worker_job_put (self, BUILDQ_SPOOL_RUNNING, spooled);
}

static void
placed (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  if (_buildq_place_inputs_finish (result, &error)
      && self->outcome == BUILDQ_OUTCOME_SUCCEEDED)
    {
      start_executor (self);
      return;
    }
  if (error != NULL)
    {
      /* Two inputs at one place would collide on each machine. */
      gboolean collide = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS)
                         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);

      _buildq_worker_job_fail (
          self, collide ? BUILDQ_OUTCOME_FAILED : BUILDQ_OUTCOME_HOST_FAULT, error);
    }
  _buildq_worker_job_finish (self);
}

static void
execute (WorkerJob *self)
{
  g_autoptr (GError) error = NULL;

  if (set_places (self, &error))
    {
      _buildq_place_inputs_async (self->run, get_job (self), self->cancellable, placed,
                                  self);
      return;
    }
  _buildq_worker_job_fail (self, BUILDQ_OUTCOME_INPUT_MISSING, error);
  _buildq_worker_job_finish (self);
}

static void
resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  self->known = buildq_resolver_realise_finish (BUILDQ_RESOLVER (source), result, &error);
  if (self->known == NULL || self->outcome != BUILDQ_OUTCOME_SUCCEEDED)
    {
      if (error != NULL)
        {
          gboolean missing
              = g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);

          g_prefix_error (&error, "fetching the inputs: ");
          _buildq_worker_job_fail (
              self, missing ? BUILDQ_OUTCOME_INPUT_MISSING : BUILDQ_OUTCOME_HOST_FAULT,
              error);
        }
      _buildq_worker_job_finish (self);
      return;
    }
  execute (self);
}

/* What has a record goes to @artifacts, what is only a path to @paths. */
static gboolean
list_inputs (WorkerJob *self, GPtrArray *artifacts, GStrvBuilder *paths, GError **error)
{
  g_autoptr (GPtrArray) inputs = buildq_job_get_inputs (get_job (self));

  for (guint i = 0; i < inputs->len; i++)
    {
      BuildqInput *input = inputs->pdata[i];

      if (buildq_input_get_artifact (input) != NULL)
        g_ptr_array_add (artifacts, buildq_input_get_artifact (input));
      else if (buildq_input_get_path (input) != NULL)
        g_strv_builder_add (paths, buildq_input_get_path (input));
      else
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                       "input '%s' came without the artifact that it is to be",
                       buildq_input_get_name (input));
          return FALSE;
        }
    }
  return TRUE;
}

static void
resolve (WorkerJob *self)
{
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;
  g_autoptr (GError) error = NULL;
  BuildqResolver *resolver = _buildq_worker_get_resolver (self->worker, &error);

  if (resolver == NULL)
    _buildq_worker_job_fail (self, BUILDQ_OUTCOME_HOST_FAULT, error);
  else if (!list_inputs (self, artifacts, builder, &error))
    _buildq_worker_job_fail (self, BUILDQ_OUTCOME_INPUT_MISSING, error);
  if (error != NULL)
    {
      _buildq_worker_job_finish (self);
      return;
    }
  paths = g_strv_builder_end (builder);
  if (artifacts->len == 0 && paths[0] == NULL)
    execute (self);
  else
    buildq_resolver_realise_async (resolver, artifacts, (const char *const *) paths,
                                   G_PRIORITY_DEFAULT, self->cancellable, resolved, self);
}

static gboolean
make_run (WorkerJob *self, GError **error)
{
  BuildqJob *job = get_job (self);

  if (!g_hash_table_contains (self->worker->executors, buildq_job_get_kind (job)))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                   "this machine cannot run jobs of kind '%s'",
                   buildq_job_get_kind (job));
      return FALSE;
    }
  self->dir = _buildq_work_dir_make (self->worker->work_dir, error);
  if (self->dir == NULL)
    return FALSE;
  self->entry->dir = g_path_get_basename (self->dir);
  self->entry->cores = self->cores;
  self->run = _buildq_run_new (job, self->dir, buildq_grant_get_attempt (self->grant),
                               self->cores, error);
  if (self->run == NULL)
    return FALSE;
  _buildq_run_set_keep_s (self->run, self->worker->keep_running_s);
  return TRUE;
}

void
_buildq_worker_job_start (BuildqWorker *worker, BuildqGrant *grant)
{
  g_autoptr (BuildqSpoolEntry) entry = _buildq_spool_entry_new (grant);
  WorkerJob *self = _buildq_worker_job_new (worker, entry);
  g_autoptr (GError) error = NULL;

  _buildq_worker_give_resources (worker, self);
  _buildq_worker_update_offer (worker);
  _buildq_worker_emit_started (worker, buildq_job_get_key (get_job (self)));
  if (make_run (self, &error))
    {
      resolve (self);
      return;
    }
  _buildq_worker_job_fail (self, BUILDQ_OUTCOME_HOST_FAULT, error);
  _buildq_worker_job_finish (self);
}
