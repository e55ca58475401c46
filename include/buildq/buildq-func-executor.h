/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-executor.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_FUNC_EXECUTOR (buildq_func_executor_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (
    BuildqFuncExecutor, buildq_func_executor, BUILDQ, FUNC_EXECUTOR, GObject)

/**
 * BuildqExecutorFunc:
 * @execution: what is to be run; it can be kept and answered later
 * @user_data: data of the caller
 * @error: why it could not be started
 *
 * Starts to run a job, or goes on with one.
 *
 * Returns: whether it was started
 *
 * Since: 0.1
 */
typedef gboolean (*BuildqExecutorFunc) (BuildqExecution *execution,
                                        gpointer user_data,
                                        GError **error);

BUILDQ_AVAILABLE_IN_0_1
BuildqFuncExecutor *buildq_func_executor_new (BuildqExecutorFunc func,
                                              gpointer user_data,
                                              GDestroyNotify destroy);
BUILDQ_AVAILABLE_IN_0_1
void buildq_func_executor_set_resume (BuildqFuncExecutor *self,
                                      BuildqExecutorFunc func,
                                      gpointer user_data,
                                      GDestroyNotify destroy);

G_END_DECLS
