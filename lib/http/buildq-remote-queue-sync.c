/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Messages wait in one list until they are answered. By WebSocket they are sent in that
 * order as soon as it is open, and an answer is for the first that has its session and
 * number. By POST a session has one message under way at a time, as two requests could
 * overtake each other.
 */
#include "config.h"

#include "http/buildq-http-error.h"
#include "http/buildq-remote-queue-private.h"

#include "core/buildq-thread.h"
#include "core/buildq-process.h"

#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>

#include <string.h>

/* Who cannot be pushed to asks again after about this time. */
#define POLL_MS 2000

static void
sync_clear (gpointer data)
{
  Sync *self = data;

  if (self->cancelled != NULL)
    g_source_destroy (self->cancelled);
  g_clear_pointer (&self->cancelled, g_source_unref);
  g_clear_pointer (&self->message, buildq_sync_message_unref);
  g_clear_object (&self->task);
  g_free (self->json);
}

static void
sync_unref (Sync *self)
{
  g_rc_box_release_full (self, sync_clear);
}

/* Takes it out of the list, and ends it with @reply, which is taken, or with @error. */
static void
sync_end (BuildqRemoteQueue *self,
          Sync *sync,
          BuildqSyncReply *reply,
          const GError *error)
{
  g_autoptr (BuildqSyncReply) owned = reply;
  g_autoptr (GTask) task = g_steal_pointer (&sync->task);

  g_queue_remove (&self->syncs, sync);
  sync->ended = TRUE;
  if (sync->cancelled != NULL)
    g_source_destroy (sync->cancelled);
  sync_unref (sync);
  if (task == NULL)
    return;
  if (owned != NULL)
    g_task_return_pointer (task, g_steal_pointer (&owned),
                           (GDestroyNotify) buildq_sync_reply_unref);
  else
    g_task_return_error (task, g_error_copy (error));
}

/* --- sessions --- */

static void
note_reply (BuildqRemoteQueue *self, BuildqSyncReply *reply)
{
  Session *session = g_hash_table_lookup (self->sessions, reply->session);

  if (session == NULL)
    return;
  session->seq = MAX (session->seq, reply->seq);
  session->ack = MAX (session->ack, reply->ack);
}

static void
note_answer (BuildqRemoteQueue *self, BuildqSyncMessage *message, BuildqSyncReply *reply)
{
  if (reply == NULL || message->step == BUILDQ_SESSION_STEP_LEAVE)
    {
      g_hash_table_remove (self->sessions, message->session);
      return;
    }
  if (!g_hash_table_contains (self->sessions, message->session))
    g_hash_table_insert (self->sessions, g_strdup (message->session),
                         g_new0 (Session, 1));
  note_reply (self, reply);
}

static gboolean
is_waiting (BuildqRemoteQueue *self, const char *session)
{
  for (GList *l = self->syncs.head; l != NULL; l = l->next)
    if (strcmp (((Sync *) l->data)->message->session, session) == 0)
      return TRUE;
  return FALSE;
}

/* The connection is a new one. Sessions that wait for no answer do not know that, and
 * would miss what is pushed: they are told what a queue tells that has forgotten them. */
void
_buildq_remote_sync_attach_all (BuildqRemoteQueue *self)
{
  g_autoptr (GPtrArray) replies
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_sync_reply_unref);
  GHashTableIter iter;
  gpointer id, value;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, &id, &value))
    {
      Session *session = value;
      BuildqSyncReply *reply;

      if (is_waiting (self, id))
        continue;
      reply = _buildq_value_new (&_buildq_sync_reply_info);
      reply->session = g_strdup (id);
      reply->seq = session->seq;
      reply->ack = session->ack;
      reply->attach = TRUE;
      g_ptr_array_add (replies, reply);
    }
  for (guint i = 0; i < replies->len; i++)
    _buildq_queue_emit_pushed (BUILDQ_QUEUE (self),
                               ((BuildqSyncReply *) replies->pdata[i])->session,
                               replies->pdata[i]);
}

/* --- by POST --- */

static void
return_reply (GTask *task, GBytes *body)
{
  gsize size;
  const char *json = g_bytes_get_data (body, &size);
  GError *error = NULL;
  BuildqSyncReply *reply = _buildq_value_from_json (
      &_buildq_sync_reply_info, size > 0 ? json : "", (gssize) size, &error);

  if (reply != NULL)
    {
      g_task_return_pointer (task, reply, (GDestroyNotify) buildq_sync_reply_unref);
      return;
    }
  error->code = BUILDQ_ERROR_PROTOCOL;
  g_task_return_error (task, error);
}

static void
post_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  BuildqRemoteQueue *self = BUILDQ_REMOTE_QUEUE (source);
  Sync *sync = data;
  g_autoptr (GError) error = NULL;
  BuildqSyncReply *reply = g_task_propagate_pointer (G_TASK (result), &error);

  if (sync->ended)
    {
      g_clear_pointer (&reply, buildq_sync_reply_unref);
      sync_unref (sync);
      return;
    }
  note_answer (self, sync->message, reply);
  if (reply != NULL)
    reply->next_ms
        = MIN (reply->next_ms, g_random_int_range (POLL_MS * 3 / 4, POLL_MS * 5 / 4));
  sync_end (self, sync, reply, error);
  sync_unref (sync);
  _buildq_remote_sync_start (self);
}

static gboolean
is_posting (BuildqRemoteQueue *self, const char *session)
{
  for (GList *l = self->syncs.head; l != NULL; l = l->next)
    {
      Sync *sync = l->data;

      if (sync->sent && strcmp (sync->message->session, session) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
post (BuildqRemoteQueue *self, Sync *sync)
{
  GTask *task = g_task_new (self, NULL, post_ready, g_rc_box_acquire (sync));
  g_autoptr (GBytes) body = g_bytes_new (sync->json, strlen (sync->json));

  sync->sent = TRUE;
  g_task_set_source_tag (task, post);
  if (sync->task != NULL)
    g_task_set_priority (task, g_task_get_priority (sync->task));
  _buildq_remote_call (self, task, "POST", "/v1/sync", body, return_reply);
}

/* --- both --- */

void
_buildq_remote_sync_start (BuildqRemoteQueue *self)
{
  gboolean by_post = !_buildq_remote_wire_wanted (self);

  if (!by_post && self->state != WIRE_OPEN)
    {
      if (!g_queue_is_empty (&self->syncs))
        _buildq_remote_wire_open (self);
      return;
    }
  /* Between the other side's close and ours nothing can be sent; what waits fails then.
   */
  if (!by_post
      && soup_websocket_connection_get_state (self->connection)
             != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  for (GList *l = self->syncs.head; l != NULL; l = l->next)
    {
      Sync *sync = l->data;

      if (sync->sent || (by_post && is_posting (self, sync->message->session)))
        continue;
      if (by_post)
        {
          post (self, sync);
          continue;
        }
      sync->sent = TRUE;
      sync->since_us = _buildq_clock_now ();
      soup_websocket_connection_send_text (self->connection, sync->json);
    }
}

/* A message that was sent may have counted. Its answer is then awaited by nobody. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Sync *sync = data;
  g_autoptr (GTask) task = g_steal_pointer (&sync->task);
  BuildqRemoteQueue *self = g_task_get_source_object (task);

  if (!sync->sent)
    sync_end (self, sync, NULL, NULL);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

void
_buildq_remote_sync_async (BuildqQueue *queue,
                           BuildqSyncMessage *message,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  BuildqRemoteQueue *self = BUILDQ_REMOTE_QUEUE (queue);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *json = buildq_sync_message_to_json (message);
  GError *error = NULL;
  Sync *sync;

  g_task_set_source_tag (task, _buildq_remote_sync_async);
  g_task_set_priority (task, io_priority);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!_buildq_process_check (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (strlen (json) > MAX_MESSAGE_BYTES)
    {
      g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                               "sync message of %" G_GSIZE_FORMAT
                               " bytes exceeds the limit of %d",
                               strlen (json), MAX_MESSAGE_BYTES);
      return;
    }

  sync = g_rc_box_new0 (Sync);
  sync->message = buildq_sync_message_ref (message);
  sync->json = g_steal_pointer (&json);
  sync->since_us = _buildq_clock_now ();
  if (cancellable != NULL)
    {
      sync->cancelled = g_cancellable_source_new (cancellable);
      g_task_attach_source (task, sync->cancelled, G_SOURCE_FUNC (on_cancelled));
      g_source_set_callback (sync->cancelled, G_SOURCE_FUNC (on_cancelled), sync, NULL);
    }
  sync->task = g_steal_pointer (&task);
  g_queue_push_tail (&self->syncs, sync);
  _buildq_remote_sync_start (self);
}

void
_buildq_remote_sync_fail_all (BuildqRemoteQueue *self, const GError *error)
{
  while (!g_queue_is_empty (&self->syncs))
    sync_end (self, g_queue_peek_head (&self->syncs), NULL, error);
}

gboolean
_buildq_remote_sync_is_late (BuildqRemoteQueue *self)
{
  Sync *first = g_queue_peek_head (&self->syncs);

  return first != NULL && first->sent
         && _buildq_clock_now () - first->since_us > ANSWER_TIMEOUT_S * G_USEC_PER_SEC;
}

/* --- frames --- */

/* What a frame answers; without a session: the oldest that was sent. */
static Sync *
find_sync (BuildqRemoteQueue *self, const char *session, gint64 ack)
{
  for (GList *l = self->syncs.head; l != NULL; l = l->next)
    {
      Sync *sync = l->data;

      if (sync->sent
          && (session == NULL
              || (sync->message->seq == ack
                  && strcmp (sync->message->session, session) == 0)))
        return sync;
    }
  return NULL;
}

static void
take_error (BuildqRemoteQueue *self, const GError *error, const char *session, gint64 ack)
{
  Sync *sync = find_sync (self, session, ack);

  if (sync == NULL)
    {
      g_debug ("queue at %s: an error that answers nothing: %s", self->uri,
               error->message);
      return;
    }
  note_answer (self, sync->message, NULL);
  sync_end (self, sync, NULL, error);
}

static void
take_reply (BuildqRemoteQueue *self, BuildqSyncReply *reply)
{
  Sync *sync = find_sync (self, reply->session, reply->ack);

  if (sync != NULL)
    {
      note_answer (self, sync->message, reply);
      sync_end (self, sync, buildq_sync_reply_ref (reply), NULL);
      return;
    }
  if (!g_hash_table_contains (self->sessions, reply->session))
    return;
  note_reply (self, reply);
  _buildq_queue_emit_pushed (BUILDQ_QUEUE (self), reply->session, reply);
}

void
_buildq_remote_sync_frame (BuildqRemoteQueue *self, const char *json, gssize length)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (BuildqSyncReply) reply = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) said = NULL;
  g_autofree char *session = NULL;
  gint64 ack = 0;

  root = _buildq_json_parse (json, length, &error);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root)
      && json_object_has_member (json_node_get_object (root), "error"))
    said = _buildq_http_error_read (json, length, &session, &ack);
  if (said != NULL)
    {
      take_error (self, said, session, ack);
      return;
    }
  if (root != NULL)
    reply = _buildq_value_from_node (&_buildq_sync_reply_info, root, &error);
  if (reply != NULL)
    {
      take_reply (self, reply);
      return;
    }
  error->code = BUILDQ_ERROR_PROTOCOL;
  g_prefix_error (&error, "queue at %s: ", self->uri);
  _buildq_remote_wire_break (self, error);
}
