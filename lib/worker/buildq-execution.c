/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-execution-private.h"
#include "core/buildq-thread.h"

#include <buildq/buildq-job.h>

/**
 * BuildqExecution:
 *
 * The handle of one running job.
 *
 * An executor gets it in [vfunc@Executor.start], keeps it while it works, and answers
 * exactly once, with [method@Execution.complete] or [method@Execution.fail]. One that is
 * dropped without an answer fails as `host-fault`.
 *
 * It belongs to the thread of the worker: it is to be used and answered there.
 *
 * Since: 0.1
 */
struct _BuildqExecution
{
  GObject parent_instance;
  BuildqRun *run;
};

G_DEFINE_FINAL_TYPE (BuildqExecution, buildq_execution, G_TYPE_OBJECT)

static void
buildq_execution_dispose (GObject *object)
{
  BuildqExecution *self = BUILDQ_EXECUTION (object);

  if (self->run != NULL && !_buildq_run_is_answered (self->run))
    {
      g_autofree char *message
          = g_strdup_printf ("the executor dropped job '%s' without an answer",
                             buildq_job_get_key (_buildq_run_get_job (self->run)));

      _buildq_run_answer (self->run, BUILDQ_OUTCOME_HOST_FAULT, message);
    }
  G_OBJECT_CLASS (buildq_execution_parent_class)->dispose (object);
}

static void
buildq_execution_finalize (GObject *object)
{
  _buildq_run_unref (BUILDQ_EXECUTION (object)->run);
  G_OBJECT_CLASS (buildq_execution_parent_class)->finalize (object);
}

static void
buildq_execution_class_init (BuildqExecutionClass *class)
{
  G_OBJECT_CLASS (class)->dispose = buildq_execution_dispose;
  G_OBJECT_CLASS (class)->finalize = buildq_execution_finalize;
}

static void
buildq_execution_init (BuildqExecution *self)
{
}

BuildqExecution *
_buildq_execution_new (BuildqRun *run)
{
  BuildqExecution *self = g_object_new (BUILDQ_TYPE_EXECUTION, NULL);

  self->run = _buildq_run_ref (run);
  return self;
}

BuildqRun *
_buildq_execution_get_run (BuildqExecution *self)
{
  return self->run;
}

/**
 * buildq_execution_get_job:
 * @self: an execution
 *
 * Returns: (transfer none): what is to be run
 *
 * Since: 0.1
 */
BuildqJob *
buildq_execution_get_job (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), NULL);

  return _buildq_run_get_job (self->run);
}

/**
 * buildq_execution_get_build_dir:
 * @self: an execution
 *
 * The directory that the job starts in. It is empty at first, and removed after the job.
 *
 * Returns: (transfer none) (type filename): an absolute path
 *
 * Since: 0.1
 */
const char *
buildq_execution_get_build_dir (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), NULL);

  return _buildq_run_get_build_dir (self->run);
}

/**
 * buildq_execution_get_cores:
 * @self: an execution
 *
 * Returns: how many cores the job may keep busy
 *
 * Since: 0.1
 */
gint64
buildq_execution_get_cores (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), 0);

  return _buildq_run_get_cores (self->run);
}

/**
 * buildq_execution_get_attempt:
 * @self: an execution
 *
 * Returns: which attempt at the job this is, counted from 1
 *
 * Since: 0.1
 */
gint64
buildq_execution_get_attempt (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), 0);

  return _buildq_run_get_attempt (self->run);
}

/**
 * buildq_execution_get_input_path:
 * @self: an execution
 * @name: the name of an input
 *
 * Returns: (transfer full) (nullable) (type filename): where it lies; it is not to be
 *    changed. %NULL if the job has no such input
 *
 * Since: 0.1
 */
char *
buildq_execution_get_input_path (BuildqExecution *self, const char *name)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_strdup (_buildq_run_get_input_path (self->run, name));
}

/**
 * buildq_execution_get_output_path:
 * @self: an execution
 * @name: the name of an output
 *
 * Returns: (transfer full) (nullable) (type filename): where the job is to make it. %NULL
 *    if it has no such output
 *
 * Since: 0.1
 */
char *
buildq_execution_get_output_path (BuildqExecution *self, const char *name)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return _buildq_run_get_output_path (self->run, name);
}

/**
 * buildq_execution_get_timeout_s:
 * @self: an execution
 *
 * The executor is to enforce this, and to fail with %BUILDQ_OUTCOME_TIMED_OUT.
 *
 * Returns: after how many seconds the job is to be stopped; 0 for never
 *
 * Since: 0.1
 */
gint64
buildq_execution_get_timeout_s (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), 0);

  return _buildq_run_get_timeout_s (self->run);
}

/**
 * buildq_execution_get_silent_timeout_s:
 * @self: an execution
 *
 * The executor is to enforce this, and to fail with %BUILDQ_OUTCOME_TIMED_OUT. It is four
 * hours for a job that does not say it.
 *
 * Returns: after how many seconds without output the job is to be stopped; 0 for never
 *
 * Since: 0.1
 */
gint64
buildq_execution_get_silent_timeout_s (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), 0);

  return _buildq_run_get_silent_timeout_s (self->run);
}

/**
 * buildq_execution_get_elapsed_ms:
 * @self: an execution
 *
 * For an executor that goes on with a job: timeouts count from its start.
 *
 * Returns: how long ago the job was started, by this worker or one before it
 *
 * Since: 0.1
 */
gint64
buildq_execution_get_elapsed_ms (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), 0);

  return (g_get_monotonic_time () - _buildq_run_get_started_monotonic_us (self->run))
         / 1000;
}

/**
 * buildq_execution_get_keep_running_s:
 * @self: an execution
 *
 * How long the job should go on when the worker is killed, and wait for the next one that
 * goes on with it ([vfunc@Buildq.Executor.resume]). An executor that cannot do this lets
 * it die.
 *
 * Returns: a number of seconds; 0 if the job is to die with the worker
 *
 * Since: 0.1
 */
guint
buildq_execution_get_keep_running_s (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), 0);

  return _buildq_run_get_keep_s (self->run);
}

/**
 * buildq_execution_get_cancellable:
 * @self: an execution
 *
 * It is cancelled when nobody wants the job any more, when the machine is to stop, and
 * when the log grew over its limit. The executor is then to stop the job and to answer;
 * what it answers does not count any more. One that takes longer than a minute is given
 * up.
 *
 * Returns: (transfer none): a cancellable
 *
 * Since: 0.1
 */
GCancellable *
buildq_execution_get_cancellable (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), NULL);

  return _buildq_run_get_cancellable (self->run);
}

/**
 * buildq_execution_log:
 * @self: an execution
 * @bytes: what the job wrote
 * @error: `TOO_LARGE` if the log is over its limit, `FAILED` after the answer; or a
 *    [enum@Gio.IOErrorEnum]
 *
 * Appends to the log of the job. A log over the limit of the job, or 512 MiB if it has
 * none, ends with a line that says so; the job is then cancelled and fails as
 * `limit-exceeded`.
 *
 * Returns: whether all of it was taken
 *
 * Since: 0.1
 */
gboolean
buildq_execution_log (BuildqExecution *self, GBytes *bytes, GError **error)
{
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);

  if (!_buildq_check_user_call (_buildq_run_get_context (self->run), error))
    return FALSE;
  if (_buildq_run_is_answered (self->run))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED,
                   "job '%s' is answered already",
                   buildq_job_get_key (_buildq_run_get_job (self->run)));
      return FALSE;
    }
  data = g_bytes_get_data (bytes, &size);
  return _buildq_run_log (self->run, data, size, error);
}

/**
 * buildq_execution_set_exit_status:
 * @self: an execution
 * @exit_status: what the command exited with; 128 and the number for a signal
 *
 * Says how the command of the job ended, for its result.
 *
 * Since: 0.1
 */
void
buildq_execution_set_exit_status (BuildqExecution *self, int exit_status)
{
  g_return_if_fail (BUILDQ_IS_EXECUTION (self));
  g_return_if_fail (!_buildq_run_is_answered (self->run)
                    || _buildq_run_is_given_up (self->run));

  _buildq_run_set_exit_status (self->run, exit_status);
}

static void
answer (BuildqExecution *self, BuildqOutcome outcome, const char *message)
{
  g_autoptr (GError) error = NULL;

  if (_buildq_run_is_given_up (self->run))
    return; /* too late, which is nobody's mistake */
  if (_buildq_check_user_call (_buildq_run_get_context (self->run), &error))
    _buildq_run_answer (self->run, outcome, message);
  else
    g_critical ("answering job '%s': %s",
                buildq_job_get_key (_buildq_run_get_job (self->run)), error->message);
}

/**
 * buildq_execution_complete:
 * @self: an execution
 *
 * Answers that the job is done and its outputs are made.
 *
 * Since: 0.1
 */
void
buildq_execution_complete (BuildqExecution *self)
{
  g_return_if_fail (BUILDQ_IS_EXECUTION (self));
  g_return_if_fail (!_buildq_run_is_answered (self->run)
                    || _buildq_run_is_given_up (self->run));

  answer (self, BUILDQ_OUTCOME_SUCCEEDED, NULL);
}

/**
 * buildq_execution_fail:
 * @self: an execution
 * @outcome: what went wrong; not %BUILDQ_OUTCOME_SUCCEEDED
 * @message: (nullable): a sentence that says it
 *
 * Answers that the job is not done.
 *
 * Since: 0.1
 */
void
buildq_execution_fail (BuildqExecution *self, BuildqOutcome outcome, const char *message)
{
  g_return_if_fail (BUILDQ_IS_EXECUTION (self));
  g_return_if_fail (outcome != BUILDQ_OUTCOME_SUCCEEDED);
  g_return_if_fail (!_buildq_run_is_answered (self->run)
                    || _buildq_run_is_given_up (self->run));

  answer (self, outcome, message);
}

/**
 * buildq_execution_is_answered:
 * @self: an execution
 *
 * Returns: whether it was answered; also when the worker gave it up
 *
 * Since: 0.1
 */
gboolean
buildq_execution_is_answered (BuildqExecution *self)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (self), FALSE);

  return _buildq_run_is_answered (self->run);
}
