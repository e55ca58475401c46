/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * An executor in C that does nothing, also for workers in Guile and Python: what a
 * callback costs there is the difference.
 */
#include "executor.h"

static gboolean
execute (BuildqExecution *execution, gpointer data, GError **error)
{
  buildq_execution_complete (execution);
  return TRUE;
}

BuildqExecutor *
bench_executor_new (void)
{
  return BUILDQ_EXECUTOR (buildq_func_executor_new (execute, NULL, NULL));
}
