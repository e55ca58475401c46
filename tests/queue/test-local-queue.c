/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the contract does not tell of a local queue: its journal, and how it fails.
 */
#include "config.h"

#include <buildq/buildq.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *dir;
  char *path;
  BuildqLocalQueue *queue;
} Fixture;

static void
open_queue (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->queue = buildq_local_queue_new (fixture->path, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("buildq-queue-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->dir, "journal.db", NULL);
  open_queue (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };

  g_clear_object (&fixture->queue);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *file = g_strconcat (fixture->path, suffixes[i], NULL);

      g_unlink (file);
    }
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->path);
}

static gboolean
out_of_time (gpointer data)
{
  g_error ("nothing happened in time");
  return G_SOURCE_REMOVE;
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **place)
{
  guint timer = g_timeout_add_seconds (20, out_of_time, NULL);

  while (*place == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return *place;
}

static BuildqRequest *
make_request (const char *id, const char *key, const char *payload)
{
  g_autoptr (BuildqRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json
      = g_strdup_printf ("{\"id\":\"%s\",\"jobs\":[{\"key\":\"%s\",\"kind\":\"k\","
                         "\"system\":\"s\",\"payload\":\"%s\"}]}",
                         id, key, payload);

  request = buildq_request_new_from_json (json, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&request);
}

static BuildqRequestStatus *
submit (Fixture *fixture,
        const char *id,
        const char *key,
        const char *payload,
        GError **error)
{
  g_autoptr (BuildqRequest) request = make_request (id, key, payload);
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_submit_async (BUILDQ_QUEUE (fixture->queue), request, G_PRIORITY_DEFAULT,
                             NULL, take_result, &result);
  return buildq_queue_submit_finish (BUILDQ_QUEUE (fixture->queue), wait_for (&result),
                                     error);
}

static void
assert_there (Fixture *fixture, const char *id, gboolean there)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;

  buildq_queue_get_request_async (BUILDQ_QUEUE (fixture->queue), id, G_PRIORITY_DEFAULT,
                                  NULL, take_result, &result);
  status = buildq_queue_get_request_finish (BUILDQ_QUEUE (fixture->queue),
                                            wait_for (&result), &error);
  if (there)
    g_assert_no_error (error);
  else
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
}

static void
limit_files (rlim_t bytes)
{
  struct rlimit limit = { bytes, RLIM_INFINITY };

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* The journal cannot grow: what is asked then is refused with its reason, what was said
 * before stays true, and the queue goes on once there is room again. */
static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  g_autofree char *big = g_strnfill (300000, 'x');
  g_autofree char *wal = g_strconcat (fixture->path, "-wal", NULL);
  g_autoptr (BuildqRequestStatus) first = NULL;
  g_autoptr (BuildqRequestStatus) second = NULL;
  g_autoptr (GError) error = NULL;
  struct stat before;

  first = submit (fixture, "r1", "a", "small", &error);
  g_assert_no_error (error);

  g_assert_cmpint (stat (wal, &before), ==, 0);
  limit_files (before.st_size + 65536);
  g_assert_null (submit (fixture, "r2", "b", big, &error));
  limit_files (RLIM_INFINITY);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  g_assert_true (buildq_error_is_transient (error));
  g_assert_nonnull (strstr (error->message, "journal: writing"));
  g_clear_error (&error);

  assert_there (fixture, "r1", TRUE);
  assert_there (fixture, "r2", FALSE);
  second = submit (fixture, "r2", "b", big, &error);
  g_assert_no_error (error);
  g_clear_object (&fixture->queue);
  open_queue (fixture);
  assert_there (fixture, "r1", TRUE);
  assert_there (fixture, "r2", TRUE);
}

typedef struct
{
  GAsyncResult *first;
  GAsyncResult *second;
} Retry;

/* As a client does that tries again: from within the answer. */
static void
ask_anew (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BuildqRequest) request = make_request ("r2", "b", "p");
  Retry *retry = data;

  limit_files (RLIM_INFINITY);
  retry->first = g_object_ref (result);
  buildq_queue_submit_async (BUILDQ_QUEUE (source), request, G_PRIORITY_DEFAULT, NULL,
                             take_result, &retry->second);
}

/* Who is told that the journal failed may ask anew at once. */
static void
test_ask_anew (Fixture *fixture, gconstpointer data)
{
  g_autofree char *big = g_strnfill (300000, 'x');
  g_autofree char *wal = g_strconcat (fixture->path, "-wal", NULL);
  g_autoptr (BuildqRequest) request = make_request ("r2", "b", big);
  g_autoptr (BuildqRequestStatus) before = submit (fixture, "r1", "a", "small", NULL);
  g_autoptr (BuildqRequestStatus) again = NULL;
  g_autoptr (BuildqRequestStatus) later = NULL;
  g_autoptr (GError) error = NULL;
  Retry retry = { NULL };
  struct stat size;

  g_assert_nonnull (before);
  g_assert_cmpint (stat (wal, &size), ==, 0);
  limit_files (size.st_size + 65536);
  buildq_queue_submit_async (BUILDQ_QUEUE (fixture->queue), request, G_PRIORITY_DEFAULT,
                             NULL, ask_anew, &retry);
  again = buildq_queue_submit_finish (BUILDQ_QUEUE (fixture->queue),
                                      wait_for (&retry.second), &error);
  g_assert_no_error (error);
  g_assert_null (
      buildq_queue_submit_finish (BUILDQ_QUEUE (fixture->queue), retry.first, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  later = submit (fixture, "r3", "c", "p", &error);
  g_assert_no_error (error);
  g_object_unref (retry.first);
  g_object_unref (retry.second);
  g_clear_object (&fixture->queue);
  open_queue (fixture);
  assert_there (fixture, "r2", TRUE);
}

static void
test_two_queues (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_local_queue_new (fixture->path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, fixture->path));
}

static void
test_not_a_journal (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = g_strnfill (8192, 'x');
  g_autoptr (GError) error = NULL;

  g_clear_object (&fixture->queue);
  g_file_set_contents (fixture->path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_null (buildq_local_queue_new (fixture->path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
}

static void
test_no_folder (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_local_queue_new ("/nonexistent/journal.db", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent/journal.db"));
}

static void
test_identity (Fixture *fixture, gconstpointer data)
{
  g_autofree char *instance = g_strdup (buildq_local_queue_get_instance (fixture->queue));
  g_autofree char *key
      = buildq_key_to_public_string (buildq_local_queue_get_key (fixture->queue));
  g_autofree char *again = NULL;

  g_clear_object (&fixture->queue);
  open_queue (fixture);
  again = buildq_key_to_public_string (buildq_local_queue_get_key (fixture->queue));
  g_assert_cmpstr (instance, ==, buildq_local_queue_get_instance (fixture->queue));
  g_assert_cmpstr (key, ==, again);
}

/* A queue that is dropped answers those who wait, and has what it was told on disk. */
static void
test_drop_at_once (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqRequest) request = make_request ("r1", "a", "p");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  BuildqQueue *queue = BUILDQ_QUEUE (g_steal_pointer (&fixture->queue));

  buildq_queue_submit_async (queue, request, G_PRIORITY_DEFAULT, NULL, take_result,
                             &result);
  g_object_run_dispose (G_OBJECT (queue));
  g_assert_null (buildq_queue_submit_finish (queue, wait_for (&result), &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  g_clear_object (&result);
  g_object_unref (queue);
  open_queue (fixture);
  assert_there (fixture, "r1", TRUE);
}

/* Killed at any moment, the queue has all that it has acknowledged. */
static void
test_kill (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->queue);
  for (guint round = 0; round < 5; round++)
    {
      int ends[2];
      char last = 0;
      char seen;
      pid_t child;

      g_assert_cmpint (pipe (ends), ==, 0);
      child = fork ();
      if (child == 0)
        {
          open_queue (fixture);
          for (guint i = 0; i < 100; i++)
            {
              g_autofree char *id = g_strdup_printf ("r%u-%u", round, i);
              g_autoptr (BuildqRequestStatus) status
                  = submit (fixture, id, id, "p", NULL);
              char number = i;

              if (status == NULL || write (ends[1], &number, 1) != 1)
                _exit (1);
            }
          pause ();
        }
      close (ends[1]);
      while (last < 10 + (int) round * 7 && read (ends[0], &seen, 1) == 1)
        last = seen;
      kill (child, SIGKILL);
      waitpid (child, NULL, 0);
      while (read (ends[0], &seen, 1) == 1)
        last = seen;
      close (ends[0]);
      g_assert_cmpint (last, >=, 10);

      open_queue (fixture);
      for (int i = 0; i <= last; i++)
        {
          g_autofree char *id = g_strdup_printf ("r%u-%d", round, i);

          assert_there (fixture, id, TRUE);
        }
      g_clear_object (&fixture->queue);
    }
}

static gpointer
ask_elsewhere (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  buildq_queue_get_request_async (data, "r1", G_PRIORITY_DEFAULT, NULL, take_result,
                                  &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  g_assert_null (buildq_queue_get_request_finish (data, result, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_wrong_thread (Fixture *fixture, gconstpointer data)
{
  g_thread_join (g_thread_new ("elsewhere", ask_elsewhere, fixture->queue));
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/local-queue/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("full-disk", test_full_disk);
  ADD ("ask-anew", test_ask_anew);
  ADD ("two-queues", test_two_queues);
  ADD ("not-a-journal", test_not_a_journal);
  ADD ("identity", test_identity);
  ADD ("drop-at-once", test_drop_at_once);
  ADD ("kill", test_kill);
  ADD ("wrong-thread", test_wrong_thread);
  g_test_add_func ("/local-queue/no-folder", test_no_folder);
  return g_test_run ();
}
