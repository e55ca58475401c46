/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-collect.h"
#include "worker/buildq-execution-private.h"
#include "worker-util.h"

#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-artifact.h>
#include <buildq/buildq-command-executor.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job-builder.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-output.h>
#include <fcntl.h>
#include <string.h>

typedef struct
{
  char *dir;
  BuildqJobBuilder *builder;
  BuildqCommandExecutor *executor;
  BuildqRun *run;
  gboolean answered;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = make_test_dir ();
  self->executor = buildq_command_executor_new ();
  self->builder = buildq_job_builder_new ();
  buildq_job_builder_set_key (self->builder, "a/key 1");
  buildq_job_builder_set_kind (self->builder, "command");
  buildq_job_builder_set_system (self->builder, "x86_64-linux");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->run, _buildq_run_unref);
  g_object_unref (self->executor);
  buildq_job_builder_unref (self->builder);
  remove_test_dir (self->dir);
  g_free (self->dir);
}

static void
on_answered (BuildqRun *run, gpointer data)
{
  ((Fixture *) data)->answered = TRUE;
}

static void
prepare (Fixture *self)
{
  g_autoptr (BuildqJob) job = NULL;
  g_autoptr (GError) error = NULL;

  job = buildq_job_builder_build (self->builder, &error);
  g_assert_no_error (error);
  self->run = _buildq_run_new (job, self->dir, 2, 3, &error);
  g_assert_no_error (error);
  _buildq_run_set_callbacks (self->run, on_answered, NULL, self);
}

static void
add_output (Fixture *self, const char *name, const char *path)
{
  g_autoptr (BuildqOutput) output = buildq_output_new (name, path);

  buildq_job_builder_add_output (self->builder, output);
}

static void
set_script (Fixture *self, const char *script)
{
  const char *argv[] = { "sh", "-c", script, NULL };

  buildq_job_builder_set_argv (self->builder, argv);
}

static void
start (Fixture *self)
{
  if (self->run == NULL)
    prepare (self);
  _buildq_run_start (self->run, BUILDQ_EXECUTOR (self->executor));
}

static BuildqOutcome
run (Fixture *self)
{
  start (self);
  wait_until (self->answered);
  return _buildq_run_get_outcome (self->run);
}

static char *
run_for_log (Fixture *self, const char *script)
{
  set_script (self, script);
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_SUCCEEDED);
  return read_text (self->dir, "log");
}

static void
test_environment (Fixture *self, gconstpointer data)
{
  const char *own[] = { "MINE=1 2", "SOURCE_DATE_EPOCH=7", NULL };
  g_autofree char *text = NULL, *expected = NULL;
  g_autoptr (BuildqInput) input = buildq_input_new_for_path (
      "gcc", "/buildq/store/00000000000000000000000000000000-gcc");

  add_output (self, "out", NULL);
  add_output (self, "a_doc", NULL);
  add_output (self, "collected", "x");
  buildq_job_builder_add_input (self->builder, input);
  buildq_job_builder_set_env (self->builder, own);
  set_script (self, "env -u PWD -u SHLVL -u _ -u OLDPWD | LC_ALL=C sort");
  prepare (self);
  _buildq_run_set_input (self->run, "gcc", "/real/gcc");
  _buildq_run_set_output_base (self->run, "out", "0000-name");
  g_setenv ("BUILDQ_TEST_LEAK", "1", TRUE);
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_SUCCEEDED);
  text = read_text (self->dir, "log");
  expected = g_strdup_printf (
      "BUILDQ_ATTEMPT=2\nBUILDQ_CORES=3\nBUILDQ_INPUT_gcc=/real/gcc\nBUILDQ_KEY=a/"
      "key 1\n"
      "HOME=%s/home\nLANG=C.UTF-8\nMINE=1 2\n"
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"
      "/run/current-system/profile/bin:/run/current-system/sw/bin\n"
      "SOURCE_DATE_EPOCH=7\nTMPDIR=%s/tmp\na_doc=%s/outputs/a_doc\nout=%s/outputs/"
      "0000-name\n",
      self->dir, self->dir, self->dir, self->dir);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_surroundings (Fixture *self, gconstpointer data)
{
  g_autofree char *text = run_for_log (
      self, "pwd; ls -A; cat; test -w \"$HOME\" && test -w \"$TMPDIR\" && echo ok");
  g_autofree char *expected = g_strdup_printf ("%s/build\nok\n", self->dir);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_no_leaked_fds (Fixture *self, gconstpointer data)
{
  int leak = open ("/dev/null", O_RDONLY); /* on purpose not closed on exec */
  g_autofree char *text = run_for_log (self, "ls /proc/$$/fd; readlink /proc/$$/fd/0");

  close (leak);
  g_assert_cmpstr (text, ==, "0\n1\n2\n/dev/null\n");
}

static void
test_order (Fixture *self, gconstpointer data)
{
  g_autofree char *text
      = run_for_log (self, "echo 1; echo 2 >&2; echo 3; echo 4 >&2; printf end");

  g_assert_cmpstr (text, ==, "1\n2\n3\n4\nend");
}

static void
test_much_output (Fixture *self, gconstpointer data)
{
  set_script (self, "seq 1 500000");
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_SUCCEEDED);
  g_assert_cmpint (_buildq_log_spool_get_size (_buildq_run_get_spool (self->run)), ==,
                   3388895);
}

static void
test_exit_status (Fixture *self, gconstpointer data)
{
  set_script (self, "exit 2");
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_FAILED);
  g_assert_cmpstr (_buildq_run_get_message (self->run), ==, "exited with status 2");
  g_assert_cmpint (_buildq_run_get_exit_status (self->run), ==, 2);
}

static void
test_signal (Fixture *self, gconstpointer data)
{
  set_script (self, "kill -SEGV $$");
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_FAILED);
  g_assert_cmpstr (_buildq_run_get_message (self->run), ==,
                   "killed by signal 11 (SIGSEGV)");
  g_assert_cmpint (_buildq_run_get_exit_status (self->run), ==, 139);
}

static void
test_missing_program (Fixture *self, gconstpointer data)
{
  const char *argv[] = { "no-such-program", "$out", NULL };

  buildq_job_builder_set_argv (self->builder, argv);
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_FAILED);
  g_assert_true (g_str_has_prefix (_buildq_run_get_message (self->run),
                                   "'no-such-program' cannot be executed: "));
}

/* The program is looked for in the PATH of the job. */
static void
test_path_of_job (Fixture *self, gconstpointer data)
{
  const char *argv[] = { "mine", "a b", "$out", NULL };
  g_autofree char *env = g_strdup_printf ("PATH=%s/bin", self->dir);
  const char *const environment[] = { env, NULL };
  g_autofree char *bin = g_build_filename (self->dir, "bin", NULL);
  g_autofree char *program = g_build_filename (bin, "mine", NULL);
  g_autofree char *text = NULL;

  g_assert_no_errno (g_mkdir_with_parents (bin, 0755));
  g_assert_true (g_file_set_contents_full (program, "#!/bin/sh\necho \"$1|$2\"\n", -1,
                                           G_FILE_SET_CONTENTS_NONE, 0755, NULL));
  buildq_job_builder_set_argv (self->builder, argv);
  buildq_job_builder_set_env (self->builder, environment);
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_SUCCEEDED);
  text = read_text (self->dir, "log");
  g_assert_cmpstr (text, ==, "a b|$out\n");
}

static void
test_timeout (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;

  set_script (self, "while :; do echo x; sleep 0.1; done");
  buildq_job_builder_set_timeout_s (self->builder, 1);
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_TIMED_OUT);
  g_assert_cmpstr (_buildq_run_get_message (self->run), ==,
                   "timed out: it ran for longer than 1 s");
  text = read_text (self->dir, "log");
  g_assert_nonnull (strstr (text, "\nbuildq: timed out: it ran for longer than 1 s\n"));
}

static void
test_silent_timeout (Fixture *self, gconstpointer data)
{
  gint64 started = g_get_monotonic_time ();

  /* Longer than the limit, but never silent for so long before the end. */
  set_script (self, "for i in 1 2 3 4 5 6; do echo $i; sleep 0.3; done; exec sleep 1000");
  buildq_job_builder_set_silent_timeout_s (self->builder, 1);
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_TIMED_OUT);
  g_assert_cmpstr (_buildq_run_get_message (self->run), ==,
                   "timed out: it was silent for longer than 1 s");
  g_assert_cmpint (g_get_monotonic_time () - started, >=, 2500 * 1000);
}

static void
test_log_limit (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;

  set_script (self, "yes");
  buildq_job_builder_set_log_limit_bytes (self->builder, 1000);
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_LIMIT_EXCEEDED);
  g_assert_cmpstr (_buildq_run_get_message (self->run), ==,
                   "the log is longer than its limit of 1000 bytes");
  text = read_text (self->dir, "log");
  g_assert_true (g_str_has_suffix (
      text, "y\nbuildq: the log ends here: it is longer than its limit of 1000 bytes\n"));
  g_assert_cmpuint (strlen (text), <, 1100);
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autofree char *pid = NULL;

  set_script (self,
              "(setsid sh -c 'echo $$ > pid; exec sleep 1000' &); "
              "until test -s pid; do sleep 0.02; done; echo ready; exec sleep 1000");
  start (self);
  wait_until (_buildq_log_spool_get_size (_buildq_run_get_spool (self->run)) > 0);
  _buildq_run_stop (self->run, BUILDQ_OUTCOME_CANCELLED, "nobody wants it");
  wait_until (self->answered);
  g_assert_cmpint (_buildq_run_get_outcome (self->run), ==, BUILDQ_OUTCOME_CANCELLED);
  pid = read_text (self->dir, "build/pid");
  g_assert_false (is_alive (atoi (pid)));
}

static void
test_cancelled_before (Fixture *self, gconstpointer data)
{
  set_script (self, "exec sleep 1000");
  prepare (self);
  _buildq_run_stop (self->run, BUILDQ_OUTCOME_CANCELLED, "nobody wants it");
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_CANCELLED);
}

static char *
collect (Fixture *self, const char *name, GError **error)
{
  g_autoptr (GPtrArray) outputs
      = buildq_job_get_outputs (_buildq_run_get_job (self->run));

  for (guint i = 0; i < outputs->len; i++)
    if (g_str_equal (buildq_output_get_name (outputs->pdata[i]), name))
      return _buildq_output_collect (self->run, outputs->pdata[i], error);
  g_assert_not_reached ();
}

static void
assert_collected (Fixture *self, const char *name, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = collect (self, name, &error);
  g_autofree char *full = g_build_filename (self->dir, expected, NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, full);
}

static void
assert_not_collected (Fixture *self, const char *name, int code, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = collect (self, name, &error);

  g_assert_null (path);
  g_assert_error (error, BUILDQ_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, message));
}

static void
test_outputs (Fixture *self, gconstpointer data)
{
  add_output (self, "out", NULL);
  add_output (self, "link", NULL);
  add_output (self, "none", NULL);
  add_output (self, "file", "sub/file");
  add_output (self, "inside", "sub/inside");
  add_output (self, "absent", "sub/absent");
  add_output (self, "escape", "sub/escape");
  add_output (self, "escape_dir", "etc/passwd");
  add_output (self, "neighbour", "sub/neighbour");
  set_script (self,
              "mkdir \"$out\" sub; ln -s /etc/passwd \"$link\"; echo x > sub/file; "
              "ln -s file sub/inside; ln -s /etc/passwd sub/escape; ln -s /etc etc; "
              "mkdir ../build-2; ln -s ../../build-2 sub/neighbour");
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_SUCCEEDED);
  assert_collected (self, "out", "outputs/out");
  assert_collected (self, "link", "outputs/link");
  assert_collected (self, "file", "build/sub/file");
  assert_collected (self, "inside", "build/sub/file");
  assert_not_collected (self, "none", BUILDQ_ERROR_NOT_FOUND,
                        "output 'none' was not made");
  assert_not_collected (self, "absent", BUILDQ_ERROR_NOT_FOUND,
                        "output 'absent' was not made");
  assert_not_collected (self, "escape", BUILDQ_ERROR_INVALID,
                        "output 'escape' lies outside of the build directory");
  assert_not_collected (self, "escape_dir", BUILDQ_ERROR_INVALID,
                        "output 'escape_dir' lies outside of the build directory");
  assert_not_collected (self, "neighbour", BUILDQ_ERROR_INVALID,
                        "output 'neighbour' lies outside of the build directory");
}

static void
test_outputs_replaced (Fixture *self, gconstpointer data)
{
  add_output (self, "passwd", NULL);
  set_script (self, "rmdir ../outputs; ln -s /etc ../outputs");
  g_assert_cmpint (run (self), ==, BUILDQ_OUTCOME_SUCCEEDED);
  assert_not_collected (self, "passwd", BUILDQ_ERROR_INVALID,
                        "output 'passwd' lies outside of the build directory");
}

static BuildqInput *
make_input (const char *name, const char *job, const char *hash_char)
{
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (BuildqInput) input = buildq_input_new_for_job (name, job, "out");
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strdup_printf (
      "/buildq/store/%s0000000000000000000000000000000-%s", hash_char, name);

  buildq_artifact_builder_set_name (builder, name);
  buildq_artifact_builder_set_store_path (builder, path);
  buildq_artifact_builder_set_nar_hash (
      builder, "sha256:0000000000000000000000000000000000000000000000000000");
  buildq_artifact_builder_set_nar_size (builder, 1);
  artifact = buildq_artifact_builder_build (builder, &error);
  g_assert_no_error (error);
  return buildq_input_resolve (input, artifact);
}

static char *
store_path_with (const char *first,
                 const char *second,
                 const char *hash_char,
                 const char *output)
{
  g_autoptr (BuildqJobBuilder) builder = buildq_job_builder_new ();
  g_autoptr (BuildqInput) a = make_input (first, "job-x", hash_char);
  g_autoptr (BuildqInput) b = make_input (second, "job-x", hash_char);
  g_autoptr (BuildqJob) job = NULL;
  g_autoptr (GError) error = NULL;
  char *path;

  buildq_job_builder_set_key (builder, "key");
  buildq_job_builder_set_name (builder, "hello-2.12");
  buildq_job_builder_set_kind (builder, "test");
  buildq_job_builder_set_system (builder, "x86_64-linux");
  buildq_job_builder_add_input (builder, a);
  buildq_job_builder_add_input (builder, b);
  job = buildq_job_builder_build (builder, &error);
  g_assert_no_error (error);
  path = _buildq_output_store_path (job, NULL, "/buildq/store", output, &error);
  g_assert_no_error (error);
  return path;
}

static void
test_store_path (void)
{
  g_autofree char *one = store_path_with ("a", "b", "1", "out");
  g_autofree char *same = store_path_with ("a", "b", "1", "out");
  g_autofree char *other_input = store_path_with ("a", "b", "2", "out");
  g_autofree char *doc = store_path_with ("a", "b", "1", "doc");

  g_assert_cmpstr (one, ==, same);
  g_assert_cmpstr (one, !=, other_input);
  g_assert_true (g_str_has_suffix (one, "-hello-2.12"));
  g_assert_true (g_str_has_suffix (doc, "-hello-2.12-doc"));
  g_assert_true (strncmp (one, doc, strlen ("/buildq/store/") + 32) != 0);
}

int
main (int argc, char **argv)
{
#define TEST(name, func)                                                                 \
  g_test_add ("/command-executor/" name, Fixture, NULL, set_up, func, tear_down)
  g_test_init (&argc, &argv, NULL);
  TEST ("environment", test_environment);
  TEST ("surroundings", test_surroundings);
  TEST ("no-leaked-fds", test_no_leaked_fds);
  TEST ("order", test_order);
  TEST ("much-output", test_much_output);
  TEST ("exit-status", test_exit_status);
  TEST ("signal", test_signal);
  TEST ("missing-program", test_missing_program);
  TEST ("path-of-job", test_path_of_job);
  TEST ("timeout", test_timeout);
  TEST ("silent-timeout", test_silent_timeout);
  TEST ("log-limit", test_log_limit);
  TEST ("cancel", test_cancel);
  TEST ("cancelled-before", test_cancelled_before);
  TEST ("outputs", test_outputs);
  TEST ("outputs-replaced", test_outputs_replaced);
  g_test_add_func ("/command-executor/store-path", test_store_path);
  return g_test_run ();
}
