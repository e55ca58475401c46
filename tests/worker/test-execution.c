/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-execution-private.h"
#include "core/buildq-thread.h"
#include "worker-util.h"

#include <buildq/buildq-func-executor.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job-builder.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-output.h>
#include <string.h>

typedef struct
{
  char *dir;
  BuildqRun *run;
  BuildqExecution *execution; /* what the executor keeps */
  guint answers;
  guint logged;
} Fixture;

static void
on_answered (BuildqRun *run, gpointer data)
{
  ((Fixture *) data)->answers++;
}

static void
on_logged (BuildqRun *run, gpointer data)
{
  ((Fixture *) data)->logged++;
}

static void
set_up (Fixture *self, gint64 log_limit)
{
  g_autoptr (BuildqJobBuilder) builder = buildq_job_builder_new ();
  g_autoptr (BuildqOutput) out = buildq_output_new ("out", NULL);
  g_autoptr (BuildqOutput) report = buildq_output_new ("report", "a/report.xml");
  g_autoptr (BuildqInput) source = buildq_input_new_for_path (
      "source", "/buildq/store/00000000000000000000000000000000-source");
  g_autoptr (BuildqJob) job = NULL;
  g_autoptr (GError) error = NULL;

  memset (self, 0, sizeof *self);
  self->dir = make_test_dir ();
  buildq_job_builder_set_key (builder, "job-1");
  buildq_job_builder_set_kind (builder, "test");
  buildq_job_builder_set_system (builder, "x86_64-linux");
  buildq_job_builder_add_output (builder, out);
  buildq_job_builder_add_output (builder, report);
  buildq_job_builder_add_input (builder, source);
  buildq_job_builder_set_log_limit_bytes (builder, log_limit);
  buildq_job_builder_set_timeout_s (builder, 17);
  job = buildq_job_builder_build (builder, &error);
  g_assert_no_error (error);
  self->run = _buildq_run_new (job, self->dir, 3, 4, &error);
  g_assert_no_error (error);
  _buildq_run_set_callbacks (self->run, on_answered, on_logged, self);
}

static void
tear_down (Fixture *self)
{
  g_clear_object (&self->execution);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  _buildq_run_unref (self->run);
  remove_test_dir (self->dir);
  g_free (self->dir);
}

static gboolean
keep (BuildqExecution *execution, gpointer data, GError **error)
{
  ((Fixture *) data)->execution = g_object_ref (execution);
  return TRUE;
}

static void
start (Fixture *self, BuildqExecutorFunc func)
{
  g_autoptr (BuildqFuncExecutor) executor = buildq_func_executor_new (func, self, NULL);

  _buildq_run_start (self->run, BUILDQ_EXECUTOR (executor));
}

static void
log_text (Fixture *self, const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  g_assert_true (buildq_execution_log (self->execution, bytes, error)
                 == (*error == NULL));
}

static void
test_getters (void)
{
  Fixture self;
  g_autofree char *build_dir = NULL, *out = NULL, *report = NULL, *expected = NULL;
  g_autofree char *none = NULL, *input = NULL, *no_input = NULL, *expected_report = NULL;

  set_up (&self, 0);
  _buildq_run_set_input (self.run, "source", "/real/source");
  _buildq_run_set_output_base (self.run, "out", "0123-out");
  start (&self, keep);
  build_dir = g_build_filename (self.dir, "build", NULL);
  g_assert_cmpstr (buildq_execution_get_build_dir (self.execution), ==, build_dir);
  g_assert_cmpstr (buildq_job_get_key (buildq_execution_get_job (self.execution)), ==,
                   "job-1");
  g_assert_cmpint (buildq_execution_get_cores (self.execution), ==, 4);
  g_assert_cmpint (buildq_execution_get_attempt (self.execution), ==, 3);
  g_assert_cmpint (buildq_execution_get_timeout_s (self.execution), ==, 17);
  g_assert_cmpint (buildq_execution_get_silent_timeout_s (self.execution), ==, 14400);
  out = buildq_execution_get_output_path (self.execution, "out");
  expected = g_build_filename (self.dir, "outputs", "0123-out", NULL);
  g_assert_cmpstr (out, ==, expected);
  report = buildq_execution_get_output_path (self.execution, "report");
  expected_report = g_build_filename (build_dir, "a/report.xml", NULL);
  g_assert_cmpstr (report, ==, expected_report);
  none = buildq_execution_get_output_path (self.execution, "none");
  g_assert_null (none);
  input = buildq_execution_get_input_path (self.execution, "source");
  g_assert_cmpstr (input, ==, "/real/source");
  no_input = buildq_execution_get_input_path (self.execution, "other");
  g_assert_null (no_input);
  tear_down (&self);
}

static void
test_complete (void)
{
  Fixture self;

  set_up (&self, 0);
  start (&self, keep);
  g_assert_false (buildq_execution_is_answered (self.execution));
  buildq_execution_set_exit_status (self.execution, 0);
  buildq_execution_complete (self.execution);
  g_assert_true (buildq_execution_is_answered (self.execution));
  /* The worker hears of it from the main loop, not in the middle of the executor. */
  g_assert_cmpuint (self.answers, ==, 0);
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_SUCCEEDED);
  g_assert_cmpint (_buildq_run_get_started_us (self.run), >, 0);
  g_assert_cmpint (_buildq_run_get_finished_us (self.run), >=,
                   _buildq_run_get_started_us (self.run));
  tear_down (&self);
  g_assert_cmpuint (self.answers, ==, 1);
}

static void
test_fail (void)
{
  Fixture self;

  set_up (&self, 0);
  start (&self, keep);
  buildq_execution_set_exit_status (self.execution, 2);
  buildq_execution_fail (self.execution, BUILDQ_OUTCOME_FAILED, "no luck");
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_FAILED);
  g_assert_cmpstr (_buildq_run_get_message (self.run), ==, "no luck");
  g_assert_cmpint (_buildq_run_get_exit_status (self.run), ==, 2);
  tear_down (&self);
}

static void
test_answered_twice (void)
{
  Fixture self;

  set_up (&self, 0);
  start (&self, keep);
  buildq_execution_complete (self.execution);
  g_test_expect_message ("Buildq", G_LOG_LEVEL_CRITICAL, "*is_answered*");
  buildq_execution_fail (self.execution, BUILDQ_OUTCOME_FAILED, "after all");
  g_test_assert_expected_messages ();
  g_test_expect_message ("Buildq", G_LOG_LEVEL_CRITICAL, "*is_answered*");
  buildq_execution_complete (self.execution);
  g_test_assert_expected_messages ();
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_SUCCEEDED);
  tear_down (&self);
  g_assert_cmpuint (self.answers, ==, 1);
}

static void
test_dropped (void)
{
  Fixture self;

  set_up (&self, 0);
  start (&self, keep);
  g_clear_object (&self.execution);
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_HOST_FAULT);
  g_assert_cmpstr (_buildq_run_get_message (self.run), ==,
                   "the executor dropped job 'job-1' without an answer");
  tear_down (&self);
}

static gboolean
refuse (BuildqExecution *execution, gpointer data, GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE, "the oven is cold");
  return FALSE;
}

static gboolean throw (BuildqExecution * execution, gpointer data, GError **error)
{
  return FALSE;
}

static void
test_not_started (void)
{
  Fixture self;

  set_up (&self, 0);
  start (&self, refuse);
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_HOST_FAULT);
  g_assert_cmpstr (_buildq_run_get_message (self.run), ==, "the oven is cold");
  tear_down (&self);

  set_up (&self, 0);
  start (&self, throw);
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_HOST_FAULT);
  g_assert_cmpstr (_buildq_run_get_message (self.run), ==,
                   "the executor did not start the job, and does not say why");
  tear_down (&self);
}

static void
test_stopped (void)
{
  Fixture self;

  set_up (&self, 0);
  start (&self, keep);
  _buildq_run_stop (self.run, BUILDQ_OUTCOME_CANCELLED, "nobody wants it");
  g_assert_true (
      g_cancellable_is_cancelled (buildq_execution_get_cancellable (self.execution)));
  g_assert_false (buildq_execution_is_answered (self.execution));
  /* The second reason does not count, nor does the answer. */
  _buildq_run_stop (self.run, BUILDQ_OUTCOME_HOST_FAULT, "second");
  buildq_execution_complete (self.execution);
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_CANCELLED);
  g_assert_cmpstr (_buildq_run_get_message (self.run), ==, "nobody wants it");
  tear_down (&self);
}

static void
test_given_up (void)
{
  Fixture self;

  set_up (&self, 0);
  _buildq_run_set_abandon_ms (self.run, 1);
  start (&self, keep);
  _buildq_run_stop (self.run, BUILDQ_OUTCOME_CANCELLED, "nobody wants it");
  wait_until (self.answers == 1);
  g_assert_true (buildq_execution_is_answered (self.execution));
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_CANCELLED);
  g_assert_nonnull (strstr (_buildq_run_get_message (self.run), "did not stop"));
  /* The executor comes late, which is no mistake. */
  buildq_execution_complete (self.execution);
  tear_down (&self);
  g_assert_cmpuint (self.answers, ==, 1);
}

static void
test_log (void)
{
  Fixture self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL, none = NULL;
  g_autofree char *tail = NULL;
  BuildqLogSpool *spool;

  set_up (&self, 0);
  start (&self, keep);
  spool = _buildq_run_get_spool (self.run);
  log_text (&self, "one\n", &error);
  log_text (&self, "two\n", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (self.logged, ==, 2);
  g_assert_cmpint (_buildq_log_spool_get_size (spool), ==, 8);
  bytes = _buildq_log_spool_read (spool, 2, 4, &error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "e\ntw", 4);
  none = _buildq_log_spool_read (spool, 100, 4, &error);
  g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
  tail = _buildq_log_spool_tail (spool);
  g_assert_cmpstr (tail, ==, "one\ntwo\n");

  buildq_execution_complete (self.execution);
  log_text (&self, "late\n", &error);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED);
  g_assert_cmpint (_buildq_log_spool_get_size (spool), ==, 8);
  tear_down (&self);
}

static void
test_log_limit (void)
{
  Fixture self;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  set_up (&self, 10);
  start (&self, keep);
  log_text (&self, "123456\n", &error);
  g_assert_no_error (error);
  log_text (&self, "abcdefgh\n", &error);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  g_assert_true (
      g_cancellable_is_cancelled (buildq_execution_get_cancellable (self.execution)));
  g_clear_error (&error);
  log_text (&self, "more\n", &error);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  buildq_execution_fail (self.execution, BUILDQ_OUTCOME_FAILED, "killed");
  wait_until (self.answers == 1);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_LIMIT_EXCEEDED);
  g_assert_cmpstr (_buildq_run_get_message (self.run), ==,
                   "the log is longer than its limit of 10 bytes");
  text = read_text (self.dir, "log");
  g_assert_cmpstr (
      text, ==,
      "123456\nabc\n"
      "buildq: the log ends here: it is longer than its limit of 10 bytes\n");
  tear_down (&self);
}

static void
test_log_tail (void)
{
  Fixture self;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *tail = NULL, *binary = NULL;

  set_up (&self, 0);
  start (&self, keep);
  /* Three bytes each, so that the cut is inside of one. */
  for (guint i = 0; i < 40000; i++)
    g_string_append (text, "€");
  g_string_append (text, "end\n");
  log_text (&self, text->str, &error);
  g_assert_no_error (error);
  tail = _buildq_log_spool_tail (_buildq_run_get_spool (self.run));
  g_assert_cmpuint (strlen (tail), <=, BUILDQ_LOG_TAIL_BYTES);
  g_assert_cmpuint (strlen (tail), >, BUILDQ_LOG_TAIL_BYTES - 4);
  g_assert_true (g_str_has_prefix (tail, "€"));
  g_assert_true (g_str_has_suffix (tail, "€end\n"));

  /* Each of these becomes three bytes of UTF-8. */
  g_string_set_size (text, 0);
  for (guint i = 0; i < BUILDQ_LOG_TAIL_BYTES; i++)
    g_string_append_c (text, '\xff');
  log_text (&self, text->str, &error);
  g_assert_no_error (error);
  binary = _buildq_log_spool_tail (_buildq_run_get_spool (self.run));
  g_assert_true (g_utf8_validate (binary, -1, NULL));
  g_assert_cmpuint (strlen (binary), <=, BUILDQ_LOG_TAIL_BYTES);
  g_assert_cmpuint (strlen (binary), >, BUILDQ_LOG_TAIL_BYTES - 4);
  tear_down (&self);
}

static void
test_log_zero_bytes (void)
{
  Fixture self;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("a\0b\n", 4);
  g_autoptr (GError) error = NULL;
  g_autofree char *tail = NULL;

  set_up (&self, 0);
  start (&self, keep);
  g_assert_true (buildq_execution_log (self.execution, bytes, &error));
  tail = _buildq_log_spool_tail (_buildq_run_get_spool (self.run));
  g_assert_cmpstr (tail, ==, "a\357\277\275b\n");
  tear_down (&self);
}

static void
call_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  GError *error = NULL;

  g_assert_false (buildq_execution_log (data, bytes, &error));
  g_task_return_error (task, error);
}

static void
test_wrong_thread (void)
{
  Fixture self;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;

  set_up (&self, 0);
  start (&self, keep);
  g_task_set_task_data (task, self.execution, NULL);
  _buildq_task_run_in_thread (task, call_in_thread);
  wait_until (g_task_get_completed (task));
  g_assert_false (g_task_propagate_boolean (task, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED);
  tear_down (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/execution/getters", test_getters);
  g_test_add_func ("/execution/complete", test_complete);
  g_test_add_func ("/execution/fail", test_fail);
  g_test_add_func ("/execution/answered-twice", test_answered_twice);
  g_test_add_func ("/execution/dropped", test_dropped);
  g_test_add_func ("/execution/not-started", test_not_started);
  g_test_add_func ("/execution/stopped", test_stopped);
  g_test_add_func ("/execution/given-up", test_given_up);
  g_test_add_func ("/execution/log", test_log);
  g_test_add_func ("/execution/log-limit", test_log_limit);
  g_test_add_func ("/execution/log-tail", test_log_tail);
  g_test_add_func ("/execution/log-zero-bytes", test_log_zero_bytes);
  g_test_add_func ("/execution/wrong-thread", test_wrong_thread);
  return g_test_run ();
}
