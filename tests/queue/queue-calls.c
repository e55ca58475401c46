/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue-calls.h"

static gboolean
out_of_time (gpointer data)
{
  g_error ("nothing happened in time");
  return G_SOURCE_REMOVE;
}

void
call_done (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

GAsyncResult *
call_wait (GAsyncResult **place)
{
  guint timer = g_timeout_add_seconds (60, out_of_time, NULL);

  while (*place == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return *place;
}

BuildqRequestStatus *
call_submit (BuildqLocalQueue *queue, const char *json, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (BuildqRequest) request = buildq_request_new_from_json (json, &local);
  g_autoptr (GAsyncResult) result = NULL;

  g_assert_no_error (local);
  buildq_queue_submit_async (BUILDQ_QUEUE (queue), request, G_PRIORITY_DEFAULT, NULL,
                             call_done, &result);
  return buildq_queue_submit_finish (BUILDQ_QUEUE (queue), call_wait (&result), error);
}

BuildqRequestStatus *
call_get_request (BuildqLocalQueue *queue, const char *id, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_get_request_async (BUILDQ_QUEUE (queue), id, G_PRIORITY_DEFAULT, NULL,
                                  call_done, &result);
  return buildq_queue_get_request_finish (BUILDQ_QUEUE (queue), call_wait (&result),
                                          error);
}

BuildqRequestStatus *
call_cancel (BuildqLocalQueue *queue, const char *id, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_cancel_async (BUILDQ_QUEUE (queue), id, G_PRIORITY_DEFAULT, NULL,
                             call_done, &result);
  return buildq_queue_cancel_finish (BUILDQ_QUEUE (queue), call_wait (&result), error);
}

BuildqJobStatus *
call_get_job (BuildqLocalQueue *queue, const char *key, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_get_job_async (BUILDQ_QUEUE (queue), key, G_PRIORITY_DEFAULT, NULL,
                              call_done, &result);
  return buildq_queue_get_job_finish (BUILDQ_QUEUE (queue), call_wait (&result), error);
}

BuildqSyncReply *
call_sync (BuildqLocalQueue *queue, const char *json, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (BuildqSyncMessage) message
      = buildq_sync_message_new_from_json (json, &local);
  g_autoptr (GAsyncResult) result = NULL;

  g_assert_no_error (local);
  buildq_queue_sync_async (BUILDQ_QUEUE (queue), message, G_PRIORITY_DEFAULT, NULL,
                           call_done, &result);
  return buildq_queue_sync_finish (BUILDQ_QUEUE (queue), call_wait (&result), error);
}
