/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-queue-private.h"

#include "core/buildq-thread.h"

#include <buildq/buildq-queue.h>
#include <buildq/buildq-sync-reply.h>

/**
 * BuildqQueue:
 *
 * Where work is submitted and leased.
 *
 * [class@Buildq.LocalQueue] is a queue of its own, in this process;
 * [class@Buildq.RemoteQueue] one that speaks to a [class@Buildq.Server] elsewhere. Who
 * uses one cannot tell which it is.
 *
 * All functions are asynchronous and safe to repeat. Their errors are those of
 * [error@Buildq.Error]; a queue that cannot be reached now gives `UNAVAILABLE`, which
 * [func@Buildq.Error.is_transient] tells apart, and any of them can be cancelled
 * (`G_IO_ERROR_CANCELLED`). A cancelled call may still have had its effect.
 *
 * A queue belongs to the thread-default main context of the thread that made it.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (BuildqQueue, buildq_queue, G_TYPE_OBJECT)

static guint pushed_signal;

static void
buildq_queue_default_init (BuildqQueueInterface *iface)
{
  /**
   * BuildqQueue::pushed:
   * @self: a queue
   * @session: the id of the session
   * @reply: what it should know
   *
   * Emitted when a queue has something to say to a session that has not asked, but has
   * said with its last message that it can be pushed to.
   *
   * The reply obeys the same rules as an answer of [method@Buildq.Queue.sync_async], and
   * replaces what an earlier one said.
   *
   * Since: 0.1
   */
  pushed_signal
      = g_signal_new ("pushed", G_TYPE_FROM_INTERFACE (iface), G_SIGNAL_RUN_LAST, 0, NULL,
                      NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, BUILDQ_TYPE_SYNC_REPLY);
}

void
_buildq_queue_emit_pushed (BuildqQueue *self, const char *session, BuildqSyncReply *reply)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (session != NULL);
  g_return_if_fail (reply != NULL);
  g_return_if_fail (!_buildq_thread_is_marked ());

  g_signal_emit (self, pushed_signal, 0, session, reply);
}

/**
 * buildq_queue_submit_async:
 * @self: a queue
 * @request: the request
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Submits a request with its jobs.
 *
 * A request whose id the queue knows is answered with its status and changes nothing, so
 * that it can be sent again when an answer was lost. A job whose key is known is shared,
 * when it is the same work.
 *
 * Since: 0.1
 */
void
buildq_queue_submit_async (BuildqQueue *self,
                           BuildqRequest *request,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (request != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->submit_async (self, request, io_priority, cancellable,
                                               callback, user_data);
}

/**
 * buildq_queue_submit_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `INVALID` for a request that cannot be (a cycle, a dependency that is not
 * there), `CONFLICT` for other work under a known key, `NOT_FOUND` for a text that the
 * queue lacks
 *
 * Ends [method@Buildq.Queue.submit_async].
 *
 * Returns: (transfer full): where the request stands, once that is durable
 *
 * Since: 0.1
 */
BuildqRequestStatus *
buildq_queue_submit_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->submit_finish (self, result, error);
}

/**
 * buildq_queue_sync_async:
 * @self: a queue
 * @message: what the session says
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Says what a session has, and asks what it should have.
 *
 * Messages of one session are handled in the order in which they are given.
 *
 * Since: 0.1
 */
void
buildq_queue_sync_async (BuildqQueue *self,
                         BuildqSyncMessage *message,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (message != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->sync_async (self, message, io_priority, cancellable,
                                             callback, user_data);
}

/**
 * buildq_queue_sync_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `EXISTS` when another live session has the same name, `INVALID`, `UNAVAILABLE`
 *
 * Ends [method@Buildq.Queue.sync_async].
 *
 * Returns: (transfer full): what the queue wants
 *
 * Since: 0.1
 */
BuildqSyncReply *
buildq_queue_sync_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->sync_finish (self, result, error);
}

/**
 * buildq_queue_cancel_async:
 * @self: a queue
 * @request_id: the id of a request
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Withdraws a request.
 *
 * Its jobs that no other live request wants are cancelled. A request that is finished
 * stays as it is.
 *
 * Since: 0.1
 */
void
buildq_queue_cancel_async (BuildqQueue *self,
                           const char *request_id,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (request_id != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->cancel_async (self, request_id, io_priority, cancellable,
                                               callback, user_data);
}

/**
 * buildq_queue_cancel_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `NOT_FOUND`
 *
 * Ends [method@Buildq.Queue.cancel_async].
 *
 * Returns: (transfer full): where the request stands now
 *
 * Since: 0.1
 */
BuildqRequestStatus *
buildq_queue_cancel_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->cancel_finish (self, result, error);
}

/**
 * buildq_queue_retry_async:
 * @self: a queue
 * @request_id: (nullable): the id of a request; %NULL for the latest active one that
 * wants @key, or the one that finished last
 * @key: (nullable): the key of one of its jobs; %NULL for all
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Tries again what did not succeed. At least one of @request_id and @key is given.
 *
 * Jobs that failed, that were cancelled, or that could not begin because of one that
 * failed, begin anew with fresh counters; a request that was finished is active again.
 * With a @key that is this job, and those that it depends on. Dependents that could not
 * begin wait again.
 *
 * Jobs that are under way, or have succeeded, are left as they are.
 *
 * Since: 0.1
 */
void
buildq_queue_retry_async (BuildqQueue *self,
                          const char *request_id,
                          const char *key,
                          int io_priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (request_id != NULL || key != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->retry_async (self, request_id, key, io_priority,
                                              cancellable, callback, user_data);
}

/**
 * buildq_queue_retry_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `NOT_FOUND` when there is no such request or job, or the request does not have
 * the job
 *
 * Ends [method@Buildq.Queue.retry_async].
 *
 * Returns: (transfer full): where the request stands now
 *
 * Since: 0.1
 */
BuildqRequestStatus *
buildq_queue_retry_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->retry_finish (self, result, error);
}

/**
 * buildq_queue_put_text_async:
 * @self: a queue
 * @text: a text
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Gives the queue a text that jobs name by its hash.
 *
 * Since: 0.1
 */
void
buildq_queue_put_text_async (BuildqQueue *self,
                             GBytes *text,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (text != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->put_text_async (self, text, io_priority, cancellable,
                                                 callback, user_data);
}

/**
 * buildq_queue_put_text_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `TOO_LARGE`
 *
 * Ends [method@Buildq.Queue.put_text_async].
 *
 * Returns: (transfer full): its hash, as `sha256:` and Nix base32
 *
 * Since: 0.1
 */
char *
buildq_queue_put_text_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->put_text_finish (self, result, error);
}

/**
 * buildq_queue_get_text_async:
 * @self: a queue
 * @hash: `sha256:` and Nix base32
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks for a text.
 *
 * Since: 0.1
 */
void
buildq_queue_get_text_async (BuildqQueue *self,
                             const char *hash,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (hash != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->get_text_async (self, hash, io_priority, cancellable,
                                                 callback, user_data);
}

/**
 * buildq_queue_get_text_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `NOT_FOUND`, `INVALID` for what is not a hash
 *
 * Ends [method@Buildq.Queue.get_text_async].
 *
 * Returns: (transfer full): the text
 *
 * Since: 0.1
 */
GBytes *
buildq_queue_get_text_finish (BuildqQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->get_text_finish (self, result, error);
}

/**
 * buildq_queue_missing_texts_async:
 * @self: a queue
 * @hashes: (array zero-terminated=1): hashes of texts
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks which texts must still be given.
 *
 * Since: 0.1
 */
void
buildq_queue_missing_texts_async (BuildqQueue *self,
                                  const char *const *hashes,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_QUEUE (self));
  g_return_if_fail (hashes != NULL);

  BUILDQ_QUEUE_GET_IFACE (self)->missing_texts_async (self, hashes, io_priority,
                                                      cancellable, callback, user_data);
}

/**
 * buildq_queue_missing_texts_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: `INVALID` for what is not a hash
 *
 * Ends [method@Buildq.Queue.missing_texts_async].
 *
 * Returns: (transfer full) (array zero-terminated=1): those of @hashes that the queue
 * lacks
 *
 * Since: 0.1
 */
char **
buildq_queue_missing_texts_finish (BuildqQueue *self,
                                   GAsyncResult *result,
                                   GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_QUEUE (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BUILDQ_QUEUE_GET_IFACE (self)->missing_texts_finish (self, result, error);
}
