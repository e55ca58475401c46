/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What stands behind a BuildqExecution. The worker keeps the run and the executor the
 * execution, so that an executor that drops its execution is noticed.
 *
 * The directory of a run holds
 *   build/    where the job starts, empty
 *   home/     $HOME, empty
 *   tmp/      $TMPDIR, empty
 *   outputs/  where outputs without a path are to be made
 *   log       what it wrote
 *   status, control   how it ended, and the supervisor, if it may outlive the worker
 */
#pragma once

#include "worker/buildq-log-spool.h"

#include <buildq/buildq-executor.h>

G_BEGIN_DECLS

/* The worker's defaults for what a job does not say. */
#define BUILDQ_DEFAULT_SILENT_TIMEOUT_S (4 * 60 * 60)
#define BUILDQ_DEFAULT_LOG_LIMIT_BYTES (G_GINT64_CONSTANT (512) * 1024 * 1024)
/* How long a cancelled executor may take before the job is given up. */
#define BUILDQ_ABANDON_S 60

typedef struct _BuildqRun BuildqRun;
typedef void (*BuildqRunFunc) (BuildqRun *run, gpointer user_data);

/* Makes the parts of @dir, which is there and empty. */
BuildqRun *_buildq_run_new (
    BuildqJob *job, const char *dir, gint64 attempt, gint64 cores, GError **error);
/* The run that a worker before this one began at these times in @dir. */
BuildqRun *_buildq_run_open (BuildqJob *job,
                             const char *dir,
                             gint64 attempt,
                             gint64 cores,
                             gint64 started_us,
                             gint64 started_monotonic_us,
                             GError **error);
BuildqRun *_buildq_run_ref (BuildqRun *self);
void _buildq_run_unref (BuildqRun *self);

/* @path is the real path of an input. */
void _buildq_run_set_input (BuildqRun *self, const char *name, const char *path);
/* The last part of the path where an output without a path is made; its name by default.
 */
void _buildq_run_set_output_base (BuildqRun *self, const char *name, const char *base);
/* @answered is called once, from the main context, after the executor answered or dropped
 * the execution; @logged after each piece of log. */
void _buildq_run_set_callbacks (BuildqRun *self,
                                BuildqRunFunc answered,
                                BuildqRunFunc logged,
                                gpointer user_data);
void _buildq_run_set_abandon_ms (BuildqRun *self, guint abandon_ms);

/* How long the job may go on when the worker is killed. */
void _buildq_run_set_keep_s (BuildqRun *self, guint keep_s);

void _buildq_run_start (BuildqRun *self, BuildqExecutor *executor);
/* Goes on with it, or answers HOST_FAULT with @message when nothing of it is left. */
void _buildq_run_resume (BuildqRun *self, BuildqExecutor *executor, const char *message);
/* Stops it: the outcome of the run is @outcome whatever the executor answers, unless that
 * was decided before. */
void _buildq_run_stop (BuildqRun *self, BuildqOutcome outcome, const char *message);
void _buildq_run_answer (BuildqRun *self, BuildqOutcome outcome, const char *message);
gboolean _buildq_run_log (BuildqRun *self, const void *data, gsize size, GError **error);
/* The log has grown by somebody else's hand. */
gboolean _buildq_run_logged (BuildqRun *self, GError **error);
void _buildq_run_set_exit_status (BuildqRun *self, int exit_status);

BuildqJob *_buildq_run_get_job (BuildqRun *self);
const char *_buildq_run_get_dir (BuildqRun *self);
const char *_buildq_run_get_build_dir (BuildqRun *self);
gint64 _buildq_run_get_cores (BuildqRun *self);
gint64 _buildq_run_get_attempt (BuildqRun *self);
const char *_buildq_run_get_input_path (BuildqRun *self, const char *name);
char *_buildq_run_get_output_path (BuildqRun *self, const char *name);
gint64 _buildq_run_get_timeout_s (BuildqRun *self);
gint64 _buildq_run_get_silent_timeout_s (BuildqRun *self);
GCancellable *_buildq_run_get_cancellable (BuildqRun *self);
BuildqLogSpool *_buildq_run_get_spool (BuildqRun *self);
GMainContext *_buildq_run_get_context (BuildqRun *self);
gboolean _buildq_run_is_answered (BuildqRun *self);
/* Whether it was answered in place of an executor that took too long. */
gboolean _buildq_run_is_given_up (BuildqRun *self);
/* After the answer. */
BuildqOutcome _buildq_run_get_outcome (BuildqRun *self);
const char *_buildq_run_get_message (BuildqRun *self);
int _buildq_run_get_exit_status (BuildqRun *self);
gint64 _buildq_run_get_started_us (BuildqRun *self);
gint64 _buildq_run_get_started_monotonic_us (BuildqRun *self);
guint _buildq_run_get_keep_s (BuildqRun *self);
gint64 _buildq_run_get_finished_us (BuildqRun *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqRun, _buildq_run_unref)

G_END_DECLS
