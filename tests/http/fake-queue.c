/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "fake-queue.h"

#include "core/buildq-hash.h"
#include "queue/buildq-queue-private.h"

#include <buildq/buildq-grant.h>
#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-stats.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>
#include <buildq/buildq-worker-status.h>

static void iface_init (BuildqQueueInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeQueue,
                               fake_queue,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_QUEUE, iface_init))

gboolean
fake_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
keep_result (GObject *source, GAsyncResult *result, gpointer place)
{
  g_assert_null (*(GAsyncResult **) place);
  *(GAsyncResult **) place = g_object_ref (result);
}

static void
fake_queue_finalize (GObject *object)
{
  FakeQueue *self = FAKE_QUEUE (object);

  g_clear_error (&self->next_error);
  g_queue_clear_full (&self->held, g_object_unref);
  g_ptr_array_unref (self->messages);
  g_ptr_array_unref (self->grants);
  g_clear_pointer (&self->submitted, buildq_request_unref);
  g_clear_pointer (&self->query, buildq_query_unref);
  g_clear_pointer (&self->stats, buildq_stats_unref);
  g_hash_table_unref (self->texts);
  g_free (self->asked);
  g_free (self->retried);
  g_free (self->submitter);
  G_OBJECT_CLASS (fake_queue_parent_class)->finalize (object);
}

static void
fake_queue_class_init (FakeQueueClass *class)
{
  G_OBJECT_CLASS (class)->finalize = fake_queue_finalize;
}

static void
fake_queue_init (FakeQueue *self)
{
  self->messages
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_sync_message_unref);
  self->grants = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_grant_unref);
  self->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                       (GDestroyNotify) g_bytes_unref);
  self->submitter = g_strdup ("sue");
}

FakeQueue *
fake_queue_new (void)
{
  return g_object_new (FAKE_TYPE_QUEUE, NULL);
}

BuildqSyncMessage *
fake_queue_last (FakeQueue *self)
{
  g_assert_cmpuint (self->messages->len, >, 0);
  return self->messages->pdata[self->messages->len - 1];
}

BuildqGrant *
fake_grant_new (const char *token, const char *key)
{
  g_autofree char *json = g_strdup_printf (
      "{\"token\":\"%s\",\"attempt\":1,\"claim_ms\":1000,\"job\":"
      "{\"key\":\"%s\",\"kind\":\"command\",\"system\":\"s\",\"argv\":[\"true\"]}}",
      token, key);
  g_autoptr (GError) error = NULL;
  BuildqGrant *grant = buildq_grant_new_from_json (json, &error);

  g_assert_no_error (error);
  return grant;
}

/* A task for a call; NULL when it was failed at once. */
static GTask *
begin (BuildqQueue *queue,
       const char *asked,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer data)
{
  FakeQueue *self = FAKE_QUEUE (queue);
  g_autoptr (GTask) task = g_task_new (queue, cancellable, callback, data);

  _buildq_set_string (&self->asked, asked);
  if (self->next_error == NULL)
    return g_steal_pointer (&task);
  g_task_return_error (task, g_steal_pointer (&self->next_error));
  return NULL;
}

static gpointer
finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  g_assert_true (g_task_is_valid (result, queue));
  return g_task_propagate_pointer (G_TASK (result), error);
}

static BuildqRequestStatus *
make_status (FakeQueue *self, const char *id)
{
  BuildqRequestStatus *status = _buildq_value_new (&_buildq_request_status_info);

  status->id = g_strdup (id);
  status->submitter = g_strdup (self->submitter);
  status->total = 1;
  return status;
}

static void
return_status (GTask *task, FakeQueue *self, const char *id)
{
  if (g_str_has_prefix (id, "no-"))
    g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                             "there is no request '%s'", id);
  else
    g_task_return_pointer (task, make_status (self, id),
                           (GDestroyNotify) buildq_request_status_unref);
}

static void
submit_async (BuildqQueue *queue,
              BuildqRequest *request,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer data)
{
  FakeQueue *self = FAKE_QUEUE (queue);
  g_autoptr (GTask) task = begin (queue, request->id, cancellable, callback, data);

  g_clear_pointer (&self->submitted, buildq_request_unref);
  self->submitted = buildq_request_ref (request);
  if (task != NULL)
    return_status (task, self, request->id);
}

static BuildqRequestStatus *
submit_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

BuildqSyncReply *
fake_queue_make_reply (FakeQueue *self, const char *session, gint64 ack)
{
  BuildqSyncReply *reply = _buildq_value_new (&_buildq_sync_reply_info);

  reply->session = g_strdup (session);
  reply->seq = ++self->reply_seq;
  reply->ack = ack;
  reply->instance = g_strdup ("fake");
  reply->next_ms = 20000;
  for (guint i = 0; i < self->grants->len; i++)
    g_ptr_array_add (reply->grants, buildq_grant_ref (self->grants->pdata[i]));
  return reply;
}

static void
answer (FakeQueue *self, GTask *task)
{
  BuildqSyncMessage *message = g_task_get_task_data (task);

  g_task_return_pointer (task,
                         fake_queue_make_reply (self, message->session, message->seq),
                         (GDestroyNotify) buildq_sync_reply_unref);
}

void
fake_queue_answer (FakeQueue *self, guint n)
{
  g_autoptr (GTask) task = g_queue_pop_nth (&self->held, n);

  g_assert_nonnull (task);
  answer (self, task);
}

static void
sync_async (BuildqQueue *queue,
            BuildqSyncMessage *message,
            int io_priority,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer data)
{
  FakeQueue *self = FAKE_QUEUE (queue);
  g_autoptr (GTask) task = NULL;

  g_ptr_array_add (self->messages, buildq_sync_message_ref (message));
  if (message->step == BUILDQ_SESSION_STEP_DETACH)
    {
      task = g_task_new (queue, cancellable, callback, data);
      g_task_set_task_data (task, buildq_sync_message_ref (message),
                            (GDestroyNotify) buildq_sync_message_unref);
      answer (self, task);
      return;
    }
  task = begin (queue, message->name, cancellable, callback, data);
  if (task == NULL)
    return;
  g_task_set_task_data (task, buildq_sync_message_ref (message),
                        (GDestroyNotify) buildq_sync_message_unref);
  if (self->hold)
    g_queue_push_tail (&self->held, g_steal_pointer (&task));
  else
    answer (self, task);
}

static BuildqSyncReply *
sync_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
cancel_async (BuildqQueue *queue,
              const char *id,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer data)
{
  g_autoptr (GTask) task = begin (queue, id, cancellable, callback, data);

  FAKE_QUEUE (queue)->cancels++;
  if (task != NULL)
    return_status (task, FAKE_QUEUE (queue), id);
}

static BuildqRequestStatus *
cancel_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
retry_async (BuildqQueue *queue,
             const char *id,
             const char *key,
             int io_priority,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer data)
{
  FakeQueue *self = FAKE_QUEUE (queue);
  g_autoptr (GTask) task = begin (queue, key, cancellable, callback, data);

  self->retries++;
  _buildq_set_string (&self->retried, id);
  if (task != NULL)
    return_status (task, self, id != NULL ? id : "r-of-job");
}

static BuildqRequestStatus *
retry_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
get_request_async (BuildqQueue *queue,
                   const char *id,
                   int io_priority,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer data)
{
  g_autoptr (GTask) task = begin (queue, id, cancellable, callback, data);

  if (task != NULL)
    return_status (task, FAKE_QUEUE (queue), id);
}

static BuildqRequestStatus *
get_request_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static BuildqJobStatus *
make_job_status (const char *key)
{
  BuildqJobStatus *status = _buildq_value_new (&_buildq_job_status_info);

  status->key = g_strdup (key);
  status->state = BUILDQ_JOB_STATE_READY;
  _buildq_strv_add (&status->requests, "r-of-job");
  return status;
}

static void
get_job_async (BuildqQueue *queue,
               const char *key,
               int io_priority,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer data)
{
  g_autoptr (GTask) task = begin (queue, key, cancellable, callback, data);

  if (task != NULL)
    g_task_return_pointer (task, make_job_status (key),
                           (GDestroyNotify) buildq_job_status_unref);
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
                 gpointer data)
{
  FakeQueue *self = FAKE_QUEUE (queue);
  g_autoptr (GTask) task = begin (queue, query->request, cancellable, callback, data);
  BuildqJobPage *page;

  g_clear_pointer (&self->query, buildq_query_unref);
  g_clear_pointer (&self->stats, buildq_stats_unref);
  self->query = buildq_query_ref (query);
  if (task == NULL)
    return;
  page = _buildq_value_new (&_buildq_job_page_info);
  g_ptr_array_add (page->jobs, make_job_status ("one"));
  page->next = query->after + 1;
  g_task_return_pointer (task, page, (GDestroyNotify) buildq_job_page_unref);
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
                    gpointer data)
{
  g_autoptr (GTask) task = begin (queue, NULL, cancellable, callback, data);
  GPtrArray *workers;

  if (task == NULL)
    return;
  workers = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_worker_status_unref);
  for (guint i = 0; i < 2; i++)
    {
      BuildqWorkerStatus *status = _buildq_value_new (&_buildq_worker_status_info);

      status->name = g_strdup_printf ("w%u", i);
      g_ptr_array_add (workers, status);
    }
  g_task_return_pointer (task, workers, (GDestroyNotify) g_ptr_array_unref);
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
                        gpointer data)
{
  g_autoptr (GTask) task = begin (queue, name, cancellable, callback, data);
  BuildqWorkerStatus *status;

  if (task == NULL)
    return;
  status = _buildq_value_new (&_buildq_worker_status_info);
  status->name = g_strdup (name);
  status->state = state;
  g_task_return_pointer (task, status, (GDestroyNotify) buildq_worker_status_unref);
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
                gpointer data)
{
  g_autoptr (GTask) task = begin (queue, key, cancellable, callback, data);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("log\0text", 8);

  FAKE_QUEUE (queue)->offset = offset;
  if (task != NULL)
    g_task_return_pointer (task, buildq_log_chunk_new (NULL, offset, bytes, TRUE, NULL),
                           (GDestroyNotify) buildq_log_chunk_unref);
}

static BuildqLogChunk *
read_log_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
put_text_async (BuildqQueue *queue,
                GBytes *text,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer data)
{
  g_autoptr (GTask) task = begin (queue, NULL, cancellable, callback, data);
  guint8 digest[BUILDQ_HASH_BYTES];
  gsize size;
  gconstpointer bytes = g_bytes_get_data (text, &size);
  char *hash;

  if (task == NULL)
    return;
  _buildq_hash_bytes (bytes, size, digest);
  hash = _buildq_hash_format (digest);
  g_hash_table_insert (FAKE_QUEUE (queue)->texts, g_strdup (hash), g_bytes_ref (text));
  g_task_return_pointer (task, hash, g_free);
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
                gpointer data)
{
  g_autoptr (GTask) task = begin (queue, hash, cancellable, callback, data);
  GBytes *text = g_hash_table_lookup (FAKE_QUEUE (queue)->texts, hash);

  if (task == NULL)
    return;
  if (text != NULL)
    g_task_return_pointer (task, g_bytes_ref (text), (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                             "there is no text '%s'", hash);
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
                     gpointer data)
{
  g_autoptr (GTask) task = begin (queue, NULL, cancellable, callback, data);
  g_autoptr (GStrvBuilder) missing = g_strv_builder_new ();

  if (task == NULL)
    return;
  for (guint i = 0; hashes[i] != NULL; i++)
    if (!g_hash_table_contains (FAKE_QUEUE (queue)->texts, hashes[i]))
      g_strv_builder_add (missing, hashes[i]);
  g_task_return_pointer (task, g_strv_builder_end (missing), (GDestroyNotify) g_strfreev);
}

static char **
missing_texts_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

static void
get_stats_async (BuildqQueue *queue,
                 int io_priority,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer data)
{
  g_autoptr (GTask) task = begin (queue, "stats", cancellable, callback, data);
  FakeQueue *self = FAKE_QUEUE (queue);

  if (task == NULL)
    return;
  g_task_return_pointer (task,
                         self->stats != NULL ? buildq_stats_ref (self->stats)
                                             : _buildq_value_new (&_buildq_stats_info),
                         (GDestroyNotify) buildq_stats_unref);
}

static BuildqStats *
get_stats_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
iface_init (BuildqQueueInterface *iface)
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
  iface->put_text_async = put_text_async;
  iface->put_text_finish = put_text_finish;
  iface->get_text_async = get_text_async;
  iface->get_text_finish = get_text_finish;
  iface->missing_texts_async = missing_texts_async;
  iface->missing_texts_finish = missing_texts_finish;
  iface->get_stats_async = get_stats_async;
  iface->get_stats_finish = get_stats_finish;
}
