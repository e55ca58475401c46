/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The functions of a queue that only look.
 */
#include "config.h"

#include <buildq/buildq-queue.h>

/**
 * buildq_queue_get_request_async:
 * @self: a queue
 * @request_id: the id of a request
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks for a request.
 *
 * Since: 0.1
 */
void
buildq_queue_get_request_async (BuildqQueue *self,
                                const char *request_id,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (request_id != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->get_request_async (self, request_id, io_priority,
                                                    cancellable, callback, user_data);
}

/**
 * buildq_queue_get_request_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `NOT_FOUND`
 *
 * Ends [method@Buildq.Queue.get_request_async].
 *
 * Returns: (transfer full): where it stands
 *
 * Since: 0.1
 */
BuildqRequestStatus *
buildq_queue_get_request_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->get_request_finish (self, result, error);
}

/**
 * buildq_queue_get_job_async:
 * @self: a queue
 * @key: the key of a job
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks for a job.
 *
 * Since: 0.1
 */
void
buildq_queue_get_job_async (BuildqQueue *self,
                            const char *key,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (key != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->get_job_async (self, key, io_priority, cancellable,
                                                callback, user_data);
}

/**
 * buildq_queue_get_job_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `NOT_FOUND`
 *
 * Ends [method@Buildq.Queue.get_job_async].
 *
 * Returns: (transfer full): where it stands
 *
 * Since: 0.1
 */
BuildqJobStatus *
buildq_queue_get_job_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->get_job_finish (self, result, error);
}

/**
 * buildq_queue_list_jobs_async:
 * @self: a queue
 * @query: which jobs, and how many
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks for jobs, page by page.
 *
 * Since: 0.1
 */
void
buildq_queue_list_jobs_async (BuildqQueue *self,
                              BuildqQuery *query,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (query != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->list_jobs_async (self, query, io_priority, cancellable,
                                                  callback, user_data);
}

/**
 * buildq_queue_list_jobs_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `INVALID` for a state that is not known, `NOT_FOUND` for the request
 *
 * Ends [method@Buildq.Queue.list_jobs_async].
 *
 * Returns: (transfer full): a page of jobs
 *
 * Since: 0.1
 */
BuildqJobPage *
buildq_queue_list_jobs_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->list_jobs_finish (self, result, error);
}

/**
 * buildq_queue_list_workers_async:
 * @self: a queue
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks for the machines.
 *
 * Since: 0.1
 */
void
buildq_queue_list_workers_async (BuildqQueue *self,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));

  BUILDQ_QUEUE_GET_IFACE (self)->list_workers_async (self, io_priority, cancellable,
                                                     callback, user_data);
}

/**
 * buildq_queue_list_workers_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: see [iface@Buildq.Queue]
 *
 * Ends [method@Buildq.Queue.list_workers_async].
 *
 * Returns: (transfer container) (element-type BuildqWorkerStatus): the machines
 *    that have, or lately had, a session
 *
 * Since: 0.1
 */
GPtrArray *
buildq_queue_list_workers_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->list_workers_finish (self, result, error);
}

/**
 * buildq_queue_set_worker_state_async:
 * @self: a queue
 * @name: the name of a machine
 * @state: %BUILDQ_WORKER_STATE_PAUSED: it takes no more jobs;
 *    %BUILDQ_WORKER_STATE_DRAINING: as well, and it leaves when it has none left;
 *    %BUILDQ_WORKER_STATE_READY: as it likes
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Sets what is wanted of a machine. It is remembered until it is set again, also while
 * the machine is away. A machine that was drained and has left is paused when it comes
 * back.
 *
 * Since: 0.1
 */
void
buildq_queue_set_worker_state_async (BuildqQueue *self,
                                     const char *name,
                                     BuildqWorkerState state,
                                     int io_priority,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (state == BUILDQ_WORKER_STATE_READY
                    || state == BUILDQ_WORKER_STATE_PAUSED
                    || state == BUILDQ_WORKER_STATE_DRAINING);

  BUILDQ_QUEUE_GET_IFACE (self)->set_worker_state_async (
      self, name, state, io_priority, cancellable, callback, user_data);
}

/**
 * buildq_queue_set_worker_state_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `NOT_FOUND` when there is no such machine; see [iface@Buildq.Queue]
 *
 * Ends [method@Buildq.Queue.set_worker_state_async].
 *
 * Returns: (transfer full): the machine
 *
 * Since: 0.1
 */
BuildqWorkerStatus *
buildq_queue_set_worker_state_finish (BuildqQueue *self,
                                      GAsyncResult *result,
                                      GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->set_worker_state_finish (self, result, error);
}

/**
 * buildq_queue_read_log_async:
 * @self: a queue
 * @key: the key of a job
 * @offset: from which byte on
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Reads the log of a job.
 *
 * Asking makes the holder of a running job send its log for a while.
 *
 * Since: 0.1
 */
void
buildq_queue_read_log_async (BuildqQueue *self,
                             const char *key,
                             gint64 offset,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (key != NULL);
  g_return_if_fail (offset >= 0);

  BUILDQ_QUEUE_GET_IFACE (self)->read_log_async (self, key, offset, io_priority,
                                                 cancellable, callback, user_data);
}

/**
 * buildq_queue_read_log_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `NOT_FOUND`
 *
 * Ends [method@Buildq.Queue.read_log_async].
 *
 * Returns: (transfer full): a piece of the log. It may be empty: then there
 *    is nothing more, when it is finished, or nothing more yet
 *
 * Since: 0.1
 */
BuildqLogChunk *
buildq_queue_read_log_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->read_log_finish (self, result, error);
}

/**
 * buildq_queue_get_stats_async:
 * @self: a queue
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks what the queue counts and measures.
 *
 * This is cheap however many jobs there are, and tells whether the queue works: it fails
 * with `UNAVAILABLE` and the reason when the queue could not write to its journal.
 *
 * Since: 0.1
 */
void
buildq_queue_get_stats_async (BuildqQueue *self,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));

  BUILDQ_QUEUE_GET_IFACE (self)->get_stats_async (self, io_priority, cancellable,
                                                  callback, user_data);
}

/**
 * buildq_queue_get_stats_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `UNAVAILABLE`, `NOT_FOUND` when a queue elsewhere is too old to be asked
 *
 * Ends [method@Buildq.Queue.get_stats_async].
 *
 * Returns: (transfer full): what it counts
 *
 * Since: 0.1
 */
BuildqStats *
buildq_queue_get_stats_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->get_stats_finish (self, result, error);
}
