/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The server as HTTP sees it, in front of a queue that remembers what it was asked.
 */
#include "config.h"

#include "server-fixture.h"

#include "http/buildq-http-error.h"

#include <buildq/buildq-query.h>
#include <buildq/buildq-request.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- what each path does --- */

static void
test_health (Fixture *f, gconstpointer data)
{
  g_auto (Answer) answer = ask (f, "GET", "/healthz", NULL);
  g_auto (Answer) head = { 0 };

  g_assert_cmpuint (answer.status, ==, 200);
  g_assert_cmpstr (answer.text, ==, "{\"status\":\"ok\"}\n");
  g_assert_cmpstr (get_header (&answer, "Cache-Control"), ==, "no-store");

  head = ask (f, "HEAD", "/healthz", NULL);
  g_assert_cmpuint (head.status, ==, 200);
  g_assert_cmpstr (head.text, ==, "");
}

static void
test_requests (Fixture *f, gconstpointer data)
{
  g_auto (Answer) answer = ask (f, "POST", "/v1/requests", REQUEST);

  g_assert_cmpuint (answer.status, ==, 201);
  g_assert_nonnull (strstr (answer.text, "\"id\":\"r-1\""));
  g_assert_cmpstr (buildq_request_get_submitter (f->queue->submitted), ==, "eve");

  assert_error (ask (f, "POST", "/v1/requests", ""), 400, BUILDQ_ERROR_INVALID);
  assert_error (ask (f, "POST", "/v1/requests", "{"), 400, BUILDQ_ERROR_INVALID);
  assert_error (ask (f, "POST", "/v1/requests", "{}"), 400, BUILDQ_ERROR_INVALID);

  assert_status (ask (f, "GET", "/v1/requests/a%2Fb", NULL), 200);
  g_assert_cmpstr (f->queue->asked, ==, "a/b");
  assert_error (ask (f, "GET", "/v1/requests/no-1", NULL), 404, BUILDQ_ERROR_NOT_FOUND);
  assert_status (ask (f, "DELETE", "/v1/requests/r-1", NULL), 200);
  g_assert_cmpuint (f->queue->cancels, ==, 1);
  assert_error (ask (f, "DELETE", "/v1/requests/no-1", NULL), 404,
                BUILDQ_ERROR_NOT_FOUND);
}

static void
test_jobs (Fixture *f, gconstpointer data)
{
  g_auto (Answer) log = { 0 };

  assert_status (ask (f, "GET", "/v1/jobs/%2Fgnu%2Fstore%2Fa%20b.drv", NULL), 200);
  g_assert_cmpstr (f->queue->asked, ==, "/gnu/store/a b.drv");
  assert_status (ask (f, "GET", "/v1/jobs/a%2Flog", NULL), 200);
  g_assert_cmpstr (f->queue->asked, ==, "a/log");

  log = ask (f, "GET", "/v1/jobs/a%2Fb/log?offset=7", NULL);
  g_assert_cmpuint (log.status, ==, 200);
  g_assert_cmpstr (f->queue->asked, ==, "a/b");
  g_assert_cmpint (f->queue->offset, ==, 7);
  g_assert_nonnull (strstr (log.text, "\"data\":\"bG9nAHRleHQ=\""));
  assert_error (ask (f, "GET", "/v1/jobs/a/log?offset=-1", NULL), 400,
                BUILDQ_ERROR_INVALID);

  assert_status (
      ask (f, "GET",
           "/v1/jobs?request=r%261&state=ready,leased&state=failed&after=5&limit=7&x=y",
           NULL),
      200);
  g_assert_cmpstr (buildq_query_get_request (f->queue->query), ==, "r&1");
  g_assert_cmpint (buildq_query_get_after (f->queue->query), ==, 5);
  g_assert_cmpint (buildq_query_get_limit (f->queue->query), ==, 7);
  g_assert_cmpuint (g_strv_length ((char **) buildq_query_get_states (f->queue->query)),
                    ==, 3);
  assert_status (ask (f, "GET", "/v1/jobs", NULL), 200);
  g_assert_cmpint (buildq_query_get_limit (f->queue->query), ==, 100);
  g_assert_null (buildq_query_get_request (f->queue->query));
  assert_error (ask (f, "GET", "/v1/jobs?state=happy", NULL), 400, BUILDQ_ERROR_INVALID);
  assert_error (ask (f, "GET", "/v1/jobs?limit=0", NULL), 400, BUILDQ_ERROR_INVALID);
  assert_error (ask (f, "GET", "/v1/jobs?limit=10001", NULL), 400, BUILDQ_ERROR_INVALID);
  assert_error (ask (f, "GET", "/v1/jobs?after=x", NULL), 400, BUILDQ_ERROR_INVALID);
}

static void
test_workers (Fixture *f, gconstpointer data)
{
  g_auto (Answer) answer = ask (f, "GET", "/v1/workers", NULL);

  g_assert_cmpuint (answer.status, ==, 200);
  g_assert_cmpstr (answer.text, ==,
                   "{\"workers\":[{\"name\":\"w0\",\"state\":\"ready\"},"
                   "{\"name\":\"w1\",\"state\":\"ready\"}]}\n");
}

/* printf hello | nix-hash --type sha256 --flat --base32 /dev/stdin */
#define HELLO "sha256:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic"

static void
test_texts (Fixture *f, gconstpointer data)
{
  g_auto (Answer) put = { 0 };
  g_auto (Answer) got = { 0 };
  g_auto (Answer) missing = { 0 };

  missing = ask (f, "POST", "/v1/texts/missing", "{\"hashes\":[\"" HELLO "\"]}");
  g_assert_cmpuint (missing.status, ==, 200);
  g_assert_cmpstr (missing.text, ==, "{\"missing\":[\"" HELLO "\"]}\n");
  assert_error (ask (f, "GET", "/v1/texts/" HELLO, NULL), 404, BUILDQ_ERROR_NOT_FOUND);

  put = ask (f, "PUT", "/v1/texts/" HELLO, "hello");
  g_assert_cmpuint (put.status, ==, 201);
  g_assert_cmpstr (put.text, ==, "{\"hash\":\"" HELLO "\"}\n");
  got = ask (f, "GET", "/v1/texts/" HELLO, NULL);
  g_assert_cmpuint (got.status, ==, 200);
  g_assert_cmpstr (got.text, ==, "hello");
  g_assert_cmpstr (get_header (&got, "Content-Type"), ==, "application/octet-stream");
  answer_clear (&missing);
  missing = ask (f, "POST", "/v1/texts/missing", "{\"hashes\":[\"" HELLO "\"]}");
  g_assert_cmpstr (missing.text, ==, "{\"missing\":[]}\n");

  assert_error (ask (f, "PUT", "/v1/texts/" HELLO, "hallo"), 422, BUILDQ_ERROR_CHECKSUM);
  assert_error (ask (f, "PUT", "/v1/texts/nonsense", "x"), 400, BUILDQ_ERROR_INVALID);
  assert_error (ask (f, "POST", "/v1/texts/missing", "[]"), 400, BUILDQ_ERROR_INVALID);
}

static void
test_sync (Fixture *f, gconstpointer data)
{
  g_auto (Answer) answer = ask (f, "POST", "/v1/sync", SYNC ("any"));

  g_assert_cmpuint (answer.status, ==, 200);
  g_assert_nonnull (strstr (answer.text, "\"session\":\"s1\",\"seq\":1,\"ack\":1"));
  g_assert_cmpstr (fake_queue_last (f->queue)->name, ==, "any");
  g_assert_false (fake_queue_last (f->queue)->push);

  assert_error (ask (f, "POST", "/v1/sync", "{}"), 400, BUILDQ_ERROR_INVALID);
  assert_error (
      ask (f, "POST", "/v1/sync",
           "{\"session\":\"s1\",\"name\":\"any\",\"seq\":2,\"step\":\"detach\"}"),
      400, BUILDQ_ERROR_INVALID);
  g_assert_cmpuint (f->queue->messages->len, ==, 1);
}

static void
test_status (Fixture *f, gconstpointer data)
{
  g_auto (Answer) before = ask (f, "GET", "/v1/status", NULL);
  g_auto (Answer) after = { 0 };

  g_assert_cmpuint (before.status, ==, 200);
  g_assert_true (g_str_has_prefix (before.text, "{\"version\":1,"));
  g_assert_nonnull (strstr (before.text, "\"sessions\":0,\"connections\":0"));
  assert_status (ask (f, "POST", "/v1/sync", SYNC ("any")), 200);
  after = ask (f, "GET", "/v1/status", NULL);
  g_assert_nonnull (strstr (after.text, "\"instance\":\"fake\""));
}

/* Each error of a queue has its status, and arrives with its code and message. */
static void
test_errors (Fixture *f, gconstpointer data)
{
  static const guint statuses[]
      = { 500, 400, 404, 409, 410, 409, 422, 403, 503, 504, 413, 502, 501 };

  for (guint code = 0; code < G_N_ELEMENTS (statuses); code++)
    {
      g_auto (Answer) answer = { 0 };
      g_autoptr (GError) error = NULL;

      f->queue->next_error
          = g_error_new (BUILDQ_ERROR, (int) code, "error \"%u\" \xff\n", code);
      answer = ask (f, "GET", "/v1/jobs/k", NULL);
      g_assert_cmpuint (answer.status, ==, statuses[code]);
      g_assert_true (statuses[code] != 503
                     || atoi (get_header (&answer, "Retry-After")) > 0);
      error = _buildq_http_error_read (answer.text, -1, NULL, NULL);
      g_assert_error (error, BUILDQ_ERROR, (int) code);
      g_assert_true (g_str_has_prefix (error->message, "error \""));
    }
  f->queue->next_error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "full");
  assert_error (ask (f, "GET", "/v1/jobs/k", NULL), 500, BUILDQ_ERROR_FAILED);
  f->queue->next_error
      = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "no");
  assert_error (ask (f, "GET", "/v1/jobs/k", NULL), 503, BUILDQ_ERROR_UNAVAILABLE);
}

static void
test_paths (Fixture *f, gconstpointer data)
{
  static const char *const nothing[]
      = { "/index.html",    "/v1",           "/v1/",      "/v1/jobs/",
          "/v1/jobs/a/b",   "/v1/jobs//log", "/w2/jobs",  "/v1/sessions",
          "/v1/session/x",  "/v1/requests/", "/healthz/", "//healthz",
          "/v1/jobs/a/log/" };
  g_auto (Answer) answer = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (nothing); i++)
    assert_error (ask (f, "GET", nothing[i], NULL), 404, BUILDQ_ERROR_NOT_FOUND);
  assert_error (ask (f, "GET", "/v1/jobs/%FF", NULL), 400, BUILDQ_ERROR_INVALID);

  answer = ask (f, "PUT", "/v1/requests", "x");
  g_assert_cmpstr (get_header (&answer, "Allow"), ==, "POST");
  assert_error (ask (f, "PUT", "/v1/requests", "x"), 405, BUILDQ_ERROR_NOT_SUPPORTED);
  assert_error (ask (f, "POST", "/v1/session", "x"), 405, BUILDQ_ERROR_NOT_SUPPORTED);
  assert_error (ask (f, "GET", "/v1/session", NULL), 400, BUILDQ_ERROR_INVALID);
  answer_clear (&answer);
  answer = ask (f, "DELETE", "/v1/texts/x", NULL);
  g_assert_cmpstr (get_header (&answer, "Allow"), ==, "PUT, GET");
}

/* --- who may do what --- */

static guint
status_of (Answer answer)
{
  guint status = answer.status;

  answer_clear (&answer);
  return status;
}

static void
test_roles (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *method;
    const char *path;
    const char *body;
    guint statuses[5]; /* reader, submitter, worker, relay, admin */
  } cases[] = {
    { "GET", "/healthz", NULL, { 200, 200, 200, 200, 200 } },
    { "GET", "/v1/status", NULL, { 200, 200, 200, 200, 200 } },
    { "POST", "/v1/requests", REQUEST, { 403, 201, 403, 403, 201 } },
    { "GET", "/v1/requests/r", NULL, { 200, 200, 403, 200, 200 } },
    { "DELETE", "/v1/requests/r", NULL, { 403, 200, 403, 403, 200 } },
    { "GET", "/v1/jobs", NULL, { 200, 200, 403, 200, 200 } },
    { "GET", "/v1/jobs/k", NULL, { 200, 200, 403, 200, 200 } },
    { "GET", "/v1/jobs/k/log", NULL, { 200, 200, 403, 200, 200 } },
    { "GET", "/v1/workers", NULL, { 200, 200, 403, 200, 200 } },
    { "PUT", "/v1/texts/" HELLO, "hello", { 403, 201, 403, 403, 201 } },
    { "GET", "/v1/texts/" HELLO, NULL, { 200, 200, 200, 200, 200 } },
    { "POST", "/v1/texts/missing", "{}", { 403, 200, 403, 403, 200 } },
    { "POST", "/v1/sync", SYNC ("build-1"), { 403, 403, 200, 403, 200 } },
    { "POST", "/v1/sync", SYNC ("relay-1"), { 403, 403, 403, 200, 200 } },
    { "GET", "/v1/session", NULL, { 403, 403, 400, 400, 400 } },
  };
  g_autoptr (GBytes) text = g_bytes_new_static ("hello", 5);

  g_hash_table_insert (f->queue->texts, g_strdup (HELLO), g_bytes_ref (text));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (guint role = 0; role <= BUILDQ_ROLE_ADMIN; role++)
        {
          g_test_message ("%s %s as %s", cases[i].method, cases[i].path,
                          fixture_names[role]);
          g_assert_cmpuint (status_of (ask_as (f, f->tokens[role], cases[i].method,
                                               cases[i].path, cases[i].body)),
                            ==, cases[i].statuses[role]);
        }
      if (i == 0)
        continue;
      assert_error (ask (f, cases[i].method, cases[i].path, cases[i].body), 401,
                    BUILDQ_ERROR_UNAUTHORIZED);
      assert_error (ask_as (f, "bq_wrong", cases[i].method, cases[i].path, cases[i].body),
                    401, BUILDQ_ERROR_UNAUTHORIZED);
    }
}

static void
test_tokens (Fixture *f, gconstpointer data)
{
  g_auto (Answer) answer = ask_as (f, "bq_secret", "GET", "/v1/jobs", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (answer.status, ==, 401);
  g_assert_cmpstr (get_header (&answer, "WWW-Authenticate"), ==, "Bearer");
  g_assert_null (strstr (answer.text, "secret"));

  /* The submitter is who it is, and cancels only what is theirs. */
  assert_status (
      ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "POST", "/v1/requests", REQUEST), 201);
  g_assert_cmpstr (buildq_request_get_submitter (f->queue->submitted), ==, "sue");
  assert_status (
      ask_as (f, f->tokens[BUILDQ_ROLE_ADMIN], "POST", "/v1/requests", REQUEST), 201);
  g_assert_cmpstr (buildq_request_get_submitter (f->queue->submitted), ==, "eve");
  _buildq_set_string (&f->queue->submitter, "eve");
  f->queue->cancels = 0;
  assert_error (
      ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "DELETE", "/v1/requests/r-1", NULL),
      403, BUILDQ_ERROR_UNAUTHORIZED);
  g_assert_cmpuint (f->queue->cancels, ==, 0);
  assert_error (
      ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "DELETE", "/v1/requests/no-1", NULL),
      404, BUILDQ_ERROR_NOT_FOUND);
  assert_status (
      ask_as (f, f->tokens[BUILDQ_ROLE_ADMIN], "DELETE", "/v1/requests/r-1", NULL), 200);

  /* So it is with a retry, also of a job, which names the request. */
  assert_error (ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "POST",
                        "/v1/requests/r-1/retry", NULL),
                403, BUILDQ_ERROR_UNAUTHORIZED);
  assert_error (
      ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "POST", "/v1/jobs/a/retry", NULL), 403,
      BUILDQ_ERROR_UNAUTHORIZED);
  assert_error (
      ask_as (f, f->tokens[BUILDQ_ROLE_READER], "POST", "/v1/requests/r-1/retry", NULL),
      403, BUILDQ_ERROR_UNAUTHORIZED);
  g_assert_cmpuint (f->queue->retries, ==, 0);
  assert_status (
      ask_as (f, f->tokens[BUILDQ_ROLE_ADMIN], "POST", "/v1/jobs/a/retry", NULL), 200);
  g_assert_cmpstr (f->queue->retried, ==, NULL);
  _buildq_set_string (&f->queue->submitter, "sue");
  assert_status (
      ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "POST", "/v1/jobs/a/retry", NULL),
      200);
  g_assert_cmpstr (f->queue->asked, ==, "a");
  g_assert_cmpstr (f->queue->retried, ==, "r-of-job");
  assert_status (ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "POST",
                         "/v1/jobs/a%2Fb/retry?request=r%261", NULL),
                 200);
  g_assert_cmpstr (f->queue->asked, ==, "a/b");
  g_assert_cmpstr (f->queue->retried, ==, "r&1");

  /* One that is removed does not count any more. */
  assert_status (ask_as (f, f->tokens[BUILDQ_ROLE_READER], "GET", "/v1/jobs", NULL), 200);
  g_assert_true (buildq_authority_remove (f->authority, "rita", &error));
  assert_error (ask_as (f, f->tokens[BUILDQ_ROLE_READER], "GET", "/v1/jobs", NULL), 401,
                BUILDQ_ERROR_UNAUTHORIZED);
}

/* A socket of somebody else: the same rules. */
static void
test_listen_fd (void)
{
  g_autoptr (FakeQueue) queue = fake_queue_new ();
  g_autoptr (BuildqServer) server = buildq_server_new (BUILDQ_QUEUE (queue), NULL);
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  GInetAddress *addresses[] = { any, loopback };
  int pair[2];
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  g_assert_false (buildq_server_listen_fd (server, pair[0], &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_clear_error (&error);
  close (pair[0]);
  close (pair[1]);

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (GSocketAddress) place = g_inet_socket_address_new (addresses[i], 0);
      g_autoptr (GSocket) socket = g_socket_new (
          G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
      gboolean ok;
      int fd;

      g_assert_no_error (error);
      g_assert_true (g_socket_bind (socket, place, FALSE, &error));
      g_assert_true (g_socket_listen (socket, &error));
      fd = dup (g_socket_get_fd (socket));
      ok = buildq_server_listen_fd (server, fd, &error);
      g_assert_cmpint (ok, ==, addresses[i] == loopback);
      if (!ok)
        {
          g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
          close (fd);
        }
      g_clear_error (&error);
    }
  g_assert_true (g_str_has_prefix (buildq_server_get_uri (server), "http://127.0.0.1:"));
}

static void
test_tokens_of_admins (Fixture *f, gconstpointer data)
{
  /* What is wanted of a machine is an admin's to say. */
  assert_error (
      ask_as (f, f->tokens[BUILDQ_ROLE_SUBMITTER], "POST", "/v1/workers/ant/pause", NULL),
      403, BUILDQ_ERROR_UNAUTHORIZED);
  assert_error (
      ask_as (f, f->tokens[BUILDQ_ROLE_WORKER], "POST", "/v1/workers/ant/drain", NULL),
      403, BUILDQ_ERROR_UNAUTHORIZED);
  assert_status (
      ask_as (f, f->tokens[BUILDQ_ROLE_ADMIN], "POST", "/v1/workers/an%2Ft/resume", NULL),
      200);
  g_assert_cmpstr (f->queue->asked, ==, "an/t");
}

static void
test_exposure (void)
{
  static const char *const open[] = { "0.0.0.0", "::", "192.0.2.1" };
  g_autoptr (FakeQueue) queue = fake_queue_new ();
  g_autoptr (GError) error = NULL;

  for (guint with = 0; with < 2; with++)
    {
      g_autoptr (BuildqAuthority) authority
          = with ? buildq_authority_new (NULL, NULL) : NULL;
      g_autoptr (BuildqServer) server
          = buildq_server_new (BUILDQ_QUEUE (queue), authority);

      for (guint i = 0; i < G_N_ELEMENTS (open); i++)
        {
          g_assert_false (buildq_server_listen (server, open[i], 0, &error));
          g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
          g_assert_nonnull (strstr (error->message, open[i]));
          g_clear_error (&error);
        }
      g_assert_null (buildq_server_get_uri (server));
      g_assert_false (buildq_server_listen (server, "example.org", 0, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
      g_clear_error (&error);
      g_assert_true (buildq_server_listen (server, "localhost", 0, &error));
      g_assert_true (
          g_str_has_prefix (buildq_server_get_uri (server), "http://127.0.0.1:"));
      if (with)
        {
          g_free (
              buildq_authority_add_token (authority, "a", BUILDQ_ROLE_READER, &error));
          g_assert_no_error (error);
          g_assert_true (buildq_server_listen (server, "0.0.0.0", 0, &error));
        }
      buildq_server_stop (server);
      g_assert_null (buildq_server_get_uri (server));
    }
}

static void
test_browsers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *name;
    const char *value;
    guint status;
  } cases[] = {
    { "Host", "evil.example", 403 },
    { "Host", "evil.example:8720", 403 },
    { "Host", "localhost", 200 },
    { "Host", "127.0.0.1:1", 200 },
    { "Host", "[::1]:8720", 200 },
    { "Host", "192.0.2.1", 403 },
    { "Origin", "http://evil.example", 403 },
    { "Origin", "null", 403 },
    { "Origin", "https://127.0.0.1", 403 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SoupMessage) msg = make_message (f, "GET", "/v1/jobs", NULL, NULL);
      g_autoptr (SoupMessage) health = make_message (f, "GET", "/healthz", NULL, NULL);

      g_test_message ("%s: %s", cases[i].name, cases[i].value);
      soup_message_headers_replace (soup_message_get_request_headers (msg), cases[i].name,
                                    cases[i].value);
      g_assert_cmpuint (status_of (send_message (f, msg)), ==, cases[i].status);
      soup_message_headers_replace (soup_message_get_request_headers (health),
                                    cases[i].name, cases[i].value);
      g_assert_cmpuint (status_of (send_message (f, health)), ==, 200);
    }
  {
    g_autoptr (SoupMessage) own = make_message (f, "GET", "/v1/jobs", NULL, NULL);

    soup_message_headers_replace (soup_message_get_request_headers (own), "Origin",
                                  buildq_server_get_uri (f->server));
    g_assert_cmpuint (status_of (send_message (f, own)), ==, 200);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, func) g_test_add (name, Fixture, data, set_up, func, tear_down)
  ADD ("/server/health", NULL, test_health);
  ADD ("/server/requests", NULL, test_requests);
  ADD ("/server/jobs", NULL, test_jobs);
  ADD ("/server/workers", NULL, test_workers);
  ADD ("/server/texts", NULL, test_texts);
  ADD ("/server/sync", NULL, test_sync);
  ADD ("/server/status", NULL, test_status);
  ADD ("/server/errors", NULL, test_errors);
  ADD ("/server/paths", NULL, test_paths);
  ADD ("/server/roles", "tokens", test_roles);
  ADD ("/server/tokens", "tokens", test_tokens);
  ADD ("/server/tokens-of-admins", "tokens", test_tokens_of_admins);
  g_test_add_func ("/server/exposure", test_exposure);
  g_test_add_func ("/server/listen-fd", test_listen_fd);
  ADD ("/server/browsers", NULL, test_browsers);

  return g_test_run ();
}
