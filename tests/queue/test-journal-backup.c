/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Copies of a journal, made while its queue works, and what is said of journals.
 */
#include "config.h"

#include "queue-calls.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <sys/stat.h>

#define N_BEFORE 60 /* submitted before the copy is asked for; a third of them built */

typedef struct
{
  char *dir;
  char *path;
  char *backup;
  BuildqLocalQueue *queue;
  guint submitted;
  guint completed;
  guint seq;
} Fixture;

static BuildqLocalQueue *
open_queue (const char *path)
{
  g_autoptr (GError) error = NULL;
  BuildqLocalQueue *queue = buildq_local_queue_new (path, &error);

  g_assert_no_error (error);
  return queue;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("buildq-backup-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->dir, "journal.db", NULL);
  fixture->backup = g_build_filename (fixture->dir, "backup.db", NULL);
  fixture->queue = open_queue (fixture->path);
}

static guint
count_files (Fixture *fixture, gboolean remove)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (fixture->dir, name, NULL);

      n++;
      if (remove)
        g_assert_cmpint (g_unlink (file), ==, 0);
    }
  return n;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->queue);
  count_files (fixture, TRUE);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->path);
  g_free (fixture->backup);
}

static void
submit_next (Fixture *fixture)
{
  g_autofree char *json
      = g_strdup_printf ("{\"id\": \"r%u\", \"jobs\": [{\"key\": \"j%u\", \"kind\":"
                         " \"k\", \"system\": \"s\", \"payload\": \"%0500u\"}]}",
                         fixture->submitted, fixture->submitted, fixture->submitted);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = call_submit (fixture->queue, json, &error);

  g_assert_no_error (error);
  fixture->submitted++;
}

static BuildqSyncReply *
sync_with (Fixture *fixture, const char *members)
{
  g_autofree char *json = g_strdup_printf (
      "{\"session\": \"one\", \"name\": \"m\", \"seq\": %u, \"offer\": {\"groups\":"
      " [{\"kinds\": [\"k\"], \"systems\": [\"s\"], \"slots\": 1}]}, %s}",
      ++fixture->seq, members);
  g_autoptr (GError) error = NULL;
  BuildqSyncReply *reply = call_sync (fixture->queue, json, &error);

  g_assert_no_error (error);
  return reply;
}

/* Claims and completes the next job, which is the oldest. */
static void
complete_next (Fixture *fixture)
{
  g_autoptr (BuildqSyncReply) granted
      = sync_with (fixture, fixture->seq == 0 ? "\"step\": \"attach\"" : "\"ack\": 0");
  GPtrArray *grants = buildq_sync_reply_get_grants (granted);
  g_autofree char *members = NULL;
  g_autoptr (BuildqSyncReply) done = NULL;
  GPtrArray *receipts;
  const char *token;

  g_assert_cmpint (grants->len, ==, 1);
  token = buildq_grant_get_token (grants->pdata[0]);
  members = g_strdup_printf ("\"claims\": [\"%s\"], \"results\": [{\"token\": \"%s\","
                             " \"outcome\": \"succeeded\"}]",
                             token, token);
  done = sync_with (fixture, members);
  receipts = buildq_sync_reply_get_receipts (done);
  g_assert_cmpint (receipts->len, ==, 1);
  g_assert_cmpint (buildq_receipt_get_verdict (receipts->pdata[0]), ==,
                   BUILDQ_VERDICT_ACCEPTED);
  fixture->completed++;
}

static void
assert_has (BuildqLocalQueue *queue, guint submitted, guint completed)
{
  for (guint i = 0; i < submitted; i++)
    {
      g_autofree char *key = g_strdup_printf ("j%u", i);
      g_autoptr (GError) error = NULL;
      g_autoptr (BuildqJobStatus) job = call_get_job (queue, key, &error);

      g_assert_no_error (error);
      if (i < completed)
        g_assert_cmpint (buildq_job_status_get_state (job), ==,
                         BUILDQ_JOB_STATE_SUCCEEDED);
    }
}

/* The copy is made while jobs are submitted and completed, which nothing holds up. */
static void
test_busy (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqLocalQueue) restored = NULL;
  g_autoptr (BuildqJournalStatus) status = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *instance = NULL;
  struct stat info;
  guint submitted, completed;

  while (fixture->submitted < N_BEFORE)
    {
      submit_next (fixture);
      if (fixture->submitted % 3 == 0)
        complete_next (fixture);
    }
  submitted = fixture->submitted;
  completed = fixture->completed;
  buildq_local_queue_backup_async (fixture->queue, fixture->backup, G_PRIORITY_DEFAULT,
                                   NULL, call_done, &result);
  while (result == NULL)
    {
      submit_next (fixture);
      complete_next (fixture);
    }
  g_assert_true (
      buildq_local_queue_backup_finish (fixture->queue, call_wait (&result), &error));
  g_assert_no_error (error);
  submit_next (fixture);

  g_assert_cmpint (stat (fixture->backup, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  status = buildq_journal_check (fixture->backup, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_journal_status_get_jobs (status), >=, submitted);
  g_assert_cmpint (buildq_journal_status_get_jobs (status), <, fixture->submitted);
  g_assert_cmpint (buildq_journal_status_get_results (status), >=, completed);

  restored = open_queue (fixture->backup);
  assert_has (restored, submitted, completed);
  instance = g_strdup (buildq_local_queue_get_instance (restored));
  g_assert_cmpstr (instance, ==, buildq_local_queue_get_instance (fixture->queue));
  assert_has (fixture->queue, fixture->submitted, fixture->completed);
}

static gboolean
back_up (Fixture *fixture, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_local_queue_backup_async (fixture->queue, fixture->backup, G_PRIORITY_DEFAULT,
                                   cancellable, call_done, &result);
  return buildq_local_queue_backup_finish (fixture->queue, call_wait (&result), error);
}

/* What is there stays as it is, and nothing is left of a copy that was not made. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *there = NULL;
  guint files = count_files (fixture, FALSE);

  g_cancellable_cancel (cancellable);
  g_assert_false (back_up (fixture, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (count_files (fixture, FALSE), ==, files);

  g_file_set_contents (fixture->backup, "mine", -1, &error);
  g_assert_no_error (error);
  g_assert_false (back_up (fixture, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, fixture->backup));
  g_clear_error (&error);
  g_file_get_contents (fixture->backup, &there, NULL, NULL);
  g_assert_cmpstr (there, ==, "mine");
  g_assert_cmpuint (count_files (fixture, FALSE), ==, files + 1);

  g_assert_false (
      buildq_journal_backup (fixture->backup, "/nonexistent/copy", NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (
      buildq_journal_backup (fixture->path, "/nonexistent/copy", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_in_memory (void)
{
  Fixture fixture = { .queue = open_queue (NULL), .backup = (char *) "/nonexistent" };
  g_autoptr (GError) error = NULL;

  g_assert_false (back_up (&fixture, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED);
  g_object_unref (fixture.queue);
}

static void
assert_check_fails (const char *path, GQuark domain, int code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_journal_check (path, NULL, &error));
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (error->message, path));
}

/* Zeroes in the middle, where rows are. */
static void
damage (const char *path)
{
  char page[4096] = { 0 };
  FILE *file = fopen (path, "r+");

  g_assert_nonnull (file);
  g_assert_cmpint (fseek (file, 4096 * 2, SEEK_SET), ==, 0);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (fwrite (page, 1, sizeof page, file), ==, sizeof page);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
test_check (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqJournalStatus) status = NULL;
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;

  submit_next (fixture);
  submit_next (fixture);
  complete_next (fixture);
  status = buildq_journal_check (fixture->path, NULL, &error);
  g_assert_no_error (error);
  json = buildq_journal_status_to_json (status);
  g_assert_nonnull (strstr (json, "\"requests\":2,\"active_requests\":1,\"jobs\":2,"
                                  "\"unfinished_jobs\":1,\"leases\":1,\"results\":1"));

  assert_check_fails ("/nonexistent/journal", G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                      "journal");
  g_file_set_contents (fixture->backup, "", 0, &error);
  g_assert_no_error (error);
  assert_check_fails (fixture->backup, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "is empty");
  g_unlink (fixture->backup);
  g_assert_true (back_up (fixture, NULL, &error));
  damage (fixture->backup);
  assert_check_fails (fixture->backup, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "damaged");
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/journal-backup/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("busy", test_busy);
  ADD ("refused", test_refused);
  ADD ("check", test_check);
  g_test_add_func ("/journal-backup/in-memory", test_in_memory);
  return g_test_run ();
}
