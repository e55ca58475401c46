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
};

static void executor_iface_init (BuildqExecutorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqFuncExecutor,
                               buildq_func_executor,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_EXECUTOR,
                                                      executor_iface_init))

static void
buildq_func_executor_finalize (GObject *object)
{
  BuildqFuncExecutor *self = BUILDQ_FUNC_EXECUTOR (object);

  if (self->destroy != NULL)
    self->destroy (self->user_data);
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

static void
executor_iface_init (BuildqExecutorInterface *iface)
{
  iface->start = buildq_func_executor_start;
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
