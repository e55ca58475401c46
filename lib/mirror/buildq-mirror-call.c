/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "mirror/buildq-mirror-call.h"

#include <buildq/buildq-artifact.h>

#include "core/buildq-offload.h"

BuildqMirrorCall *
_buildq_mirror_call_new (const char *uri, const char *place, BuildqHttpClient *client)
{
  BuildqMirrorCall *call = g_new0 (BuildqMirrorCall, 1);

  call->uri = g_strdup (uri);
  call->place = g_strdup (place);
  call->client = client != NULL ? _buildq_http_client_ref (client) : NULL;
  return call;
}

static void
call_free (gpointer data)
{
  BuildqMirrorCall *call = data;

  g_clear_pointer (&call->artifact, buildq_artifact_unref);
  g_clear_pointer (&call->client, _buildq_http_client_unref);
  g_free (call->uri);
  g_free (call->place);
  g_free (call->name);
  g_free (call->path);
  g_free (call->content_type);
  g_free (call->store_path);
  g_free (call);
}

static GTask *
task_new (BuildqMirror *mirror,
          gpointer tag,
          int io_priority,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (mirror, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  return task;
}

void
_buildq_mirror_call_lookup (BuildqMirror *mirror,
                            BuildqMirrorCall *call,
                            GTaskThreadFunc func,
                            const char *store_path,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = task_new (mirror, _buildq_mirror_call_lookup, io_priority, cancellable,
                          callback, user_data);

  call->store_path = g_strdup (store_path);
  _buildq_offload (task, func, call, call_free, (GDestroyNotify) buildq_artifact_unref);
}

void
_buildq_mirror_call_put_file (BuildqMirror *mirror,
                              BuildqMirrorCall *call,
                              GTaskThreadFunc func,
                              const char *name,
                              const char *path,
                              const char *content_type,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = task_new (mirror, _buildq_mirror_call_put_file, io_priority,
                                     cancellable, callback, user_data);
  GError *error = NULL;

  if (!_buildq_mirror_check_name (name, &error))
    {
      call_free (call);
      g_task_return_error (task, error);
      return;
    }
  call->name = g_strdup (name);
  call->path = g_strdup (path);
  call->content_type
      = g_strdup (content_type != NULL ? content_type : "application/octet-stream");
  _buildq_offload (g_steal_pointer (&task), func, call, call_free, g_free);
}

void
_buildq_mirror_call_publish (BuildqMirror *mirror,
                             BuildqMirrorCall *call,
                             GTaskThreadFunc func,
                             BuildqArtifact *artifact,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = task_new (mirror, _buildq_mirror_call_publish, io_priority, cancellable,
                          callback, user_data);

  call->artifact = buildq_artifact_ref (artifact);
  _buildq_offload (task, func, call, call_free, NULL);
}

static gpointer
finish (BuildqMirror *mirror, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, mirror), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static BuildqArtifact *
lookup_finish (BuildqMirror *mirror, GAsyncResult *result, GError **error)
{
  return finish (mirror, result, error);
}

static char *
put_file_finish (BuildqMirror *mirror, GAsyncResult *result, GError **error)
{
  return finish (mirror, result, error);
}

static gboolean
publish_finish (BuildqMirror *mirror, GAsyncResult *result, GError **error)
{
  return finish (mirror, result, error) != NULL;
}

void
_buildq_mirror_call_set_finish (BuildqMirrorInterface *iface)
{
  iface->lookup_finish = lookup_finish;
  iface->put_file_finish = put_file_finish;
  iface->publish_finish = publish_finish;
}
