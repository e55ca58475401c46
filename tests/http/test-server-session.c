/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The WebSockets of a server.
 */
#include "config.h"

#include "server-fixture.h"

#include "http/buildq-http-error.h"
#include "http/buildq-server-private.h"
#include "queue/buildq-queue-private.h"

#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>

#include <string.h>

/* The other end of a WebSocket. */
typedef struct
{
  SoupWebsocketConnection *connection;
  GPtrArray *frames; /* char * */
  gboolean closed;
} Peer;

static void
on_message (SoupWebsocketConnection *connection,
            SoupWebsocketDataType type,
            GBytes *bytes,
            Peer *self)
{
  g_assert_cmpint (type, ==, SOUP_WEBSOCKET_DATA_TEXT);
  g_ptr_array_add (self->frames,
                   g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

static void
on_closed (SoupWebsocketConnection *connection, Peer *self)
{
  self->closed = TRUE;
}

static SoupWebsocketConnection *
try_connect (Fixture *f, const char *token, guint *status, GError **error)
{
  g_autoptr (SoupMessage) msg = make_message (f, "GET", "/v1/session", NULL, token);
  g_autoptr (GAsyncResult) result = NULL;
  SoupWebsocketConnection *connection;

  soup_session_websocket_connect_async (f->soup, msg, NULL, NULL, G_PRIORITY_DEFAULT,
                                        NULL, keep_result, &result);
  wait_until (result != NULL);
  connection = soup_session_websocket_connect_finish (f->soup, result, error);
  *status = soup_message_get_status (msg);
  return connection;
}

static Peer *
peer_new (Fixture *f, const char *token)
{
  g_autoptr (GError) error = NULL;
  Peer *self = g_new0 (Peer, 1);
  guint status;

  self->connection = try_connect (f, token, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (status, ==, 101);
  self->frames = g_ptr_array_new_with_free_func (g_free);
  g_assert_null (soup_websocket_connection_get_extensions (self->connection));
  g_signal_connect (self->connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->connection, "closed", G_CALLBACK (on_closed), self);
  return self;
}

static void
peer_free (Peer *self)
{
  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  wait_until (self->closed);
  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_object_unref (self->connection);
  g_ptr_array_unref (self->frames);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peer, peer_free)

static void
say (Peer *self, const char *session, const char *name, gint64 seq, const char *more)
{
  g_autofree char *json = g_strdup_printf (
      "{\"session\":\"%s\",\"name\":\"%s\",\"seq\":%" G_GINT64_FORMAT "%s}", session,
      name, seq, more);

  soup_websocket_connection_send_text (self->connection, json);
}

static BuildqSyncReply *
get_reply (Peer *self, guint n)
{
  g_autoptr (GError) error = NULL;
  BuildqSyncReply *reply;

  wait_until (self->frames->len > n);
  reply = buildq_sync_reply_new_from_json (self->frames->pdata[n], &error);
  g_assert_no_error (error);
  return reply;
}

static void
assert_reply (Peer *self, guint n, const char *session, gint64 ack)
{
  g_autoptr (BuildqSyncReply) reply = get_reply (self, n);

  g_assert_cmpstr (buildq_sync_reply_get_session (reply), ==, session);
  g_assert_cmpint (buildq_sync_reply_get_ack (reply), ==, ack);
}

static void
assert_error_frame (
    Peer *self, guint n, BuildqError code, const char *session, gint64 ack)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *said = NULL;
  gint64 number;

  wait_until (self->frames->len > n);
  error = _buildq_http_error_read (self->frames->pdata[n], -1, &said, &number);
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  g_assert_cmpstr (said, ==, session);
  g_assert_cmpint (number, ==, ack);
}

static void
assert_detached (Fixture *f, const char *session)
{
  BuildqSyncMessage *last = fake_queue_last (f->queue);

  g_assert_cmpint (last->step, ==, BUILDQ_SESSION_STEP_DETACH);
  g_assert_cmpstr (last->session, ==, session);
}

static void
test_flow (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) peer = peer_new (f, NULL);
  g_autoptr (BuildqSyncReply) reply = NULL;

  g_ptr_array_add (f->queue->grants, fake_grant_new ("t1", "k1"));
  say (peer, "s1", "w", 1, ",\"step\":\"attach\",\"push\":false");
  reply = get_reply (peer, 0);
  g_assert_cmpint (reply->ack, ==, 1);
  g_assert_cmpuint (reply->grants->len, ==, 1);
  g_assert_true (fake_queue_last (f->queue)->push);
  g_assert_cmpint (fake_queue_last (f->queue)->step, ==, BUILDQ_SESSION_STEP_ATTACH);

  g_ptr_array_set_size (f->queue->grants, 0);
  say (peer, "s1", "w", 2, ",\"claims\":[\"t1\"]");
  assert_reply (peer, 1, "s1", 2);
  g_assert_cmpstr (fake_queue_last (f->queue)->claims[0], ==, "t1");

  /* The same once more. */
  say (peer, "s1", "w", 2, ",\"claims\":[\"t1\"]");
  assert_reply (peer, 2, "s1", 2);
  g_assert_cmpuint (f->queue->messages->len, ==, 3);

  /* After it has left there is nothing to detach. */
  say (peer, "s1", "w", 3, ",\"step\":\"leave\"");
  assert_reply (peer, 3, "s1", 3);
  g_clear_pointer (&peer, peer_free);
  g_assert_cmpuint (f->queue->messages->len, ==, 4);
}

/* Answers and pushes leave in the order of the messages, whenever the queue has them. */
static void
test_order (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) peer = peer_new (f, NULL);
  g_autoptr (BuildqSyncReply) pushed = NULL;

  f->queue->hold = TRUE;
  say (peer, "s1", "w", 1, "");
  say (peer, "s2", "v", 1, "");
  say (peer, "s1", "w", 2, "");
  say (peer, "s1", "w", 3, ",\"step\":\"detach\"");
  wait_until (f->queue->held.length == 3);
  pushed = fake_queue_make_reply (f->queue, "s1", 2);
  _buildq_queue_emit_pushed (BUILDQ_QUEUE (f->queue), "s1", pushed);
  fake_queue_answer (f->queue, 2);
  fake_queue_answer (f->queue, 1);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (peer->frames->len, ==, 0);
  fake_queue_answer (f->queue, 0);
  assert_reply (peer, 0, "s1", 1);
  assert_reply (peer, 1, "s2", 1);
  assert_reply (peer, 2, "s1", 2);
  assert_error_frame (peer, 3, BUILDQ_ERROR_INVALID, "s1", 3);
  assert_reply (peer, 4, "s1", 2);
  g_assert_cmpuint (peer->frames->len, ==, 5);
}

static void
test_push (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) one = peer_new (f, NULL);
  g_autoptr (Peer) two = peer_new (f, NULL);
  g_autoptr (BuildqSyncReply) reply = NULL;

  say (one, "s1", "w1", 1, "");
  say (two, "s2", "w2", 1, "");
  assert_reply (one, 0, "s1", 1);
  assert_reply (two, 0, "s2", 1);
  reply = fake_queue_make_reply (f->queue, "s2", 1);
  _buildq_queue_emit_pushed (BUILDQ_QUEUE (f->queue), "s2", reply);
  _buildq_queue_emit_pushed (BUILDQ_QUEUE (f->queue), "s3", reply);
  assert_reply (two, 1, "s2", 1);
  g_assert_cmpuint (one->frames->len, ==, 1);
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) peer = peer_new (f, NULL);

  soup_websocket_connection_send_text (peer->connection, "what?");
  assert_error_frame (peer, 0, BUILDQ_ERROR_INVALID, NULL, 0);
  soup_websocket_connection_send_text (peer->connection, "{\"session\":\"s\"}");
  assert_error_frame (peer, 1, BUILDQ_ERROR_INVALID, NULL, 0);
  f->queue->next_error = g_error_new_literal (BUILDQ_ERROR, BUILDQ_ERROR_EXISTS, "taken");
  say (peer, "s1", "w", 4, "");
  assert_error_frame (peer, 2, BUILDQ_ERROR_EXISTS, "s1", 4);

  /* It still works. */
  say (peer, "s1", "w", 5, "");
  assert_reply (peer, 3, "s1", 5);

  soup_websocket_connection_send_binary (peer->connection, "x", 1);
  wait_until (peer->closed);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (peer->connection), ==,
                    1003);
  assert_detached (f, "s1");
}

static void
test_lost (Fixture *f, gconstpointer data)
{
  Peer *peer = peer_new (f, NULL);

  say (peer, "s1", "w", 7, ",\"step\":\"attach\"");
  assert_reply (peer, 0, "s1", 7);
  g_assert_true (g_io_stream_close (
      soup_websocket_connection_get_io_stream (peer->connection), NULL, NULL));
  wait_until (f->queue->messages->len == 2);
  assert_detached (f, "s1");
  g_assert_cmpint (fake_queue_last (f->queue)->seq, ==, 7);
  g_assert_cmpstr (fake_queue_last (f->queue)->name, ==, "w");
  peer_free (peer);
}

/* Lost while the queue is asked: the answer is for nobody. */
static void
test_lost_while_asked (Fixture *f, gconstpointer data)
{
  Peer *peer = peer_new (f, NULL);

  f->queue->hold = TRUE;
  say (peer, "s1", "w", 1, "");
  wait_until (f->queue->held.length == 1);
  peer_free (peer);
  wait_until (f->queue->messages->len == 2);
  assert_detached (f, "s1");
  fake_queue_answer (f->queue, 0);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
}

/* A session that speaks elsewhere has left: its old connection is closed, and it is not
 * detached. */
static void
test_taken_over (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) old = peer_new (f, NULL);
  g_autoptr (Peer) new = peer_new (f, NULL);

  say (old, "s1", "w", 1, ",\"step\":\"attach\"");
  assert_reply (old, 0, "s1", 1);
  say (new, "s1", "w", 2, ",\"step\":\"attach\"");
  assert_reply (new, 0, "s1", 2);
  wait_until (old->closed);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (old->connection), ==, 1008);
  g_assert_cmpuint (f->queue->messages->len, ==, 2);

  /* Not by another name. */
  say (new, "s1", "thief", 3, "");
  say (new, "s1", "w", 4, "");
  assert_reply (new, 1, "s1", 3);
  assert_reply (new, 2, "s1", 4);
  assert_error (
      ask (f, "POST", "/v1/sync", "{\"session\":\"s1\",\"name\":\"thief\",\"seq\":9}"),
      409, BUILDQ_ERROR_CONFLICT);
  g_assert_false (new->closed);

  /* By POST too. */
  assert_status (
      ask (f, "POST", "/v1/sync", "{\"session\":\"s1\",\"name\":\"w\",\"seq\":9}"), 200);
  wait_until (new->closed);
  g_assert_cmpint (fake_queue_last (f->queue)->seq, ==, 9);
}

/* What was still on its way over the older connection moves the session nowhere. */
static void
test_late_frame (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) old = peer_new (f, NULL);
  g_autoptr (Peer) new = peer_new (f, NULL);
  g_autoptr (BuildqSyncReply) reply = NULL;

  say (old, "other", "o", 1, ",\"step\":\"attach\"");
  assert_reply (old, 0, "other", 1);
  say (old, "s1", "w", 1, ",\"step\":\"attach\"");
  assert_reply (old, 1, "s1", 1);
  say (new, "s1", "w", 3, ",\"step\":\"attach\"");
  assert_reply (new, 0, "s1", 3);

  say (old, "s1", "w", 2, ",\"claims\":[\"t\"]");
  assert_reply (old, 2, "s1", 2);
  g_assert_cmpint (fake_queue_last (f->queue)->seq, ==, 2);
  assert_status (
      ask (f, "POST", "/v1/sync", "{\"session\":\"s1\",\"name\":\"w\",\"seq\":2}"), 200);
  g_assert_false (new->closed);
  reply = fake_queue_make_reply (f->queue, "s1", 3);
  _buildq_queue_emit_pushed (BUILDQ_QUEUE (f->queue), "s1", reply);
  assert_reply (new, 1, "s1", 3);

  /* The older connection is that of the other session only. */
  g_clear_pointer (&old, peer_free);
  wait_until (fake_queue_last (f->queue)->step == BUILDQ_SESSION_STEP_DETACH);
  g_assert_cmpstr (fake_queue_last (f->queue)->session, ==, "other");
  say (new, "s1", "w", 4, "");
  assert_reply (new, 2, "s1", 4);
}

static void
test_many_sessions (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) peer = peer_new (f, NULL);
  guint detached = 0;

  for (guint i = 0; i <= MAX_CHANNEL_SESSIONS; i++)
    {
      g_autofree char *session = g_strdup_printf ("s%u", i);

      say (peer, session, session, 1, "");
    }
  for (guint i = 0; i < MAX_CHANNEL_SESSIONS; i++)
    {
      g_autofree char *session = g_strdup_printf ("s%u", i);

      assert_reply (peer, i, session, 1);
    }
  assert_error_frame (peer, MAX_CHANNEL_SESSIONS, BUILDQ_ERROR_TOO_LARGE, "s64", 1);
  g_clear_pointer (&peer, peer_free);
  wait_until (f->queue->messages->len == 2 * MAX_CHANNEL_SESSIONS);
  for (guint i = 0; i < f->queue->messages->len; i++)
    detached += ((BuildqSyncMessage *) f->queue->messages->pdata[i])->step
                == BUILDQ_SESSION_STEP_DETACH;
  g_assert_cmpuint (detached, ==, MAX_CHANNEL_SESSIONS);
}

static void
assert_refused (Fixture *f, const char *token, guint expected)
{
  g_autoptr (GError) error = NULL;
  guint status;

  g_assert_null (try_connect (f, token, &status, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (status, ==, expected);
}

static void
test_cap (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) one = NULL;
  g_autoptr (Peer) two = NULL;

  buildq_server_set_max_sessions (f->server, 1);
  one = peer_new (f, NULL);
  assert_refused (f, NULL, 503);
  g_clear_pointer (&one, peer_free);
  two = peer_new (f, NULL);
  assert_refused (f, NULL, 503);
  buildq_server_set_max_sessions (f->server, 2);
  one = peer_new (f, NULL);
}

static void
test_tokens (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) worker = NULL;
  g_autoptr (Peer) root = NULL;
  g_autoptr (GError) error = NULL;

  assert_refused (f, NULL, 401);
  assert_refused (f, "bq_wrong", 401);
  assert_refused (f, f->tokens[BUILDQ_ROLE_READER], 403);
  assert_refused (f, f->tokens[BUILDQ_ROLE_SUBMITTER], 403);

  worker = peer_new (f, f->tokens[BUILDQ_ROLE_WORKER]);
  say (worker, "s1", "build-1", 1, "");
  assert_reply (worker, 0, "s1", 1);
  say (worker, "s2", "build-2", 1, "");
  assert_error_frame (worker, 1, BUILDQ_ERROR_UNAUTHORIZED, "s2", 1);
  root = peer_new (f, f->tokens[BUILDQ_ROLE_ADMIN]);
  say (root, "s3", "anything", 1, "");
  assert_reply (root, 0, "s3", 1);

  /* Nothing is taken from a machine whose token is removed. */
  g_assert_true (buildq_authority_remove (f->authority, "build-1", &error));
  say (worker, "s1", "build-1", 2, "");
  wait_until (worker->closed);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (worker->connection), ==,
                    1008);
  assert_detached (f, "s1");
  g_assert_cmpuint (f->queue->messages->len, ==, 3);
}

static void
test_too_large (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) peer = peer_new (f, NULL);
  g_autofree char *big = g_strnfill (MAX_SYNC_BYTES + 1, ' ');

  say (peer, "s1", "w", 1, "");
  assert_reply (peer, 0, "s1", 1);
  soup_websocket_connection_send_text (peer->connection, big);
  wait_until (peer->closed);
  wait_until (f->queue->messages->len == 2);
  assert_detached (f, "s1");
}

/* A peer that is there for TCP and for nobody else: it answers no ping. */
static void
test_silent (Fixture *f, gconstpointer data)
{
  static const char handshake[]
      = "GET /v1/session HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  /* A text frame with the mask 0. */
  static const char frame[]
      = "\x81\xa4\0\0\0\0{\"session\":\"s1\",\"name\":\"w\",\"seq\":1}  ";
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (Peer) alive = NULL;
  GOutputStream *out;

  _buildq_server_set_patience (f->server, 1, 2500);
  alive = peer_new (f, NULL);
  g_socket_client_connect_to_host_async (
      client, buildq_server_get_uri (f->server) + strlen ("http://"), 0, NULL,
      keep_result, &result);
  wait_until (result != NULL);
  connection = g_socket_client_connect_to_host_finish (client, result, &error);
  g_assert_no_error (error);
  out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  g_assert_true (
      g_output_stream_write_all (out, handshake, strlen (handshake), NULL, NULL, &error));
  g_assert_true (g_output_stream_write_all (out, frame, 6 + 0x24, NULL, NULL, &error));
  wait_until (f->queue->messages->len == 1);

  wait_until (f->queue->messages->len == 2);
  assert_detached (f, "s1");
  /* One that answers pings stays, though it has nothing to say. */
  g_assert_false (alive->closed);
  say (alive, "s2", "v", 1, "");
  assert_reply (alive, 0, "s2", 1);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) peer = peer_new (f, NULL);

  say (peer, "s1", "w", 1, "");
  assert_reply (peer, 0, "s1", 1);
  buildq_server_stop (f->server);
  assert_detached (f, "s1");
  wait_until (peer->closed);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (peer->connection), ==,
                    1001);
}

static void
test_counts (Fixture *f, gconstpointer data)
{
  g_autoptr (Peer) peer = peer_new (f, NULL);
  g_autofree char *big = g_strnfill (50000, ' ');
  g_auto (Answer) answer = { 0 };
  gint64 received, sent;

  say (peer, "s1", "w", 1, "");
  assert_reply (peer, 0, "s1", 1);
  received = buildq_server_get_received_bytes (f->server);
  sent = buildq_server_get_sent_bytes (f->server);
  say (peer, "s1", "w", 2, big);
  assert_reply (peer, 1, "s1", 2);
  received = buildq_server_get_received_bytes (f->server) - received;
  sent = buildq_server_get_sent_bytes (f->server) - sent;
  g_assert_cmpint (received, >, 50000);
  g_assert_cmpint (received, <, 50200);
  g_assert_cmpint (sent, >, 50);
  g_assert_cmpint (sent, <, 300);

  answer = ask (f, "GET", "/v1/status", NULL);
  g_assert_nonnull (
      strstr (answer.text, "\"sessions\":1,\"connections\":1,\"max_connections\":512"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, func) g_test_add (name, Fixture, data, set_up, func, tear_down)
  ADD ("/server/session/flow", NULL, test_flow);
  ADD ("/server/session/order", NULL, test_order);
  ADD ("/server/session/push", NULL, test_push);
  ADD ("/server/session/errors", NULL, test_errors);
  ADD ("/server/session/lost", NULL, test_lost);
  ADD ("/server/session/lost-while-asked", NULL, test_lost_while_asked);
  ADD ("/server/session/taken-over", NULL, test_taken_over);
  ADD ("/server/session/late-frame", NULL, test_late_frame);
  ADD ("/server/session/many-sessions", NULL, test_many_sessions);
  ADD ("/server/session/cap", NULL, test_cap);
  ADD ("/server/session/tokens", "tokens", test_tokens);
  ADD ("/server/session/too-large", NULL, test_too_large);
  ADD ("/server/session/silent", NULL, test_silent);
  ADD ("/server/session/stop", NULL, test_stop);
  ADD ("/server/session/counts", NULL, test_counts);

  return g_test_run ();
}
