/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What is finished is forgotten after a while, in memory and on disk, and nothing else
 * is. Linked to the private parts: it counts what is in memory, and sets the clock.
 */
#include "config.h"

#include "queue-calls.h"

#include "core/buildq-thread.h"
#include "queue/buildq-journal-private.h"
#include "queue/buildq-local-queue-private.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <malloc.h>
#include <sys/stat.h>

#define HOUR_US (3600 * (gint64) G_USEC_PER_SEC)
#define DEADLINE_US (60 * G_USEC_PER_SEC)

typedef struct
{
  char *dir;
  char *path; /* NULL: in memory */
  BuildqLocalQueue *queue;
  gint64 seq;
} Fixture;

static void
open_queue (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->queue = buildq_local_queue_new (fixture->path, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer in_memory)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("buildq-retention-XXXXXX", &error);
  g_assert_no_error (error);
  if (in_memory == NULL)
    fixture->path = g_build_filename (fixture->dir, "journal.db", NULL);
  open_queue (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;

  _buildq_clock_set_ahead (0);
  g_clear_object (&fixture->queue);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (fixture->dir, name, NULL);

      g_assert_cmpint (g_unlink (file), ==, 0);
    }
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->path);
}

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

#define wait_until(condition)                                                            \
  G_STMT_START                                                                           \
  {                                                                                      \
    gint64 deadline_ = g_get_monotonic_time () + DEADLINE_US;                            \
    guint ticker_ = g_timeout_add (20, tick, NULL);                                      \
    while (!(condition))                                                                 \
      {                                                                                  \
        g_main_context_iteration (NULL, TRUE);                                           \
        g_assert_cmpint (g_get_monotonic_time (), <, deadline_);                         \
      }                                                                                  \
    g_source_remove (ticker_);                                                           \
  }                                                                                      \
  G_STMT_END

/* --- what is there --- */

static guint
count_jobs (Fixture *fixture)
{
  return g_hash_table_size (fixture->queue->engine->jobs);
}

static guint
count_requests (Fixture *fixture)
{
  return g_hash_table_size (fixture->queue->engine->requests);
}

static gint64
ask_file (Fixture *fixture, const char *sql)
{
  sqlite3 *db = NULL;
  gint64 number = -1;

  g_assert_cmpint (sqlite3_open (fixture->path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 20000);
  if (!_buildq_journal_read_number (db, sql, &number))
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  sqlite3_close (db);
  return number;
}

#define count_rows(fixture, table) ask_file (fixture, "SELECT count(*) FROM " table)

/* Each row belongs to one that is there. */
static void
assert_no_orphans (Fixture *fixture)
{
  static const char *const queries[] = {
    "SELECT count(*) FROM job_texts WHERE id NOT IN (SELECT id FROM jobs)",
    "SELECT count(*) FROM results WHERE id NOT IN (SELECT id FROM jobs)",
    "SELECT count(*) FROM deps WHERE job NOT IN (SELECT id FROM jobs)",
    "SELECT count(*) FROM deps WHERE dep NOT IN (SELECT id FROM jobs)",
    "SELECT count(*) FROM leases WHERE job NOT IN (SELECT id FROM jobs)",
    "SELECT count(*) FROM text_refs WHERE job NOT IN (SELECT id FROM jobs)",
    "SELECT count(*) FROM text_refs WHERE hash NOT IN (SELECT hash FROM texts)",
    "SELECT count(*) FROM request_jobs WHERE job NOT IN (SELECT id FROM jobs)",
  };

  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    if (ask_file (fixture, queries[i]) != 0)
      g_error ("%s", queries[i]);
}

static gboolean
has_request (Fixture *fixture, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = call_get_request (fixture->queue, id, &error);

  if (status == NULL)
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  return status != NULL;
}

static gboolean
has_job (Fixture *fixture, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobStatus) status = call_get_job (fixture->queue, key, &error);

  if (status == NULL)
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  return status != NULL;
}

/* --- what is done --- */

static void
submit (Fixture *fixture, const char *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = call_submit (fixture->queue, json, &error);

  g_assert_no_error (error);
}

/* A machine with @slots comes, and says what it holds and hands in. */
static BuildqSyncReply *
attach (Fixture *fixture, guint slots, const char *holding, const char *results)
{
  g_autofree char *json = g_strdup_printf (
      "{\"session\": \"s\", \"name\": \"w\", \"seq\": %" G_GINT64_FORMAT
      ", \"step\": \"attach\", \"holding\": [%s], \"results\": [%s], \"offer\":"
      " {\"groups\": [{\"kinds\": [\"k\"], \"systems\": [\"s\"], \"slots\": %u}]}}",
      ++fixture->seq, holding, results, slots);
  g_autoptr (GError) error = NULL;
  BuildqSyncReply *reply = call_sync (fixture->queue, json, &error);

  g_assert_no_error (error);
  return reply;
}

/* Builds all that is ready, as often as there is something. Returns: how many jobs */
static guint
build_all (Fixture *fixture)
{
  g_autoptr (GString) results = g_string_new (NULL);
  guint built = 0;

  while (TRUE)
    {
      g_autoptr (BuildqSyncReply) reply = attach (fixture, 1000, "", results->str);
      g_autoptr (GPtrArray) grants = buildq_sync_reply_get_grants (reply);

      g_string_truncate (results, 0);
      for (guint i = 0; i < grants->len; i++)
        g_string_append_printf (
            results, "%s{\"token\": \"%s\", \"key\": \"%s\", \"outcome\": \"succeeded\"}",
            i > 0 ? "," : "", buildq_grant_get_token (grants->pdata[i]),
            buildq_job_get_key (buildq_grant_get_job (grants->pdata[i])));
      built += grants->len;
      if (grants->len == 0)
        return built;
    }
}

static char *
put_text (Fixture *fixture, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *hash;

  buildq_queue_put_text_async (BUILDQ_QUEUE (fixture->queue), bytes, G_PRIORITY_DEFAULT,
                               NULL, call_done, &result);
  hash = buildq_queue_put_text_finish (BUILDQ_QUEUE (fixture->queue), call_wait (&result),
                                       &error);
  g_assert_no_error (error);
  return hash;
}

static gboolean
has_text (Fixture *fixture, const char *hash)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = NULL;

  buildq_queue_get_text_async (BUILDQ_QUEUE (fixture->queue), hash, G_PRIORITY_DEFAULT,
                               NULL, call_done, &result);
  bytes = buildq_queue_get_text_finish (BUILDQ_QUEUE (fixture->queue),
                                        call_wait (&result), NULL);
  return bytes != NULL;
}

/* --- much comes and goes --- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROUNDS 12
#else
#define ROUNDS 100 /* with a journal */
#endif
#define ROUNDS_MEMORY 12
#define ROUND_JOBS 1000
#define KEEP 3000

/* A chain of ten, and others that depend on its end or on nothing; with one text of the
 * round and one of all. */
static void
submit_round (Fixture *fixture, guint round)
{
  g_autofree char *text = g_strdup_printf ("the text of round %u", round);
  g_autofree char *hash = put_text (fixture, text);
  g_autofree char *common = put_text (fixture, "the text of all");
  g_autoptr (GString) json = g_string_new (NULL);

  g_string_printf (json, "{\"id\": \"r%u\", \"jobs\": [", round);
  for (guint i = 0; i < ROUND_JOBS; i++)
    {
      g_string_append_printf (json,
                              "%s{\"key\": \"j%u-%u\", \"kind\": \"k\","
                              " \"system\": \"s\", \"texts\": [\"%s\"]",
                              i > 0 ? "," : "", round, i, i % 2 == 0 ? hash : common);
      if (i > 0 && i < 10)
        g_string_append_printf (json, ", \"depends\": [\"j%u-%u\"]", round, i - 1);
      if (i >= 500)
        g_string_append_printf (json, ", \"depends\": [\"j%u-9\"]", round);
      g_string_append_c (json, '}');
    }
  g_string_append (json, "]}");
  submit (fixture, json->str);
}

static gint64
file_size (const char *path, const char *suffix)
{
  g_autofree char *file = g_strconcat (path, suffix, NULL);
  struct stat info;

  return stat (file, &info) == 0 ? info.st_size : 0;
}

static void
assert_kept_from (Fixture *fixture, guint round)
{
  for (guint i = round - 1; i <= round; i++)
    {
      g_autofree char *request = g_strdup_printf ("r%u", i);
      g_autofree char *first = g_strdup_printf ("j%u-0", i);
      g_autofree char *last = g_strdup_printf ("j%u-999", i);

      g_assert_true (has_request (fixture, request) == (i == round));
      g_assert_true (has_job (fixture, first) == (i == round));
      g_assert_true (has_job (fixture, last) == (i == round));
    }
}

/* However much comes and is built, memory and the file stay as large as what is kept. */
static void
test_bounded (Fixture *fixture, gconstpointer in_memory)
{
  guint rounds = in_memory != NULL ? ROUNDS_MEMORY : ROUNDS;
  gsize used_then = 0;
  gint64 size_then = 0;

  buildq_local_queue_set_keep_jobs (fixture->queue, KEEP);
  for (guint round = 0; round < rounds; round++)
    {
      submit_round (fixture, round);
      g_assert_cmpuint (build_all (fixture), ==, ROUND_JOBS);
      g_assert_cmpuint (count_jobs (fixture), <=, KEEP + 2 * ROUND_JOBS);
      if (round == rounds / 3)
        {
          used_then = mallinfo2 ().uordblks;
          size_then = fixture->path != NULL ? file_size (fixture->path, "") : 0;
        }
    }
  g_assert_cmpuint (mallinfo2 ().uordblks, <=, used_then + used_then / 2);
  wait_until (count_jobs (fixture) == KEEP);
  g_assert_cmpuint (count_requests (fixture), ==, KEEP / ROUND_JOBS);
  assert_kept_from (fixture, rounds - 3);
  if (in_memory != NULL)
    return;

  g_assert_cmpint (file_size (fixture->path, ""), <=, 2 * size_then);
  g_assert_cmpint (file_size (fixture->path, "-wal"), <=, 32 * 1024 * 1024);
  g_clear_object (&fixture->queue);
  g_assert_cmpint (count_rows (fixture, "jobs"), ==, KEEP);
  g_assert_cmpint (count_rows (fixture, "requests"), ==, KEEP / ROUND_JOBS);
  g_assert_cmpint (count_rows (fixture, "request_jobs"), ==, KEEP);
  g_assert_cmpint (count_rows (fixture, "leases"), ==, 0);
  assert_no_orphans (fixture);

  /* A queue that reads it keeps the same. */
  open_queue (fixture);
  buildq_local_queue_set_keep_jobs (fixture->queue, KEEP);
  g_assert_cmpuint (count_jobs (fixture), ==, KEEP);
  g_assert_cmpint (fixture->queue->engine->n_idle, ==, KEEP);
  assert_kept_from (fixture, rounds - 3);
  submit_round (fixture, rounds);
  build_all (fixture);
  wait_until (count_jobs (fixture) == KEEP);
  assert_kept_from (fixture, rounds - 2);
}

/* The file is given back when much is forgotten at once. */
static void
test_shrink (Fixture *fixture, gconstpointer data)
{
  gint64 before;

  for (guint round = 0; round < 20; round++)
    {
      submit_round (fixture, round);
      build_all (fixture);
    }
  before = ask_file (fixture, "PRAGMA page_count");
  buildq_local_queue_set_keep_jobs (fixture->queue, 0);
  wait_until (count_jobs (fixture) == 0);
  /* Some slack is left: SLACK_PAGES, and what is kept. */
  g_assert_cmpint (before, >, 2400);
  wait_until (file_size (fixture->path, "") <= 1400 * 4096);
  g_assert_cmpint (count_rows (fixture, "jobs"), ==, 0);
  assert_no_orphans (fixture);
}

/* --- what is kept --- */

static void
test_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqSyncReply) reply = NULL;
  g_autoptr (GPtrArray) grants = NULL;

  submit (fixture, "{\"id\": \"r1\", \"jobs\": ["
                   "{\"key\": \"a\", \"kind\": \"k\", \"system\": \"s\"},"
                   "{\"key\": \"x\", \"kind\": \"k\", \"system\": \"s\"},"
                   "{\"key\": \"unwanted\", \"kind\": \"k\", \"system\": \"s\"}],"
                   "\"wanted\": [\"a\", \"x\"]}");
  g_assert_cmpuint (build_all (fixture), ==, 2);
  /* What nothing runs, on what r1 made. */
  submit (fixture, "{\"id\": \"r2\", \"jobs\": [{\"key\": \"b\", \"kind\": \"k\","
                   " \"system\": \"other\", \"inputs\": [{\"name\": \"i\","
                   " \"job\": \"a\"}]}]}");
  buildq_local_queue_set_keep_jobs (fixture->queue, 0);
  wait_until (count_jobs (fixture) == 2);
  g_assert_false (has_request (fixture, "r1"));
  g_assert_false (has_job (fixture, "x"));
  g_assert_false (has_job (fixture, "unwanted"));
  g_assert_true (has_job (fixture, "a"));
  g_assert_true (has_request (fixture, "r2"));

  /* A key that was forgotten is new, and may mean something else. */
  submit (fixture, "{\"id\": \"r1\", \"jobs\": [{\"key\": \"x\", \"kind\": \"k\","
                   " \"system\": \"s\", \"payload\": \"different\"}]}");
  reply = attach (fixture, 1, "", "");
  grants = buildq_sync_reply_get_grants (reply);
  g_assert_cmpuint (grants->len, ==, 1);
  g_assert_cmpint (buildq_grant_get_attempt (grants->pdata[0]), ==, 1);

  if (fixture->path != NULL)
    {
      g_clear_object (&fixture->queue);
      assert_no_orphans (fixture);
      open_queue (fixture);
      buildq_local_queue_set_keep_jobs (fixture->queue, 0);
    }
  g_assert_cmpuint (count_jobs (fixture), ==, 3);
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (BuildqRequestStatus) status = call_cancel (fixture->queue, "r2", &error);

    g_assert_no_error (error);
  }
  wait_until (count_jobs (fixture) == 1);
  g_assert_true (has_job (fixture, "x"));
}

/* A job that was cancelled is known until its holder has said so. */
static void
test_held (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqSyncReply) granted = NULL;
  g_autoptr (BuildqSyncReply) held = NULL;
  g_autoptr (BuildqSyncReply) answered = NULL;
  g_autoptr (GPtrArray) grants = NULL;
  g_autoptr (GPtrArray) notices = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autofree char *holding = NULL;
  g_autofree char *result = NULL;
  const char *token;

  buildq_local_queue_set_keep_jobs (fixture->queue, 0);
  submit (fixture, "{\"id\": \"r\", \"jobs\": [{\"key\": \"a\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  granted = attach (fixture, 1, "", "");
  grants = buildq_sync_reply_get_grants (granted);
  token = buildq_grant_get_token (grants->pdata[0]);
  holding = g_strdup_printf ("\"%s\"", token);
  result = g_strdup_printf (
      "{\"token\": \"%s\", \"key\": \"a\", \"outcome\": \"cancelled\"}", token);
  status = call_cancel (fixture->queue, "r", NULL);
  wait_until (count_requests (fixture) == 0);
  held = attach (fixture, 1, holding, "");
  notices = buildq_sync_reply_get_leases (held);
  g_assert_cmpint (buildq_lease_notice_get_verdict (notices->pdata[0]), ==,
                   BUILDQ_VERDICT_CANCEL);
  g_assert_true (has_job (fixture, "a"));

  answered = attach (fixture, 1, "", result);
  wait_until (count_jobs (fixture) == 0);
}

static void
test_time (Fixture *fixture, gconstpointer data)
{
  buildq_local_queue_set_keep_s (fixture->queue, 24 * 3600);
  submit (fixture, "{\"id\": \"r1\", \"jobs\": [{\"key\": \"a\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  build_all (fixture);
  _buildq_clock_set_ahead (23 * HOUR_US);
  submit (fixture, "{\"id\": \"r2\", \"jobs\": [{\"key\": \"b\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  build_all (fixture);
  g_assert_true (has_request (fixture, "r1"));

  _buildq_clock_set_ahead (25 * HOUR_US);
  submit (fixture, "{\"id\": \"r3\", \"jobs\": [{\"key\": \"c\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  build_all (fixture);
  wait_until (count_jobs (fixture) == 2);
  g_assert_false (has_request (fixture, "r1"));
  g_assert_true (has_request (fixture, "r2"));
  g_assert_true (has_request (fixture, "r3"));

  /* For ever. */
  buildq_local_queue_set_keep_s (fixture->queue, -1);
  _buildq_clock_set_ahead (1000000 * HOUR_US);
  submit (fixture, "{\"id\": \"r4\", \"jobs\": [{\"key\": \"d\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  build_all (fixture);
  g_assert_cmpuint (count_jobs (fixture), ==, 3);
}

/* A text stays while a job names it, and an hour after somebody asked for it. */
static void
test_texts (Fixture *fixture, gconstpointer data)
{
  g_autofree char *named = put_text (fixture, "that a job names");
  g_autofree char *unnamed = put_text (fixture, "that none names");
  g_autofree char *json = g_strdup_printf (
      "{\"id\": \"r\", \"jobs\": [{\"key\": \"a\", \"kind\": \"k\", \"system\": \"s\","
      " \"texts\": [\"%s\", \"%s\"]}]}",
      named, named);
  GHashTable *texts;

  submit (fixture, json);
  _buildq_clock_set_ahead (HOUR_US / 2);
  g_assert_true (has_text (fixture, unnamed));
  _buildq_clock_set_ahead (5 * HOUR_US / 4);
  submit (fixture, "{\"id\": \"r1\", \"jobs\": [{\"key\": \"1\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  texts = fixture->queue->engine->texts;
  g_assert_cmpuint (g_hash_table_size (texts), ==, 2);

  if (fixture->path != NULL)
    {
      g_clear_object (&fixture->queue);
      open_queue (fixture);
      texts = fixture->queue->engine->texts;
    }
  g_assert_cmpuint (g_hash_table_size (texts), ==, 2);
  _buildq_clock_set_ahead (3 * HOUR_US);
  build_all (fixture);
  submit (fixture, "{\"id\": \"r2\", \"jobs\": [{\"key\": \"2\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  build_all (fixture);
  wait_until (g_hash_table_size (texts) == 1);
  g_assert_false (has_text (fixture, unnamed));
  g_assert_true (has_text (fixture, named));

  /* It is forgotten with its job, an hour later; put again, it is there again. */
  buildq_local_queue_set_keep_jobs (fixture->queue, 0);
  submit (fixture, "{\"id\": \"r3\", \"jobs\": [{\"key\": \"3\", \"kind\": \"k\","
                   " \"system\": \"s\"}]}");
  build_all (fixture);
  submit (fixture, "{\"id\": \"r4\", \"jobs\": [{\"key\": \"4\", \"kind\": \"k\","
                   " \"system\": \"other\"}]}");
  wait_until (count_jobs (fixture) == 1);
  g_assert_true (has_text (fixture, named));
  _buildq_clock_set_ahead (5 * HOUR_US);
  submit (fixture, "{\"id\": \"r5\", \"jobs\": [{\"key\": \"5\", \"kind\": \"k\","
                   " \"system\": \"other\"}]}");
  wait_until (g_hash_table_size (texts) == 0);
  g_free (put_text (fixture, "that a job names"));
  g_assert_true (has_text (fixture, named));
}

/* Stopped anywhere in between, it goes on from there. */
static void
test_interrupted (Fixture *fixture, gconstpointer data)
{
  guint left = ROUND_JOBS;
  guint rounds = 0;

  submit_round (fixture, 0);
  build_all (fixture);
  submit (fixture, "{\"id\": \"last\", \"jobs\": [{\"key\": \"a\", \"kind\": \"k\","
                   " \"system\": \"other\", \"depends\": [\"j0-9\"]}]}");
  while (left > 10)
    {
      guint before = left;

      buildq_local_queue_set_keep_jobs (fixture->queue, 0);
      wait_until (count_jobs (fixture) < before || count_jobs (fixture) == 11);
      buildq_local_queue_set_keep_jobs (fixture->queue, -1);
      g_clear_object (&fixture->queue);
      assert_no_orphans (fixture);
      g_assert_cmpint (count_rows (fixture, "requests"), ==, 1);

      open_queue (fixture);
      g_assert_false (has_request (fixture, "r0"));
      g_assert_true (has_request (fixture, "last"));
      left = count_jobs (fixture) - 1;
      rounds++;
    }
  g_assert_cmpuint (rounds, >, 2);
  /* The chain of ten is what the last request is made from. */
  g_assert_cmpuint (left, ==, 10);
  g_assert_cmpint (count_rows (fixture, "request_jobs"), ==, 11);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func)                                                            \
  g_test_add ("/retention/" name, Fixture, data, set_up, func, tear_down)
#define ADD_BOTH(name, func)                                                             \
  ADD (name "/journal", NULL, func);                                                     \
  ADD (name "/memory", GINT_TO_POINTER (1), func)
  ADD_BOTH ("bounded", test_bounded);
  ADD_BOTH ("kept", test_kept);
  ADD_BOTH ("held", test_held);
  ADD ("time", NULL, test_time);
  ADD ("texts", NULL, test_texts);
  ADD ("interrupted", NULL, test_interrupted);
  ADD ("shrink", NULL, test_shrink);
  return g_test_run ();
}
