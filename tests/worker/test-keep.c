/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Commands that outlive the worker. The worker that is killed is this program, started
 * once more.
 */
#include "config.h"

#include "worker/buildq-command.h"
#include "worker/buildq-execution-private.h"
#include "worker/buildq-run.h"
#include "worker-util.h"

#include <buildq/buildq.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Says so, leaves a process that gets away, and waits for a word in the file "go". */
#define SCRIPT                                                                           \
  "echo begun; setsid sh -c 'echo $$ > orphan.new; mv orphan.new orphan; "               \
  "exec sleep 1000' & "                                                                  \
  "echo $$ > self.new; mv self.new self; "                                               \
  "until [ -e go ]; do sleep 0.02; done; echo went; exit 3"

typedef struct
{
  char *dir;
  GSubprocess *worker;
  BuildqCommand *command;
  gboolean ended;
  BuildqCommandEnd end;
  int number;
  guint grown;
} Fixture;

static void
on_output (const void *data, gsize size, gpointer user_data)
{
  g_assert_null (data);
  ((Fixture *) user_data)->grown++;
}

static void
on_end (BuildqCommandEnd end, int number, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_false (self->ended);
  self->ended = TRUE;
  self->end = end;
  self->number = number;
}

/* The worker that is to be killed. */
static int
be_worker (const char *dir, const char *keep_s)
{
  const char *argv[] = { "sh", "-c", SCRIPT, NULL };
  const char *env[] = { "PATH=/usr/bin:/bin", NULL };
  g_autofree char *log = g_build_filename (dir, "log", NULL);
  BuildqCommandKeep keep = { dir, atoi (keep_s), 0, 1000 };
  Fixture fixture = { 0 };
  g_autoptr (GError) error = NULL;

  keep.log_fd = open (log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  g_assert_cmpint (keep.log_fd, >=, 0);
  fixture.command = _buildq_command_start (argv, env, dir, &keep, on_output, on_end,
                                           &fixture, &error);
  g_assert_no_error (error);
  wait_until (fixture.ended);
  return 0;
}

static gboolean
has_file (Fixture *self, const char *name)
{
  g_autofree char *text = read_text (self->dir, name);

  return text != NULL && text[0] != '\0';
}

static gboolean
process_is_alive (Fixture *self, const char *name)
{
  g_autofree char *text = read_text (self->dir, name);

  g_assert_nonnull (text);
  g_assert_cmpint (atoi (text), >, 1);
  return is_alive (atoi (text));
}

/* A worker that was killed, with a command that runs on. */
static void
start_and_kill (Fixture *self, const char *keep_s)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GError) error = NULL;

  self->dir = make_test_dir ();
  self->worker = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, "--worker",
                                   self->dir, keep_s, NULL);
  g_assert_no_error (error);
  wait_until (has_file (self, "orphan") && has_file (self, "self")
              && has_file (self, "log"));
  kill (atoi (g_subprocess_get_identifier (self->worker)), SIGKILL);
  g_subprocess_wait (self->worker, NULL, &error);
  g_assert_no_error (error);
}

static void
go (Fixture *self)
{
  g_autofree char *path = g_build_filename (self->dir, "go", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, "", -1, &error);
  g_assert_no_error (error);
}

static gboolean
resume (Fixture *self, GError **error)
{
  self->command = _buildq_command_resume (self->dir, on_output, on_end, self, error);
  return self->command != NULL;
}

static void
tear_down (Fixture *self)
{
  wait_until (!process_is_alive (self, "orphan") && !process_is_alive (self, "self"));
  g_clear_pointer (&self->command, _buildq_command_free);
  g_object_unref (self->worker);
  remove_test_dir (self->dir);
  g_free (self->dir);
}

static void
assert_whole (Fixture *self)
{
  g_autofree char *log = read_text (self->dir, "log");

  wait_until (self->ended);
  g_assert_cmpint (self->end, ==, BUILDQ_COMMAND_EXITED);
  g_assert_cmpint (self->number, ==, 3);
  g_free (log);
  log = read_text (self->dir, "log");
  g_assert_cmpstr (log, ==, "begun\nwent\n");
  g_assert_cmpuint (self->grown, >, 0);
}

static void
test_taken_over (void)
{
  Fixture self = { 0 };
  g_autoptr (GError) error = NULL;

  start_and_kill (&self, "1000");
  g_assert_true (resume (&self, &error));
  g_assert_no_error (error);
  g_assert_true (process_is_alive (&self, "self"));
  go (&self);
  assert_whole (&self);
  tear_down (&self);
}

/* The second successor comes while the first is there: it waits, and is next. */
static void
test_taken_over_twice (void)
{
  Fixture self = { 0 };
  BuildqCommand *first;
  g_autoptr (GError) error = NULL;

  start_and_kill (&self, "1000");
  g_assert_true (resume (&self, &error));
  first = self.command;
  g_assert_true (resume (&self, &error));
  _buildq_command_free (first);
  go (&self);
  assert_whole (&self);
  tear_down (&self);
}

static void
test_ended_alone (void)
{
  Fixture self = { 0 };
  g_autoptr (GError) error = NULL;

  start_and_kill (&self, "1000");
  go (&self);
  wait_until (has_file (&self, "status"));
  g_assert_true (resume (&self, &error));
  g_assert_no_error (error);
  assert_whole (&self);
  tear_down (&self);
}

static void
test_nobody_came (void)
{
  Fixture self = { 0 };
  g_autoptr (GError) error = NULL;

  start_and_kill (&self, "1");
  wait_until (!process_is_alive (&self, "orphan") && !process_is_alive (&self, "self"));
  g_assert_false (resume (&self, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_assert_false (has_file (&self, "status"));
  tear_down (&self);
}

static void
test_stopped (void)
{
  Fixture self = { 0 };
  g_autoptr (GError) error = NULL;

  start_and_kill (&self, "1000");
  g_assert_true (resume (&self, &error));
  _buildq_command_stop (self.command);
  wait_until (self.ended);
  g_assert_cmpint (self.end, ==, BUILDQ_COMMAND_FAULT);
  g_assert_false (process_is_alive (&self, "orphan"));
  tear_down (&self);
}

/* --- with a run --- */

typedef struct
{
  char *dir;
  BuildqJobBuilder *builder;
  BuildqRun *run;
  BuildqCommandExecutor *executor;
  gboolean answered;
} RunFixture;

static void
on_answered (BuildqRun *run, gpointer data)
{
  ((RunFixture *) data)->answered = TRUE;
}

static void
run_set_up (RunFixture *self, const char *script)
{
  const char *argv[] = { "sh", "-c", script, NULL };

  self->dir = make_test_dir ();
  self->executor = buildq_command_executor_new ();
  self->builder = buildq_job_builder_new ();
  buildq_job_builder_set_key (self->builder, "job");
  buildq_job_builder_set_kind (self->builder, "command");
  buildq_job_builder_set_system (self->builder, "s");
  buildq_job_builder_set_argv (self->builder, argv);
}

static void
run_start (RunFixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJob) job = buildq_job_builder_build (self->builder, &error);

  g_assert_no_error (error);
  self->run = _buildq_run_new (job, self->dir, 1, 1, &error);
  g_assert_no_error (error);
  _buildq_run_set_keep_s (self->run, 1000);
  _buildq_run_set_callbacks (self->run, on_answered, NULL, self);
  _buildq_run_start (self->run, BUILDQ_EXECUTOR (self->executor));
}

static void
run_tear_down (RunFixture *self)
{
  _buildq_run_unref (self->run);
  g_object_unref (self->executor);
  buildq_job_builder_unref (self->builder);
  remove_test_dir (self->dir);
  g_free (self->dir);
}

static void
assert_answer (RunFixture *self, BuildqOutcome outcome, const char *message)
{
  wait_until (self->answered);
  g_assert_cmpint (_buildq_run_get_outcome (self->run), ==, outcome);
  g_assert_cmpstr (_buildq_run_get_message (self->run), ==, message);
}

static void
test_run (void)
{
  RunFixture self = { 0 };
  g_autofree char *tail = NULL;

  run_set_up (&self, "echo out; echo err >&2; echo $PPID > outside; exit 2");
  run_start (&self);
  assert_answer (&self, BUILDQ_OUTCOME_FAILED, "exited with status 2");
  g_assert_cmpint (_buildq_run_get_exit_status (self.run), ==, 2);
  tail = _buildq_log_spool_tail (_buildq_run_get_spool (self.run));
  g_assert_cmpstr (tail, ==, "out\nerr\n");
  run_tear_down (&self);
}

static void
test_run_no_program (void)
{
  RunFixture self = { 0 };
  const char *argv[] = { "no-such-program", NULL };

  run_set_up (&self, "");
  buildq_job_builder_set_argv (self.builder, argv);
  run_start (&self);
  wait_until (self.answered);
  g_assert_cmpint (_buildq_run_get_outcome (self.run), ==, BUILDQ_OUTCOME_FAILED);
  g_assert_true (g_str_has_prefix (_buildq_run_get_message (self.run),
                                   "'no-such-program' cannot be executed: "));
  run_tear_down (&self);
}

static void
test_run_log_limit (void)
{
  RunFixture self = { 0 };
  g_autofree char *tail = NULL;

  run_set_up (&self, "while :; do echo 123456789; done");
  buildq_job_builder_set_log_limit_bytes (self.builder, 95);
  run_start (&self);
  assert_answer (&self, BUILDQ_OUTCOME_LIMIT_EXCEEDED,
                 "the log is longer than its limit of 95 bytes");
  tail = _buildq_log_spool_tail (_buildq_run_get_spool (self.run));
  g_assert_true (g_str_has_suffix (
      tail, "123456789\n12345\nbuildq: the log ends here: it is longer than its limit of "
            "95 bytes\n"));
  g_assert_cmpint (strlen (tail), <, 300);
  run_tear_down (&self);
}

static void
test_run_cancelled (void)
{
  RunFixture self = { 0 };

  run_set_up (&self, "echo begun; sleep 1000");
  run_start (&self);
  wait_until (_buildq_log_spool_get_size (_buildq_run_get_spool (self.run)) > 0);
  _buildq_run_stop (self.run, BUILDQ_OUTCOME_CANCELLED, "nobody wants it");
  assert_answer (&self, BUILDQ_OUTCOME_CANCELLED, "nobody wants it");
  run_tear_down (&self);
}

/* Goes on with what a worker started that was killed. */
static void
take_over (RunFixture *self, gint64 started_ago_s)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJob) job = buildq_job_builder_build (self->builder, &error);

  self->run = _buildq_run_open (
      job, self->dir, 1, 1, g_get_real_time () - started_ago_s * G_USEC_PER_SEC,
      g_get_monotonic_time () - started_ago_s * G_USEC_PER_SEC, &error);
  g_assert_no_error (error);
  _buildq_run_set_callbacks (self->run, on_answered, NULL, self);
  _buildq_run_resume (self->run, BUILDQ_EXECUTOR (self->executor), "restarted");
}

/* A worker in another process starts the run, and is killed. */
static int
be_run_worker (const char *dir, const char *script)
{
  RunFixture self = { 0 };

  run_set_up (&self, script);
  remove_test_dir (self.dir);
  g_free (self.dir);
  self.dir = g_strdup (dir);
  run_start (&self);
  wait_until (self.answered);
  return 0;
}

static gboolean
has_log (const char *dir)
{
  g_autofree char *log = read_text (dir, "log");

  return log != NULL && log[0] != '\0';
}

static void
run_elsewhere_and_kill (RunFixture *self, const char *script)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) worker = g_subprocess_new (
      G_SUBPROCESS_FLAGS_NONE, &error, program, "--run", self->dir, script, NULL);

  g_assert_no_error (error);
  wait_until (has_log (self->dir));
  kill (atoi (g_subprocess_get_identifier (worker)), SIGKILL);
  g_subprocess_wait (worker, NULL, &error);
  g_assert_no_error (error);
}

static void
test_run_timeout_counts_on (void)
{
  RunFixture self = { 0 };

  run_set_up (&self, "");
  buildq_job_builder_set_timeout_s (self.builder, 100);
  run_elsewhere_and_kill (&self, "echo begun; sleep 1000");
  take_over (&self, 101);
  assert_answer (&self, BUILDQ_OUTCOME_TIMED_OUT,
                 "timed out: it ran for longer than 100 s");
  run_tear_down (&self);
}

static void
test_run_silence_counts_on (void)
{
  RunFixture self = { 0 };
  g_autofree char *log = NULL;
  struct timespec times[2] = { { 0, UTIME_OMIT }, { 0, 0 } };

  run_set_up (&self, "");
  buildq_job_builder_set_silent_timeout_s (self.builder, 100);
  run_elsewhere_and_kill (&self, "echo begun; sleep 1000");
  log = g_build_filename (self.dir, "log", NULL);
  times[1].tv_sec = g_get_real_time () / G_USEC_PER_SEC - 101;
  g_assert_no_errno (utimensat (AT_FDCWD, log, times, 0));
  take_over (&self, 102);
  assert_answer (&self, BUILDQ_OUTCOME_TIMED_OUT,
                 "timed out: it was silent for longer than 100 s");
  run_tear_down (&self);
}

static void
test_run_nothing_left (void)
{
  RunFixture self = { 0 };
  g_autofree char *log = NULL;

  run_set_up (&self, "");
  log = g_build_filename (self.dir, "log", NULL);
  g_file_set_contents (log, "begun\n", -1, NULL);
  take_over (&self, 1);
  assert_answer (&self, BUILDQ_OUTCOME_HOST_FAULT,
                 "restarted: nothing of it runs any more");
  run_tear_down (&self);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--worker"))
    return be_worker (argv[2], argv[3]);
  if (argc == 4 && g_str_equal (argv[1], "--run"))
    return be_run_worker (argv[2], argv[3]);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keep/taken-over", test_taken_over);
  g_test_add_func ("/keep/taken-over-twice", test_taken_over_twice);
  g_test_add_func ("/keep/ended-alone", test_ended_alone);
  g_test_add_func ("/keep/nobody-came", test_nobody_came);
  g_test_add_func ("/keep/stopped", test_stopped);
  g_test_add_func ("/keep/run", test_run);
  g_test_add_func ("/keep/run/no-program", test_run_no_program);
  g_test_add_func ("/keep/run/log-limit", test_run_log_limit);
  g_test_add_func ("/keep/run/cancelled", test_run_cancelled);
  g_test_add_func ("/keep/run/timeout-counts-on", test_run_timeout_counts_on);
  g_test_add_func ("/keep/run/silence-counts-on", test_run_silence_counts_on);
  g_test_add_func ("/keep/run/nothing-left", test_run_nothing_left);
  return g_test_run ();
}
