/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "fault-server.h"
#include "mirror-check.h"

#include <string.h>

#include "netutil/buildq-http-client.h"

#define TEXT "0123456789"

typedef struct
{
  FaultServer *server;
  BuildqHttpClient *client;
  char *uri; /* of TEXT */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->server = fault_server_new ();
  f->client = _buildq_http_client_new ();
  f->uri = g_strconcat (fault_server_get_uri (f->server), "/text", NULL);
  fault_server_add_text (f->server, "/text", TEXT);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  _buildq_http_client_unref (f->client);
  fault_server_free (f->server);
  g_free (f->uri);
}

static GBytes *
get (Fixture *f, GError **error)
{
  return _buildq_http_client_get (f->client, f->uri, 100, NULL, error);
}

static void
assert_got (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = get (f, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), TEXT,
                   strlen (TEXT));
}

static void
assert_get_fails (Fixture *f, BuildqError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (get (f, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  assert_message (error, message);
}

static void
test_retries (Fixture *f, gconstpointer data)
{
  const guint again[] = { 408, 500, 502, 503, 504 };
  const guint final[] = { 400, 401, 404, 501, 505, 507 };
  guint count;

  for (guint i = 0; i < G_N_ELEMENTS (again); i++)
    fault_server_fail (f->server, NULL, NULL, FAULT_STATUS, again[i], 1);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, "503");
  g_assert_cmpuint (fault_server_count (f->server, "GET", "/text"), ==, 4);
  assert_got (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", "/text"), ==, 6);
  for (guint i = 0; i < G_N_ELEMENTS (final); i++)
    {
      g_autofree char *status = g_strdup_printf (": %u ", final[i]);
      g_autoptr (GError) error = NULL;

      count = fault_server_count (f->server, NULL, NULL);
      fault_server_fail (f->server, NULL, NULL, FAULT_STATUS, final[i], 1);
      g_assert_null (get (f, &error));
      assert_message (error, status);
      g_assert_cmpuint (fault_server_count (f->server, NULL, NULL), ==, count + 1);
    }
}

static void
test_retry_after (Fixture *f, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();

  fault_server_fail (f->server, NULL, NULL, FAULT_STATUS, 429, 1);
  assert_got (f);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, G_USEC_PER_SEC);
}

static void
test_deadline (Fixture *f, gconstpointer data)
{
  _buildq_http_client_set_limits (f->client, 5, 50 * 1000);
  fault_server_fail (f->server, NULL, NULL, FAULT_STATUS, 503, 4);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, "503");
  g_assert_cmpuint (fault_server_count (f->server, NULL, NULL), ==, 1);
}

static const char *
chunk_of_text (void)
{
  static char text[4097];

  memset (text, 'x', sizeof text - 1);
  return text;
}

static void
test_stall (Fixture *f, gconstpointer data)
{
  _buildq_http_client_set_limits (f->client, 1, G_USEC_PER_SEC);
  fault_server_fail (f->server, NULL, NULL, FAULT_STALL, 0, 1);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, "timed out");
  fault_server_fail (f->server, NULL, NULL, FAULT_STALL, 4, 1);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, "timed out");
  assert_got (f);
}

/* Slower than slow, where each byte comes in time. */
static void
test_drip (Fixture *f, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autofree char *chunk = g_malloc (4096);
  gsize size;

  _buildq_http_client_set_limits (f->client, 1, G_USEC_PER_SEC);
  fault_server_fail (f->server, NULL, NULL, FAULT_DRIP, 0, 1);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, "no answer in 4 s");
  fault_server_fail (f->server, NULL, NULL, FAULT_DRIP, 4, 1);
  fault_server_add_text (f->server, "/text", chunk_of_text ());
  stream = _buildq_http_client_open (f->client, f->uri, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (g_input_stream_read_all (stream, chunk, 4096, &size, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  assert_message (error, "bytes came in 4 s");
  g_assert_cmpuint (size, <, 100);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 30 * G_USEC_PER_SEC);
}

static void
test_headers (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, NULL, NULL, FAULT_HEADERS, 0, 4);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, f->uri);
  assert_got (f);
}

/* A dead server is tried hard once, and then not for each question anew. */
static void
test_dead (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, NULL, NULL, FAULT_HANG_UP, 0, 5);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, f->uri);
  g_assert_cmpuint (fault_server_count (f->server, NULL, NULL), ==, 4);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, f->uri);
  g_assert_cmpuint (fault_server_count (f->server, NULL, NULL), ==, 5);
  /* It is back, and as good as any. */
  assert_got (f);
  fault_server_fail (f->server, NULL, NULL, FAULT_HANG_UP, 0, 3);
  assert_got (f);
  g_assert_cmpuint (fault_server_count (f->server, NULL, NULL), ==, 10);
}

static void
test_cut (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, NULL, NULL, FAULT_CUT, 4, 2);
  assert_got (f);
  fault_server_fail (f->server, NULL, NULL, FAULT_CUT, 4, 3);
  assert_get_fails (f, BUILDQ_ERROR_UNAVAILABLE, f->uri);
}

static void
test_limit (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) exact
      = _buildq_http_client_get (f->client, f->uri, strlen (TEXT), NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (exact), ==, strlen (TEXT));
  g_assert_null (
      _buildq_http_client_get (f->client, f->uri, strlen (TEXT) - 1, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  fault_server_fail (f->server, NULL, NULL, FAULT_ENDLESS, 0, 1);
  assert_get_fails (f, BUILDQ_ERROR_TOO_LARGE, "100 bytes");
}

static void
test_head (Fixture *f, gconstpointer data)
{
  g_autofree char *none = g_strconcat (f->uri, "-none", NULL);
  g_autoptr (GError) error = NULL;
  gint64 size = 0;

  g_assert_true (_buildq_http_client_head (f->client, f->uri, &size, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (size, ==, strlen (TEXT));
  g_assert_false (_buildq_http_client_head (f->client, none, &size, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
}

/* --- uploads --- */

#define BIG_BYTES (3 * 1024 * 1024)

static gboolean
put_big (Fixture *f, GError **error)
{
  g_autofree char *dir = make_folder ();
  g_autofree char *path = make_file (dir, "big", BIG_BYTES);
  gboolean ok
      = _buildq_http_client_put_file (f->client, f->uri, path, "text/plain", NULL, error);

  remove_folder (g_steal_pointer (&dir));
  return ok;
}

/* Who wants no big file is not sent it. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *expect = NULL;
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "PUT", NULL, FAULT_REFUSE, 413, 1);
  g_assert_false (put_big (f, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  assert_message (error, "413");
  expect = fault_server_get_header (f->server, "Expect");
  g_assert_cmpstr (expect, ==, "100-continue");
  g_assert_cmpuint (fault_server_count (f->server, NULL, NULL), ==, 1);
}

/* Who does not know the question gets it all the same. */
static void
test_unexpecting (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  _buildq_http_client_set_limits (f->client, 1, 60 * G_USEC_PER_SEC);
  fault_server_fail (f->server, "PUT", NULL, FAULT_WAIT, 0, 1);
  g_assert_true (put_big (f, &error));
  g_assert_no_error (error);
  bytes = fault_server_get (f->server, "/text");
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, BIG_BYTES);
  g_assert_cmpuint (fault_server_count (f->server, "PUT", NULL), ==, 2);
}

/* --- ranges --- */

static char *
read_from (Fixture *f, gint64 offset, GError **error)
{
  g_autoptr (GInputStream) stream
      = _buildq_http_client_open (f->client, f->uri, offset, NULL, error);
  char *text = g_malloc0 (100);
  gsize size;

  if (stream != NULL && g_input_stream_read_all (stream, text, 99, &size, NULL, error))
    return text;
  g_free (text);
  return NULL;
}

static void
test_ranges (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *part = read_from (f, 7, &error);
  g_autofree char *range = fault_server_get_header (f->server, "Range");
  g_autofree char *skipped = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (range, ==, "bytes=7-");
  g_assert_cmpstr (part, ==, "789");
  fault_server_fail (f->server, NULL, NULL, FAULT_NO_RANGE, 0, 2);
  skipped = read_from (f, 7, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (skipped, ==, "789");
  g_assert_null (read_from (f, 11, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  assert_message (error, "shorter");
  g_clear_error (&error);
  fault_server_fail (f->server, NULL, NULL, FAULT_BAD_RANGE, 1, 1);
  g_assert_null (read_from (f, 7, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_PROTOCOL);
  assert_message (error, f->uri);
}

/* --- redirections and passwords --- */

static void
test_redirect_loop (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, NULL, NULL, FAULT_LOOP, 0, 2);
  assert_got (f);
  fault_server_fail (f->server, NULL, NULL, FAULT_LOOP, 0, 9);
  assert_get_fails (f, BUILDQ_ERROR_PROTOCOL, "without end");
  g_assert_cmpuint (fault_server_count (f->server, NULL, NULL), ==, 3 + 9);
}

static void
test_redirect_password (Fixture *f, gconstpointer data)
{
  g_autoptr (FaultServer) other = fault_server_new ();
  g_autofree char *target = g_strconcat (fault_server_get_uri (other), "/text", NULL);
  g_autofree char *address
      = g_strconcat ("http://ann:s%40c@", f->uri + strlen ("http://"), NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) here = NULL;
  g_autoptr (GBytes) there = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *hidden = NULL;

  fault_server_add_text (other, "/text", TEXT);
  fault_server_fail (f->server, NULL, NULL, FAULT_LOOP, 0, 1);
  here = _buildq_http_client_get (f->client, address, 100, NULL, &error);
  g_assert_no_error (error);
  shown = fault_server_get_header (f->server, "Authorization");
  g_assert_cmpstr (shown, ==, "Basic YW5uOnNAYw==");
  fault_server_set_target (f->server, target);
  fault_server_fail (f->server, NULL, NULL, FAULT_MOVED, 0, 1);
  there = _buildq_http_client_get (f->client, address, 100, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fault_server_count (other, NULL, NULL), ==, 1);
  hidden = fault_server_get_header (other, "Authorization");
  g_assert_null (hidden);
}

static void
test_redirect_elsewhere (Fixture *f, gconstpointer data)
{
  fault_server_set_target (f->server, "file:///etc/passwd");
  fault_server_fail (f->server, NULL, NULL, FAULT_MOVED, 0, 1);
  assert_get_fails (f, BUILDQ_ERROR_PROTOCOL, "file:///etc/passwd");
}

static void
test_hide_password (void)
{
  const char *pairs[][2] = {
    { "http://h/x@y", "http://h/x@y" },
    { "http://u@h/", "http://h/" },
    { "http://u:p@h:1/a?b#c", "http://h:1/a?b#c" },
    { "http://u:p@h/x@y", "http://h/x@y" },
    { "file:///a@b", "file:///a@b" },
    { "http://u:p/q@h:z/", "http://h:z/" },
    { "text", "text" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *hidden = _buildq_http_uri_hide_password (pairs[i][0]);

      g_assert_cmpstr (hidden, ==, pairs[i][1]);
    }
}

#define ADD(name, function)                                                              \
  g_test_add ("/http-client/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("retries", test_retries);
  ADD ("retry-after", test_retry_after);
  ADD ("deadline", test_deadline);
  ADD ("stall", test_stall);
  ADD ("drip", test_drip);
  ADD ("headers", test_headers);
  ADD ("dead", test_dead);
  ADD ("cut", test_cut);
  ADD ("limit", test_limit);
  ADD ("head", test_head);
  ADD ("refused", test_refused);
  ADD ("unexpecting", test_unexpecting);
  ADD ("ranges", test_ranges);
  ADD ("redirect-loop", test_redirect_loop);
  ADD ("redirect-password", test_redirect_password);
  ADD ("redirect-elsewhere", test_redirect_elsewhere);
  g_test_add_func ("/http-client/hide-password", test_hide_password);
  return g_test_run ();
}
