/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-executor.h>

/**
 * BuildqExecutor:
 *
 * Runs jobs of one kind. There is [class@CommandExecutor] for commands, and
 * [class@FuncExecutor] for a function of one's own.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (BuildqExecutor, buildq_executor, G_TYPE_OBJECT)

static void
buildq_executor_default_init (BuildqExecutorInterface *iface)
{
}

/**
 * buildq_executor_start:
 * @self: an executor
 * @execution: what is to be run
 * @error: why it could not be started
 *
 * Starts to run a job, and returns at once. The executor keeps a reference to @execution
 * until it has answered it. If this fails, the job fails as `host-fault`.
 *
 * Returns: whether it was started
 *
 * Since: 0.1
 */
gboolean
buildq_executor_start (BuildqExecutor *self, BuildqExecution *execution, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_EXECUTOR (self), FALSE);
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (execution), FALSE);

  return BUILDQ_EXECUTOR_GET_IFACE (self)->start (self, execution, error);
}

/**
 * buildq_executor_resume:
 * @self: an executor
 * @execution: what was started by an executor that is no more, with its directory and its
 *   log as they are now
 * @error: why it cannot be gone on with
 *
 * Goes on with a job that was begun before this process was started, and returns at once.
 * Jobs of an executor that cannot do so die with the worker. If this fails, the job fails
 * as `host-fault`, so that another machine can have it at once.
 *
 * Returns: whether the job still runs, or has ended so that @execution can be answered
 *
 * Since: 0.1
 */
gboolean
buildq_executor_resume (BuildqExecutor *self, BuildqExecution *execution, GError **error)
{
  BuildqExecutorInterface *iface;

  g_return_val_if_fail (BUILDQ_IS_EXECUTOR (self), FALSE);
  g_return_val_if_fail (BUILDQ_IS_EXECUTION (execution), FALSE);

  iface = BUILDQ_EXECUTOR_GET_IFACE (self);
  return iface->resume != NULL && iface->resume (self, execution, error);
}
