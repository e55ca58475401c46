/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "mirror/buildq-uploader-private.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-location.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/buildq-stream.h"
#include "core/buildq-thread.h"
#include "core/buildq-values.h"
#include "core/buildq-process.h"
#include "mirror/buildq-mirror-private.h"
#include "mirror/buildq-pack.h"
#include "store/buildq-store-private.h"

/**
 * BuildqUploader:
 *
 * Drops artifacts from a store, local files, and logs into mirrors.
 *
 * Archives are named by their hash, so that two who build the same never overwrite each
 * other; records follow only with [method@Buildq.Uploader.publish_async], when the queue
 * has accepted the result. At least one mirror must take a file; where none is, the error
 * names each and its reason.
 *
 * An uploader belongs to the thread-default main context of the thread that made it.
 *
 * Since: 0.1
 */

#define DEFAULT_COMPRESSION "zstd"
#define SMALL_LOG_BYTES 4096

G_DEFINE_FINAL_TYPE (BuildqUploader, buildq_uploader, G_TYPE_OBJECT)

static void
buildq_uploader_finalize (GObject *object)
{
  BuildqUploader *self = BUILDQ_UPLOADER (object);

  g_clear_object (&self->store);
  g_ptr_array_unref (self->mirrors);
  g_free (self->compression);
  G_OBJECT_CLASS (buildq_uploader_parent_class)->finalize (object);
}

static void
buildq_uploader_class_init (BuildqUploaderClass *class)
{
  G_OBJECT_CLASS (class)->finalize = buildq_uploader_finalize;
}

static void
buildq_uploader_init (BuildqUploader *self)
{
  _buildq_process_note (self);
  self->mirrors = g_ptr_array_new_with_free_func (g_object_unref);
  self->compression = g_strdup (DEFAULT_COMPRESSION);
}

/**
 * buildq_uploader_new:
 * @store: (nullable): where artifacts come from; %NULL when only local files are
 * uploaded, for a farm with the default store directory
 *
 * Returns: (transfer full): a new uploader
 *
 * Since: 0.1
 */
BuildqUploader *
buildq_uploader_new (BuildqStore *store)
{
  BuildqUploader *self;

  g_return_val_if_fail (store == NULL || BUILDQ_IS_STORE (store), NULL);

  self = g_object_new (BUILDQ_TYPE_UPLOADER, NULL);
  self->store = store != NULL ? g_object_ref (store) : NULL;
  return self;
}

/**
 * buildq_uploader_add_mirror:
 * @self: an uploader
 * @mirror: a mirror
 *
 * Adds a mirror that files are put into.
 *
 * Since: 0.1
 */
void
buildq_uploader_add_mirror (BuildqUploader *self, BuildqMirror *mirror)
{
  g_return_if_fail (BUILDQ_IS_UPLOADER (self));
  g_return_if_fail (BUILDQ_IS_MIRROR (mirror));

  g_ptr_array_add (self->mirrors, g_object_ref (mirror));
}

/**
 * buildq_uploader_set_compression:
 * @self: an uploader
 * @compression: `none`, `gzip`, `zstd`, `xz` or `lzip`
 * @error: `NOT_SUPPORTED` for any other
 *
 * Sets how archives are compressed. The default is `zstd`.
 *
 * Returns: whether it can be written
 *
 * Since: 0.1
 */
gboolean
buildq_uploader_set_compression (BuildqUploader *self,
                                 const char *compression,
                                 GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_UPLOADER (self), FALSE);
  g_return_val_if_fail (compression != NULL, FALSE);

  if (!_buildq_compression_is_written (compression, error))
    return FALSE;
  _buildq_set_string (&self->compression, compression);
  return TRUE;
}

/* --- one upload --- */

typedef struct
{
  char *path; /* of the tree, or the file */
  gboolean as_nar;
  char *compression;
  char *content_type;
  char *store_name;         /* upload_path: what the item is called */
  char *log_name;           /* upload_log: its name below log/ */
  BuildqArtifact *artifact; /* upload: its record */
  BuildqPacked *packed;
  guint next_mirror;
  GPtrArray *locations; /* BuildqLocation */
  GString *failures;
  GError *first_failure;
} Upload;

static void
upload_free (gpointer data)
{
  Upload *self = data;

  g_clear_pointer (&self->artifact, buildq_artifact_unref);
  g_clear_pointer (&self->packed, _buildq_packed_free);
  g_clear_error (&self->first_failure);
  g_ptr_array_unref (self->locations);
  g_string_free (self->failures, TRUE);
  g_free (self->path);
  g_free (self->compression);
  g_free (self->content_type);
  g_free (self->store_name);
  g_free (self->log_name);
  g_free (self);
}

static GTask *
upload_begin (BuildqUploader *self,
              gpointer tag,
              const char *path,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Upload *upload = g_new0 (Upload, 1);

  upload->path = g_strdup (path);
  upload->as_nar = TRUE;
  upload->compression = g_strdup (self->compression);
  upload->content_type = g_strdup ("application/x-nix-nar");
  upload->locations
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_location_unref);
  upload->failures = g_string_new (NULL);
  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, upload, upload_free);
  return task;
}

static void
return_artifact (GTask *task, Upload *upload)
{
  BuildqArtifact *artifact
      = _buildq_value_copy (&_buildq_artifact_info, upload->artifact);

  g_ptr_array_set_size (artifact->locations, 0);
  for (guint i = 0; i < upload->locations->len; i++)
    g_ptr_array_add (artifact->locations,
                     _buildq_value_ref (upload->locations->pdata[i]));
  g_task_return_pointer (task, artifact, (GDestroyNotify) buildq_artifact_unref);
}

static void
upload_end (GTask *task)
{
  Upload *upload = g_task_get_task_data (task);

  if (upload->locations->len == 0)
    g_task_return_new_error (task, upload->first_failure->domain,
                             upload->first_failure->code, "no mirror took %s: %s",
                             upload->artifact != NULL ? upload->artifact->store_path
                                                      : upload->path,
                             upload->failures->str);
  else if (upload->log_name != NULL)
    g_task_return_pointer (task, _buildq_value_ref (upload->locations->pdata[0]),
                           (GDestroyNotify) buildq_location_unref);
  else
    return_artifact (task, upload);
}

static char *
name_in_mirror (Upload *upload)
{
  const char *suffix = _buildq_compression_suffix (upload->compression);
  g_autofree char *hash = NULL;

  if (upload->log_name != NULL)
    return g_strdup_printf ("log/%s%s", upload->log_name, suffix);
  hash = _buildq_nix32_encode (upload->packed->file_digest, BUILDQ_HASH_BYTES);
  return g_strdup_printf ("nar/%s.nar%s", hash, suffix);
}

static void put_into_next (GTask *task);

static void
put_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Upload *upload = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri
      = buildq_mirror_put_file_finish (BUILDQ_MIRROR (source), result, &error);
  g_autofree char *hash = _buildq_hash_format (upload->packed->file_digest);

  if (uri != NULL)
    g_ptr_array_add (
        upload->locations,
        buildq_location_new (uri, upload->compression, hash, upload->packed->file_size));
  else
    {
      g_string_append_printf (upload->failures, "%s%s",
                              upload->failures->len > 0 ? "; " : "", error->message);
      if (upload->first_failure == NULL)
        upload->first_failure = g_steal_pointer (&error);
    }
  put_into_next (task);
}

static void
put_into_next (GTask *task)
{
  BuildqUploader *self = g_task_get_source_object (task);
  Upload *upload = g_task_get_task_data (task);
  g_autofree char *name = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (upload->next_mirror == self->mirrors->len)
    {
      upload_end (task);
      return;
    }
  name = name_in_mirror (upload);
  buildq_mirror_put_file_async (self->mirrors->pdata[upload->next_mirror++], name,
                                upload->packed->path, upload->content_type,
                                g_task_get_priority (task), g_task_get_cancellable (task),
                                put_done, g_object_ref (task));
}

/* --- packing --- */

static void
pack_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Upload *upload = data; /* of the outer task, which waits and changes nothing */
  GError *error = NULL;
  BuildqPacked *packed = _buildq_pack (upload->path, upload->as_nar, upload->compression,
                                       cancellable, &error);

  if (packed != NULL)
    g_task_return_pointer (task, packed, (GDestroyNotify) _buildq_packed_free);
  else
    g_task_return_error (task, error);
}

/* The record of what was packed, for what has none yet; for what has one, the check that
 * it is still so. */
static gboolean
complete_record (BuildqUploader *self, Upload *upload, GError **error)
{
  const char *store_dir = self->store != NULL ? buildq_store_get_store_dir (self->store)
                                              : BUILDQ_DEFAULT_STORE_DIR;
  g_autofree char *hash = _buildq_hash_format (upload->packed->nar_digest);
  BuildqArtifact *artifact;

  if (upload->log_name != NULL)
    return TRUE;
  if (upload->artifact != NULL)
    {
      if (g_str_equal (upload->artifact->nar_hash, hash))
        return TRUE;
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
                   "%s has changed in the store: its hash is %s instead of %s",
                   upload->artifact->store_path, hash, upload->artifact->nar_hash);
      return FALSE;
    }
  artifact = _buildq_value_new (&_buildq_artifact_info);
  artifact->store_path = _buildq_store_path_for_content (
      store_dir, upload->packed->nar_digest, upload->store_name, NULL);
  artifact->ca = g_strconcat ("fixed:r:", hash, NULL);
  artifact->nar_hash = g_steal_pointer (&hash);
  artifact->nar_size = upload->packed->nar_size;
  upload->artifact = artifact;
  return TRUE;
}

static void
packed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Upload *upload = g_task_get_task_data (task);
  GError *error = NULL;

  upload->packed = g_task_propagate_pointer (G_TASK (result), &error);
  if (upload->packed == NULL
      || !complete_record (g_task_get_source_object (task), upload, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  put_into_next (task);
}

static void
upload_start (GTask *task)
{
  Upload *upload = g_task_get_task_data (task);
  g_autoptr (GTask) inner
      = g_task_new (NULL, g_task_get_cancellable (task), packed, g_object_ref (task));

  g_task_set_task_data (inner, upload, NULL);
  _buildq_task_run_in_thread (inner, pack_thread);
}

/* A caller without mirrors wants nothing uploaded. */
static gboolean
has_mirrors (BuildqUploader *self, GTask *task)
{
  if (self->mirrors->len > 0)
    return TRUE;
  g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                           "no mirror is known");
  return FALSE;
}

/**
 * buildq_uploader_upload_async:
 * @self: an uploader
 * @artifact: the record of an item of the store
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Puts the archive of an item of the store into the mirrors. Without mirrors, the record
 * comes back as it is.
 *
 * Since: 0.1
 */
void
buildq_uploader_upload_async (BuildqUploader *self,
                              BuildqArtifact *artifact,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *path = NULL;

  g_return_if_fail (BUILDQ_IS_UPLOADER (self));
  g_return_if_fail (self->store != NULL);
  g_return_if_fail (artifact != NULL);
  if (!_buildq_process_check_call (self, buildq_uploader_upload_async, callback,
                                   user_data))
    return;

  path = buildq_store_get_real_path (self->store, artifact->store_path);
  task = upload_begin (self, buildq_uploader_upload_async, path, io_priority, cancellable,
                       callback, user_data);
  if (self->mirrors->len == 0)
    {
      g_task_return_pointer (task, buildq_artifact_ref (artifact),
                             (GDestroyNotify) buildq_artifact_unref);
      return;
    }
  ((Upload *) g_task_get_task_data (task))->artifact = buildq_artifact_ref (artifact);
  upload_start (task);
}

/**
 * buildq_uploader_upload_finish:
 * @self: an uploader
 * @result: what the callback was given
 * @error: what the first mirror said, when none took it; the message names each.
 *   `CHECKSUM` when the item is not what its record says; `G_IO_ERROR` for the local disk
 *
 * Returns: (transfer full): the record, with the locations
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_uploader_upload_finish (BuildqUploader *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * buildq_uploader_upload_path_async:
 * @self: an uploader
 * @path: (type filename): a local file or folder
 * @name: (nullable): what the item is to be called; %NULL for the last part of @path
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Puts a local file or folder into the mirrors, as an item whose store path follows from
 * its content.
 *
 * Since: 0.1
 */
void
buildq_uploader_upload_path_async (BuildqUploader *self,
                                   const char *path,
                                   const char *name,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (BUILDQ_IS_UPLOADER (self));
  g_return_if_fail (path != NULL);
  if (!_buildq_process_check_call (self, buildq_uploader_upload_path_async, callback,
                                   user_data))
    return;

  task = upload_begin (self, buildq_uploader_upload_path_async, path, io_priority,
                       cancellable, callback, user_data);
  if (!has_mirrors (self, task))
    return;
  ((Upload *) g_task_get_task_data (task))->store_name
      = name != NULL ? g_strdup (name) : g_path_get_basename (path);
  upload_start (task);
}

/**
 * buildq_uploader_upload_path_finish:
 * @self: an uploader
 * @result: what the callback was given
 * @error: as for [method@Buildq.Uploader.upload_finish]; `NOT_FOUND` without any mirror
 *
 * Returns: (transfer full): the record of the item, with its locations
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_uploader_upload_path_finish (BuildqUploader *self,
                                    GAsyncResult *result,
                                    GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * buildq_uploader_upload_log_async:
 * @self: an uploader
 * @path: (type filename): a local file
 * @name: what the log is to be called
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Puts a log into the mirrors, as `log/NAME`, compressed unless it is small.
 *
 * Since: 0.1
 */
void
buildq_uploader_upload_log_async (BuildqUploader *self,
                                  const char *path,
                                  const char *name,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  struct stat info;
  Upload *upload;

  g_return_if_fail (BUILDQ_IS_UPLOADER (self));
  g_return_if_fail (path != NULL && name != NULL);
  if (!_buildq_process_check_call (self, buildq_uploader_upload_log_async, callback,
                                   user_data))
    return;

  task = upload_begin (self, buildq_uploader_upload_log_async, path, io_priority,
                       cancellable, callback, user_data);
  if (!has_mirrors (self, task))
    return;
  upload = g_task_get_task_data (task);
  upload->as_nar = FALSE;
  upload->log_name = _buildq_store_name_clean (name);
  _buildq_set_string (&upload->content_type, "text/plain");
  _buildq_set_string (
      &upload->compression,
      stat (path, &info) == 0 && info.st_size <= SMALL_LOG_BYTES ? "none" : "zstd");
  upload_start (task);
}

/**
 * buildq_uploader_upload_log_finish:
 * @self: an uploader
 * @result: what the callback was given
 * @error: as for [method@Buildq.Uploader.upload_path_finish]
 *
 * Returns: (transfer full): where the log can be had
 *
 * Since: 0.1
 */
BuildqLocation *
buildq_uploader_upload_log_finish (BuildqUploader *self,
                                   GAsyncResult *result,
                                   GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
