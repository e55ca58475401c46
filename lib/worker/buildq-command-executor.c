/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-command.h"
#include "worker/buildq-execution-private.h"

#include <buildq/buildq-command-executor.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-output.h>
#include <string.h>
#include <sys/stat.h>

/* The directories of Guix System and NixOS, after those of everybody else. */
#define DEFAULT_PATH                                                                     \
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"                        \
  "/run/current-system/profile/bin:/run/current-system/sw/bin"

/**
 * BuildqCommandExecutor:
 *
 * Runs jobs of the kind `command`: their `argv`, executed as it is. Nothing in it is
 * expanded; for that, run `sh -c`.
 *
 * The command starts in the empty build directory, with nothing as its input, and with
 * nothing in its environment but
 *
 * - `PATH`: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, and where
 * Guix System and NixOS have their programs
 * - `HOME` and `TMPDIR`: empty directories of this job, which go with it
 * - `LANG=C.UTF-8` and `SOURCE_DATE_EPOCH=1`
 * - `BUILDQ_KEY`, `BUILDQ_ATTEMPT` and `BUILDQ_CORES`, how many cores it may keep busy
 * - `BUILDQ_INPUT_` and the name of each input: where it lies, not to be changed
 * - the name of each output without a path: where it is to be made, such as `$out`
 * - what the job has in `env`, which may replace all of these
 *
 * What it writes to standard output and error is the log. When the command ends, all
 * processes that it left die, also those that made themselves sessions of their own. So
 * they do when it is stopped: SIGTERM goes to its process group, and two seconds later
 * SIGKILL to all that is left. It cannot gain privileges: set-user-ID programs have no
 * effect. They also die when the worker is killed, unless
 * [method@Buildq.Worker.set_keep_running_s] says that they wait for the next one.
 *
 * A status other than 0, death by a signal, and a program that cannot be executed fail
 * the job as `failed`; too long a time, or silence, as `timed-out`.
 *
 * Since: 0.1
 */
struct _BuildqCommandExecutor
{
  GObject parent_instance;
};

static void executor_iface_init (BuildqExecutorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqCommandExecutor,
                               buildq_command_executor,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_EXECUTOR,
                                                      executor_iface_init))

/* One job. It frees itself at its end. */
typedef struct
{
  BuildqExecution *execution;
  BuildqCommand *command;
  GCancellable *cancellable;
  gulong cancelled_id;
  GSource *wall;
  GSource *silent;
  char *timed_out; /* which time is over, and how long it was */
} Job;

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
job_free (Job *self)
{
  g_cancellable_disconnect (self->cancellable, self->cancelled_id);
  clear_source (&self->wall);
  clear_source (&self->silent);
  g_clear_pointer (&self->command, _buildq_command_free);
  g_object_unref (self->cancellable);
  g_object_unref (self->execution);
  g_free (self->timed_out);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

static void
job_cancelled (GCancellable *cancellable, gpointer data)
{
  _buildq_command_stop (((Job *) data)->command);
}

static void
job_output (const void *data, gsize size, gpointer user_data)
{
  Job *self = user_data;
  g_autoptr (GBytes) bytes = NULL;

  if (self->silent != NULL)
    g_source_set_ready_time (self->silent,
                             g_get_monotonic_time ()
                                 + buildq_execution_get_silent_timeout_s (self->execution)
                                       * G_USEC_PER_SEC);
  if (buildq_execution_is_answered (self->execution))
    return; /* it was given up */
  if (data == NULL)
    {
      _buildq_run_logged (_buildq_execution_get_run (self->execution), NULL);
      return;
    }
  bytes = g_bytes_new (data, size);
  if (!buildq_execution_log (self->execution, bytes, NULL))
    _buildq_command_mute (self->command);
}

static void
job_ended (BuildqCommandEnd end, int number, gpointer user_data)
{
  g_autoptr (Job) self = user_data;
  BuildqJob *job = buildq_execution_get_job (self->execution);
  g_autofree char *message
      = _buildq_command_describe (end, number, buildq_job_get_argv (job)[0]);

  if (end == BUILDQ_COMMAND_EXITED)
    buildq_execution_set_exit_status (self->execution, number);
  else if (end == BUILDQ_COMMAND_KILLED)
    buildq_execution_set_exit_status (self->execution, 128 + number);

  if (self->timed_out != NULL)
    buildq_execution_fail (self->execution, BUILDQ_OUTCOME_TIMED_OUT, self->timed_out);
  else if (end == BUILDQ_COMMAND_FAULT)
    buildq_execution_fail (self->execution, BUILDQ_OUTCOME_HOST_FAULT, message);
  else if (end == BUILDQ_COMMAND_EXITED && number == 0)
    buildq_execution_complete (self->execution);
  else
    buildq_execution_fail (self->execution, BUILDQ_OUTCOME_FAILED, message);
}

static void
job_time_out (Job *self, char *message)
{
  if (self->timed_out != NULL)
    {
      g_free (message);
      return;
    }
  self->timed_out = message;
  _buildq_log_spool_note (
      _buildq_run_get_spool (_buildq_execution_get_run (self->execution)), message);
  _buildq_command_stop (self->command);
}

static gboolean
wall_time_over (gpointer data)
{
  Job *self = data;

  job_time_out (
      self, g_strdup_printf ("timed out: it ran for longer than %" G_GINT64_FORMAT " s",
                             buildq_execution_get_timeout_s (self->execution)));
  return G_SOURCE_REMOVE;
}

static gboolean
silent_time_over (gpointer data)
{
  Job *self = data;

  job_time_out (
      self,
      g_strdup_printf ("timed out: it was silent for longer than %" G_GINT64_FORMAT " s",
                       buildq_execution_get_silent_timeout_s (self->execution)));
  return G_SOURCE_REMOVE;
}

/* @since is on the monotonic clock, in µs. */
static GSource *
start_timer (gint64 since, gint64 seconds, GSourceFunc func, Job *self)
{
  GSource *source;

  if (seconds <= 0)
    return NULL;
  source = g_timeout_source_new_seconds (MIN (seconds, G_MAXINT));
  g_source_set_static_name (source, "[buildq] time of a job");
  g_source_set_callback (source, func, self, NULL);
  g_source_set_ready_time (source, since + seconds * G_USEC_PER_SEC);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

/* When something was last written to the log, on the monotonic clock. */
static gint64
last_heard (BuildqRun *run)
{
  int fd = _buildq_log_spool_get_fd (_buildq_run_get_spool (run));
  gint64 now = g_get_monotonic_time (), age;
  struct stat info;

  if (fstat (fd, &info) < 0)
    return now;
  age = g_get_real_time () - (gint64) info.st_mtim.tv_sec * G_USEC_PER_SEC
        - info.st_mtim.tv_nsec / 1000;
  return now - MAX (age, 0);
}

/* The command runs, since now or since an earlier worker started it. */
static void
watch_job (Job *self)
{
  BuildqRun *run = _buildq_execution_get_run (self->execution);

  self->wall = start_timer (_buildq_run_get_started_monotonic_us (run),
                            _buildq_run_get_timeout_s (run), wall_time_over, self);
  self->silent = start_timer (last_heard (run), _buildq_run_get_silent_timeout_s (run),
                              silent_time_over, self);
  self->cancelled_id
      = g_cancellable_connect (self->cancellable, G_CALLBACK (job_cancelled), self, NULL);
}

static Job *
job_new (BuildqExecution *execution)
{
  Job *self = g_new0 (Job, 1);

  self->execution = g_object_ref (execution);
  self->cancellable = g_object_ref (buildq_execution_get_cancellable (execution));
  return self;
}

static void
add_variable (GPtrArray *env, const char *prefix, const char *name, const char *value)
{
  g_ptr_array_add (env, g_strconcat (prefix, name, "=", value, NULL));
}

static void
add_number (GPtrArray *env, const char *name, gint64 value)
{
  g_ptr_array_add (env, g_strdup_printf ("%s=%" G_GINT64_FORMAT, name, value));
}

static void
add_dir (GPtrArray *env, const char *name, BuildqExecution *execution, const char *dir)
{
  g_autofree char *path = g_build_filename (
      _buildq_run_get_dir (_buildq_execution_get_run (execution)), dir, NULL);

  add_variable (env, "", name, path);
}

static void
add_inputs_and_outputs (GPtrArray *env, BuildqExecution *execution)
{
  BuildqJob *job = buildq_execution_get_job (execution);
  g_autoptr (GPtrArray) inputs = buildq_job_get_inputs (job);
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (job);

  for (guint i = 0; i < inputs->len; i++)
    {
      const char *name = buildq_input_get_name (inputs->pdata[i]);
      g_autofree char *path = buildq_execution_get_input_path (execution, name);

      if (path != NULL)
        add_variable (env, "BUILDQ_INPUT_", name, path);
    }
  for (guint i = 0; i < outputs->len; i++)
    {
      const char *name = buildq_output_get_name (outputs->pdata[i]);
      g_autofree char *path = buildq_execution_get_output_path (execution, name);

      if (buildq_output_get_path (outputs->pdata[i]) == NULL)
        add_variable (env, "", name, path);
    }
}

/* A variable that is given twice counts as the last one says: getenv finds the first. */
static void
remove_replaced (GPtrArray *env)
{
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = env->len; i-- > 0;)
    {
      const char *variable = env->pdata[i];

      if (!g_hash_table_add (seen, g_strndup (variable, strcspn (variable, "="))))
        g_ptr_array_remove_index (env, i);
    }
}

static GPtrArray *
make_environment (BuildqExecution *execution)
{
  BuildqJob *job = buildq_execution_get_job (execution);
  const char *const *own = buildq_job_get_env (job);
  GPtrArray *env = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (env, g_strdup ("PATH=" DEFAULT_PATH));
  g_ptr_array_add (env, g_strdup ("LANG=C.UTF-8"));
  g_ptr_array_add (env, g_strdup ("SOURCE_DATE_EPOCH=1"));
  add_dir (env, "HOME", execution, "home");
  add_dir (env, "TMPDIR", execution, "tmp");
  add_variable (env, "", "BUILDQ_KEY", buildq_job_get_key (job));
  add_number (env, "BUILDQ_ATTEMPT", buildq_execution_get_attempt (execution));
  add_number (env, "BUILDQ_CORES", buildq_execution_get_cores (execution));
  add_inputs_and_outputs (env, execution);
  for (gsize i = 0; own[i] != NULL; i++)
    g_ptr_array_add (env, g_strdup (own[i]));
  remove_replaced (env);
  g_ptr_array_add (env, NULL);
  return env;
}

static gboolean
buildq_command_executor_start (BuildqExecutor *executor,
                               BuildqExecution *execution,
                               GError **error)
{
  BuildqRun *run = _buildq_execution_get_run (execution);
  BuildqLogSpool *spool = _buildq_run_get_spool (run);
  BuildqJob *job = buildq_execution_get_job (execution);
  g_autoptr (GPtrArray) env = make_environment (execution);
  g_autoptr (Job) self = job_new (execution);
  const BuildqCommandKeep keep = {
    .dir = _buildq_run_get_dir (run),
    .keep_s = _buildq_run_get_keep_s (run),
    .log_fd = _buildq_log_spool_get_fd (spool),
    .log_limit = _buildq_log_spool_get_limit (spool),
  };

  if (buildq_job_get_argv (job)[0] == NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "job '%s' has no command",
                   buildq_job_get_key (job));
      return FALSE;
    }
  self->command = _buildq_command_start (
      buildq_job_get_argv (job), (const char *const *) env->pdata,
      buildq_execution_get_build_dir (execution), keep.keep_s > 0 ? &keep : NULL,
      job_output, job_ended, self, error);
  if (self->command == NULL)
    return FALSE;
  watch_job (g_steal_pointer (&self));
  return TRUE;
}

static gboolean
buildq_command_executor_resume (BuildqExecutor *executor,
                                BuildqExecution *execution,
                                GError **error)
{
  g_autoptr (Job) self = job_new (execution);

  self->command = _buildq_command_resume (
      _buildq_run_get_dir (_buildq_execution_get_run (execution)), job_output, job_ended,
      self, error);
  if (self->command == NULL)
    return FALSE;
  watch_job (g_steal_pointer (&self));
  return TRUE;
}

static void
executor_iface_init (BuildqExecutorInterface *iface)
{
  iface->start = buildq_command_executor_start;
  iface->resume = buildq_command_executor_resume;
}

static void
buildq_command_executor_class_init (BuildqCommandExecutorClass *class)
{
}

static void
buildq_command_executor_init (BuildqCommandExecutor *self)
{
}

/**
 * buildq_command_executor_new:
 *
 * Returns: (transfer full): a new executor for the kind `command`
 *
 * Since: 0.1
 */
BuildqCommandExecutor *
buildq_command_executor_new (void)
{
  return g_object_new (BUILDQ_TYPE_COMMAND_EXECUTOR, NULL);
}
