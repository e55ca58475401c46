/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

char *
fixture_in_dir (Fixture *self, const char *name)
{
  return g_build_filename (self->dir, name, NULL);
}

static void
on_finished (BuildqWorker *worker, const char *key, BuildqOutcome outcome, Fixture *self)
{
  g_string_append_printf (self->finished, "%s %s\n", key,
                          buildq_outcome_to_string (outcome));
}

BuildqWorker *
fixture_make_worker (Fixture *self, const char *name, const char *work)
{
  g_autofree char *work_dir = fixture_in_dir (self, work);
  g_autoptr (BuildqCommandExecutor) executor = buildq_command_executor_new ();
  const char *systems[] = { SYSTEM, NULL };
  BuildqWorker *worker = buildq_worker_new (self->queue, name, self->store, work_dir);

  buildq_worker_add_executor (worker, "command", BUILDQ_EXECUTOR (executor));
  buildq_worker_set_systems (worker, systems);
  g_signal_connect (worker, "job-finished", G_CALLBACK (on_finished), self);
  return worker;
}

void
fixture_set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *store = NULL, *mirror = NULL, *uri = NULL;
  g_autoptr (GError) error = NULL;
  BuildqLocalQueue *queue;

  self->dir = make_test_dir ();
  self->finished = g_string_new (NULL);
  self->key = buildq_key_generate ("farm-1", &error);
  g_assert_no_error (error);
  queue = buildq_local_queue_new (NULL, &error);
  g_assert_no_error (error);
  buildq_local_queue_set_key (queue, self->key, &error);
  g_assert_no_error (error);
  self->queue = BUILDQ_QUEUE (queue);
  store = fixture_in_dir (self, "store");
  self->store = buildq_store_new_for_uri (store, NULL, &error);
  g_assert_no_error (error);
  mirror = fixture_in_dir (self, "mirror");
  g_assert_no_errno (g_mkdir_with_parents (mirror, 0755));
  uri = g_filename_to_uri (mirror, NULL, NULL);
  self->mirror = buildq_mirror_new_for_uri (uri, &error);
  g_assert_no_error (error);
  self->cancellable = g_cancellable_new ();
  self->worker = fixture_make_worker (self, "w1", "work");
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Fixture *) data)->ended = g_object_ref (result);
}

void
fixture_run (Fixture *self)
{
  buildq_worker_run_async (self->worker, self->cancellable, on_ended, self);
}

void
fixture_run_with_mirror (Fixture *self)
{
  buildq_worker_add_mirror (self->worker, self->mirror);
  fixture_run (self);
}

/* Waits for the end of run_async. */
gboolean
fixture_end (Fixture *self, GError **error)
{
  wait_until (self->ended != NULL);
  return buildq_worker_run_finish (self->worker, self->ended, error);
}

/* Nothing is left of the jobs in there. */
static void
assert_clean (const char *work)
{
  g_autofree char *leases = g_build_filename (work, "leases", NULL);
  g_autoptr (GDir) dir = g_dir_open (work, 0, NULL);
  g_autoptr (GDir) entries = g_dir_open (leases, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (!g_str_equal (name, "leases") && !g_str_equal (name, "aside"))
      g_assert_cmpstr (name, ==, "lock");
  g_assert_null (entries != NULL ? g_dir_read_name (entries) : NULL);
}

void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_autofree char *work = fixture_in_dir (self, "work");
  gpointer worker = self->worker;

  if (self->ended == NULL)
    {
      g_cancellable_cancel (self->cancellable);
      wait_until (self->ended != NULL);
    }
  g_clear_object (&self->ended);
  assert_clean (work);
  g_object_add_weak_pointer (worker, &worker);
  g_object_unref (self->worker);
  wait_until (worker == NULL);
  g_clear_object (&self->test_mirror);
  g_object_unref (self->mirror);
  g_object_unref (self->store);
  g_object_unref (self->queue);
  g_object_unref (self->cancellable);
  buildq_key_unref (self->key);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_string_free (self->finished, TRUE);
  remove_test_dir (self->dir);
  g_free (self->dir);
}

/* --- jobs --- */

BuildqJobBuilder *
job_builder (const char *key, const char *script)
{
  const char *argv[] = { "sh", "-c", script, NULL };
  BuildqJobBuilder *builder = buildq_job_builder_new ();

  buildq_job_builder_set_key (builder, key);
  buildq_job_builder_set_kind (builder, "command");
  buildq_job_builder_set_system (builder, SYSTEM);
  buildq_job_builder_set_argv (builder, argv);
  return builder;
}

void
add_output (BuildqJobBuilder *builder, const char *name, const char *path)
{
  g_autoptr (BuildqOutput) output = buildq_output_new (name, path);

  buildq_job_builder_add_output (builder, output);
}

void
add_to (BuildqRequestBuilder *request, BuildqJobBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJob) job = buildq_job_builder_build (builder, &error);

  g_assert_no_error (error);
  buildq_request_builder_add_job (request, job);
}

void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

void
fixture_submit (Fixture *self, BuildqRequestBuilder *builder, const char *wanted)
{
  const char *keys[] = { wanted, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autofree char *id = g_strconcat ("request-", wanted, NULL);

  buildq_request_builder_set_id (builder, id);
  buildq_request_builder_set_submitter (builder, "me");
  buildq_request_builder_set_wanted (builder, keys);
  request = buildq_request_builder_build (builder, &error);
  g_assert_no_error (error);
  buildq_queue_submit_async (self->queue, request, G_PRIORITY_DEFAULT, NULL, keep_result,
                             &result);
  wait_until (result != NULL);
  status = buildq_queue_submit_finish (self->queue, result, &error);
  g_assert_no_error (error);
}

void
fixture_submit_one (Fixture *self, BuildqJobBuilder *builder, const char *key)
{
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();

  add_to (request, builder);
  fixture_submit (self, request, key);
}

void
fixture_submit_script (Fixture *self, const char *key, const char *script)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder (key, script);

  fixture_submit_one (self, builder, key);
}

BuildqJobStatus *
fixture_get_status (Fixture *self, const char *key)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  BuildqJobStatus *status;

  buildq_queue_get_job_async (self->queue, key, G_PRIORITY_DEFAULT, NULL, keep_result,
                              &result);
  wait_until (result != NULL);
  status = buildq_queue_get_job_finish (self->queue, result, &error);
  g_assert_no_error (error);
  return status;
}

BuildqJobState
fixture_get_state (Fixture *self, const char *key)
{
  g_autoptr (BuildqJobStatus) status = fixture_get_status (self, key);

  return buildq_job_status_get_state (status);
}

BuildqResult *
fixture_get_result (Fixture *self, const char *key)
{
  g_autoptr (BuildqJobStatus) status = fixture_get_status (self, key);
  BuildqResult *result = buildq_job_status_get_result (status);

  g_assert_nonnull (result);
  return buildq_result_ref (result);
}

/* Waits until the worker is through with a job for the first time. */
void
fixture_wait_finished (Fixture *self, const char *line)
{
  wait_until (self->finished->len > 0);
  g_assert_true (g_str_has_prefix (self->finished->str, line));
}

void
fixture_assert_fails (Fixture *self,
                      BuildqJobBuilder *builder,
                      const char *outcome,
                      const char *part_of_message)
{
  g_autofree char *line = g_strdup_printf ("job %s\n", outcome);
  g_autoptr (BuildqJobStatus) status = NULL;

  fixture_submit_one (self, builder, "job");
  fixture_wait_finished (self, line);
  /* What is not the job's fault is tried again some times. */
  wait_until (buildq_job_state_is_final (fixture_get_state (self, "job")));
  status = fixture_get_status (self, "job");
  g_assert_nonnull (buildq_job_status_get_message (status));
  if (strstr (buildq_job_status_get_message (status), part_of_message) == NULL)
    g_error ("'%s' does not say '%s'", buildq_job_status_get_message (status),
             part_of_message);
}

void
fixture_use_test_mirror (Fixture *self, TestMirrorMode mode)
{
  self->test_mirror = test_mirror_new (mode);
  buildq_worker_add_mirror (self->worker, BUILDQ_MIRROR (self->test_mirror));
}
