/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-thread.h"

#include <buildq/buildq-func-executor.h>

/**
 * BuildqFuncExecutor:
 *
 * Runs jobs by calling a function.
 *
 * Since: 0.1
 */
struct _BuildqFuncExecutor
{
  GObject parent_instance;
  GMainContext *context;
  BuildqExecutorFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
  BuildqExecutorFunc resume;
  gpointer resume_data;
  GDestroyNotify resume_destroy;
};

static void executor_iface_init (BuildqExecutorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqFuncExecutor,
                               buildq_func_executor,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_EXECUTOR,
                                                      executor_iface_init))

static void
clear_resume (BuildqFuncExecutor *self)
{
  self->resume = NULL;
  if (self->resume_destroy != NULL)
    self->resume_destroy (self->resume_data);
  self->resume_destroy = NULL;
}

static void
buildq_func_executor_finalize (GObject *object)
{
  BuildqFuncExecutor *self = BUILDQ_FUNC_EXECUTOR (object);

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  clear_resume (self);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (buildq_func_executor_parent_class)->finalize (object);
}

static void
buildq_func_executor_class_init (BuildqFuncExecutorClass *class)
{
  G_OBJECT_CLASS (class)->finalize = buildq_func_executor_finalize;
}

static void
buildq_func_executor_init (BuildqFuncExecutor *self)
{
  self->context = g_main_context_ref_thread_default ();
}

static gboolean
buildq_func_executor_start (BuildqExecutor *executor,
                            BuildqExecution *execution,
                            GError **error)
{
  BuildqFuncExecutor *self = BUILDQ_FUNC_EXECUTOR (executor);

  return _buildq_check_user_call (self->context, error)
         && self->func (execution, self->user_data, error);
}

static gboolean
buildq_func_executor_resume (BuildqExecutor *executor,
                             BuildqExecution *execution,
                             GError **error)
{
  BuildqFuncExecutor *self = BUILDQ_FUNC_EXECUTOR (executor);

  return self->resume != NULL && _buildq_check_user_call (self->context, error)
         && self->resume (execution, self->resume_data, error);
}

static void
executor_iface_init (BuildqExecutorInterface *iface)
{
  iface->start = buildq_func_executor_start;
  iface->resume = buildq_func_executor_resume;
}

/**
 * buildq_func_executor_new:
 * @func: (scope notified) (closure user_data) (destroy destroy): starts to run a job
 * @user_data: data for @func
 * @destroy: frees @user_data
 *
 * Returns: (transfer full): a new executor that calls @func for each job
 *
 * Since: 0.1
 */
BuildqFuncExecutor *
buildq_func_executor_new (BuildqExecutorFunc func,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  BuildqFuncExecutor *self;

  g_return_val_if_fail (func != NULL, NULL);

  self = g_object_new (BUILDQ_TYPE_FUNC_EXECUTOR, NULL);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  return self;
}

/**
 * buildq_func_executor_set_resume:
 * @self: an executor
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): goes on with
 * a job that was begun before this process was started; see
 *    [method@Buildq.Executor.resume]
 * @user_data: data for @func
 * @destroy: frees @user_data
 *
 * Sets a function that is called for each job that a worker before this one left. Without
 * it none goes on.
 *
 * Since: 0.1
 */
void
buildq_func_executor_set_resume (BuildqFuncExecutor *self,
                                 BuildqExecutorFunc func,
                                 gpointer user_data,
                                 GDestroyNotify destroy)
{
  g_return_if_fail (BUILDQ_IS_FUNC_EXECUTOR (self));

  clear_resume (self);
  self->resume = func;
  self->resume_data = user_data;
  self->resume_destroy = destroy;
}
