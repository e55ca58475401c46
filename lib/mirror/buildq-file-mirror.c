/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A folder as a mirror. A file comes into it whole or not at all: it is written beside
 * its place, synced, and renamed.
 */
#include "config.h"

#include "mirror/buildq-mirror-call.h"

#include <buildq/buildq-artifact.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/buildq-stream.h"
#include "core/buildq-offload.h"
#include "core/buildq-values.h"
#include "core/buildq-process.h"

struct _BuildqFileMirror
{
  GObject parent_instance;

  char *dir;
  char *uri;
};

static void iface_init (BuildqMirrorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqFileMirror,
                               _buildq_file_mirror,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_MIRROR, iface_init))

/* --- what runs in worker threads, on values --- */

static gboolean
sync_folder (const char *dir, GError **error)
{
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (!ok)
    _buildq_set_errno (error, errno, "syncing folder", dir);
  if (fd >= 0)
    close (fd);
  return ok;
}

typedef gboolean (*FillFunc) (int fd,
                              gconstpointer data,
                              GCancellable *cancellable,
                              GError **error);

/* Makes DIR/NAME of what @fill writes. */
static gboolean
write_file (const char *dir,
            const char *name,
            FillFunc fill,
            gconstpointer data,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree char *place = g_build_filename (dir, name, NULL);
  g_autofree char *folder = g_path_get_dirname (place);
  g_autofree char *draft = g_build_filename (folder, ".upload-XXXXXX", NULL);
  gboolean is_new = !g_file_test (folder, G_FILE_TEST_IS_DIR);
  int fd;
  gboolean ok;

  if (g_mkdir_with_parents (folder, 0755) != 0)
    return _buildq_set_errno (error, errno, "making folder", folder);
  fd = g_mkstemp_full (draft, O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0)
    return _buildq_set_errno (error, errno, "making a file in", folder);
  ok = fill (fd, data, cancellable, error);
  if (ok && fsync (fd) != 0)
    ok = _buildq_set_errno (error, errno, "syncing", place);
  if (close (fd) != 0 && ok)
    ok = _buildq_set_errno (error, errno, "writing", place);
  if (ok && g_rename (draft, place) != 0)
    ok = _buildq_set_errno (error, errno, "writing", place);
  if (ok)
    return sync_folder (folder, error) && (!is_new || sync_folder (dir, error));
  g_unlink (draft);
  return FALSE;
}

static gboolean
fill_from_file (int fd, gconstpointer path, GCancellable *cancellable, GError **error)
{
  BuildqFdLink from
      = { .fd = open (path, O_RDONLY | O_CLOEXEC), .cancellable = cancellable };
  BuildqFdLink to = { .fd = fd, .cancellable = cancellable };
  g_autofree char *chunk = g_malloc (BUILDQ_CHUNK_BYTES);
  gssize count;

  if (from.fd < 0)
    return _buildq_set_errno (error, errno, "opening", path);
  while ((count = _buildq_fd_source (&from, chunk, BUILDQ_CHUNK_BYTES, error)) > 0)
    if (!_buildq_fd_sink (&to, chunk, count, error))
      count = -2;
  close (from.fd);
  return count == 0;
}

static gboolean
fill_from_text (int fd, gconstpointer text, GCancellable *cancellable, GError **error)
{
  BuildqFdLink to = { .fd = fd, .cancellable = cancellable };

  return _buildq_fd_sink (&to, text, strlen (text), error);
}

/* A name below nar/ says its content, so with that size it need not be written again. */
static gboolean
is_there (const char *place, const char *path)
{
  struct stat there, local;

  return stat (place, &there) == 0 && stat (path, &local) == 0 && S_ISREG (there.st_mode)
         && there.st_size == local.st_size;
}

static void
put_file (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BuildqMirrorCall *call = data;
  g_autofree char *place = g_build_filename (call->place, call->name, NULL);
  GError *error = NULL;

  if ((g_str_has_prefix (call->name, "nar/") && is_there (place, call->path))
      || write_file (call->place, call->name, fill_from_file, call->path, cancellable,
                     &error))
    {
      g_task_return_pointer (task, g_strdup_printf ("%s/%s", call->uri, call->name),
                             g_free);
      return;
    }
  g_prefix_error (&error, "mirror %s: ", call->uri);
  g_task_return_error (task, error);
}

static void
publish (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BuildqMirrorCall *call = data;
  g_autofree char *info_path = g_build_filename (call->place, "nix-cache-info", NULL);
  g_autofree char *info = _buildq_mirror_cache_info (call->artifact);
  g_autofree char *name = _buildq_mirror_narinfo_name (call->artifact->store_path);
  GError *error = NULL;
  g_autofree char *text
      = _buildq_mirror_write_narinfo (call->artifact, call->uri, &error);

  if (text != NULL
      && (g_file_test (info_path, G_FILE_TEST_EXISTS)
          || write_file (call->place, "nix-cache-info", fill_from_text, info, cancellable,
                         &error))
      && write_file (call->place, name, fill_from_text, text, cancellable, &error))
    {
      g_task_return_pointer (task, BUILDQ_OFFLOAD_DONE, NULL);
      return;
    }
  g_prefix_error (&error, "mirror %s: ", call->uri);
  g_task_return_error (task, error);
}

static BuildqArtifact *
read_record (BuildqMirrorCall *call,
             const char *place,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (GInputStream) stream
      = _buildq_mirror_open_file (place, 0, cancellable, error);
  g_autofree char *text = g_malloc (BUILDQ_MAX_NARINFO_BYTES + 1);
  BuildqArtifact *artifact;
  gsize size;

  /* One byte more than it may have tells that it has more. */
  if (stream == NULL
      || !g_input_stream_read_all (stream, text, BUILDQ_MAX_NARINFO_BYTES + 1, &size,
                                   cancellable, error))
    return NULL;
  if (size > BUILDQ_MAX_NARINFO_BYTES)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "%s: it is longer than %d bytes", place, BUILDQ_MAX_NARINFO_BYTES);
      return NULL;
    }
  text[size] = '\0';
  artifact = _buildq_mirror_read_narinfo (text, call->store_path, call->uri, error);
  if (artifact == NULL)
    g_prefix_error (error, "%s: ", place);
  return artifact;
}

static void
lookup (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BuildqMirrorCall *call = data;
  g_autofree char *name = _buildq_mirror_narinfo_name (call->store_path);
  g_autofree char *place = g_build_filename (call->place, name, NULL);
  GError *error = NULL;
  BuildqArtifact *artifact = read_record (call, place, cancellable, &error);

  if (artifact != NULL)
    g_task_return_pointer (task, artifact, (GDestroyNotify) buildq_artifact_unref);
  else
    g_task_return_error (task, error);
}

/* --- the interface --- */

static BuildqMirrorCall *
call_new (BuildqMirror *mirror)
{
  BuildqFileMirror *self = BUILDQ_FILE_MIRROR (mirror);

  return _buildq_mirror_call_new (self->uri, self->dir, NULL);
}

static void
lookup_async (BuildqMirror *mirror,
              const char *store_path,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  _buildq_mirror_call_lookup (mirror, call_new (mirror), lookup, store_path, io_priority,
                              cancellable, callback, user_data);
}

static void
put_file_async (BuildqMirror *mirror,
                const char *name,
                const char *path,
                const char *content_type,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  _buildq_mirror_call_put_file (mirror, call_new (mirror), put_file, name, path,
                                content_type, io_priority, cancellable, callback,
                                user_data);
}

static void
publish_async (BuildqMirror *mirror,
               BuildqArtifact *artifact,
               int io_priority,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  _buildq_mirror_call_publish (mirror, call_new (mirror), publish, artifact, io_priority,
                               cancellable, callback, user_data);
}

static const char *
get_uri (BuildqMirror *mirror)
{
  return BUILDQ_FILE_MIRROR (mirror)->uri;
}

static GInputStream *
open_uri (BuildqMirror *mirror,
          const char *uri,
          gint64 offset,
          GCancellable *cancellable,
          GError **error)
{
  return _buildq_mirror_open (NULL, uri, offset, cancellable, error);
}

static void
iface_init (BuildqMirrorInterface *iface)
{
  iface->get_uri = get_uri;
  iface->lookup_async = lookup_async;
  iface->put_file_async = put_file_async;
  iface->publish_async = publish_async;
  iface->open = open_uri;
  _buildq_mirror_call_set_finish (iface);
}

/* --- the object --- */

static void
_buildq_file_mirror_finalize (GObject *object)
{
  BuildqFileMirror *self = BUILDQ_FILE_MIRROR (object);

  g_free (self->dir);
  g_free (self->uri);
  G_OBJECT_CLASS (_buildq_file_mirror_parent_class)->finalize (object);
}

static void
_buildq_file_mirror_class_init (BuildqFileMirrorClass *class)
{
  G_OBJECT_CLASS (class)->finalize = _buildq_file_mirror_finalize;
}

static void
_buildq_file_mirror_init (BuildqFileMirror *self)
{
  _buildq_process_note (self);
}

BuildqMirror *
_buildq_file_mirror_new (const char *dir, GError **error)
{
  g_autoptr (BuildqFileMirror) self = g_object_new (BUILDQ_TYPE_FILE_MIRROR, NULL);

  self->dir = g_canonicalize_filename (dir, "/");
  self->uri = g_filename_to_uri (self->dir, NULL, error);
  if (self->uri == NULL)
    return NULL;
  if (g_mkdir_with_parents (self->dir, 0755) != 0)
    {
      _buildq_set_errno (error, errno, "making mirror folder", self->dir);
      return NULL;
    }
  return BUILDQ_MIRROR (g_steal_pointer (&self));
}
