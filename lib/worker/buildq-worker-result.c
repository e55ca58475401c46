/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * One grant, after the answer of its executor: outputs are checked, put into the store
 * and uploaded, then the log, then the result; what the queue accepts is published.
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
#include <buildq/buildq-result-builder.h>
#include <buildq/buildq-result.h>
#include <string.h>

#define MAX_LOG_NAME 150 /* of the key in the name of a log */

static void store_next (WorkerJob *self);
static void upload_next (WorkerJob *self);
static void publish_next (WorkerJob *self);
static void upload_log (WorkerJob *self);
static void complete (WorkerJob *self);

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

/* All that an output may refer to: what the inputs are, and need, and the other outputs.
 */
static char **
list_candidates (WorkerJob *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; self->known != NULL && i < self->known->len; i++)
    {
      const char *const *references
          = buildq_artifact_get_references (self->known->pdata[i]);

      g_strv_builder_add (builder,
                          buildq_artifact_get_store_path (self->known->pdata[i]));
      g_strv_builder_addv (builder, (const char **) references);
    }
  for (guint i = 0; i < self->store_paths->len; i++)
    g_strv_builder_add (builder, self->store_paths->pdata[i]);
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

      g_prefix_error (&error, "putting '%s' into the store: ",
                      (const char *) self->store_paths->pdata[self->next]);
      _buildq_worker_job_fail (
          self, of_job ? BUILDQ_OUTCOME_FAILED : BUILDQ_OUTCOME_HOST_FAULT, error);
    }
  else
    g_ptr_array_add (self->artifacts, artifact);
  self->next++;
  store_next (self);
}

static void
store_next (WorkerJob *self)
{
  g_auto (GStrv) candidates = NULL;

  if (self->outcome != BUILDQ_OUTCOME_SUCCEEDED)
    upload_log (self);
  else if (self->next == self->real_paths->len)
    {
      self->next = 0;
      upload_next (self);
    }
  else
    {
      candidates = list_candidates (self);
      buildq_store_add_async (self->worker->store, self->real_paths->pdata[self->next],
                              self->store_paths->pdata[self->next],
                              (const char *const *) candidates, G_PRIORITY_DEFAULT,
                              self->cancellable, stored, self);
    }
}

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
make_result (WorkerJob *self, GError **error)
{
  g_autoptr (BuildqResultBuilder) builder = buildq_result_builder_new ();
  gint64 now = _buildq_clock_real ();
  gint64 started = self->run != NULL ? _buildq_run_get_started_us (self->run) : 0;
  gint64 finished = self->run != NULL ? _buildq_run_get_finished_us (self->run) : 0;
  g_autofree char *tail = NULL;

  buildq_result_builder_set_key (builder, buildq_job_get_key (get_job (self)));
  buildq_result_builder_set_token (builder, buildq_grant_get_token (self->grant));
  buildq_result_builder_set_attempt (builder, buildq_grant_get_attempt (self->grant));
  buildq_result_builder_set_outcome (builder, self->outcome);
  buildq_result_builder_set_message (builder, self->message);
  buildq_result_builder_set_worker (builder, self->worker->name);
  buildq_result_builder_set_started_us (builder, started > 0 ? started : now);
  buildq_result_builder_set_finished_us (builder, finished > 0 ? finished : now);
  buildq_result_builder_set_log (builder, self->log);
  if (self->run != NULL)
    {
      BuildqLogSpool *spool = _buildq_run_get_spool (self->run);

      tail = _buildq_log_spool_tail (spool);
      buildq_result_builder_set_log_bytes (builder, _buildq_log_spool_get_size (spool));
      buildq_result_builder_set_log_tail (builder, tail[0] != '\0' ? tail : NULL);
      buildq_result_builder_set_exit_status (builder,
                                             _buildq_run_get_exit_status (self->run));
    }
  if (self->outcome == BUILDQ_OUTCOME_SUCCEEDED)
    for (guint i = 0; i < self->artifacts->len; i++)
      buildq_result_builder_add_artifact (builder, self->artifacts->pdata[i]);
  return buildq_result_builder_build (builder, error);
}

static void
completed (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqReceipt) receipt
      = buildq_agent_complete_finish (BUILDQ_AGENT (source), result, &error);
  gboolean given_up = !self->asked_queue;
  BuildqVerdict verdict;

  _buildq_worker_job_unref (self); /* that of the call */
  if (given_up)
    return;
  self->asked_queue = FALSE;
  if (receipt == NULL)
    {
      g_info ("%s: result of '%s': %s", self->worker->name,
              buildq_job_get_key (get_job (self)), error->message);
      if (g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_LEASE_LOST))
        self->outcome = BUILDQ_OUTCOME_LOST;
      _buildq_worker_job_clean (self);
      return;
    }
  verdict = buildq_receipt_get_verdict (receipt);
  self->next = 0;
  if (verdict == BUILDQ_VERDICT_ACCEPTED || verdict == BUILDQ_VERDICT_DUPLICATE)
    self->published = buildq_receipt_get_artifacts (receipt);
  else
    {
      g_info ("%s: the result of '%s' is %s: %s", self->worker->name,
              buildq_job_get_key (get_job (self)), buildq_verdict_to_string (verdict),
              buildq_receipt_get_message (receipt) != NULL
                  ? buildq_receipt_get_message (receipt)
                  : "no reason given");
      self->outcome = BUILDQ_OUTCOME_LOST;
    }
  publish_next (self);
}

static void
complete (WorkerJob *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqResult) result = NULL;

  self->state = WORKER_JOB_COMPLETING;
  /* The queue is to hear first, or at the same time, that there will be a lease less. */
  _buildq_worker_update_offer (self->worker);
  if (!self->silent)
    result = make_result (self, &error);
  if (error != NULL)
    {
      /* Nothing that a job does can lead here; but its lease must not stay for ever. */
      g_critical ("result of '%s': %s", buildq_job_get_key (get_job (self)),
                  error->message);
      self->silent = TRUE;
    }
  if (self->silent)
    {
      /* Refused for one that is lost, which is not held. */
      buildq_agent_release (self->worker->agent, buildq_grant_get_token (self->grant),
                            NULL);
      _buildq_worker_job_clean (self);
      return;
    }
  self->asked_queue = TRUE;
  buildq_agent_complete_async (self->worker->agent, buildq_grant_get_token (self->grant),
                               result, NULL, completed, g_rc_box_acquire (self));
}

/* --- what the queue accepted --- */

static void
published (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  /* The queue knows where it can be had; it only cannot be found by its name. */
  if (!buildq_uploader_publish_finish (BUILDQ_UPLOADER (source), result, &error))
    g_info ("%s: publishing '%s': %s", self->worker->name,
            buildq_artifact_get_store_path (self->published->pdata[self->next]),
            error->message);
  self->next++;
  publish_next (self);
}

static void
publish_next (WorkerJob *self)
{
  if (self->published == NULL || self->next == self->published->len
      || self->worker->mirrors->len == 0)
    _buildq_worker_job_clean (self);
  else
    buildq_uploader_publish_async (self->worker->uploader,
                                   self->published->pdata[self->next], G_PRIORITY_DEFAULT,
                                   self->cancellable, published, self);
}

void
_buildq_worker_job_finish (WorkerJob *self)
{
  g_autoptr (GError) error = NULL;

  self->state = WORKER_JOB_FINISHING;
  _buildq_worker_update_offer (self->worker);
  if (self->outcome == BUILDQ_OUTCOME_SUCCEEDED && !collect (self, &error))
    _buildq_worker_job_fail (self,
                             error->domain == BUILDQ_ERROR ? BUILDQ_OUTCOME_FAILED
                                                           : BUILDQ_OUTCOME_HOST_FAULT,
                             error);
  self->next = 0;
  store_next (self);
}
