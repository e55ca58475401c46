/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-execution.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_EXECUTOR (buildq_executor_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_INTERFACE (BuildqExecutor, buildq_executor, BUILDQ, EXECUTOR, GObject)

/**
 * BuildqExecutorInterface:
 * @g_iface: the parent
 * @start: starts to run a job, and returns at once; %FALSE when it could not be started
 * @resume: goes on with a job that was started before the worker was; %FALSE when nothing
 *   of it runs any more. May be %NULL, for an executor whose jobs die with the worker
 *
 * What runs jobs of one kind.
 *
 * Since: 0.1
 */
struct _BuildqExecutorInterface
{
  GTypeInterface g_iface;

  gboolean (*start) (BuildqExecutor *self, BuildqExecution *execution, GError **error);
  gboolean (*resume) (BuildqExecutor *self, BuildqExecution *execution, GError **error);
};

BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_executor_start (BuildqExecutor *self,
                                BuildqExecution *execution,
                                GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_executor_resume (BuildqExecutor *self,
                                 BuildqExecution *execution,
                                 GError **error);

G_END_DECLS
