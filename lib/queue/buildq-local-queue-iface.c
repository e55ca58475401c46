/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What a local queue does as a queue: each call brings the engine to the present, changes
 * or asks it, and is answered when that is on disk.
 */
#include "config.h"

#include "queue/buildq-local-queue-private.h"

#include "core/buildq-protocol.h"
#include "core/buildq-thread.h"

#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-stats.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>
#include <buildq/buildq-worker-status.h>

#define MAX_TEXT_BYTES (16 * 1024 * 1024)
#define PROBE_US G_USEC_PER_SEC /* between two commits that only test */

/* A task for @tag, with the queue brought to the present; NULL when it was answered. */
static GTask *
begin (BuildqQueue *queue,
       gpointer tag,
       int io_priority,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (queue, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  if (!_buildq_local_queue_begin (BUILDQ_LOCAL_QUEUE (queue), task))
    return NULL;
  return g_steal_pointer (&task);
}

static void
end (BuildqQueue *queue, GTask *task, gpointer value, gpointer destroy, GError *error)
{
  _buildq_local_queue_end (BUILDQ_LOCAL_QUEUE (queue), task, value,
                           (GDestroyNotify) destroy, error);
}

static gpointer
finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, queue), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
end_with_request (BuildqQueue *queue, GTask *task, EngineRequest *request, GError *error)
{
  /* What the change did to the request belongs to the answer. */
  _buildq_engine_settle (BUILDQ_LOCAL_QUEUE (queue)->engine);
  end (queue, task, request != NULL ? _buildq_engine_request_status (request) : NULL,
       buildq_request_status_unref, error);
}

static void
submit_async (BuildqQueue *queue,
              BuildqRequest *request,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, submit_async, io_priority, cancellable, callback, user_data);
  g_autoptr (BuildqRequest) named = NULL;
  EngineRequest *taken;
  GError *error = NULL;

  if (task == NULL)
    return;
  if (request->id == NULL)
    {
      named = _buildq_value_copy (&_buildq_request_info, request);
      named->id = g_uuid_string_random ();
      request = named;
    }
  taken = _buildq_engine_submit (BUILDQ_LOCAL_QUEUE (queue)->engine, request, &error);
  end_with_request (queue, task, taken, error);
}

static BuildqRequestStatus *
submit_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
cancel_async (BuildqQueue *queue,
              const char *request_id,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, cancel_async, io_priority, cancellable, callback, user_data);
  EngineRequest *request;
  GError *error = NULL;

  if (task == NULL)
    return;
  request
      = _buildq_engine_cancel (BUILDQ_LOCAL_QUEUE (queue)->engine, request_id, &error);
  end_with_request (queue, task, request, error);
}

static BuildqRequestStatus *
cancel_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
retry_async (BuildqQueue *queue,
             const char *request_id,
             const char *key,
             int io_priority,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, retry_async, io_priority, cancellable, callback, user_data);
  EngineRequest *request;
  GError *error = NULL;

  if (task == NULL)
    return;
  request = _buildq_engine_retry (BUILDQ_LOCAL_QUEUE (queue)->engine, request_id, key,
                                  &error);
  end_with_request (queue, task, request, error);
}

static BuildqRequestStatus *
retry_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
get_request_async (BuildqQueue *queue,
                   const char *request_id,
                   int io_priority,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, get_request_async, io_priority, cancellable, callback, user_data);
  EngineRequest *request;
  GError *error = NULL;

  if (task == NULL)
    return;
  request = _buildq_engine_get_request (BUILDQ_LOCAL_QUEUE (queue)->engine, request_id,
                                        &error);
  end_with_request (queue, task, request, error);
}

static BuildqRequestStatus *
get_request_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

/* --- sessions --- */

static void
introduce (BuildqLocalQueue *self, BuildqSyncReply *reply)
{
  static const char *const capabilities[] = { BUILDQ_CAPABILITIES, NULL };
  g_autofree char *key = buildq_key_to_public_string (self->key);

  _buildq_set_string (&reply->instance, self->instance);
  _buildq_set_string (&reply->store_dir, self->store_dir);
  _buildq_strv_add (&reply->keys, key);
  g_strfreev (reply->capabilities);
  reply->capabilities = g_strdupv ((char **) capabilities);
}

static void
sync_async (BuildqQueue *queue,
            BuildqSyncMessage *message,
            int io_priority,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  BuildqLocalQueue *self = BUILDQ_LOCAL_QUEUE (queue);
  g_autoptr (GTask) task
      = begin (queue, sync_async, io_priority, cancellable, callback, user_data);
  BuildqSyncReply *reply;
  GError *error = NULL;

  if (task == NULL)
    return;
  reply = _buildq_engine_sync (self->engine, message, &error);
  if (reply != NULL && message->step == BUILDQ_SESSION_STEP_ATTACH)
    introduce (self, reply);
  end (queue, task, reply, buildq_sync_reply_unref, error);
}

static BuildqSyncReply *
sync_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

/* --- questions --- */

static void
get_job_async (BuildqQueue *queue,
               const char *key,
               int io_priority,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  BuildqLocalQueue *self = BUILDQ_LOCAL_QUEUE (queue);
  g_autoptr (GTask) task
      = begin (queue, get_job_async, io_priority, cancellable, callback, user_data);
  EngineJob *job;
  GError *error = NULL;

  if (task == NULL)
    return;
  job = _buildq_engine_get_job (self->engine, key, &error);
  end (queue, task,
       job != NULL ? _buildq_engine_job_status (self->engine, job, TRUE) : NULL,
       buildq_job_status_unref, error);
}

static BuildqJobStatus *
get_job_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
list_jobs_async (BuildqQueue *queue,
                 BuildqQuery *query,
                 int io_priority,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, list_jobs_async, io_priority, cancellable, callback, user_data);
  BuildqJobPage *page;
  GError *error = NULL;

  if (task == NULL)
    return;
  page = _buildq_engine_list_jobs (BUILDQ_LOCAL_QUEUE (queue)->engine, query, &error);
  end (queue, task, page, buildq_job_page_unref, error);
}

static BuildqJobPage *
list_jobs_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
list_workers_async (BuildqQueue *queue,
                    int io_priority,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, list_workers_async, io_priority, cancellable, callback, user_data);

  if (task == NULL)
    return;
  end (queue, task, _buildq_engine_list_workers (BUILDQ_LOCAL_QUEUE (queue)->engine),
       g_ptr_array_unref, NULL);
}

static GPtrArray *
list_workers_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
set_worker_state_async (BuildqQueue *queue,
                        const char *name,
                        BuildqWorkerState state,
                        int io_priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = begin (queue, set_worker_state_async, io_priority, cancellable,
                                  callback, user_data);
  BuildqWorkerStatus *status;
  GError *error = NULL;

  if (task == NULL)
    return;
  status = _buildq_engine_set_worker_state (BUILDQ_LOCAL_QUEUE (queue)->engine, name,
                                            state, &error);
  end (queue, task, status, buildq_worker_status_unref, error);
}

static BuildqWorkerStatus *
set_worker_state_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
read_log_async (BuildqQueue *queue,
                const char *key,
                gint64 offset,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  BuildqLocalQueue *self = BUILDQ_LOCAL_QUEUE (queue);
  g_autoptr (GTask) task
      = begin (queue, read_log_async, io_priority, cancellable, callback, user_data);
  EngineJob *job;
  GError *error = NULL;

  if (task == NULL)
    return;
  job = _buildq_engine_get_job (self->engine, key, &error);
  end (queue, task,
       job != NULL ? _buildq_engine_read_log (self->engine, job, offset) : NULL,
       buildq_log_chunk_unref, error);
}

static BuildqLogChunk *
read_log_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

/* Whether the last commit succeeded; else FALSE with the reason, or a commit is under way
 * that will tell whoever is answered with it. */
static gboolean
probe (BuildqLocalQueue *self, GError **error)
{
  if (self->unwell == NULL || self->journal == NULL)
    return TRUE;
  if (_buildq_clock_now () < self->next_probe)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                   "the queue could not write to its journal: %s", self->unwell->message);
      return FALSE;
    }
  self->next_probe = _buildq_clock_now () + PROBE_US;
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_META, "instance",
                       self->instance);
  return TRUE;
}

static void
get_stats_async (BuildqQueue *queue,
                 int io_priority,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  BuildqLocalQueue *self = BUILDQ_LOCAL_QUEUE (queue);
  g_autoptr (GTask) task
      = begin (queue, get_stats_async, io_priority, cancellable, callback, user_data);
  GError *error = NULL;

  if (task == NULL)
    return;
  end (queue, task, probe (self, &error) ? _buildq_engine_stats (self->engine) : NULL,
       buildq_stats_unref, error);
}

static BuildqStats *
get_stats_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

/* --- texts --- */

static void
put_text_async (BuildqQueue *queue,
                GBytes *text,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, put_text_async, io_priority, cancellable, callback, user_data);
  GError *error = NULL;
  char *hash = NULL;

  if (task == NULL)
    return;
  if (g_bytes_get_size (text) > MAX_TEXT_BYTES)
    error = g_error_new (BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                         "a text of %" G_GSIZE_FORMAT " bytes is over the limit of %d",
                         g_bytes_get_size (text), MAX_TEXT_BYTES);
  else
    hash = _buildq_engine_put_text (BUILDQ_LOCAL_QUEUE (queue)->engine, text);
  end (queue, task, hash, g_free, error);
}

static char *
put_text_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
get_text_async (BuildqQueue *queue,
                const char *hash,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, get_text_async, io_priority, cancellable, callback, user_data);
  GBytes *text;
  GError *error = NULL;

  if (task == NULL)
    return;
  text = _buildq_engine_get_text (BUILDQ_LOCAL_QUEUE (queue)->engine, hash, &error);
  end (queue, task, text, g_bytes_unref, error);
}

static GBytes *
get_text_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
missing_texts_async (BuildqQueue *queue,
                     const char *const *hashes,
                     int io_priority,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task
      = begin (queue, missing_texts_async, io_priority, cancellable, callback, user_data);
  g_autoptr (GPtrArray) missing = NULL;

  if (task == NULL)
    return;
  missing = g_ptr_array_new ();
  for (guint i = 0; hashes[i] != NULL; i++)
    if (!_buildq_engine_has_text (BUILDQ_LOCAL_QUEUE (queue)->engine, hashes[i]))
      g_ptr_array_add (missing, g_strdup (hashes[i]));
  g_ptr_array_add (missing, NULL);
  end (queue, task, g_ptr_array_free (g_steal_pointer (&missing), FALSE), g_strfreev,
       NULL);
}

static char **
missing_texts_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

void
_buildq_local_queue_iface_init (BuildqQueueInterface *iface)
{
  iface->submit_async = submit_async;
  iface->submit_finish = submit_finish;
  iface->sync_async = sync_async;
  iface->sync_finish = sync_finish;
  iface->cancel_async = cancel_async;
  iface->cancel_finish = cancel_finish;
  iface->retry_async = retry_async;
  iface->retry_finish = retry_finish;
  iface->get_request_async = get_request_async;
  iface->get_request_finish = get_request_finish;
  iface->get_job_async = get_job_async;
  iface->get_job_finish = get_job_finish;
  iface->list_jobs_async = list_jobs_async;
  iface->list_jobs_finish = list_jobs_finish;
  iface->list_workers_async = list_workers_async;
  iface->list_workers_finish = list_workers_finish;
  iface->set_worker_state_async = set_worker_state_async;
  iface->set_worker_state_finish = set_worker_state_finish;
  iface->read_log_async = read_log_async;
  iface->read_log_finish = read_log_finish;
  iface->get_stats_async = get_stats_async;
  iface->get_stats_finish = get_stats_finish;
  iface->put_text_async = put_text_async;
  iface->put_text_finish = put_text_finish;
  iface->get_text_async = get_text_async;
  iface->get_text_finish = get_text_finish;
  iface->missing_texts_async = missing_texts_async;
  iface->missing_texts_finish = missing_texts_finish;
}
