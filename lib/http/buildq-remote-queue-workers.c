/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The machines of a remote queue, and what is wanted of them.
 */
#include "config.h"

#include "http/buildq-remote-queue-private.h"

#include <buildq/buildq-worker-status.h>

static gpointer
finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, queue), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

typedef struct
{
  GPtrArray *workers; /* of BuildqWorkerStatus */
} Workers;

static const BuildqField workers_fields[] = {
  { "workers", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (Workers, workers), 0, 0,
    &_buildq_worker_status_info },
};

static const BuildqValueInfo workers_info = {
  "list of workers",
  sizeof (Workers),
  workers_fields,
  G_N_ELEMENTS (workers_fields),
  NULL,
  NULL,
};

static void
workers_unref (gpointer workers)
{
  _buildq_value_unref (&workers_info, workers);
}

static void
return_workers (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &workers_info, workers_unref);
}

static void
list_workers_async (BuildqQueue *queue,
                    int io_priority,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  GTask *task = g_task_new (queue, cancellable, callback, user_data);

  g_task_set_source_tag (task, list_workers_async);
  g_task_set_priority (task, io_priority);
  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "GET", "/v1/workers", NULL,
                       return_workers);
}

static GPtrArray *
list_workers_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  Workers *workers = finish (queue, result, error);
  GPtrArray *array;

  if (workers == NULL)
    return NULL;
  array = g_ptr_array_ref (workers->workers);
  workers_unref (workers);
  return array;
}

static void
return_worker (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &_buildq_worker_status_info,
                               buildq_worker_status_unref);
}

static void
set_worker_state_async (BuildqQueue *queue,
                        const char *name,
                        BuildqWorkerState state,
                        int io_priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (queue, cancellable, callback, user_data);
  g_autofree char *path
      = _buildq_remote_make_path ("/v1/workers/", name,
                                  state == BUILDQ_WORKER_STATE_PAUSED     ? "/pause"
                                  : state == BUILDQ_WORKER_STATE_DRAINING ? "/drain"
                                                                          : "/resume");

  g_task_set_source_tag (task, set_worker_state_async);
  g_task_set_priority (task, io_priority);
  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "POST", path, NULL,
                       return_worker);
}

static BuildqWorkerStatus *
set_worker_state_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  return finish (queue, result, error);
}

void
_buildq_remote_workers_iface_init (BuildqQueueInterface *iface)
{
  iface->list_workers_async = list_workers_async;
  iface->list_workers_finish = list_workers_finish;
  iface->set_worker_state_async = set_worker_state_async;
  iface->set_worker_state_finish = set_worker_state_finish;
}
