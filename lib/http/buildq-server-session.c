/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * WebSockets. Each is a channel that carries the messages of one or a few sessions.
 *
 * Frames leave in the order of the messages that they answer: a frame is queued when its
 * message is read, and leaves when it and all before it have their text. What is pushed
 * is queued the same way, so that it never comes before an answer that its number
 * promises.
 */
#include "config.h"

#include "http/buildq-http-error.h"
#include "http/buildq-server-private.h"

#include "core/buildq-thread.h"

#include <buildq/buildq-principal.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>

#define TICK_MS 1000

/* What must be said for a session when its channel is gone. */
typedef struct
{
  char *name;
  gint64 seq;
} Member;

/* Something that leaves; text is NULL as long as it is not known. */
typedef struct
{
  char *text;
} Frame;

struct _Channel
{
  BuildqServer *server; /* NULL when it is gone from there */
  SoupWebsocketConnection *connection;
  GSocket *socket;
  BuildqPrincipal *who;
  char *token;         /* asked about with each message; NULL without authority */
  GHashTable *members; /* session id → Member */
  GQueue frames;       /* of Frame */
  gint64 heard_us;
};

/* A message that the queue has. */
typedef struct
{
  Channel *channel;
  Frame *frame; /* owned by the channel's queue */
  BuildqSyncMessage *message;
} Call;

static void
member_free (gpointer data)
{
  Member *self = data;

  g_free (self->name);
  g_free (self);
}

static void
frame_free (gpointer data)
{
  Frame *self = data;

  g_free (self->text);
  g_free (self);
}

static void
channel_clear (gpointer data)
{
  Channel *self = data;

  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
  g_clear_object (&self->socket);
  g_clear_pointer (&self->who, buildq_principal_unref);
  g_clear_pointer (&self->members, g_hash_table_unref);
  g_queue_clear_full (&self->frames, frame_free);
  g_free (self->token);
}

static Channel *
channel_ref (Channel *self)
{
  return g_rc_box_acquire (self);
}

void
_buildq_channel_unref (gpointer self)
{
  g_rc_box_release_full (self, channel_clear);
}

/* --- leaving --- */

static void
detached (GObject *queue, GAsyncResult *result, gpointer session)
{
  g_autofree char *owned = session;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncReply) reply
      = buildq_queue_sync_finish (BUILDQ_QUEUE (queue), result, &error);

  if (reply == NULL)
    g_debug ("detaching session '%s': %s", owned, error->message);
}

static void
detach (BuildqServer *server, const char *session, const Member *member)
{
  g_autoptr (BuildqSyncMessage) message = _buildq_value_new (&_buildq_sync_message_info);

  message->session = g_strdup (session);
  message->name = g_strdup (member->name);
  message->seq = member->seq;
  message->step = BUILDQ_SESSION_STEP_DETACH;
  buildq_queue_sync_async (server->queue, message, G_PRIORITY_DEFAULT, NULL, detached,
                           g_strdup (session));
}

/* Takes the channel out of its server. Its sessions are detached; those that have gone to
 * another channel are no members any more. */
static void
channel_remove (Channel *self)
{
  BuildqServer *server = g_steal_pointer (&self->server);
  GHashTableIter iter;
  gpointer session, member;

  if (server == NULL)
    return;
  _buildq_socket_count (server, self->socket);
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &session, &member))
    {
      g_hash_table_remove (server->sessions, session);
      detach (server, session, member);
    }
  g_hash_table_remove_all (self->members);
  if (g_hash_table_size (server->channels) == 1 && server->tick != NULL)
    {
      g_source_destroy (server->tick);
      g_clear_pointer (&server->tick, g_source_unref);
    }
  g_hash_table_remove (server->channels, self); /* drops the reference */
}

static void
unref_when_closed (SoupWebsocketConnection *connection, gpointer data)
{
  g_signal_handlers_disconnect_by_func (connection, unref_when_closed, data);
  g_object_unref (connection);
}

/* The closing handshake takes a moment, for which the connection is kept. */
static void
close_connection (SoupWebsocketConnection *connection, gushort code, const char *why)
{
  if (soup_websocket_connection_get_state (connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  g_signal_connect (g_object_ref (connection), "closed", G_CALLBACK (unref_when_closed),
                    NULL);
  soup_websocket_connection_close (connection, code, why);
}

static void
channel_close (Channel *self, gushort code, const char *why)
{
  Channel *kept = channel_ref (self);

  g_signal_handlers_disconnect_by_data (self->connection, self);
  close_connection (self->connection, code, why);
  channel_remove (self);
  _buildq_channel_unref (kept);
}

/* --- answering --- */

static void
flush (Channel *self)
{
  Frame *frame;

  if (self->server == NULL
      || soup_websocket_connection_get_state (self->connection)
             != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  while ((frame = g_queue_peek_head (&self->frames)) != NULL && frame->text != NULL)
    {
      soup_websocket_connection_send_text (self->connection, frame->text);
      frame_free (g_queue_pop_head (&self->frames));
      self->server->messages_sent++;
    }
  _buildq_socket_count (self->server, self->socket);
}

static Frame *
queue_frame (Channel *self, char *text)
{
  Frame *frame = g_new0 (Frame, 1);

  frame->text = text;
  g_queue_push_tail (&self->frames, frame);
  return frame;
}

static void
drop_member (Channel *self, const char *session)
{
  if (self->server != NULL
      && g_hash_table_lookup (self->server->sessions, session) == self)
    g_hash_table_remove (self->server->sessions, session);
  g_hash_table_remove (self->members, session);
}

void
_buildq_session_learn (BuildqServer *server, BuildqSyncReply *reply)
{
  if (reply->instance != NULL && g_strcmp0 (reply->instance, server->instance) != 0)
    _buildq_set_string (&server->instance, reply->instance);
}

static void
call_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autofree Call *call = data;
  Channel *self = call->channel;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncReply) reply
      = buildq_queue_sync_finish (BUILDQ_QUEUE (queue), result, &error);
  g_autoptr (BuildqSyncMessage) message = call->message;

  if (reply != NULL)
    {
      call->frame->text = buildq_sync_reply_to_json (reply);
      if (self->server != NULL)
        _buildq_session_learn (self->server, reply);
      if (message->step == BUILDQ_SESSION_STEP_LEAVE)
        drop_member (self, message->session);
    }
  else
    call->frame->text = _buildq_http_error_json (error, message->session, message->seq);
  flush (self);
  _buildq_channel_unref (self);
}

void
_buildq_session_pushed (BuildqQueue *queue,
                        const char *session,
                        BuildqSyncReply *reply,
                        gpointer data)
{
  BuildqServer *server = data;
  Channel *channel = g_hash_table_lookup (server->sessions, session);

  if (channel == NULL)
    return;
  _buildq_session_learn (server, reply);
  queue_frame (channel, buildq_sync_reply_to_json (reply));
  flush (channel);
}

/* --- reading --- */

BuildqSyncMessage *
_buildq_session_with_push (BuildqSyncMessage *message, gboolean push)
{
  BuildqSyncMessage *copy = _buildq_value_copy (&_buildq_sync_message_info, message);

  copy->push = push;
  return copy;
}

/* What an older connection of a session still brings moves it nowhere. */
static gboolean
is_late (BuildqServer *server, BuildqSyncMessage *message, Channel *from)
{
  Channel *now = g_hash_table_lookup (server->sessions, message->session);
  Member *member;

  if (now == NULL || now == from)
    return FALSE;
  member = g_hash_table_lookup (now->members, message->session);
  return message->seq < member->seq;
}

/* A session that speaks on another connection than before has left that one. */
static gboolean
take_over (BuildqServer *server,
           BuildqSyncMessage *message,
           Channel *from,
           GError **error)
{
  Channel *old = g_hash_table_lookup (server->sessions, message->session);
  Member *member;

  if (old == NULL || old == from)
    return TRUE;
  member = g_hash_table_lookup (old->members, message->session);
  if (g_strcmp0 (member->name, message->name) != 0)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT,
                   "session '%s' does not belong to '%s'", message->session,
                   message->name);
      return FALSE;
    }
  if (is_late (server, message, from))
    return TRUE;
  drop_member (old, message->session);
  if (g_hash_table_size (old->members) == 0)
    channel_close (old, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION,
                   "the session went elsewhere");
  return TRUE;
}

gboolean
_buildq_session_check (BuildqServer *server,
                       BuildqPrincipal *who,
                       BuildqSyncMessage *message,
                       Channel *from,
                       GError **error)
{
  if (!_buildq_access_check_name (who, message, error))
    return FALSE;
  if (message->step == BUILDQ_SESSION_STEP_DETACH)
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                           "step 'detach' of a sync message is said by servers only");
      return FALSE;
    }
  if (from != NULL && !g_hash_table_contains (from->members, message->session)
      && g_hash_table_size (from->members) >= MAX_CHANNEL_SESSIONS)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "more than %d sessions on one connection", MAX_CHANNEL_SESSIONS);
      return FALSE;
    }
  return take_over (server, message, from, error);
}

static void
note_member (Channel *self, BuildqSyncMessage *message)
{
  Member *member = g_hash_table_lookup (self->members, message->session);

  if (member == NULL)
    {
      member = g_new0 (Member, 1);
      member->name = g_strdup (message->name);
      g_hash_table_insert (self->members, g_strdup (message->session), member);
      g_hash_table_insert (self->server->sessions, g_strdup (message->session), self);
    }
  member->seq = MAX (member->seq, message->seq);
}

static void
start_call (Channel *self, BuildqSyncMessage *message)
{
  Call *call = g_new0 (Call, 1);

  if (!is_late (self->server, message, self))
    note_member (self, message);
  call->channel = channel_ref (self);
  call->frame = queue_frame (self, NULL);
  call->message = _buildq_session_with_push (message, TRUE);
  buildq_queue_sync_async (self->server->queue, call->message, G_PRIORITY_DEFAULT, NULL,
                           call_ready, call);
}

/* A token may be removed, or get another role, while its connection is open. */
static gboolean
is_still_known (Channel *self)
{
  g_autoptr (BuildqPrincipal) now = NULL;

  if (self->server->authority == NULL)
    return TRUE;
  now = buildq_authority_authenticate (self->server->authority, self->token, NULL);
  return now != NULL && buildq_principal_equal (now, self->who);
}

static void
on_message (SoupWebsocketConnection *connection,
            SoupWebsocketDataType type,
            GBytes *bytes,
            Channel *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncMessage) message = NULL;
  gsize size;
  const char *json = g_bytes_get_data (bytes, &size);

  self->heard_us = _buildq_clock_now ();
  self->server->messages_received++;
  _buildq_socket_count (self->server, self->socket);
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    {
      channel_close (self, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA, "frames are text");
      return;
    }
  if (!is_still_known (self))
    {
      channel_close (self, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION,
                     "the token is not known");
      return;
    }

  message
      = _buildq_value_from_json (&_buildq_sync_message_info, json, (gssize) size, &error);
  if (message != NULL
      && _buildq_session_check (self->server, self->who, message, self, &error))
    {
      start_call (self, message);
      return;
    }
  queue_frame (self,
               _buildq_http_error_json (error, message != NULL ? message->session : NULL,
                                        message != NULL ? message->seq : 0));
  flush (self);
}

static void
on_pong (SoupWebsocketConnection *connection, GBytes *bytes, Channel *self)
{
  self->heard_us = _buildq_clock_now ();
}

static void
on_closing (SoupWebsocketConnection *connection, Channel *self)
{
  if (self->server != NULL)
    _buildq_socket_count (self->server, self->socket);
}

static void
on_closed (SoupWebsocketConnection *connection, Channel *self)
{
  Channel *kept = channel_ref (self);

  channel_remove (self);
  _buildq_channel_unref (kept);
}

/* --- opening --- */

/* Before the handshake: what can be said by HTTP. */
gboolean
_buildq_session_admit (Exchange *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  BuildqServer *server = self->server;

  if (!soup_websocket_server_check_handshake (self->msg, NULL, NULL, NULL, &local))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "not a WebSocket: %s",
                   local->message);
      return FALSE;
    }
  if (g_hash_table_size (server->channels) >= server->max_channels)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                   "the server has its %u connections", server->max_channels);
      return FALSE;
    }
  return TRUE;
}

static gboolean
on_tick (gpointer data)
{
  BuildqServer *server = data;
  g_autoptr (GPtrArray) silent = g_ptr_array_new ();
  gint64 now = _buildq_clock_now ();
  GHashTableIter iter;
  gpointer channel;

  g_hash_table_iter_init (&iter, server->channels);
  while (g_hash_table_iter_next (&iter, &channel, NULL))
    if (now - ((Channel *) channel)->heard_us > server->silence_us)
      g_ptr_array_add (silent, channel);
  for (guint i = 0; i < silent->len; i++)
    channel_close (silent->pdata[i], SOUP_WEBSOCKET_CLOSE_GOING_AWAY,
                   "silent for too long");
  return G_SOURCE_CONTINUE;
}

static void
start_tick (BuildqServer *server)
{
  if (server->tick != NULL)
    return;
  server->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (server->tick, on_tick, server, NULL);
  g_source_attach (server->tick, server->context);
}

void
_buildq_session_open (SoupServer *soup,
                      SoupServerMessage *msg,
                      const char *path,
                      SoupWebsocketConnection *connection,
                      gpointer data)
{
  BuildqServer *server = data;
  Exchange *exchange = _buildq_exchange_get (msg);
  Channel *self = g_rc_box_new0 (Channel);

  self->server = server;
  self->connection = g_object_ref (connection);
  self->socket = g_object_ref (soup_server_message_get_socket (msg));
  self->who = buildq_principal_ref (exchange->who);
  self->token = g_strdup (exchange->token);
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, member_free);
  self->heard_us = _buildq_clock_now ();
  g_queue_init (&self->frames);
  g_hash_table_add (server->channels, self); /* takes the reference */
  start_tick (server);

  soup_websocket_connection_set_max_incoming_payload_size (connection, MAX_SYNC_BYTES);
  soup_websocket_connection_set_keepalive_interval (connection, server->ping_s);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (connection, "closing", G_CALLBACK (on_closing), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
}

void
_buildq_session_stop (BuildqServer *server)
{
  g_autoptr (GList) channels = g_hash_table_get_keys (server->channels);

  for (GList *l = channels; l != NULL; l = l->next)
    channel_close (l->data, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "the server stops");
}
