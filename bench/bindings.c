/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What bindings-guile.scm and bindings-python.py do, in C. See README.md.
 */
#include "executor.h"

#include <stdlib.h>
#include <time.h>

#define BATCH 64

static BuildqQueue *queue;
static BuildqAgent *agent;
static BuildqResult *success;
static BuildqGrant *grants[BATCH];
static guint batches_left, count, answers;
static GMainLoop *loop;
static const char *const any[] = { "any", NULL };
static const char *const work[] = { "work", NULL };

static double
now (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);
  return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* Runs @func and prints seconds, on the wall and of this thread's processor. */
static void
measure (void (*func) (guint number), guint number)
{
  double wall, processor;

  func (MAX (number / 4, 1)); /* warm */
  wall = now (CLOCK_MONOTONIC);
  processor = now (CLOCK_THREAD_CPUTIME_ID);
  func (number);
  wall = now (CLOCK_MONOTONIC) - wall;
  processor = now (CLOCK_THREAD_CPUTIME_ID) - processor;
  g_print ("%.6f %.6f\n", wall, processor);
}

static void
check (const GError *error)
{
  if (error != NULL)
    g_error ("%s", error->message);
}

static BuildqRequest *
make_request (guint jobs)
{
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  g_autoptr (GError) error = NULL;
  BuildqRequest *made;

  for (guint i = 0; i < jobs; i++)
    {
      g_autoptr (BuildqJobBuilder) builder = buildq_job_builder_new ();
      g_autoptr (BuildqJob) job = NULL;
      g_autofree char *key = g_strdup_printf ("job-%u", count++);

      buildq_job_builder_set_key (builder, key);
      buildq_job_builder_set_kind (builder, "work");
      buildq_job_builder_set_system (builder, "any");
      buildq_job_builder_set_payload (builder, key);
      job = buildq_job_builder_build (builder, &error);
      check (error);
      buildq_request_builder_add_job (request, job);
    }
  made = buildq_request_builder_build (request, &error);
  check (error);
  return made;
}

/* --- cycle: submit 64 jobs, lease them one by one, complete them all --- */

static void submit_batch (void);

static void
completed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqReceipt) receipt
      = buildq_agent_complete_finish (agent, result, &error);

  check (error);
  if (++answers < BATCH)
    return;
  if (--batches_left > 0)
    submit_batch ();
  else
    g_main_loop_quit (loop);
}

static void
granted (GObject *source, GAsyncResult *result, gpointer data)
{
  guint leased = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;

  grants[leased++] = buildq_agent_next_finish (agent, result, &error);
  check (error);
  if (leased < BATCH)
    {
      buildq_agent_next_async (agent, NULL, granted, GUINT_TO_POINTER (leased));
      return;
    }
  for (guint i = 0; i < BATCH; i++)
    {
      g_autoptr (BuildqGrant) grant = g_steal_pointer (&grants[i]);

      buildq_agent_complete_async (agent, buildq_grant_get_token (grant), success, NULL,
                                   completed, NULL);
    }
}

static void
submitted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_submit_finish (queue, result, &error);

  check (error);
  buildq_agent_next_async (agent, NULL, granted, GUINT_TO_POINTER (0));
}

static void
submit_batch (void)
{
  g_autoptr (BuildqRequest) request = make_request (BATCH);

  answers = 0;
  buildq_queue_submit_async (queue, request, G_PRIORITY_DEFAULT, NULL, submitted, NULL);
}

static void
cycle (guint batches)
{
  batches_left = batches;
  submit_batch ();
  g_main_loop_run (loop);
}

static void
run_cycle (guint batches)
{
  g_autoptr (GPtrArray) groups
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_machine_group_unref);
  g_autoptr (BuildqResultBuilder) builder = buildq_result_builder_new ();
  g_autoptr (BuildqOffer) offer = NULL;

  g_ptr_array_add (groups, buildq_machine_group_new (any, NULL, work, 0, 0, BATCH));
  offer = buildq_offer_new (groups);
  buildq_result_builder_set_outcome (builder, BUILDQ_OUTCOME_SUCCEEDED);
  success = buildq_result_builder_build (builder, NULL);
  agent = buildq_agent_new (queue, "bench");
  buildq_agent_set_offer (agent, offer);
  buildq_agent_start (agent);
  measure (cycle, batches);
}

/* --- executor: a worker whose executor does nothing --- */

static void
finished (BuildqWorker *worker, const char *key, BuildqOutcome outcome, gpointer data)
{
  if (outcome != BUILDQ_OUTCOME_SUCCEEDED)
    g_error ("%s: %s", key, buildq_outcome_to_string (outcome));
  if (--answers == 0)
    g_main_loop_quit (loop);
}

static void
do_jobs (guint jobs)
{
  g_autoptr (BuildqRequest) request = make_request (jobs);

  answers = jobs;
  buildq_queue_submit_async (queue, request, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  g_main_loop_run (loop);
}

static void
run_executor (guint jobs, const char *folder)
{
  g_autofree char *store_dir = g_build_filename (folder, "store", NULL);
  g_autofree char *work_dir = g_build_filename (folder, "work", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqStore) store = buildq_store_new_for_uri (store_dir, NULL, &error);
  BuildqWorker *worker = buildq_worker_new (queue, "bench", store, work_dir);

  check (error);
  buildq_worker_set_systems (worker, any);
  buildq_worker_add_executor (worker, "work", bench_executor_new ());
  g_signal_connect (worker, "job-finished", G_CALLBACK (finished), NULL);
  buildq_worker_run_async (worker, NULL, NULL, NULL);
  measure (do_jobs, jobs);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc < 3)
    return 2;
  queue = BUILDQ_QUEUE (buildq_local_queue_new (NULL, &error));
  check (error);
  loop = g_main_loop_new (NULL, FALSE);
  if (g_str_equal (argv[1], "cycle"))
    run_cycle ((guint) atoi (argv[2]));
  else
    run_executor ((guint) atoi (argv[2]), argv[3]);
  return 0;
}
