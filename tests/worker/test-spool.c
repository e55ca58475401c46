/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Workers that are started after others that were killed, each at another point: the test
 * takes a lease, writes what a worker has on its disk at that point, and goes away.
 */
#include "config.h"

#include "worker-fixture.h"

#include "core/buildq-values.h"
#include "queue/buildq-agent-private.h"
#include "worker/buildq-spool.h"
#include "worker/buildq-work-dir.h"

#include <glib/gstdio.h>
#include <string.h>

#define STORE_PATH "/buildq/store/00000000000000000000000000000000-job"

/* --- the worker that was killed --- */

/* The lease that a worker named "w1" held as it was killed. */
static BuildqGrant *
take_lease (Fixture *self)
{
  static const char *const systems[] = { SYSTEM, NULL };
  static const char *const kinds[] = { "command", NULL };
  g_autoptr (BuildqAgent) agent = buildq_agent_new (self->queue, "w1");
  g_autoptr (GPtrArray) groups
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_machine_group_unref);
  g_autoptr (BuildqOffer) offer = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) detached = NULL;
  g_autoptr (BuildqSyncReply) reply = NULL;
  g_autoptr (GError) error = NULL;
  BuildqSyncMessage *message = _buildq_value_new (&_buildq_sync_message_info);
  BuildqGrant *grant;

  g_ptr_array_add (groups, buildq_machine_group_new (systems, NULL, kinds, 1, 0, 1));
  offer = buildq_offer_new (groups);
  buildq_agent_set_offer (agent, offer);
  buildq_agent_start (agent);
  buildq_agent_next_async (agent, NULL, keep_result, &result);
  wait_until (result != NULL);
  grant = buildq_agent_next_finish (agent, result, &error);
  g_assert_no_error (error);
  wait_until (agent->attached && !agent->in_flight && !agent->dirty);

  message->session = g_strdup (agent->session);
  message->name = g_strdup ("w1");
  message->seq = agent->seq + 1;
  message->step = BUILDQ_SESSION_STEP_DETACH;
  _buildq_agent_fall_silent (agent);
  buildq_queue_sync_async (self->queue, message, G_PRIORITY_DEFAULT, NULL, keep_result,
                           &detached);
  wait_until (detached != NULL);
  reply = buildq_queue_sync_finish (self->queue, detached, &error);
  g_assert_no_error (error);
  buildq_sync_message_unref (message);
  return grant;
}

static BuildqGrant *
submit_and_take (Fixture *self, gboolean with_output)
{
  g_autoptr (BuildqJobBuilder) builder
      = job_builder ("job", "echo again > ${out:-/dev/null}");

  if (with_output)
    add_output (builder, "out", NULL);
  fixture_submit_one (self, builder, "job");
  return take_lease (self);
}

static void
put (Fixture *self, BuildqSpoolEntry *entry, BuildqSpoolState state)
{
  g_autofree char *work = fixture_in_dir (self, "work");
  g_autofree char *leases = g_build_filename (work, "leases", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (leases, 0755));
  entry->state = state;
  _buildq_spool_put_async (work, entry, keep_result, &result);
  wait_until (result != NULL);
  _buildq_spool_put_finish (result, &error);
  g_assert_no_error (error);
}

/* What a run leaves in its directory. */
static void
make_run (Fixture *self, BuildqSpoolEntry *entry)
{
  g_autofree char *dir = fixture_in_dir (self, "work/job-7");
  g_autofree char *log = g_build_filename (dir, "log", NULL);
  g_autofree char *outputs = g_build_filename (dir, "outputs", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (outputs, 0755));
  g_file_set_contents (log, "halfway\n", -1, &error);
  g_assert_no_error (error);
  entry->dir = g_strdup ("job-7");
  entry->cores = 1;
  entry->started_us = g_get_real_time () - 5 * G_USEC_PER_SEC;
  entry->started_monotonic_us = g_get_monotonic_time () - 5 * G_USEC_PER_SEC;
}

static BuildqResult *
make_result (BuildqGrant *grant, BuildqOutcome outcome)
{
  BuildqResult *result = _buildq_value_new (&_buildq_result_info);

  result->key = g_strdup (grant->job->key);
  result->token = g_strdup (grant->token);
  result->attempt = grant->attempt;
  result->outcome = outcome;
  return result;
}

/* Puts an output into the store, as the worker that was killed did. */
static BuildqArtifact *
store_output (Fixture *self)
{
  g_autofree char *path = fixture_in_dir (self, "made");
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  BuildqArtifact *named;

  g_file_set_contents (path, "made before\n", -1, &error);
  g_assert_no_error (error);
  artifact = buildq_store_add (self->store, path, STORE_PATH, NULL, NULL, &error);
  g_assert_no_error (error);
  named = _buildq_value_copy (&_buildq_artifact_info, artifact);
  _buildq_set_string (&named->name, "out");
  return named;
}

static gboolean
is_in_spool (Fixture *self, const char *token)
{
  g_autofree char *work = fixture_in_dir (self, "work");
  g_autofree char *path = _buildq_spool_path (work, token);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
assert_attempt (Fixture *self, BuildqJobState state, gint64 attempt)
{
  g_autoptr (BuildqJobStatus) status = fixture_get_status (self, "job");

  g_assert_cmpint (buildq_job_status_get_state (status), ==, state);
  g_assert_cmpint (buildq_job_status_get_attempt (status), ==, attempt);
}

/* --- killed after the result was made --- */

static void
test_success_handed_in (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, FALSE);
  g_autoptr (BuildqSpoolEntry) entry = _buildq_spool_entry_new (grant);

  entry->result = make_result (grant, BUILDQ_OUTCOME_SUCCEEDED);
  put (self, entry, BUILDQ_SPOOL_FINISHED);
  fixture_run (self);
  fixture_wait_finished (self, "job succeeded\n");
  assert_attempt (self, BUILDQ_JOB_STATE_SUCCEEDED, 1);
  g_assert_false (is_in_spool (self, grant->token));
}

static void
test_failure_handed_in (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, FALSE);
  g_autoptr (BuildqSpoolEntry) entry = _buildq_spool_entry_new (grant);
  g_autoptr (BuildqResult) result = NULL;

  entry->result = make_result (grant, BUILDQ_OUTCOME_FAILED);
  entry->result->message = g_strdup ("exited with status 7");
  put (self, entry, BUILDQ_SPOOL_FINISHED);
  fixture_run (self);
  fixture_wait_finished (self, "job failed\n");
  assert_attempt (self, BUILDQ_JOB_STATE_FAILED, 1);
  result = fixture_get_result (self, "job");
  g_assert_cmpstr (result->message, ==, "exited with status 7");
}

/* The queue had answered, and only the worker did not hear of it: it is published then.
 */
static void
test_handed_in_twice (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, TRUE);
  g_autoptr (BuildqSpoolEntry) entry = _buildq_spool_entry_new (grant);
  g_autoptr (BuildqArtifact) artifact = store_output (self);
  g_autoptr (BuildqLocation) location
      = buildq_location_new ("test:mirror/nar/x", NULL, NULL, 0);
  g_autoptr (BuildqAgent) agent = buildq_agent_new (self->queue, "w1");
  g_autoptr (GAsyncResult) answered = NULL;
  g_autoptr (GAsyncResult) left = NULL;
  g_autoptr (BuildqReceipt) receipt = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (artifact->locations, buildq_location_ref (location));
  entry->result = make_result (grant, BUILDQ_OUTCOME_SUCCEEDED);
  g_ptr_array_add (entry->result->artifacts, buildq_artifact_ref (artifact));
  put (self, entry, BUILDQ_SPOOL_FINISHED);

  buildq_agent_hold (agent, grant);
  buildq_agent_complete_async (agent, grant->token, entry->result, NULL, keep_result,
                               &answered);
  buildq_agent_start (agent);
  wait_until (answered != NULL);
  receipt = buildq_agent_complete_finish (agent, answered, &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_receipt_get_verdict (receipt), ==, BUILDQ_VERDICT_ACCEPTED);
  buildq_agent_leave_async (agent, NULL, keep_result, &left);
  wait_until (left != NULL);

  fixture_use_test_mirror (self, TEST_MIRROR_BLOCKS);
  fixture_run (self);
  fixture_wait_finished (self, "job succeeded\n");
  assert_attempt (self, BUILDQ_JOB_STATE_SUCCEEDED, 1);
  g_assert_cmpuint (test_mirror_get_published (self->test_mirror), ==, 1);
}

/* Nobody knows the lease any more: what was left of it goes. */
static void
test_unknown_lease (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, FALSE);
  g_autoptr (BuildqGrant) unknown = _buildq_value_copy (&_buildq_grant_info, grant);
  g_autoptr (BuildqSpoolEntry) ran = NULL;
  g_autoptr (BuildqSpoolEntry) finished = NULL;

  _buildq_set_string (&unknown->token, "../../unknown");
  ran = _buildq_spool_entry_new (unknown);
  make_run (self, ran);
  put (self, ran, BUILDQ_SPOOL_RUNNING);
  _buildq_set_string (&unknown->token, "unknown too");
  finished = _buildq_spool_entry_new (unknown);
  finished->result = make_result (unknown, BUILDQ_OUTCOME_SUCCEEDED);
  put (self, finished, BUILDQ_SPOOL_FINISHED);
  fixture_run (self);
  wait_until (!is_in_spool (self, "../../unknown") && !is_in_spool (self, "unknown too"));
  /* It goes on as usual; the lease that it did not list was given to it once more. */
  wait_until (strstr (self->finished->str, "job succeeded\n") != NULL);
  assert_attempt (self, BUILDQ_JOB_STATE_SUCCEEDED, 2);
}

/* --- killed between the executor's answer and the result --- */

static BuildqSpoolEntry *
make_built (Fixture *self, BuildqGrant *grant)
{
  BuildqSpoolEntry *entry = _buildq_spool_entry_new (grant);

  make_run (self, entry);
  _buildq_strv_add (&entry->store_paths, STORE_PATH);
  entry->result = make_result (grant, BUILDQ_OUTCOME_SUCCEEDED);
  entry->result->exit_status = 0;
  entry->result->started_us = 1000;
  entry->result->finished_us = 2000;
  entry->result->log_bytes = 8;
  g_ptr_array_add (entry->result->artifacts, store_output (self));
  put (self, entry, BUILDQ_SPOOL_BUILT);
  return entry;
}

static void
test_built (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, TRUE);
  g_autoptr (BuildqSpoolEntry) entry = make_built (self, grant);
  g_autofree char *narinfo
      = fixture_in_dir (self, "mirror/00000000000000000000000000000000.narinfo");
  g_autoptr (BuildqResult) result = NULL;

  fixture_run_with_mirror (self);
  fixture_wait_finished (self, "job succeeded\n");
  assert_attempt (self, BUILDQ_JOB_STATE_SUCCEEDED, 1);
  g_assert_true (g_file_test (narinfo, G_FILE_TEST_EXISTS));
  result = fixture_get_result (self, "job");
  g_assert_cmpint (result->finished_us, ==, 2000);
  g_assert_cmpint (result->log_bytes, ==, 8);
  g_assert_nonnull (result->log); /* which was uploaded now */
}

/* What the machine had not kept when it lost its power is not vouched for. */
static void
test_built_and_lost (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, TRUE);
  g_autoptr (BuildqSpoolEntry) entry = make_built (self, grant);
  g_autofree char *path = buildq_store_get_real_path (self->store, STORE_PATH);
  g_autoptr (BuildqJobStatus) status = NULL;

  g_assert_no_errno (g_unlink (path));
  buildq_worker_drain (self->worker);
  fixture_run_with_mirror (self);
  fixture_wait_finished (self, "job host-fault\n");
  status = fixture_get_status (self, "job");
  g_assert_cmpint (buildq_job_status_get_state (status), ==, BUILDQ_JOB_STATE_READY);
  g_assert_nonnull (
      strstr (buildq_job_status_get_message (status),
              "worker 'w1' was restarted while it built 'job', and lost what "
              "that made: "));
}

/* --- killed while the job ran --- */

static void
test_nothing_runs (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, TRUE);
  g_autoptr (BuildqSpoolEntry) entry = _buildq_spool_entry_new (grant);
  g_autoptr (BuildqJobStatus) status = NULL;

  make_run (self, entry);
  put (self, entry, BUILDQ_SPOOL_RUNNING);
  buildq_worker_drain (self->worker);
  fixture_run (self);
  fixture_wait_finished (self, "job host-fault\n");
  status = fixture_get_status (self, "job");
  /* It can go on elsewhere at once. */
  g_assert_cmpint (buildq_job_status_get_state (status), ==, BUILDQ_JOB_STATE_READY);
  g_assert_cmpstr (
      buildq_job_status_get_message (status), ==,
      "attempt 1 on w1: host-fault: worker 'w1' was restarted while it built "
      "'job': nothing of it runs any more");
  g_assert_null (strstr (self->finished->str, "succeeded"));
}

static void
test_machine_restarted (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, TRUE);
  g_autoptr (BuildqSpoolEntry) entry = _buildq_spool_entry_new (grant);
  g_autoptr (BuildqJobStatus) status = NULL;

  make_run (self, entry);
  _buildq_set_string (&entry->boot, "another");
  put (self, entry, BUILDQ_SPOOL_RUNNING);
  buildq_worker_drain (self->worker);
  fixture_run (self);
  fixture_wait_finished (self, "job host-fault\n");
  status = fixture_get_status (self, "job");
  g_assert_nonnull (strstr (buildq_job_status_get_message (status),
                            "machine 'w1' was restarted while it built 'job'"));
}

static gboolean
keep_execution (BuildqExecution *execution, gpointer place, GError **error)
{
  *(BuildqExecution **) place = g_object_ref (execution);
  return TRUE;
}

static gboolean
start_nothing (BuildqExecution *execution, gpointer data, GError **error)
{
  g_assert_not_reached ();
}

static void
test_resumed (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = submit_and_take (self, TRUE);
  g_autoptr (BuildqSpoolEntry) entry = _buildq_spool_entry_new (grant);
  g_autoptr (BuildqExecution) execution = NULL;
  g_autoptr (BuildqFuncExecutor) executor
      = buildq_func_executor_new (start_nothing, NULL, NULL);
  g_autoptr (GBytes) line = g_bytes_new_static ("done\n", 5);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqResult) result = NULL;
  g_autofree char *output = NULL;
  g_autofree char *input = NULL;

  make_run (self, entry);
  _buildq_strv_add (&entry->store_paths, STORE_PATH);
  _buildq_strv_add (&entry->inputs, "source=/real/source=1");
  put (self, entry, BUILDQ_SPOOL_RUNNING);
  buildq_func_executor_set_resume (executor, keep_execution, &execution, NULL);
  buildq_worker_add_executor (self->worker, "command", BUILDQ_EXECUTOR (executor));
  fixture_run (self);
  wait_until (execution != NULL
              && buildq_agent_is_attached (buildq_worker_get_agent (self->worker)));
  g_assert_cmpuint (buildq_worker_get_running (self->worker), ==, 1); /* has the slot */
  assert_attempt (self, BUILDQ_JOB_STATE_LEASED, 1);
  input = buildq_execution_get_input_path (execution, "source");
  g_assert_cmpstr (input, ==, "/real/source=1");

  buildq_execution_log (execution, line, &error);
  g_assert_no_error (error);
  output = buildq_execution_get_output_path (execution, "out");
  g_assert_true (g_str_has_suffix (output, "/job-7/outputs/" /* as it was */
                                           "00000000000000000000000000000000-job"));
  g_file_set_contents (output, "made after\n", -1, &error);
  g_assert_no_error (error);
  buildq_execution_complete (execution);
  fixture_wait_finished (self, "job succeeded\n");
  assert_attempt (self, BUILDQ_JOB_STATE_SUCCEEDED, 1);
  result = fixture_get_result (self, "job");
  g_assert_cmpstr (result->log_tail, ==, "halfway\ndone\n");
  g_assert_cmpint (result->finished_us - result->started_us, >=, 5 * G_USEC_PER_SEC);
}

/* --- publication --- */

static void
test_publication_waits (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "echo made > $out");
  g_autofree char *leases = fixture_in_dir (self, "work/leases");
  g_autoptr (GDir) dir = NULL;
  TestMirror *mirror = NULL;

  add_output (builder, "out", NULL);
  fixture_submit_one (self, builder, "job");
  fixture_use_test_mirror (self, TEST_MIRROR_REFUSES_RECORDS);
  fixture_run (self);
  fixture_wait_finished (self, "job succeeded\n");
  mirror = self->test_mirror;
  wait_until (test_mirror_get_refused (mirror) >= 2); /* it is tried again */
  buildq_worker_drain (self->worker);                 /* which waits for no mirror */
  wait_until (self->ended != NULL);
  g_assert_cmpuint (test_mirror_get_published (mirror), ==, 0);
  g_clear_object (&self->ended);
  g_object_unref (self->worker);

  /* The next worker goes on with it. */
  test_mirror_release (mirror);
  self->worker = fixture_make_worker (self, "w1", "work");
  buildq_worker_add_mirror (self->worker, BUILDQ_MIRROR (mirror));
  fixture_run (self);
  wait_until (test_mirror_get_published (mirror) == 1);
  dir = g_dir_open (leases, 0, NULL);
  g_assert_nonnull (dir);
  wait_until ((g_dir_rewind (dir), g_dir_read_name (dir)) == NULL);
}

/* --- what is not ours --- */

static GPtrArray *warnings; /* while they are expected */

static GLogWriterOutput
write_log (GLogLevelFlags level,
           const GLogField *log_fields,
           gsize n_fields,
           gpointer data)
{
  if (warnings == NULL || level != G_LOG_LEVEL_WARNING)
    return g_log_writer_default (level, log_fields, n_fields, data);
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (log_fields[i].key, "MESSAGE"))
      g_ptr_array_add (warnings, g_strdup (log_fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

static void
expect_warnings (void)
{
  warnings = g_ptr_array_new_with_free_func (g_free);
}

static void
assert_warnings (guint n, const char *pattern)
{
  g_assert_cmpuint (warnings->len, ==, n);
  for (guint i = 0; i < n; i++)
    if (!g_pattern_match_simple (pattern, warnings->pdata[i]))
      g_error ("'%s' does not match '%s'", (char *) warnings->pdata[i], pattern);
  g_clear_pointer (&warnings, g_ptr_array_unref);
}

static void
write_file (const char *dir, const char *name, const char *text, gint64 size)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  if (size > 0)
    g_assert_no_errno (truncate (path, size));
}

static void
test_foreign (Fixture *self, gconstpointer data)
{
  static const char *const names[]
      = { "truncated.json", "empty.json", "big.json", "dir.json", "zzz" };
  g_autoptr (BuildqGrant) grant = submit_and_take (self, FALSE);
  g_autoptr (BuildqSpoolEntry) newer = _buildq_spool_entry_new (grant);
  g_autoptr (BuildqSpoolEntry) outside = NULL;
  g_autoptr (BuildqGrant) other = _buildq_value_copy (&_buildq_grant_info, grant);
  g_autofree char *leases = fixture_in_dir (self, "work/leases");
  g_autofree char *dir = fixture_in_dir (self, "work/leases/dir.json");
  g_autofree char *aside = fixture_in_dir (self, "work/aside");
  g_autofree char *temporary
      = g_build_filename (leases, "0000000000000000000000000000000z.json.A1B2C3", NULL);

  newer->version = 2;
  put (self, newer, BUILDQ_SPOOL_RUNNING);
  _buildq_set_string (&other->token, "other");
  outside = _buildq_spool_entry_new (other);
  outside->dir = g_strdup ("../mirror");
  put (self, outside, BUILDQ_SPOOL_RUNNING);
  write_file (leases, "truncated.json", "{\"version\":1,\"grant\":{\"tok", 0);
  write_file (leases, "empty.json", "", 0);
  write_file (leases, "big.json", "{", (gint64) BUILDQ_JSON_MAX_BYTES + 1);
  write_file (leases, "zzz",
              "{\"version\":1,\"grant\":{\"token\":\"t\",\"job\":{\"key\":"
              "\"k\",\"kind\":\"k\",\"system\":\"s\"}}}",
              0);
  write_file (leases, "0000000000000000000000000000000z.json.A1B2C3", "{", 0);
  g_assert_no_errno (g_mkdir (dir, 0755));

  expect_warnings ();
  fixture_run (self);
  fixture_wait_finished (self, "job succeeded\n");
  assert_warnings (G_N_ELEMENTS (names) + 2,
                   "moved '*/work/leases/*' to '*/work/aside/*': *");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (aside, names[i], NULL);

      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
    }
  g_assert_false (g_file_test (temporary, G_FILE_TEST_EXISTS));
}

static void
test_no_directory (Fixture *self, gconstpointer data)
{
  g_autofree char *work = fixture_in_dir (self, "work");

  g_assert_no_errno (g_mkdir (work, 0755));
  write_file (work, "leases", "this is no directory", 0);
  fixture_submit_script (self, "job", "true");
  expect_warnings ();
  fixture_run (self);
  fixture_wait_finished (self, "job succeeded\n");
  assert_warnings (1,
                   "moved '*/work/leases' to '*/work/aside/leases': it is no directory");
}

int
main (int argc, char **argv)
{
  g_log_set_writer_func (write_log, NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  TEST ("/spool/success-handed-in", test_success_handed_in);
  TEST ("/spool/failure-handed-in", test_failure_handed_in);
  TEST ("/spool/handed-in-twice", test_handed_in_twice);
  TEST ("/spool/unknown-lease", test_unknown_lease);
  TEST ("/spool/built", test_built);
  TEST ("/spool/built-and-lost", test_built_and_lost);
  TEST ("/spool/nothing-runs", test_nothing_runs);
  TEST ("/spool/machine-restarted", test_machine_restarted);
  TEST ("/spool/resumed", test_resumed);
  TEST ("/spool/publication-waits", test_publication_waits);
  TEST ("/spool/foreign", test_foreign);
  TEST ("/spool/no-directory", test_no_directory);
  return g_test_run ();
}
