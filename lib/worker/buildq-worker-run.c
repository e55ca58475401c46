/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The worker at work: it asks for grants until it is drained, cancelled, or fails.
 */
#include "config.h"

#include "queue/buildq-agent-private.h"
#include "worker/buildq-worker-private.h"

#include <buildq/buildq-grant.h>
#include <buildq/buildq-job.h>

#include "core/buildq-process.h"

static void ask (BuildqWorker *self);

static void
end (BuildqWorker *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (self->cancel_source != NULL)
    g_source_destroy (self->cancel_source);
  g_clear_pointer (&self->cancel_source, g_source_unref);
  g_clear_pointer (&self->work_dir, _buildq_work_dir_free);
  _buildq_worker_stop_gate (self);
  if (self->failure != NULL)
    g_task_return_error (task, g_steal_pointer (&self->failure));
  else
    g_task_return_boolean (task, TRUE);
}

static void
left (GObject *source, GAsyncResult *result, gpointer data)
{
  /* Without a goodbye the session lapses. */
  buildq_agent_leave_finish (BUILDQ_AGENT (source), result, NULL);
  end (data);
}

/* Whether it takes no more jobs for good; the queue may change its mind while there are
 * jobs. */
gboolean
_buildq_worker_is_ending (BuildqWorker *self)
{
  return self->draining || self->stopping
         || buildq_agent_get_wanted_state (self->agent) == BUILDQ_WORKER_STATE_DRAINING;
}

/* Leaves when there is nothing left to do. With a goodbye all leases would be given back,
 * also those of results that the next worker is to hand in. */
static void
check_end (BuildqWorker *self)
{
  if (self->task == NULL || self->leaving || !_buildq_worker_is_ending (self))
    return;
  if (g_hash_table_size (self->jobs) > 0)
    return;
  g_cancellable_cancel (self->asking);
  if (self->is_asking)
    return;
  self->leaving = TRUE;
  _buildq_worker_stop_backlog (self);
  if (!self->keeps)
    buildq_agent_leave_async (self->agent, NULL, left, self);
  else
    {
      _buildq_agent_fall_silent (self->agent);
      end (self);
    }
}

void
_buildq_worker_job_gone (BuildqWorker *self)
{
  _buildq_worker_update_offer (self);
  check_end (self);
}

static void
stop (BuildqWorker *self, const GError *error)
{
  g_autoptr (GList) jobs = g_hash_table_get_values (self->jobs);

  if (self->stopping)
    return;
  self->stopping = TRUE;
  self->failure = g_error_copy (error);
  g_cancellable_cancel (self->asking);
  for (GList *l = jobs; l != NULL; l = l->next)
    _buildq_worker_job_stop (l->data, TRUE, "the worker stops");
  check_end (self);
}

void
_buildq_worker_obey (BuildqWorker *self)
{
  if (self->task == NULL)
    return;
  _buildq_worker_update_offer (self);
  check_end (self);
}

static gboolean
run_cancelled (GCancellable *cancellable, gpointer data)
{
  BuildqWorker *self = data;
  g_autoptr (GError) error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    stop (self, error);
  return G_SOURCE_REMOVE;
}

/* A store path means the same everywhere only if all stores have the same name. */
static gboolean
check_store_dir (BuildqWorker *self, GError **error)
{
  const char *ours = buildq_store_get_store_dir (self->store);
  const char *of_farm = buildq_agent_get_store_dir (self->agent);

  if (of_farm == NULL || g_str_equal (ours, of_farm))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT,
               "the store directory of the farm is '%s', that of this worker '%s'",
               of_farm, ours);
  return FALSE;
}

static void
granted (GObject *source, GAsyncResult *result, gpointer data)
{
  BuildqWorker *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqGrant) grant
      = buildq_agent_next_finish (BUILDQ_AGENT (source), result, &error);

  self->is_asking = FALSE;
  if (grant == NULL && !g_cancellable_is_cancelled (self->asking))
    stop (self, error);
  else if (grant == NULL && !_buildq_worker_is_ending (self))
    {
      /* It was to leave, and now it is not: the queue has changed its mind. */
      g_object_unref (self->asking);
      self->asking = g_cancellable_new ();
      ask (self);
    }
  else if (grant != NULL && !check_store_dir (self, &error))
    {
      buildq_agent_release (self->agent, buildq_grant_get_token (grant), NULL);
      stop (self, error);
    }
  else if (grant != NULL)
    {
      if (_buildq_worker_can_start (self))
        _buildq_worker_job_start (self, grant);
      else
        buildq_agent_release (self->agent, buildq_grant_get_token (grant), NULL);
      ask (self);
    }
  check_end (self);
}

static void
ask (BuildqWorker *self)
{
  if (self->is_asking || self->draining || self->stopping || self->leaving)
    return;
  self->is_asking = TRUE;
  buildq_agent_next_async (self->agent, self->asking, granted, self);
}

static void
loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  BuildqWorker *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = _buildq_spool_load_finish (result, &error);

  self->is_asking = FALSE;
  if (entries == NULL)
    {
      stop (self, error);
      return;
    }
  if (!self->stopping)
    {
      _buildq_worker_start_gate (self, g_task_get_context (self->task));
      _buildq_worker_update_offer (self); /* what there is to share out */
      _buildq_worker_resume (self, entries);
      _buildq_worker_update_offer (self);
      buildq_agent_start (self->agent);
    }
  ask (self);
  check_end (self);
}

static gboolean
prepare (BuildqWorker *self, GError **error)
{
  if (g_hash_table_size (self->executors) == 0)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "worker '%s' has no executor, and can do nothing", self->name);
      return FALSE;
    }
  self->work_dir = _buildq_work_dir_open (self->work_path, error);
  return self->work_dir != NULL;
}

/**
 * buildq_worker_run_async:
 * @self: a worker
 * @cancellable: (nullable): to stop it: running jobs are cancelled, and their leases
 * given back
 * @callback: (nullable) (scope async): called when it has stopped
 * @user_data: data of @callback
 *
 * Takes jobs and does them, until [method@Worker.drain] or until it is cancelled. A
 * worker can do so once.
 *
 * What a worker that was killed left in the work directory is taken up first: results
 * that the queue has not answered are handed in, what it accepted is published, and jobs
 * are gone on with whose executors can ([vfunc@Executor.resume]). Other jobs fail as
 * `host-fault`, so that another machine can have them at once.
 *
 * Since: 0.1
 */
void
buildq_worker_run_async (BuildqWorker *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (self->task == NULL && !self->leaving);
  if (!_buildq_process_check_call (self, buildq_worker_run_async, callback, user_data))
    return;

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, buildq_worker_run_async);
  g_task_set_check_cancellable (task, FALSE); /* what is said last counts, see left () */
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!prepare (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (cancellable != NULL)
    {
      self->cancel_source = g_cancellable_source_new (cancellable);
      g_source_set_static_name (self->cancel_source, "[buildq] stop a worker");
      g_source_set_callback (self->cancel_source, G_SOURCE_FUNC (run_cancelled), self,
                             NULL);
      g_source_attach (self->cancel_source, g_task_get_context (task));
    }
  self->task = g_steal_pointer (&task);
  /* It counts as asking, so that nothing ends before it is back. */
  self->is_asking = TRUE;
  _buildq_spool_load_async (self->work_path, loaded, self);
}

/**
 * buildq_worker_run_finish:
 * @self: a worker
 * @result: what the callback was given
 * @error: `EXISTS` if another worker has the work directory, `INVALID` without an
 * executor, `CONFLICT` if the farm has another store directory, what the queue says when
 * it will not have this worker, and `G_IO_ERROR_CANCELLED`
 *
 * Finishes [method@Worker.run_async].
 *
 * Returns: whether it was drained
 *
 * Since: 0.1
 */
gboolean
buildq_worker_run_finish (BuildqWorker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * buildq_worker_drain:
 * @self: a worker
 *
 * Takes no more jobs. When those that it has are done, [method@Worker.run_async] ends.
 *
 * Since: 0.1
 */
void
buildq_worker_drain (BuildqWorker *self)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));

  if (self->draining)
    return;
  self->draining = TRUE;
  if (self->task == NULL)
    return;
  _buildq_worker_update_offer (self);
  check_end (self);
}
