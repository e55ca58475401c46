/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the queue counts as it goes is what a look at all its jobs finds; and it says when
 * it cannot write.
 */
#include "config.h"

#include "queue-calls.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "queue/buildq-local-queue-private.h"

#define STEPS 600
#define KINDS 3

typedef struct
{
  char *dir;
  char *path;
  BuildqLocalQueue *queue;
  guint n_requests;
  guint seq;
} Fixture;

static void
open_queue (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->queue = buildq_local_queue_new (f->path, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("buildq-stats-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->dir, "journal.db", NULL);
  open_queue (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };

  g_clear_object (&f->queue);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *file = g_strconcat (f->path, suffixes[i], NULL);

      g_unlink (file);
    }
  g_assert_cmpint (g_rmdir (f->dir), ==, 0);
  g_free (f->dir);
  g_free (f->path);
}

static BuildqStats *
get_stats (Fixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_get_stats_async (BUILDQ_QUEUE (f->queue), G_PRIORITY_DEFAULT, NULL,
                                call_done, &result);
  return buildq_queue_get_stats_finish (BUILDQ_QUEUE (f->queue), call_wait (&result),
                                        error);
}

/* The sum of all samples of this name that have all these labels. */
static gint64
sum (BuildqStats *stats, const char *name, const char *a, const char *b)
{
  gint64 value = 0;

  for (guint i = 0; i < stats->samples->len; i++)
    {
      BuildqSample *sample = stats->samples->pdata[i];
      const char *const *labels = buildq_sample_get_labels (sample);

      if (strcmp (buildq_sample_get_name (sample), name) == 0
          && (a == NULL || g_strv_contains (labels, a))
          && (b == NULL || g_strv_contains (labels, b)))
        value += buildq_sample_get_value (sample);
    }
  return value;
}

/* --- counting --- */

static void
assert_as_scanned (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqStats) stats = get_stats (f, &error);
  BuildqEngine *engine = f->queue->engine;
  guint found[KINDS][ENGINE_N_STATES] = { { 0 } };
  guint active = 0;
  GHashTableIter iter;
  gpointer request;
  EngineJob *job = NULL;

  g_assert_no_error (error);
  while ((job = _buildq_id_map_next (&engine->jobs_by_id, job != NULL ? job->id : 0))
         != NULL)
    found[job->class->kind[1] - '0'][job->state]++;
  g_hash_table_iter_init (&iter, engine->requests);
  while (g_hash_table_iter_next (&iter, NULL, &request))
    active += ((EngineRequest *) request)->state == BUILDQ_REQUEST_STATE_ACTIVE;
  g_assert_cmpint (sum (stats, "requests_active", NULL, NULL), ==, active);
  for (guint kind = 0; kind < KINDS; kind++)
    for (guint state = 0; state < ENGINE_N_STATES; state++)
      {
        g_autofree char *a = g_strdup_printf ("kind=k%u", kind);
        g_autofree char *b
            = g_strconcat ("state=", buildq_job_state_to_string (state), NULL);

        g_assert_cmpint (sum (stats, "jobs", a, b), ==, found[kind][state]);
      }
}

static void
submit_some (Fixture *f)
{
  guint n = f->n_requests++;
  guint other = (guint) g_test_rand_int_range (0, (gint32) n + 1);
  g_autofree char *depends
      = g_strdup_printf (",\"depends\":[\"j%u\"]", other < n ? other : 0);
  g_autofree char *json = g_strdup_printf (
      "{\"id\":\"r%u\",\"jobs\":[{\"key\":\"j%u\",\"kind\":\"k%d\",\"system\":\"s\","
      "\"cores\":%d%s}]}",
      n, n, g_test_rand_int_range (0, KINDS), g_test_rand_int_range (0, 3),
      other < n ? depends : "");
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = call_submit (f->queue, json, &error);

  g_assert_no_error (error);
}

static BuildqSyncReply *
say (Fixture *f, const char *step, const char *more)
{
  g_autofree char *json = g_strdup_printf (
      "{\"session\":\"s\",\"name\":\"m\",\"seq\":%u,\"step\":\"%s\","
      "\"offer\":{\"groups\":[{\"systems\":[\"s\"],\"kinds\":[\"k0\",\"k1\",\"k2\"],"
      "\"cores\":9,\"slots\":2}]}%s}",
      ++f->seq, step, more);
  g_autoptr (GError) error = NULL;
  BuildqSyncReply *reply = call_sync (f->queue, json, &error);

  g_assert_no_error (error);
  return reply;
}

/* Takes what there is, and ends it in one way or another. */
static void
work_some (Fixture *f)
{
  static const char *const outcomes[]
      = { "succeeded", "succeeded", "failed", "host-fault" };
  g_autoptr (BuildqSyncReply) reply = say (f, "attach", "");

  for (guint i = 0; i < reply->grants->len; i++)
    {
      const char *token = ((BuildqGrant *) reply->grants->pdata[i])->token;
      g_autofree char *more
          = g_test_rand_int_range (0, 5) == 0
                ? g_strdup_printf (",\"releases\":[\"%s\"]", token)
                : g_strdup_printf (
                    ",\"claims\":[\"%s\"],\"results\":[{\"token\":\"%s\",\"attempt\":1,"
                    "\"outcome\":\"%s\"}]",
                    token, token, outcomes[g_test_rand_int_range (0, 4)]);
      g_autoptr (BuildqSyncReply) answer = say (f, "continue", more);
    }
}

static void
cancel_some (Fixture *f)
{
  g_autofree char *id
      = g_strdup_printf ("r%d", g_test_rand_int_range (0, (gint32) f->n_requests));
  g_autoptr (BuildqRequestStatus) status = call_cancel (f->queue, id, NULL);

  g_assert_nonnull (status);
}

static void
retry_some (Fixture *f)
{
  g_autofree char *id
      = g_strdup_printf ("r%d", g_test_rand_int_range (0, (gint32) f->n_requests));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;

  buildq_queue_retry_async (BUILDQ_QUEUE (f->queue), id, NULL, G_PRIORITY_DEFAULT, NULL,
                            call_done, &result);
  status = buildq_queue_retry_finish (BUILDQ_QUEUE (f->queue), call_wait (&result), NULL);
  g_assert_nonnull (status);
}

static void
test_counts (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqStats) stats = NULL;
  g_autoptr (BuildqStats) copy = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;

  submit_some (f);
  for (guint i = 0; i < STEPS; i++)
    {
      int dice = g_test_rand_int_range (0, 100);

      if (dice < 50)
        submit_some (f);
      else if (dice < 90)
        work_some (f);
      else if (dice < 94)
        cancel_some (f);
      else if (dice < 98)
        retry_some (f);
      else
        {
          g_clear_object (&f->queue);
          open_queue (f);
        }
      assert_as_scanned (f);
    }
  stats = get_stats (f, &error);
  g_assert_no_error (error);
  json = buildq_stats_to_json (stats);
  copy = buildq_stats_new_from_json (json, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_stats_equal (stats, copy));
}

static void
test_events (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = call_submit (
      f->queue,
      "{\"id\":\"r\",\"jobs\":[{\"key\":\"a\",\"kind\":\"k0\",\"system\":\"s\"},"
      "{\"key\":\"b\",\"kind\":\"k0\",\"system\":\"s\",\"features\":[\"g\",\"f\"]}]}",
      &error);
  g_autoptr (BuildqSyncReply) first = say (f, "attach", "");
  const char *token = ((BuildqGrant *) first->grants->pdata[0])->token;
  g_autofree char *fault = g_strdup_printf (
      ",\"claims\":[\"%s\"],\"results\":[{\"token\":\"%s\",\"outcome\":\"host-fault\"}]",
      token, token);
  g_autoptr (BuildqSyncReply) second = say (f, "continue", fault);
  g_autoptr (BuildqSyncReply) third = NULL;
  g_autoptr (BuildqStats) stats = NULL;
  g_autofree char *done = NULL;

  token = ((BuildqGrant *) second->grants->pdata[0])->token;
  done = g_strdup_printf (
      ",\"claims\":[\"%s\"],\"results\":[{\"token\":\"%s\",\"outcome\":\"succeeded\"}]",
      token, token);
  third = say (f, "continue", done);
  stats = get_stats (f, &error);
  g_assert_no_error (error);

  g_assert_cmpint (sum (stats, "jobs_submitted_total", "features=f,g", NULL), ==, 1);
  g_assert_cmpint (sum (stats, "jobs_submitted_total", "kind=k0", "system=s"), ==, 2);
  g_assert_cmpint (sum (stats, "jobs", "features=f,g", "state=ready"), ==, 1);
  g_assert_cmpint (sum (stats, "leases_granted_total", NULL, NULL), ==, 2);
  g_assert_cmpint (sum (stats, "results_total", "outcome=host-fault", "verdict=accepted"),
                   ==, 1);
  g_assert_cmpint (sum (stats, "results_total", "outcome=succeeded", "verdict=accepted"),
                   ==, 1);
  g_assert_cmpint (sum (stats, "retries_total", "cause=host-fault", NULL), ==, 1);
  g_assert_cmpint (sum (stats, "requests_submitted_total", NULL, NULL), ==, 1);
  g_assert_cmpint (sum (stats, "requests_active", NULL, NULL), ==, 1);
  g_assert_cmpint (sum (stats, "sessions", "state=connected", NULL), ==, 1);
  g_assert_cmpint (sum (stats, "workers", "state=ready", NULL), ==, 1);
  g_assert_cmpint (sum (stats, "slots", NULL, NULL), ==, 2);
  g_assert_cmpint (sum (stats, "journal_commits_total", NULL, NULL), >, 0);
  g_assert_cmpint (sum (stats, "journal_entries_total", NULL, NULL), >, 5);
  g_assert_cmpint (sum (stats, "journal_bytes", NULL, NULL), >, 0);
  g_assert_cmpuint (stats->requests->len, ==, 1);
  g_assert_cmpstr (stats->ended[0], ==, "a");
  g_assert_null (stats->ended[1]);

  /* What ended last is known after a restart too. */
  g_clear_pointer (&stats, buildq_stats_unref);
  g_clear_object (&f->queue);
  open_queue (f);
  stats = get_stats (f, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (stats->ended[0], ==, "a");
  g_assert_cmpuint (stats->requests->len, ==, 1);
}

/* Whoever submits cannot make the list of classes as long as they like. */
static void
test_many_classes (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) json = g_string_new ("{\"jobs\":[");
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autoptr (BuildqStats) stats = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 150; i++)
    g_string_append_printf (
        json, "%s{\"key\":\"%u\",\"kind\":\"k%u\",\"system\":\"s\",\"cores\":%u}",
        i > 0 ? "," : "", i, i, i % 7);
  g_string_append (json, "]}");
  status = call_submit (f->queue, json->str, &error);
  g_assert_no_error (error);
  stats = get_stats (f, &error);
  g_assert_no_error (error);

  g_assert_cmpint (sum (stats, "jobs", "state=ready", NULL), ==, 150);
  g_assert_cmpint (sum (stats, "jobs", "kind=other", "state=ready"), ==, 50);
  g_assert_cmpuint (stats->samples->len, <, 101 * 9 + 30);
}

/* --- a disk that is full --- */

static void
limit_files (rlim_t bytes)
{
  struct rlimit limit = { bytes, RLIM_INFINITY };

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
test_unwell (Fixture *f, gconstpointer data)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  g_autoptr (BuildqStats) stats = NULL;
  g_autoptr (GError) error = NULL;
  guint waker;

  submit_some (f);
  limit_files (1);
  g_assert_null (call_submit (
      f->queue, "{\"jobs\":[{\"key\":\"x\",\"kind\":\"k0\",\"system\":\"s\"}]}", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  for (guint i = 0; i < 2; i++) /* the first tries, the second need not */
    {
      g_assert_null (get_stats (f, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
      g_assert_nonnull (strstr (error->message, "journal"));
      g_clear_error (&error);
    }

  limit_files (RLIM_INFINITY);
  waker = g_timeout_add (50, tick, NULL);
  while ((stats = get_stats (f, NULL)) == NULL)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (waker);
}

#define ADD(name, func)                                                                  \
  g_test_add ("/stats/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("counts", test_counts);
  ADD ("events", test_events);
  ADD ("many-classes", test_many_classes);
  ADD ("unwell", test_unwell);
  return g_test_run ();
}
