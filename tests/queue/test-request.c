/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Requests with very many jobs.
 */
#include "config.h"

#include "queue-calls.h"

#include <glib/gstdio.h>
#include <locale.h>

#define MANY 100001 /* one more than a list in JSON may have */

static char *
make_request (const char *id, guint n_jobs)
{
  g_autoptr (GString) json = g_string_new (NULL);

  g_string_append_printf (json, "{\"id\":\"%s\",\"jobs\":[", id);
  for (guint i = 0; i < n_jobs; i++)
    g_string_append_printf (json, "%s{\"key\":\"j%u\",\"kind\":\"k\",\"system\":\"s\"}",
                            i == 0 ? "" : ",", i);
  g_string_append (json, "]}");
  return g_string_free (g_steal_pointer (&json), FALSE);
}

static BuildqLocalQueue *
open_queue (const char *path)
{
  g_autoptr (GError) error = NULL;
  BuildqLocalQueue *queue = buildq_local_queue_new (path, &error);

  g_assert_no_error (error);
  return queue;
}

static void
assert_readable (BuildqRequestStatus *status, const GError *error, gint64 total)
{
  g_autoptr (BuildqRequestStatus) read = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *json = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (buildq_request_status_get_total (status), ==, total);
  json = buildq_request_status_to_json (status);
  read = buildq_request_status_new_from_json (json, &local);
  g_assert_no_error (local);
  g_assert_true (buildq_request_status_equal (read, status));
}

/* Its status can be read by others, and the journal that it is in can be opened. */
static void
test_many (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("buildq-request-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "journal.db", NULL);
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  g_autofree char *json = make_request ("large", MANY);
  g_autoptr (BuildqLocalQueue) queue = open_queue (path);
  g_autoptr (BuildqRequestStatus) submitted = NULL, cancelled = NULL, again = NULL;

  buildq_local_queue_set_keep_jobs (queue, -1);
  submitted = call_submit (queue, json, &error);
  assert_readable (submitted, error, MANY);
  cancelled = call_cancel (queue, "large", &error);
  assert_readable (cancelled, error, MANY);
  g_clear_object (&queue);

  queue = open_queue (path);
  buildq_local_queue_set_keep_jobs (queue, -1);
  again = call_get_request (queue, "large", &error);
  assert_readable (again, error, MANY);
  g_assert_cmpint (buildq_request_status_get_state (again), ==,
                   BUILDQ_REQUEST_STATE_CANCELLED);
  g_clear_object (&queue);
  g_unlink (path);
  g_unlink (lock);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

/* While it is forgotten, step by step, its jobs cannot be tried again for it. */
static void
test_retry_while_forgotten (void)
{
  g_autofree char *json = make_request ("r", 2000);
  g_autoptr (BuildqLocalQueue) queue = open_queue (NULL);
  g_autoptr (BuildqRequestStatus) submitted = NULL, cancelled = NULL;
  g_autoptr (BuildqJobStatus) job = NULL;
  g_autoptr (GError) error = NULL;
  gboolean there = TRUE;
  guint missed = 0;

  submitted = call_submit (queue, json, &error);
  g_assert_no_error (error);
  cancelled = call_cancel (queue, "r", &error);
  g_assert_no_error (error);
  buildq_local_queue_set_keep_jobs (queue, 0);
  while (there)
    {
      g_autoptr (BuildqRequestStatus) status = call_get_request (queue, "r", NULL);
      g_autoptr (BuildqRequestStatus) retried = NULL;
      g_autoptr (GAsyncResult) result = NULL;

      if (status != NULL)
        continue;
      g_clear_pointer (&job, buildq_job_status_unref);
      job = call_get_job (queue, "j0", NULL);
      there = job != NULL;
      g_clear_error (&error);
      buildq_queue_retry_async (BUILDQ_QUEUE (queue), NULL, "j0", G_PRIORITY_DEFAULT,
                                NULL, call_done, &result);
      retried
          = buildq_queue_retry_finish (BUILDQ_QUEUE (queue), call_wait (&result), &error);
      g_assert_null (retried);
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
      missed += there;
    }
  g_assert_cmpuint (missed, >, 0);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/many", test_many);
  g_test_add_func ("/request/retry-while-forgotten", test_retry_while_forgotten);
  return g_test_run ();
}
