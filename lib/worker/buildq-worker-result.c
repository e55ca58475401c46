/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * One grant, after the answer of its executor: outputs are checked, put into the store
 * and uploaded, then the log, then the result.
 */
#include "config.h"

#include "worker/buildq-worker-private.h"
#include "worker/buildq-collect.h"
#include "core/buildq-hash.h"
#include "core/buildq-thread.h"

#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-artifact.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-location.h>
#include <buildq/buildq-output.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-result.h>
#include <string.h>

#define MAX_LOG_NAME 150 /* of the key in the name of a log */

static void store_next (WorkerJob *self);
static void upload_log (WorkerJob *self);
static void complete (WorkerJob *self);
static BuildqResult *make_result (WorkerJob *self);

static BuildqJob *
get_job (WorkerJob *self)
{
  return buildq_grant_get_job (self->grant);
}

/* --- outputs --- */

static gboolean
overlap (const char *a, const char *b)
{
  gsize length = MIN (strlen (a), strlen (b));

  return strncmp (a, b, length) == 0 && strchr ("/", a[length]) != NULL
         && strchr ("/", b[length]) != NULL;
}

/* A tree that is taken into the store is moved, so it cannot be in two outputs. */
static gboolean
check_overlap (WorkerJob *self, const char *path, const char *name, GError **error)
{
  for (guint i = 0; i < self->real_paths->len; i++)
    if (overlap (self->real_paths->pdata[i], path))
      {
        g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                     "output '%s' is part of another output", name);
        return FALSE;
      }
  return TRUE;
}

static gboolean
collect (WorkerJob *self, GError **error)
{
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (get_job (self));

  for (guint i = 0; i < outputs->len; i++)
    {
      g_autofree char *path
          = _buildq_output_collect (self->run, outputs->pdata[i], error);

      if (path == NULL
          || !check_overlap (self, path, buildq_output_get_name (outputs->pdata[i]),
                             error))
        return FALSE;
      g_ptr_array_add (self->real_paths, g_steal_pointer (&path));
    }
  return TRUE;
}

static char **
list_candidates (WorkerJob *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_addv (builder, (const char **) self->entry->candidates);
  g_strv_builder_addv (builder, (const char **) self->entry->store_paths);
  return g_strv_builder_end (builder);
}

/* The record of an output has the name of the output. */
static BuildqArtifact *
take_stored (WorkerJob *self, GAsyncResult *result, GError **error)
{
  g_autoptr (BuildqArtifact) artifact
      = buildq_store_add_finish (self->worker->store, result, error);
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (get_job (self));

  if (artifact == NULL)
    return NULL;
  buildq_artifact_builder_set_from (builder, artifact);
  buildq_artifact_builder_set_name (builder,
                                    buildq_output_get_name (outputs->pdata[self->next]));
  return buildq_artifact_builder_build (builder, error);
}

static void
stored (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;
  BuildqArtifact *artifact = take_stored (self, result, &error);

  if (artifact == NULL)
    {
      /* A tree that cannot be stored, such as one with a socket in it, is the job's
       * fault. */
      gboolean of_job = g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);

      g_prefix_error (
          &error, "putting '%s' into the store: ", self->entry->store_paths[self->next]);
      _buildq_worker_job_fail (
          self, of_job ? BUILDQ_OUTCOME_FAILED : BUILDQ_OUTCOME_HOST_FAULT, error);
    }
  else
    g_ptr_array_add (self->artifacts, artifact);
  self->next++;
  store_next (self);
}

static void
built (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  /* Without it the job is only built again, should the worker be killed now. */
  if (!_buildq_spool_put_finish (result, &error))
    g_warning ("%s: %s", self->worker->name, error->message);
  _buildq_worker_job_upload (self);
  _buildq_worker_job_unref (self);
}

static void
store_next (WorkerJob *self)
{
  g_auto (GStrv) candidates = NULL;

  if (self->outcome != BUILDQ_OUTCOME_SUCCEEDED)
    upload_log (self);
  else if (self->next < self->real_paths->len)
    {
      candidates = list_candidates (self);
      buildq_store_add_async (self->worker->store, self->real_paths->pdata[self->next],
                              self->entry->store_paths[self->next],
                              (const char *const *) candidates, G_PRIORITY_DEFAULT,
                              self->cancellable, stored, self);
    }
  else if (self->artifacts->len > 0 && self->worker->mirrors->len > 0)
    {
      self->entry->result = make_result (self);
      _buildq_worker_job_put (self, BUILDQ_SPOOL_BUILT, built);
    }
  else
    upload_log (self);
}

static void upload_next (WorkerJob *self);

static void
uploaded (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;
  BuildqArtifact *artifact
      = buildq_uploader_upload_finish (BUILDQ_UPLOADER (source), result, &error);

  if (artifact != NULL)
    {
      buildq_artifact_unref (self->artifacts->pdata[self->next]);
      self->artifacts->pdata[self->next] = artifact;
    }
  else
    _buildq_worker_job_fail (self, BUILDQ_OUTCOME_UPLOAD_FAILED, error);
  self->next++;
  upload_next (self);
}

static void
upload_next (WorkerJob *self)
{
  if (self->outcome != BUILDQ_OUTCOME_SUCCEEDED || self->next == self->artifacts->len
      || self->worker->mirrors->len == 0)
    upload_log (self);
  else
    buildq_uploader_upload_async (self->worker->uploader,
                                  self->artifacts->pdata[self->next], G_PRIORITY_DEFAULT,
                                  self->cancellable, uploaded, self);
}

/* What is in the store goes to the mirrors. */
void
_buildq_worker_job_upload (WorkerJob *self)
{
  self->next = 0;
  upload_next (self);
}

/* --- the log --- */

static void
log_uploaded (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  /* The tail is in the result; for the rest alone a job is not done again. */
  self->log
      = buildq_uploader_upload_log_finish (BUILDQ_UPLOADER (source), result, &error);
  if (self->log == NULL)
    g_info ("%s: uploading the log of '%s': %s", self->worker->name,
            buildq_job_get_key (get_job (self)), error->message);
  complete (self);
}

/* KEY-ATTEMPT, if the key can stand in a name as it is; else a hash tells keys apart.
 */
static char *
make_log_name (WorkerJob *self)
{
  const char *key = buildq_job_get_key (get_job (self));
  gint64 attempt = buildq_grant_get_attempt (self->grant);
  g_autofree char *clean = _buildq_store_name_clean (key);
  g_autofree char *hash = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];

  if (g_str_equal (clean, key) && strlen (key) <= MAX_LOG_NAME)
    return g_strdup_printf ("%s-%" G_GINT64_FORMAT, key, attempt);
  _buildq_hash_bytes (key, strlen (key), digest);
  hash = _buildq_nix32_encode (digest, 10);
  return g_strdup_printf ("%.*s-%s-%" G_GINT64_FORMAT, MAX_LOG_NAME, clean, hash,
                          attempt);
}

static void
upload_log (WorkerJob *self)
{
  g_autofree char *name = make_log_name (self);
  BuildqLogSpool *spool = self->run != NULL ? _buildq_run_get_spool (self->run) : NULL;

  if (self->silent || spool == NULL || _buildq_log_spool_get_size (spool) == 0
      || self->worker->mirrors->len == 0)
    complete (self);
  else
    buildq_uploader_upload_log_async (
        self->worker->uploader, _buildq_log_spool_get_path (spool), name,
        G_PRIORITY_DEFAULT, self->cancellable, log_uploaded, self);
}

/* --- the result --- */

static BuildqResult *
describe_run (WorkerJob *self)
{
  BuildqResult *result = _buildq_value_new (&_buildq_result_info);

  _buildq_set_string (&result->key, buildq_job_get_key (get_job (self)));
  _buildq_set_string (&result->token, buildq_grant_get_token (self->grant));
  result->attempt = buildq_grant_get_attempt (self->grant);
  _buildq_set_string (&result->worker, self->worker->name);
  if (self->run != NULL)
    {
      BuildqLogSpool *spool = _buildq_run_get_spool (self->run);
      g_autofree char *tail = _buildq_log_spool_tail (spool);

      result->started_us = _buildq_run_get_started_us (self->run);
      result->finished_us = _buildq_run_get_finished_us (self->run);
      result->log_bytes = _buildq_log_spool_get_size (spool);
      result->exit_status = _buildq_run_get_exit_status (self->run);
      if (tail[0] != '\0')
        _buildq_set_string (&result->log_tail, tail);
    }
  if (result->started_us == 0)
    result->started_us = _buildq_clock_real ();
  if (result->finished_us == 0)
    result->finished_us = _buildq_clock_real ();
  return result;
}

/* How things stand. What was built before this worker was started ran as that says which
 * was noted then. */
static BuildqResult *
make_result (WorkerJob *self)
{
  BuildqResult *result
      = self->entry->result != NULL
            ? _buildq_value_copy (&_buildq_result_info, self->entry->result)
            : describe_run (self);

  result->outcome = self->outcome;
  _buildq_set_string (&result->message, self->message);
  g_clear_pointer (&result->log, buildq_location_unref);
  if (self->log != NULL)
    result->log = buildq_location_ref (self->log);
  g_ptr_array_set_size (result->artifacts, 0);
  if (self->outcome == BUILDQ_OUTCOME_SUCCEEDED)
    for (guint i = 0; i < self->artifacts->len; i++)
      g_ptr_array_add (result->artifacts,
                       buildq_artifact_ref (self->artifacts->pdata[i]));
  return result;
}

/* One that the queue did not answer is handed in by the next worker. */
static void
not_answered (WorkerJob *self, const GError *error)
{
  g_info ("%s: result of '%s': %s", self->worker->name,
          buildq_job_get_key (get_job (self)), error->message);
  if (g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_LEASE_LOST))
    self->outcome = BUILDQ_OUTCOME_LOST;
  else
    self->keep = self->worker->keeps = TRUE;
  _buildq_worker_job_clean (self);
}

static void
completed (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqReceipt) receipt
      = buildq_agent_complete_finish (BUILDQ_AGENT (source), result, &error);
  gboolean given_up = !self->asked_queue;
  g_autoptr (GPtrArray) made = NULL;
  BuildqVerdict verdict;

  _buildq_worker_job_unref (self); /* that of the call */
  if (given_up)
    return;
  self->asked_queue = FALSE;
  if (receipt == NULL)
    {
      not_answered (self, error);
      return;
    }
  verdict = buildq_receipt_get_verdict (receipt);
  if (verdict == BUILDQ_VERDICT_ACCEPTED || verdict == BUILDQ_VERDICT_DUPLICATE)
    {
      made = buildq_receipt_get_artifacts (receipt);
      g_ptr_array_unref (self->entry->published);
      self->entry->published = _buildq_worker_to_publish (self->entry->grant, made);
      _buildq_worker_job_publish (self);
      return;
    }
  g_info ("%s: the result of '%s' is %s: %s", self->worker->name,
          buildq_job_get_key (get_job (self)), buildq_verdict_to_string (verdict),
          buildq_receipt_get_message (receipt) != NULL
              ? buildq_receipt_get_message (receipt)
              : "no reason given");
  self->outcome = BUILDQ_OUTCOME_LOST;
  _buildq_worker_job_clean (self);
}

static void
hand_in (WorkerJob *self)
{
  buildq_agent_complete_async (self->worker->agent, buildq_grant_get_token (self->grant),
                               self->entry->result, NULL, completed, self);
}

static void
finished (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  if (!self->asked_queue)
    {
      _buildq_worker_job_unref (self);
      return;
    }
  /* Not to hand it in would lose it for sure. */
  if (!_buildq_spool_put_finish (result, &error))
    g_warning ("%s: %s", self->worker->name, error->message);
  hand_in (self);
}

/* Hands in the result of the entry, which is on the disk. */
void
_buildq_worker_job_hand_in (WorkerJob *self)
{
  self->state = WORKER_JOB_COMPLETING;
  self->asked_queue = TRUE;
  g_rc_box_acquire (self);
  hand_in (self);
}

static void
complete (WorkerJob *self)
{
  g_autoptr (GError) error = NULL;
  BuildqResult *result = self->silent ? NULL : make_result (self);

  self->state = WORKER_JOB_COMPLETING;
  /* The queue is to hear first, or at the same time, that there will be a lease less. */
  _buildq_worker_update_offer (self->worker);
  if (result != NULL && !_buildq_value_validate (&_buildq_result_info, result, &error))
    {
      /* Nothing that a job does can lead here; but its lease must not stay for ever. */
      g_critical ("result of '%s': %s", buildq_job_get_key (get_job (self)),
                  error->message);
      g_clear_pointer (&result, buildq_result_unref);
    }
  if (result == NULL)
    {
      /* Refused for one that is lost, which is not held. */
      buildq_agent_release (self->worker->agent, buildq_grant_get_token (self->grant),
                            NULL);
      _buildq_worker_job_clean (self);
      return;
    }
  g_clear_pointer (&self->entry->result, buildq_result_unref);
  self->entry->result = result;
  self->asked_queue = TRUE;
  _buildq_worker_job_put (self, BUILDQ_SPOOL_FINISHED, finished);
}

void
_buildq_worker_job_finish (WorkerJob *self)
{
  g_autoptr (GError) error = NULL;

  self->state = WORKER_JOB_FINISHING;
  _buildq_worker_update_offer (self->worker);
  if (self->outcome == BUILDQ_OUTCOME_SUCCEEDED && !collect (self, &error))
    /* What a worker that was killed took into its store is not where it was made. */
    _buildq_worker_job_fail (self,
                             error->domain == BUILDQ_ERROR && !self->resumed
                                 ? BUILDQ_OUTCOME_FAILED
                                 : BUILDQ_OUTCOME_HOST_FAULT,
                             error);
  self->next = 0;
  store_next (self);
}
