/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-offload.h"
#include "core/buildq-thread.h"

typedef struct
{
  GTask *task;
  GDestroyNotify result_free;
} Offload;

static void
offload_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Offload *self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  g_autoptr (GError) error = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &error);

  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, value, self->result_free);
}

void
_buildq_offload (GTask *task,
                 GTaskThreadFunc func,
                 gpointer data,
                 GDestroyNotify data_free,
                 GDestroyNotify result_free)
{
  Offload *self = g_new0 (Offload, 1);
  g_autoptr (GTask) inner = NULL;

  self->task = task;
  self->result_free = result_free;
  inner = g_task_new (NULL, g_task_get_cancellable (task), offload_ready, self);
  g_task_set_source_tag (inner, _buildq_offload);
  g_task_set_priority (inner, g_task_get_priority (task));
  g_task_set_task_data (inner, data, data_free);
  _buildq_task_run_in_thread (inner, func);
}

gboolean
_buildq_set_errno (GError **error, int code, const char *what, const char *name)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s '%s': %s", what, name,
               g_strerror (code));
  return FALSE;
}
