/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_EXECUTION (buildq_execution_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqExecution, buildq_execution, BUILDQ, EXECUTION, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqJob *buildq_execution_get_job (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_execution_get_build_dir (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_execution_get_cores (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_execution_get_attempt (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_execution_get_input_path (BuildqExecution *self, const char *name);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_execution_get_output_path (BuildqExecution *self, const char *name);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_execution_get_timeout_s (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_execution_get_silent_timeout_s (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_execution_get_elapsed_ms (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
guint buildq_execution_get_keep_running_s (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
GCancellable *buildq_execution_get_cancellable (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_execution_log (BuildqExecution *self, GBytes *bytes, GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_execution_set_exit_status (BuildqExecution *self, int exit_status);
BUILDQ_AVAILABLE_IN_0_1
void buildq_execution_complete (BuildqExecution *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_execution_fail (BuildqExecution *self,
                            BuildqOutcome outcome,
                            const char *message);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_execution_is_answered (BuildqExecution *self);

G_END_DECLS
