/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * How a remote queue carries sessions: by WebSocket, by POST, over what breaks, and past
 * proxies.
 */
#include "config.h"

#include "remote-fixture.h"

#include "queue/buildq-queue-private.h"

#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>
#include <buildq/buildq-worker-status.h>

#include <string.h>

static void
test_sync (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  Pushed pushed = { 0 };
  g_autoptr (BuildqSyncReply) reply = NULL;

  g_signal_connect (queue, "pushed", G_CALLBACK (on_pushed), &pushed);
  assert_sync (queue, "s1", 1, BUILDQ_SESSION_STEP_ATTACH);
  g_assert_cmpint (fake_queue_last (f->queue)->step, ==, BUILDQ_SESSION_STEP_ATTACH);
  g_assert_true (fake_queue_last (f->queue)->push);
  assert_sync (queue, "s1", 2, BUILDQ_SESSION_STEP_CONTINUE);
  assert_sync (queue, "s1", 2, BUILDQ_SESSION_STEP_CONTINUE);
  g_assert_cmpuint (f->queue->messages->len, ==, 3);
  g_assert_cmpuint (pushed.count, ==, 0);

  reply = fake_queue_make_reply (f->queue, "s1", 2);
  _buildq_queue_emit_pushed (BUILDQ_QUEUE (f->queue), "s1", reply);
  wait_until (pushed.count == 1);
  g_assert_cmpint (pushed.seq, ==, reply->seq);
  g_assert_false (pushed.attach);
  assert_sync (queue, "s1", 3, BUILDQ_SESSION_STEP_LEAVE);

  /* Nobody else has said anything for it. */
  g_assert_finalize_object (g_steal_pointer (&queue));
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (f->queue->messages->len, ==, 4);
  g_free (pushed.session);
}

/* Several sessions, many messages at once, answered in any order. */
static void
test_many (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  GAsyncResult *results[6] = { NULL };

  f->queue->hold = TRUE;
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *session = g_strdup_printf ("s%u", i % 2);
      g_autoptr (BuildqSyncMessage) message
          = make_sync (session, i / 2, BUILDQ_SESSION_STEP_CONTINUE);

      buildq_queue_sync_async (queue, message, 0, NULL, keep_result, &results[i]);
    }
  wait_until (f->queue->held.length == 6);
  for (guint i = 6; i > 0; i--)
    fake_queue_answer (f->queue, i - 1);
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (BuildqSyncReply) reply = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *session = g_strdup_printf ("s%u", i % 2);

      wait_until (results[i] != NULL);
      reply = buildq_queue_sync_finish (queue, results[i], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (reply->session, ==, session);
      g_assert_cmpint (reply->ack, ==, i / 2);
      g_object_unref (results[i]);
    }
}

static void
test_post (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autoptr (BuildqSyncReply) reply = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *results[3] = { NULL };

  buildq_remote_queue_set_use_websocket (BUILDQ_REMOTE_QUEUE (queue), FALSE);
  reply = sync_with (queue, "s1", 1, BUILDQ_SESSION_STEP_ATTACH, &error);
  g_assert_no_error (error);
  g_assert_false (fake_queue_last (f->queue)->push);
  /* The queue said 20 s, but cannot push. */
  g_assert_cmpint (reply->next_ms, >, 1000);
  g_assert_cmpint (reply->next_ms, <, 3000);

  /* One at a time for each session, in their order. */
  f->queue->hold = TRUE;
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (BuildqSyncMessage) message
          = make_sync (i == 2 ? "s2" : "s1", 2 + i, BUILDQ_SESSION_STEP_CONTINUE);

      buildq_queue_sync_async (queue, message, 0, NULL, keep_result, &results[i]);
    }
  wait_until (f->queue->held.length == 2);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (f->queue->messages->len, ==, 3);
  fake_queue_answer (f->queue, 0);
  fake_queue_answer (f->queue, 0);
  wait_until (f->queue->held.length == 1);
  g_assert_cmpint (fake_queue_last (f->queue)->seq, ==, 3);
  fake_queue_answer (f->queue, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (BuildqSyncReply) answer = NULL;

      wait_until (results[i] != NULL);
      answer = buildq_queue_sync_finish (queue, results[i], &error);
      g_assert_no_error (error);
      g_assert_cmpint (answer->ack, ==, 2 + i);
      g_object_unref (results[i]);
    }
}

/* --- breaking --- */

/* Starts the server anew in the same place. */
static void
restart (Fixture *f)
{
  g_autofree char *uri = g_strdup (buildq_server_get_uri (f->server));
  g_autoptr (GError) error = NULL;
  guint port = (guint) g_ascii_strtoull (strrchr (uri, ':') + 1, NULL, 10);

  buildq_server_stop (f->server);
  g_object_unref (f->server);
  f->server = buildq_server_new (BUILDQ_QUEUE (f->queue), f->authority);
  g_assert_true (buildq_server_listen (f->server, NULL, port, &error));
  g_assert_no_error (error);
}

static void
test_break (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqSyncMessage) message
      = make_sync ("s1", 2, BUILDQ_SESSION_STEP_CONTINUE);
  g_autoptr (GError) error = NULL;
  Pushed pushed = { 0 };

  g_signal_connect (queue, "pushed", G_CALLBACK (on_pushed), &pushed);
  assert_sync (queue, "s1", 1, BUILDQ_SESSION_STEP_ATTACH);
  assert_sync (queue, "s2", 1, BUILDQ_SESSION_STEP_ATTACH);
  assert_sync (queue, "s2", 2, BUILDQ_SESSION_STEP_LEAVE);

  /* What is under way fails, so that it can be sent again. */
  f->queue->hold = TRUE;
  buildq_queue_sync_async (queue, message, 0, NULL, keep_result, &result);
  wait_until (f->queue->held.length == 1);
  restart (f);
  wait_until (result != NULL);
  g_assert_null (buildq_queue_sync_finish (queue, result, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  f->queue->hold = FALSE;
  fake_queue_answer (f->queue, 0);

  /* It comes back by itself, and the session that is left hears of it. */
  wait_until (pushed.count == 1);
  g_assert_true (pushed.attach);
  g_assert_cmpstr (pushed.session, ==, "s1");
  assert_sync (queue, "s1", 3, BUILDQ_SESSION_STEP_ATTACH);
  g_assert_cmpuint (pushed.count, ==, 1);
  g_free (pushed.session);
}

/* While nothing is there, messages wait for the next attempt, and fail with it. */
static void
test_away (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autofree char *uri = g_strdup (buildq_server_get_uri (f->server));
  guint port = (guint) g_ascii_strtoull (strrchr (uri, ':') + 1, NULL, 10);
  g_autoptr (GError) error = NULL;

  assert_sync (queue, "s1", 1, BUILDQ_SESSION_STEP_ATTACH);
  buildq_server_stop (f->server);
  g_clear_object (&f->server);
  for (guint i = 0; i < 3; i++)
    assert_sync_fails (queue, "s1", 2, BUILDQ_ERROR_UNAVAILABLE);

  f->server = buildq_server_new (BUILDQ_QUEUE (f->queue), NULL);
  g_assert_true (buildq_server_listen (f->server, NULL, port, &error));
  g_assert_no_error (error);
  for (guint i = 0;; i++)
    {
      g_autoptr (GError) local = NULL;
      g_autoptr (BuildqSyncReply) reply
          = sync_with (queue, "s1", 3, BUILDQ_SESSION_STEP_ATTACH, &local);

      if (reply != NULL)
        break;
      g_assert_error (local, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
      g_assert_cmpuint (i, <, 3);
    }
}

static void
test_full (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autoptr (BuildqJobStatus) status = NULL;
  g_autoptr (GError) error = NULL;

  /* A server that has its number is not asked by POST instead. */
  buildq_server_set_max_sessions (f->server, 0);
  assert_sync_fails (queue, "s1", 1, BUILDQ_ERROR_UNAVAILABLE);
  g_assert_cmpuint (f->queue->messages->len, ==, 0);
  status = CALL (queue, get_job, "k", );
  g_assert_no_error (error);
}

/* --- proxies --- */

/* The URI of a server that is no BuildqServer. */
static char *
listen_somewhere (SoupServer *server)
{
  g_autoptr (GError) error = NULL;
  GSList *uris;
  char *uri;

  g_assert_true (
      soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  uri = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return uri;
}

/* A proxy that puts the server below a path, and may know no WebSocket. */
static void
proxy_forward (SoupServer *proxy,
               SoupServerMessage *msg,
               const char *path,
               GHashTable *query,
               gpointer data)
{
  Fixture *f = data;
  SoupMessageBody *body = soup_server_message_get_request_body (msg);
  g_autoptr (GBytes) sent = soup_message_body_flatten (body);
  g_autofree char *text
      = g_strndup (g_bytes_get_data (sent, NULL), g_bytes_get_size (sent));
  g_auto (Answer) answer = { 0 };

  g_assert_true (g_str_has_prefix (path, "/farm/v1/"));
  if (g_str_has_suffix (path, "/session"))
    {
      soup_server_message_set_status (msg, 404, NULL);
      return;
    }
  answer = ask (f, soup_server_message_get_method (msg), path + strlen ("/farm"), text);
  soup_server_message_set_status (msg, answer.status, NULL);
  soup_server_message_set_response (msg, "application/json", SOUP_MEMORY_COPY,
                                    answer.text, strlen (answer.text));
}

static void
test_proxy (Fixture *f, gconstpointer data)
{
  g_autoptr (SoupServer) proxy = soup_server_new (NULL, NULL);
  g_autoptr (BuildqQueue) queue = NULL;
  g_autoptr (BuildqJobStatus) status = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *base = NULL;
  g_autofree char *uri = NULL;

  soup_server_add_handler (proxy, "/farm", proxy_forward, f, NULL);
  base = listen_somewhere (proxy);
  uri = g_strconcat (base, "/farm/", NULL);

  queue = open_queue (uri, NULL);
  status = CALL (queue, get_job, "k", );
  g_assert_no_error (error);
  assert_sync (queue, "s1", 1, BUILDQ_SESSION_STEP_ATTACH);
  assert_sync (queue, "s1", 2, BUILDQ_SESSION_STEP_CONTINUE);
  g_assert_false (fake_queue_last (f->queue)->push);
  soup_server_disconnect (proxy);
}

typedef struct
{
  guint status;
  const char *body;
} Nonsense;

static void
answer_nonsense (SoupServer *server,
                 SoupServerMessage *msg,
                 const char *path,
                 GHashTable *query,
                 gpointer data)
{
  Nonsense *nonsense = data;

  soup_server_message_set_status (msg, nonsense->status, NULL);
  soup_message_headers_replace (soup_server_message_get_response_headers (msg),
                                "Location", "http://127.0.0.1:1/");
  soup_server_message_set_response (msg, "text/html", SOUP_MEMORY_COPY, nonsense->body,
                                    strlen (nonsense->body));
}

/* Something else than a queue answers. */
static void
test_nonsense (void)
{
  static const struct
  {
    Nonsense answer;
    BuildqError code;
  } cases[] = {
    { { 200, "" }, BUILDQ_ERROR_PROTOCOL },
    { { 200, "<html>" }, BUILDQ_ERROR_PROTOCOL },
    { { 200, "[]" }, BUILDQ_ERROR_PROTOCOL },
    { { 200, "{\"key\":5}" }, BUILDQ_ERROR_PROTOCOL },
    { { 302, "elsewhere" }, BUILDQ_ERROR_PROTOCOL },
    { { 404, "<html>" }, BUILDQ_ERROR_NOT_FOUND },
    { { 502, "<html>" }, BUILDQ_ERROR_UNAVAILABLE },
    { { 500, "{\"error\":7}" }, BUILDQ_ERROR_UNAVAILABLE },
    { { 504, "" }, BUILDQ_ERROR_TIMED_OUT },
    { { 418, "{\"error\":{}}" }, BUILDQ_ERROR_FAILED },
    { { 418, "{\"error\":{\"code\":\"exists\"}}" }, BUILDQ_ERROR_EXISTS },
    { { 418, "{\"error\":{\"code\":\"from-the-future\",\"message\":\"m\"}}" },
      BUILDQ_ERROR_FAILED },
  };
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autofree char *uri = NULL;
  Nonsense current;

  soup_server_add_handler (server, NULL, answer_nonsense, &current, NULL);
  uri = listen_somewhere (server);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (BuildqQueue) queue = open_queue (uri, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("%u %s", cases[i].answer.status, cases[i].answer.body);
      current = cases[i].answer;
      g_assert_null (CALL (queue, get_job, "k", ));
      g_assert_error (error, BUILDQ_ERROR, (int) cases[i].code);
      g_clear_error (&error);
      g_assert_null (sync_with (queue, "s", 1, BUILDQ_SESSION_STEP_ATTACH, &error));
      g_assert_nonnull (error);
    }
  soup_server_disconnect (server);
}

/* --- cancelling --- */

static void
assert_cancelled (BuildqQueue *queue, GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;

  wait_until (*result != NULL);
  g_assert_null (buildq_queue_sync_finish (queue, *result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (result);
}

/* Before it is sent, right after, and while it waits for its answer: each ends at once,
 * and the answer of the last is nobody's. */
static void
cancel_at_each_moment (Fixture *f, gboolean use_websocket)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autoptr (BuildqSyncMessage) message = make_sync ("s1", 1, BUILDQ_SESSION_STEP_ATTACH);
  g_autoptr (GCancellable) before = g_cancellable_new ();
  g_autoptr (GCancellable) at_once = g_cancellable_new ();
  g_autoptr (GCancellable) soon = g_cancellable_new ();
  GAsyncResult *result = NULL;
  Pushed pushed = { 0 };

  buildq_remote_queue_set_use_websocket (BUILDQ_REMOTE_QUEUE (queue), use_websocket);
  g_signal_connect (queue, "pushed", G_CALLBACK (on_pushed), &pushed);
  g_cancellable_cancel (before);
  buildq_queue_sync_async (queue, message, 0, before, keep_result, &result);
  assert_cancelled (queue, &result);
  g_assert_cmpuint (f->queue->messages->len, ==, 0);

  buildq_queue_sync_async (queue, message, 0, at_once, keep_result, &result);
  g_cancellable_cancel (at_once);
  assert_cancelled (queue, &result);

  assert_sync (queue, "s1", 2, BUILDQ_SESSION_STEP_ATTACH);
  f->queue->hold = TRUE;
  buildq_queue_sync_async (queue, message, 0, soon, keep_result, &result);
  wait_until (f->queue->held.length == 1);
  g_cancellable_cancel (soon);
  assert_cancelled (queue, &result);
  fake_queue_answer (f->queue, 0);
  f->queue->hold = FALSE;

  assert_sync (queue, "s1", 3, BUILDQ_SESSION_STEP_CONTINUE);
  g_assert_cmpuint (pushed.count, ==, 0);
}

static void
test_cancel_websocket (Fixture *f, gconstpointer data)
{
  cancel_at_each_moment (f, TRUE);
}

static void
test_cancel_post (Fixture *f, gconstpointer data)
{
  cancel_at_each_moment (f, FALSE);
}

/* While it waits for the next attempt to connect. */
static void
test_cancel_waiting (void)
{
  g_autoptr (BuildqQueue) queue = open_queue ("http://127.0.0.1:1", NULL);
  g_autoptr (BuildqSyncMessage) message = make_sync ("s1", 1, BUILDQ_SESSION_STEP_ATTACH);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;

  _buildq_remote_queue_set_first_delay (BUILDQ_REMOTE_QUEUE (queue), 30000);
  assert_sync_fails (queue, "s1", 1, BUILDQ_ERROR_UNAVAILABLE);
  buildq_queue_sync_async (queue, message, 0, cancellable, keep_result, &result);
  g_main_context_iteration (NULL, FALSE);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  assert_cancelled (queue, &result);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

static void
wrote_headers (SoupServerMessage *msg, gpointer data)
{
  soup_server_message_pause (msg);
  *(gboolean *) data = TRUE;
}

static void
answer_half (SoupServer *server,
             SoupServerMessage *msg,
             const char *path,
             GHashTable *query,
             gpointer data)
{
  soup_server_message_set_status (msg, 200, NULL);
  soup_message_headers_set_content_length (soup_server_message_get_response_headers (msg),
                                           1000);
  g_signal_connect (msg, "wrote-headers", G_CALLBACK (wrote_headers), data);
}

/* While the answer is being read. */
static void
test_cancel_reading (void)
{
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (BuildqQueue) queue = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  gboolean halfway = FALSE;

  soup_server_add_handler (server, NULL, answer_half, &halfway, NULL);
  uri = listen_somewhere (server);
  queue = open_queue (uri, NULL);
  buildq_queue_get_job_async (queue, "k", 0, cancellable, keep_result, &result);
  wait_until (halfway);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  wait_until (result != NULL);
  g_assert_null (buildq_queue_get_job_finish (queue, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  soup_server_disconnect (server);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, func) g_test_add (name, Fixture, data, set_up, func, tear_down)
  ADD ("/remote-queue/sync", NULL, test_sync);
  ADD ("/remote-queue/many", NULL, test_many);
  ADD ("/remote-queue/post", NULL, test_post);
  ADD ("/remote-queue/break", NULL, test_break);
  ADD ("/remote-queue/away", NULL, test_away);
  ADD ("/remote-queue/full", NULL, test_full);
  ADD ("/remote-queue/proxy", NULL, test_proxy);
  g_test_add_func ("/remote-queue/nonsense", test_nonsense);
  ADD ("/remote-queue/cancel/websocket", NULL, test_cancel_websocket);
  ADD ("/remote-queue/cancel/post", NULL, test_cancel_post);
  g_test_add_func ("/remote-queue/cancel/waiting", test_cancel_waiting);
  g_test_add_func ("/remote-queue/cancel/reading", test_cancel_reading);

  return g_test_run ();
}
