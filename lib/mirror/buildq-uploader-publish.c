/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The last step of an upload: the record, once the queue has accepted it.
 */
#include "config.h"

#include "mirror/buildq-uploader-private.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-location.h>

#include "core/buildq-values.h"
#include "core/buildq-process.h"
#include "mirror/buildq-mirror-private.h"

typedef struct
{
  BuildqArtifact *artifact;
  guint next_mirror;
  GError *error; /* the first */
} Publish;

static void
publish_free (gpointer data)
{
  Publish *self = data;

  buildq_artifact_unref (self->artifact);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
has_a_location_in (BuildqArtifact *artifact, BuildqMirror *mirror)
{
  for (guint i = 0; i < artifact->locations->len; i++)
    if (_buildq_mirror_covers (mirror,
                               ((BuildqLocation *) artifact->locations->pdata[i])->uri))
      return TRUE;
  return FALSE;
}

static void publish_in_next (GTask *task);

static void
published (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Publish *publish = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!buildq_mirror_publish_finish (BUILDQ_MIRROR (source), result, &error)
      && publish->error == NULL)
    publish->error = g_steal_pointer (&error);
  publish_in_next (task);
}

static void
publish_in_next (GTask *task)
{
  BuildqUploader *self = g_task_get_source_object (task);
  Publish *publish = g_task_get_task_data (task);

  while (publish->next_mirror < self->mirrors->len)
    {
      BuildqMirror *mirror = self->mirrors->pdata[publish->next_mirror++];

      if (!has_a_location_in (publish->artifact, mirror))
        continue;
      buildq_mirror_publish_async (mirror, publish->artifact, g_task_get_priority (task),
                                   g_task_get_cancellable (task), published,
                                   g_object_ref (task));
      return;
    }
  if (publish->error != NULL)
    g_task_return_error (task, g_steal_pointer (&publish->error));
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * buildq_uploader_publish_async:
 * @self: an uploader
 * @artifact: the record that the queue has accepted, with the signature of the farm
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Puts a record into each mirror that has one of its locations.
 *
 * Since: 0.1
 */
void
buildq_uploader_publish_async (BuildqUploader *self,
                               BuildqArtifact *artifact,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Publish *publish;

  g_return_if_fail (BUILDQ_IS_UPLOADER (self));
  g_return_if_fail (artifact != NULL);
  if (!_buildq_process_check_call (self, buildq_uploader_publish_async, callback,
                                   user_data))
    return;

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, buildq_uploader_publish_async);
  g_task_set_priority (task, io_priority);
  publish = g_new0 (Publish, 1);
  publish->artifact = buildq_artifact_ref (artifact);
  g_task_set_task_data (task, publish, publish_free);
  publish_in_next (task);
}

/**
 * buildq_uploader_publish_finish:
 * @self: an uploader
 * @result: what the callback was given
 * @error: what the first mirror said that failed
 *
 * Returns: whether each of these mirrors has the record
 *
 * Since: 0.1
 */
gboolean
buildq_uploader_publish_finish (BuildqUploader *self,
                                GAsyncResult *result,
                                GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
