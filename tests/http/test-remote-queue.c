/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A remote queue in front of a real server in front of a queue of the test.
 */
#include "config.h"

#include "remote-fixture.h"

#include "queue/buildq-queue-private.h"

#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-local-queue.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>
#include <buildq/buildq-worker-status.h>

#include <string.h>

static BuildqRequest *
make_request (const char *id)
{
  g_autofree char *json = g_strdup_printf (
      "{%s%s%s\"jobs\":[{\"key\":\"k\",\"kind\":\"command\","
      "\"system\":\"s\",\"argv\":[\"true\"]}]}",
      id != NULL ? "\"id\":\"" : "", id != NULL ? id : "", id != NULL ? "\"," : "");
  g_autoptr (GError) error = NULL;
  BuildqRequest *request = buildq_request_new_from_json (json, &error);

  g_assert_no_error (error);
  return request;
}

/* --- URIs --- */

static void
test_uris (void)
{
  static const char *const bad[]
      = { "",           "localhost:8720", "ftp://a",         "unix:/a",
          "http://",    "http://a:b@c",   "http://secret@c", "http://a?b",
          "http://a#b", "http://a:99999" };
  static const struct
  {
    const char *uri;
    const char *clean;
  } good[] = {
    { "http://a", "http://a" },
    { "http://a:8720/", "http://a:8720" },
    { "HTTPS://a/b/c//", "https://a/b/c" },
    { "http://[::1]:8720/x%20y/", "http://[::1]:8720/x%20y" },
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      g_assert_null (buildq_remote_queue_new (bad[i], NULL, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
      g_assert_null (strstr (error->message, "secret"));
      g_clear_error (&error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (BuildqRemoteQueue) queue
          = buildq_remote_queue_new (good[i].uri, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (buildq_remote_queue_get_uri (queue), ==, good[i].clean);
    }
  g_assert_null (buildq_remote_queue_new ("http://a", "a\r\nX: y", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_null (strstr (error->message, "X: y"));
}

static void
test_queue_for_uri (void)
{
  static const struct
  {
    const char *uri;
    int code;
  } bad[] = {
    { "", BUILDQ_ERROR_INVALID },
    { "journal.db", BUILDQ_ERROR_INVALID },
    { "file:journal.db", BUILDQ_ERROR_INVALID },
    { "file://host/journal.db", BUILDQ_ERROR_INVALID },
    { "http://", BUILDQ_ERROR_INVALID },
    { "localhost:8720", BUILDQ_ERROR_NOT_SUPPORTED },
    { "ftp://secret@host", BUILDQ_ERROR_NOT_SUPPORTED },
    { "memory:secret", BUILDQ_ERROR_NOT_SUPPORTED },
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("buildq-queue-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "a journal.db", NULL);
  g_autofree char *uri = g_filename_to_uri (path, NULL, &error);
  g_autoptr (BuildqQueue) remote = buildq_queue_new_for_uri ("http://a", "t", &error);
  g_autoptr (BuildqQueue) memory = buildq_queue_new_for_uri ("memory:", "t", &error);
  g_autoptr (BuildqQueue) file = buildq_queue_new_for_uri (uri, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (BUILDQ_IS_REMOTE_QUEUE (remote));
  g_assert_true (BUILDQ_IS_LOCAL_QUEUE (memory));
  g_assert_true (BUILDQ_IS_LOCAL_QUEUE (file));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i].uri);
      g_assert_null (buildq_queue_new_for_uri (bad[i].uri, NULL, &error));
      g_assert_error (error, BUILDQ_ERROR, bad[i].code);
      g_assert_null (strstr (error->message, "secret"));
      g_clear_error (&error);
    }
}

/* --- calls --- */

static void
assert_retry (Fixture *f, BuildqQueue *queue, const char *id, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = CALL (queue, retry, id, key, );

  g_assert_no_error (error);
  g_assert_nonnull (status);
  g_assert_cmpstr (f->queue->retried, ==, id);
  g_assert_cmpstr (f->queue->asked, ==, key);
}

static void
test_requests (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autoptr (BuildqRequest) request = make_request ("r/1");
  g_autoptr (BuildqRequest) unnamed = make_request (NULL);
  g_autoptr (BuildqRequestStatus) submitted = NULL;
  g_autoptr (BuildqRequestStatus) named = NULL;
  g_autoptr (BuildqRequestStatus) got = NULL;
  g_autoptr (BuildqRequestStatus) cancelled = NULL;
  g_autoptr (GError) error = NULL;

  submitted = CALL (queue, submit, request, );
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_request_status_get_id (submitted), ==, "r/1");
  named = CALL (queue, submit, unnamed, );
  g_assert_no_error (error);
  g_assert_true (g_uuid_string_is_valid (buildq_request_status_get_id (named)));

  got = CALL (queue, get_request, "r/1", );
  g_assert_no_error (error);
  g_assert_cmpstr (f->queue->asked, ==, "r/1");
  cancelled = CALL (queue, cancel, "r 1%", );
  g_assert_no_error (error);
  g_assert_cmpstr (f->queue->asked, ==, "r 1%");
  assert_retry (f, queue, "r/1", NULL);
  assert_retry (f, queue, NULL, "a/log b");
  assert_retry (f, queue, "r&1%", "a/log b");
  g_assert_null (CALL (queue, get_request, "no-1", ));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "there is no request 'no-1'");
}

static void
test_jobs (Fixture *f, gconstpointer data)
{
  static const char *const states[] = { "ready", "dep-failed", NULL };
  static const char *const keys[]
      = { "/gnu/store/a b.drv", "a/log", "ä?&#%2F", "...", "k" };
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autoptr (BuildqQuery) query = buildq_query_new ("r&1", states, 3, 4);
  g_autoptr (BuildqJobPage) page = NULL;
  g_autoptr (BuildqLogChunk) chunk = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GPtrArray) workers = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (BuildqJobStatus) status = CALL (queue, get_job, keys[i], );

      g_assert_no_error (error);
      g_assert_cmpstr (buildq_job_status_get_key (status), ==, keys[i]);
    }

  g_assert_null (CALL (queue, get_job, "..", ));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_clear_error (&error);

  page = CALL (queue, list_jobs, query, );
  g_assert_no_error (error);
  g_assert_cmpint (buildq_job_page_get_next (page), ==, 4);
  g_assert_true (buildq_query_equal (f->queue->query, query));

  chunk = CALL (queue, read_log, "a/b", 12, );
  g_assert_no_error (error);
  bytes = buildq_log_chunk_get_bytes (chunk);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "log\0text",
                   8);
  g_assert_cmpint (buildq_log_chunk_get_offset (chunk), ==, 12);
  g_assert_true (buildq_log_chunk_get_finished (chunk));

  workers = CALL (queue, list_workers, );
  g_assert_no_error (error);
  g_assert_cmpuint (workers->len, ==, 2);
  g_assert_cmpstr (buildq_worker_status_get_name (workers->pdata[1]), ==, "w1");
}

static void
test_texts (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autofree char *big = g_strnfill (3000000, 'x');
  g_autoptr (GBytes) text = g_bytes_new (big, 3000000);
  g_autoptr (GBytes) got = NULL;
  g_autofree char *hash = NULL;
  g_auto (GStrv) missing = NULL;
  g_autoptr (GError) error = NULL;
  const char *hashes[]
      = { "sha256:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic", NULL, NULL };

  hash = CALL (queue, put_text, text, );
  g_assert_no_error (error);
  hashes[1] = hash;
  missing = CALL (queue, missing_texts, hashes, );
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (missing), ==, 1);
  g_assert_cmpstr (missing[0], ==, hashes[0]);
  got = CALL (queue, get_text, hash, );
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (got, text));
  g_assert_null (CALL (queue, get_text, hashes[0], ));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* Bytes that are not what was asked for. */
  g_hash_table_insert (f->queue->texts, g_strdup (hashes[0]), g_bytes_ref (text));
  g_assert_null (CALL (queue, get_text, hashes[0], ));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
}

/* Each code and message arrives as it was, by request, WebSocket and POST. */
static void
test_errors (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqQueue) queue = open_fixture (f);
  g_autoptr (BuildqQueue) poster = open_fixture (f);

  buildq_remote_queue_set_use_websocket (BUILDQ_REMOTE_QUEUE (poster), FALSE);
  for (guint code = 0; code <= BUILDQ_ERROR_NOT_SUPPORTED; code++)
    {
      g_autoptr (GError) error = NULL;

      f->queue->next_error = g_error_new (BUILDQ_ERROR, (int) code, "number %u", code);
      g_assert_null (CALL (queue, get_job, "k", ));
      g_assert_error (error, BUILDQ_ERROR, (int) code);
      g_assert_cmpstr (strchr (error->message, 'n'), ==,
                       strstr (error->message, "number"));
      f->queue->next_error = g_error_new (BUILDQ_ERROR, (int) code, "number %u", code);
      assert_sync_fails (queue, "s1", 1, code);
      f->queue->next_error = g_error_new (BUILDQ_ERROR, (int) code, "number %u", code);
      assert_sync_fails (poster, "s2", 1, code);
    }
}

static void
test_tokens (Fixture *f, gconstpointer data)
{
  const char *uri = buildq_server_get_uri (f->server);
  g_autoptr (BuildqQueue) nobody = open_queue (uri, NULL);
  g_autoptr (BuildqQueue) wrong = open_queue (uri, "bq_wrong");
  g_autoptr (BuildqQueue) reader = open_queue (uri, f->tokens[BUILDQ_ROLE_READER]);
  g_autoptr (BuildqQueue) root = open_queue (uri, f->tokens[BUILDQ_ROLE_ADMIN]);
  g_autoptr (BuildqJobStatus) status = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (CALL (nobody, get_job, "k", ));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  g_clear_error (&error);
  assert_sync_fails (nobody, "s", 1, BUILDQ_ERROR_UNAUTHORIZED);
  assert_sync_fails (wrong, "s", 1, BUILDQ_ERROR_UNAUTHORIZED);
  assert_sync_fails (reader, "s", 1, BUILDQ_ERROR_UNAUTHORIZED);
  assert_sync (root, "s", 1, BUILDQ_SESSION_STEP_ATTACH);
  status = CALL (reader, get_job, "k", );
  g_assert_no_error (error);
}

static void
test_unreachable (void)
{
  g_autoptr (BuildqQueue) queue = open_queue ("http://127.0.0.1:1/", NULL);
  g_autoptr (BuildqRequest) request = make_request ("r");
  g_autoptr (GError) error = NULL;

  g_assert_null (CALL (queue, submit, request, ));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  g_assert_true (buildq_error_is_transient (error));
  g_assert_nonnull (strstr (error->message, "http://127.0.0.1:1"));
  for (guint i = 0; i < 3; i++)
    assert_sync_fails (queue, "s", 1, BUILDQ_ERROR_UNAVAILABLE);
  g_assert_finalize_object (g_steal_pointer (&queue));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/remote-queue/uris", test_uris);
  g_test_add_func ("/remote-queue/queue-for-uri", test_queue_for_uri);
#define ADD(name, data, func) g_test_add (name, Fixture, data, set_up, func, tear_down)
  ADD ("/remote-queue/requests", NULL, test_requests);
  ADD ("/remote-queue/jobs", NULL, test_jobs);
  ADD ("/remote-queue/texts", NULL, test_texts);
  ADD ("/remote-queue/errors", NULL, test_errors);
  ADD ("/remote-queue/tokens", "tokens", test_tokens);
  g_test_add_func ("/remote-queue/unreachable", test_unreachable);

  return g_test_run ();
}
