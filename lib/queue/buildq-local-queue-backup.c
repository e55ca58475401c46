/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-local-queue-private.h"

#include <buildq/buildq-journal.h>

#include "core/buildq-offload.h"

static void
backup_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  char **paths = data;
  GError *error = NULL;

  if (buildq_journal_backup (paths[0], paths[1], cancellable, &error))
    g_task_return_pointer (task, BUILDQ_OFFLOAD_DONE, NULL);
  else
    g_task_return_error (task, error);
}

/**
 * buildq_local_queue_backup_async:
 * @self: a queue
 * @path: (type filename): where to write the copy; nothing may be there yet
 * @io_priority: the priority of the answer, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to stop it
 * @callback: (nullable): called when the copy is made
 * @user_data: for @callback
 *
 * Copies the journal, with all that the queue has said before the call, as
 * [func@Buildq.journal_backup] does. The queue works on meanwhile.
 *
 * Since: 0.1
 */
void
buildq_local_queue_backup_async (BuildqLocalQueue *self,
                                 const char *path,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  const char *paths[] = { NULL, path, NULL };

  g_return_if_fail (BUILDQ_IS_LOCAL_QUEUE (self));
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, buildq_local_queue_backup_async);
  g_task_set_priority (task, io_priority);
  if (self->path == NULL)
    g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                             "the queue has no journal that could be copied");
  else
    {
      paths[0] = self->path;
      _buildq_offload (g_steal_pointer (&task), backup_in_thread,
                       g_strdupv ((char **) paths), (GDestroyNotify) g_strfreev, NULL);
    }
}

/**
 * buildq_local_queue_backup_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: as [func@Buildq.journal_backup] says; `NOT_SUPPORTED` for a queue in memory
 *
 * Ends [method@Buildq.LocalQueue.backup_async].
 *
 * Returns: whether the copy is there, on disk
 *
 * Since: 0.1
 */
gboolean
buildq_local_queue_backup_finish (BuildqLocalQueue *self,
                                  GAsyncResult *result,
                                  GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}
