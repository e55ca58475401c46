/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What a server bears: bodies that are too large or have no end, and being stopped.
 */
#include "config.h"

#include "server-fixture.h"

#include <string.h>

static gint64
get_peak_kib (void)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = strstr (text, "VmHWM:");
  g_assert_nonnull (line);
  return g_ascii_strtoll (line + strlen ("VmHWM:"), NULL, 10);
}

/* Sends bytes by hand, and reads until the server closes or answers. */
static char *
talk (Fixture *f, const char *head, gsize body, gboolean *cut)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *zeros = g_malloc0 (65536);
  const char *place = buildq_server_get_uri (f->server) + strlen ("http://");
  GPollableOutputStream *out;
  GPollableInputStream *in;
  char buffer[8192];
  gsize left = body;
  gssize n;

  g_socket_client_connect_to_host_async (client, place, 0, NULL, keep_result, &result);
  wait_until (result != NULL);
  connection = g_socket_client_connect_to_host_finish (client, result, &error);
  g_assert_no_error (error);
  out = G_POLLABLE_OUTPUT_STREAM (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)));
  in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  n = g_pollable_output_stream_write_nonblocking (out, head, strlen (head), NULL, &error);
  g_assert_cmpint (n, ==, (gssize) strlen (head));

  *cut = FALSE;
  for (;;)
    {
      if (left > 0 && !*cut)
        {
          g_autoptr (GError) local = NULL;

          n = g_pollable_output_stream_write_nonblocking (out, zeros, MIN (left, 65536),
                                                          NULL, &local);
          if (n > 0)
            left -= (gsize) n;
          else if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            *cut = TRUE;
        }
      while (g_main_context_iteration (NULL, FALSE))
        ;
      {
        g_autoptr (GError) local = NULL;

        n = g_pollable_input_stream_read_nonblocking (in, buffer, sizeof buffer - 1, NULL,
                                                      &local);
        if (n > 0)
          return g_strndup (buffer, (gsize) n);
        if (n == 0 || !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
          {
            *cut = TRUE;
            return g_strdup ("");
          }
      }
    }
}

#define MIB (1024 * 1024)

static void
test_too_large (Fixture *f, gconstpointer data)
{
  gint64 before = get_peak_kib ();
  gboolean cut;
  g_autofree char *early = NULL;
  g_autofree char *drained = NULL;
  g_autofree char *endless = NULL;
  g_autofree char *refused = NULL;

  /* With a length, and waiting to be asked: nothing of the body is sent. */
  early
      = talk (f,
              "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n"
              "Expect: 100-continue\r\n\r\n",
              0, &cut);
  g_assert_false (cut);
  g_assert_true (g_str_has_prefix (early, "HTTP/1.1 413 "));
  g_assert_nonnull (strstr (early, "\"too-large\""));

  /* Not waiting: it is read, and not kept. */
  drained = talk (
      f, "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n",
      20000000, &cut);
  g_assert_true (g_str_has_prefix (drained, "HTTP/1.1 413 "));

  /* Without end: cut. */
  endless = talk (
      f,
      "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "fffffff\r\n",
      0xfffffff, &cut);
  g_assert_true (cut);

  /* Neither is the body of what is refused for another reason. */
  refused = talk (
      f, "PUT /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000000\r\n\r\n",
      200000000, &cut);
  g_assert_true (cut);

#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpint (get_peak_kib () - before, <, 48 * 1024);
#endif
  g_assert_cmpint (before, >, 0);
  g_assert_cmpuint (f->queue->messages->len, ==, 0);
}

/* Up to the limit it is taken, also when its length is not known. */
static void
test_chunked (Fixture *f, gconstpointer data)
{
  gboolean cut;
  g_autofree char *answer = talk (
      f,
      "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "14\r\n{\"session\":\"chunks\",\r\n18\r\n\"name\":\"any\",\"seq\":1   "
      "}\r\n0\r\n\r\n",
      0, &cut);

  g_assert_false (cut);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
  g_assert_cmpstr (fake_queue_last (f->queue)->session, ==, "chunks");
}

/* The sockets are counted: headers and bodies, both ways. */
static void
test_bytes (Fixture *f, gconstpointer data)
{
  g_autofree char *big = g_strnfill (100000, ' ');
  g_autofree char *body = g_strconcat (SYNC ("any"), big, NULL);
  gint64 received, sent;

  assert_status (ask (f, "GET", "/healthz", NULL), 200);
  received = buildq_server_get_received_bytes (f->server);
  sent = buildq_server_get_sent_bytes (f->server);
  g_assert_cmpint (received, >, 50);
  g_assert_cmpint (received, <, 1000);
  g_assert_cmpint (sent, >, 50);
  g_assert_cmpint (sent, <, 1000);

  assert_status (ask (f, "POST", "/v1/sync", body), 200);
  received = buildq_server_get_received_bytes (f->server) - received;
  g_assert_cmpint (received, >, 100000);
  g_assert_cmpint (received, <, 102000);
  g_assert_cmpint (buildq_server_get_sent_bytes (f->server) - sent, <, 1000);

  /* What was counted stays when the connections are gone. Linux counts a FIN as a byte.
   */
  received = buildq_server_get_received_bytes (f->server);
  soup_session_abort (f->soup);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  buildq_server_stop (f->server);
  g_assert_cmpint (buildq_server_get_received_bytes (f->server), >=, received);
  g_assert_cmpint (buildq_server_get_received_bytes (f->server), <, received + 10);
}

/* A server can go while it is asked something. */
static void
test_stop_while_asked (Fixture *f, gconstpointer data)
{
  g_autoptr (SoupMessage) msg = make_message (f, "POST", "/v1/sync", SYNC ("any"), NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  f->queue->hold = TRUE;
  soup_session_send_and_read_async (f->soup, msg, G_PRIORITY_DEFAULT, NULL, keep_result,
                                    &result);
  wait_until (f->queue->messages->len == 1);
  buildq_server_stop (f->server);
  wait_until (result != NULL);
  bytes = soup_session_send_and_read_finish (f->soup, result, &error);
  g_assert_null (bytes);
  g_assert_nonnull (error);
  fake_queue_answer (f->queue, 0);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/server/limits/too-large", test_too_large);
  ADD ("/server/limits/chunked", test_chunked);
  ADD ("/server/limits/bytes", test_bytes);
  ADD ("/server/limits/stop-while-asked", test_stop_while_asked);

  return g_test_run ();
}
