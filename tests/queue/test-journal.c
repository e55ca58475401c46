/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The versions of the journal: old ones are understood, new ones and other files are
 * refused and not touched. tests/data/journal-1.db is what make-journal.py left with the
 * queue of version 1.
 */
#include "config.h"

#include "queue-calls.h"

#include <glib/gstdio.h>
#include <locale.h>

#include "queue/buildq-journal-private.h"

typedef struct
{
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("buildq-journal-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->dir, "journal.db", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (fixture->dir, name, NULL);

      g_assert_cmpint (g_unlink (file), ==, 0);
    }
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->path);
}

static void
copy_old (Fixture *fixture, int version)
{
  g_autofree char *name = g_strdup_printf ("journal-%d.db", version);
  g_autofree char *old = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (old, &bytes, &size, &error);
  g_assert_no_error (error);
  g_file_set_contents (fixture->path, bytes, (gssize) size, &error);
  g_assert_no_error (error);
}

static BuildqLocalQueue *
open_queue (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  BuildqLocalQueue *queue = buildq_local_queue_new (fixture->path, &error);

  g_assert_no_error (error);
  return queue;
}

static sqlite3 *
open_file (const char *path)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  return db;
}

static void
run_sql (sqlite3 *db, const char *sql)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
}

static char *
read_text (sqlite3 *db, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  char *text;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  return text;
}

/* The token that the lease of attempt @attempt at @key has in an old journal. */
static char *
read_token (Fixture *fixture, const char *key, int attempt)
{
  sqlite3 *db = open_file (fixture->path);
  g_autofree char *sql = g_strdup_printf ("SELECT token FROM leases JOIN jobs ON job = id"
                                          " WHERE key = '%s' AND leases.attempt = %d",
                                          key, attempt);
  char *token = read_text (db, sql);

  sqlite3_close (db);
  return token;
}

/* --- an old journal --- */

static BuildqJobStatus *
get_job (BuildqLocalQueue *queue, const char *key, BuildqJobState state, gint64 attempt)
{
  g_autoptr (GError) error = NULL;
  BuildqJobStatus *job = call_get_job (queue, key, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (buildq_job_state_to_string (buildq_job_status_get_state (job)), ==,
                   buildq_job_state_to_string (state));
  g_assert_cmpint (buildq_job_status_get_attempt (job), ==, attempt);
  return job;
}

static void
assert_job (BuildqLocalQueue *queue,
            const char *key,
            BuildqJobState state,
            gint64 attempt,
            const char *message)
{
  g_autoptr (BuildqJobStatus) job = get_job (queue, key, state, attempt);

  if (message != NULL)
    g_assert_nonnull (strstr (buildq_job_status_get_message (job), message));
}

static void
assert_request (BuildqLocalQueue *queue,
                const char *id,
                BuildqRequestState state,
                gint64 total)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = call_get_request (queue, id, &error);

  g_assert_no_error (error);
  g_assert_cmpint (buildq_request_status_get_state (status), ==, state);
  g_assert_cmpint (buildq_request_status_get_total (status), ==, total);
  g_assert_cmpint (buildq_request_status_get_priority (status), ==, 5);
  g_assert_cmpstr (buildq_request_status_get_group (status), ==, "old");
}

static void
assert_text (BuildqLocalQueue *queue)
{
  static const char hash[]
      = "sha256:1wzsnx9k5vnklwkwwbnvlc7jpi6flgjip8vxsm9dw2g11s5dj5xy";
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = NULL;
  static const char expected[] = "a text that job 'ready' needs\n";

  buildq_queue_get_text_async (BUILDQ_QUEUE (queue), hash, G_PRIORITY_DEFAULT, NULL,
                               call_done, &result);
  text = buildq_queue_get_text_finish (BUILDQ_QUEUE (queue), call_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text), expected,
                   strlen (expected));
}

static void
assert_result (BuildqLocalQueue *queue)
{
  g_autoptr (BuildqJobStatus) job
      = get_job (queue, "done", BUILDQ_JOB_STATE_SUCCEEDED, 1);
  BuildqResult *result = buildq_job_status_get_result (job);
  GPtrArray *artifacts = buildq_result_get_artifacts (result);
  BuildqArtifact *artifact = artifacts->pdata[0];
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();

  g_assert_cmpstr (buildq_artifact_get_store_path (artifact), ==,
                   "/buildq/store/0c9y0xnkb5ymq5wyv1gvlr1h3k8xaj5f-done");
  /* The farm's key is the one that it was. */
  buildq_keyring_add (keyring, buildq_local_queue_get_key (queue));
  g_assert_true (buildq_keyring_verify_artifact (keyring, artifact, NULL));
}

static void
assert_everything_there (BuildqLocalQueue *queue)
{
  assert_request (queue, "all", BUILDQ_REQUEST_STATE_ACTIVE, 8);
  assert_request (queue, "withdrawn", BUILDQ_REQUEST_STATE_CANCELLED, 1);
  assert_request (queue, "finished", BUILDQ_REQUEST_STATE_SUCCEEDED, 1);
  assert_result (queue);
  assert_text (queue);
  assert_job (queue, "ready", BUILDQ_JOB_STATE_READY, 0, NULL);
  assert_job (queue, "leased", BUILDQ_JOB_STATE_LEASED, 1, NULL);
  assert_job (queue, "waiting", BUILDQ_JOB_STATE_WAITING, 0, NULL);
  assert_job (queue, "failed", BUILDQ_JOB_STATE_FAILED, 1, "the builder says no");
  assert_job (queue, "dep-failed", BUILDQ_JOB_STATE_DEP_FAILED, 0, "depends on 'failed'");
  assert_job (queue, "cancelled", BUILDQ_JOB_STATE_CANCELLED, 1, NULL);
  assert_job (queue, "lost", BUILDQ_JOB_STATE_LEASED, 2, NULL);
  assert_job (queue, "again", BUILDQ_JOB_STATE_READY, 1, "out of memory");
}

/* One who holds @token attaches, and hands in a success with it. */
static BuildqVerdict
hand_in (BuildqLocalQueue *queue, const char *name, const char *key, const char *token)
{
  g_autofree char *json = g_strdup_printf (
      "{\"session\": \"new-%s\", \"name\": \"%s\", \"seq\": 1, \"step\": \"attach\","
      " \"holding\": [\"%s\"], \"offer\": {\"groups\": [{\"kinds\": [\"k\"],"
      " \"systems\": [\"%s\"], \"slots\": 1}]}, \"results\": [{\"token\": \"%s\","
      " \"key\": \"%s\", \"outcome\": \"succeeded\"}]}",
      token, name, token, key, token, key);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncReply) reply = call_sync (queue, json, &error);
  GPtrArray *receipts;

  g_assert_no_error (error);
  receipts = buildq_sync_reply_get_receipts (reply);
  g_assert_cmpint (receipts->len, ==, 1);
  return buildq_receipt_get_verdict (receipts->pdata[0]);
}

static void
test_old (Fixture *fixture, gconstpointer data)
{
  int version = GPOINTER_TO_INT (data);
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autofree char *leased = NULL, *late = NULL, *done = NULL;

  copy_old (fixture, version);
  leased = read_token (fixture, "leased", 1);
  late = read_token (fixture, "lost", 1);
  done = read_token (fixture, "done", 1);
  for (guint i = 0; i < 2; i++)
    {
      queue = open_queue (fixture);
      assert_everything_there (queue);
      g_clear_object (&queue);
    }

  queue = open_queue (fixture);
  g_assert_cmpint (hand_in (queue, "machine-of-leased", "leased", leased), ==,
                   BUILDQ_VERDICT_ACCEPTED);
  assert_job (queue, "leased", BUILDQ_JOB_STATE_SUCCEEDED, 1, NULL);
  assert_job (queue, "waiting", BUILDQ_JOB_STATE_READY, 0, NULL);
  /* A success counts also when it comes late. */
  g_assert_cmpint (hand_in (queue, "machine-of-lost", "lost", late), ==,
                   BUILDQ_VERDICT_ACCEPTED);
  assert_job (queue, "lost", BUILDQ_JOB_STATE_SUCCEEDED, 2, NULL);
  g_assert_cmpint (hand_in (queue, "machine-of-done", "done", done), ==,
                   BUILDQ_VERDICT_DUPLICATE);
  g_clear_object (&queue);
  queue = open_queue (fixture);
  assert_job (queue, "leased", BUILDQ_JOB_STATE_SUCCEEDED, 1, NULL);
  assert_job (queue, "lost", BUILDQ_JOB_STATE_SUCCEEDED, 2, NULL);
}

/* --- steps --- */

static guint
count_steps (void)
{
  return g_strv_length ((char **) _buildq_journal_steps);
}

/* There is a kept journal of each version that was left behind. */
static void
test_kept (void)
{
  for (guint version = 1; version < count_steps (); version++)
    {
      g_autofree char *name = g_strdup_printf ("journal-%u.db", version);
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", name, NULL);

      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

/* The steps of this library, and then these. */
static char **
steps_and (const char *step, const char *another)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_addv (builder, (const char **) _buildq_journal_steps);
  g_strv_builder_add (builder, step);
  if (another != NULL)
    g_strv_builder_add (builder, another);
  return g_strv_builder_end (builder);
}

static void
assert_version (sqlite3 *db, guint expected)
{
  g_autofree char *version = read_text (db, "PRAGMA user_version");
  g_autofree char *text = g_strdup_printf ("%u", expected);

  g_assert_cmpstr (version, ==, text);
}

/* A step is taken once, with its number, and those before it stay when it fails. */
static void
test_steps (Fixture *fixture, gconstpointer data)
{
  g_auto (GStrv) more = steps_and ("CREATE TABLE more (x) STRICT", NULL);
  g_auto (GStrv) good = steps_and ("ALTER TABLE jobs ADD COLUMN more INTEGER;"
                                   "UPDATE jobs SET more = attempt + 1",
                                   NULL);
  g_auto (GStrv) bad = steps_and (good[count_steps ()],
                                  "UPDATE jobs SET more = 100; DROP TABLE not_there");
  const char *const *strv = (const char *const *) good;
  g_autofree char *sum = NULL;
  g_autoptr (GError) error = NULL;
  guint n = count_steps ();
  sqlite3 *db;

  copy_old (fixture, 1);
  db = open_file (fixture->path);
  g_assert_false (_buildq_journal_migrate (db, (const char *const *) more, &error));
  g_assert_nonnull (strstr (error->message, "migrating"));
  g_clear_error (&error);
  assert_version (db, n);

  g_assert_false (_buildq_journal_migrate (db, (const char *const *) bad, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, "not_there"));
  g_clear_error (&error);
  assert_version (db, n + 1);
  g_assert_true (sqlite3_get_autocommit (db));

  g_assert_true (_buildq_journal_migrate (db, strv, &error));
  g_assert_no_error (error);
  assert_version (db, n + 1);
  sum = read_text (db, "SELECT sum(more - attempt) FROM jobs");
  g_assert_cmpstr (sum, ==, "9");
  sqlite3_close (db);
}

/* --- what is refused --- */

static GBytes *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *bytes;
  gsize size;

  g_file_get_contents (path, &bytes, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (bytes, size);
}

static void
assert_refused (Fixture *fixture, BuildqError code, const char *words)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  gboolean has_log = g_file_test (log, G_FILE_TEST_EXISTS);
  g_autoptr (GBytes) file = read_file (fixture->path);
  g_autoptr (GBytes) file_then = NULL;
  g_autoptr (GBytes) log_bytes = has_log ? read_file (log) : NULL;
  g_autoptr (GBytes) log_then = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_local_queue_new (fixture->path, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (error->message, fixture->path));

  file_then = read_file (fixture->path);
  g_assert_true (g_bytes_equal (file, file_then));
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS) == has_log);
  log_then = has_log ? read_file (log) : NULL;
  g_assert_true (!has_log || g_bytes_equal (log_bytes, log_then));
}

static char *
newer_words (void)
{
  return g_strdup_printf ("it is of version 1000, and this library knows none after %u",
                          count_steps ());
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  g_autofree char *words = newer_words ();
  sqlite3 *db;

  copy_old (fixture, 1);
  db = open_file (fixture->path);
  run_sql (db, "PRAGMA user_version = 1000");
  sqlite3_close (db);
  assert_refused (fixture, BUILDQ_ERROR_NOT_SUPPORTED, words);
}

/* The newer queue was killed: its version is only in the log. */
static void
test_newer_log (Fixture *fixture, gconstpointer data)
{
  g_autofree char *words = newer_words ();
  sqlite3 *db;

  copy_old (fixture, 1);
  db = open_file (fixture->path);
  run_sql (db, "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 1000");
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_close (db);
  assert_refused (fixture, BUILDQ_ERROR_NOT_SUPPORTED, words);
}

static void
test_not_a_journal (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (fixture->path, data, -1, &error);
  g_assert_no_error (error);
  assert_refused (fixture, BUILDQ_ERROR_INVALID, "not a database");
}

static void
test_other_database (Fixture *fixture, gconstpointer data)
{
  sqlite3 *db = open_file (fixture->path);

  run_sql (db, data);
  sqlite3_close (db);
  assert_refused (fixture, BUILDQ_ERROR_INVALID, "no journal of a queue");
}

/* A file that is empty becomes a journal: it is what a crash right after the first moment
 * leaves. */
static void
test_empty (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autoptr (GError) error = NULL;

  g_file_set_contents (fixture->path, "", 0, &error);
  g_assert_no_error (error);
  queue = open_queue (fixture);
  status = call_submit (
      queue, "{\"jobs\": [{\"key\": \"a\", \"kind\": \"k\", \"system\": \"s\"}]}",
      &error);
  g_assert_no_error (error);
}

/* The farm's secret key is in it. */
static void
test_private (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqLocalQueue) queue = open_queue (fixture);
  static const char *const suffixes[] = { "", "-wal", ".lock" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *file = g_strconcat (fixture->path, suffixes[i], NULL);
      GStatBuf info;

      g_assert_cmpint (g_stat (file, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
    }
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func)                                                            \
  g_test_add ("/journal/" name, Fixture, data, set_up, func, tear_down)
  ADD ("old/1", GINT_TO_POINTER (1), test_old);
  ADD ("steps", NULL, test_steps);
  ADD ("newer", NULL, test_newer);
  ADD ("newer-in-log", NULL, test_newer_log);
  ADD ("not-a-journal/short", "no journal", test_not_a_journal);
  ADD ("not-a-journal/long",
       "SQLite format 2\nand much that is not one, nor was, nor shall be made so",
       test_not_a_journal);
  ADD ("not-a-journal/other", "CREATE TABLE meta (x)", test_other_database);
  ADD ("not-a-journal/other-version",
       "PRAGMA journal_mode = WAL; CREATE TABLE meta (x); PRAGMA user_version = 1",
       test_other_database);
  ADD ("empty", NULL, test_empty);
  ADD ("private", NULL, test_private);
  g_test_add_func ("/journal/kept", test_kept);
  return g_test_run ();
}
