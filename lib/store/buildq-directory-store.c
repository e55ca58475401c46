/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A directory as a store.
 *
 *   REALDIR/HASH-NAME               an item, read-only
 *   REALDIR/.buildq/HASH-NAME.json  its record, written before the item is renamed in
 *   REALDIR/.buildq/lock            held while records and items are moved about
 *   REALDIR/.buildq/tmp/…           trees in the making
 *
 * A record is an artifact as JSON, with one member more, "boot", in front. Within one
 * boot of the machine what the kernel was told is what it shows, also after a crash of
 * ours, so the order of record and item is all that is needed. An item of another boot is
 * hashed first.
 */
#include "config.h"

#include "store/buildq-directory-store.h"

#include "archive/buildq-nar-private.h"
#include "core/buildq-hash.h"
#include "core/buildq-offload.h"
#include "core/buildq-process.h"
#include "store/buildq-store-tree.h"

#include <buildq/buildq-error.h>
#include <buildq/buildq-nar.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_RECORD_BYTES (16 * 1024 * 1024)

static void store_iface_init (BuildqStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqDirectoryStore,
                               _buildq_directory_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_STORE,
                                                      store_iface_init))

static char *
real_path (BuildqDirectoryStore *self, const char *store_path)
{
  return g_build_filename (self->real_dir, _buildq_store_path_base (store_path), NULL);
}

static char *
record_path (BuildqDirectoryStore *self, const char *store_path)
{
  g_autofree char *name
      = g_strconcat (_buildq_store_path_base (store_path), ".json", NULL);

  return g_build_filename (self->real_dir, ".buildq", name, NULL);
}

static gboolean
exists (const char *path)
{
  struct stat status;

  return lstat (path, &status) == 0;
}

/* Orders those who change the store; for short steps only. */
static int
lock_store (BuildqDirectoryStore *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->real_dir, ".buildq", "lock", NULL);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  int code;

  if (fd < 0)
    {
      _buildq_set_errno (error, errno, "opening", path);
      return -1;
    }
  do
    code = flock (fd, LOCK_EX);
  while (code < 0 && errno == EINTR);
  if (code == 0)
    return fd;
  _buildq_set_errno (error, errno, "locking", path);
  close (fd);
  return -1;
}

static char *
record_prefix (BuildqDirectoryStore *self)
{
  return g_strdup_printf ("{\"boot\":\"%s\",", self->boot);
}

static gboolean
write_record (BuildqDirectoryStore *self, BuildqArtifact *artifact, GError **error)
{
  g_autofree char *path = record_path (self, buildq_artifact_get_store_path (artifact));
  g_autofree char *prefix = record_prefix (self);
  g_autofree char *json = buildq_artifact_to_json (artifact);
  g_autofree char *text = g_strconcat (prefix, json + 1, NULL);

  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                   error);
}

/* NULL if there is none that can be read: a torn one is as good as none. */
static BuildqArtifact *
read_record (BuildqDirectoryStore *self, const char *store_path, gboolean *of_this_boot)
{
  g_autofree char *path = record_path (self, store_path);
  g_autofree char *prefix = record_prefix (self);
  g_autofree char *text = NULL;
  g_autoptr (BuildqArtifact) record = NULL;
  GStatBuf status;

  if (g_stat (path, &status) < 0 || status.st_size > MAX_RECORD_BYTES
      || !g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  *of_this_boot = g_str_has_prefix (text, prefix);
  record = buildq_artifact_new_from_json (text, NULL);
  if (record == NULL
      || !g_str_equal (buildq_artifact_get_store_path (record), store_path))
    return NULL;
  return g_steal_pointer (&record);
}

static gboolean
item_agrees (const char *path,
             BuildqArtifact *record,
             gboolean *agrees,
             GCancellable *cancellable,
             GError **error)
{
  gint64 size = 0;
  g_autofree char *hash = buildq_nar_hash (path, &size, cancellable, error);

  if (hash == NULL)
    return FALSE;
  *agrees = size == buildq_artifact_get_nar_size (record)
            && g_str_equal (hash, buildq_artifact_get_nar_hash (record));
  return TRUE;
}

static BuildqArtifact *
not_found (const char *store_path, GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "'%s' is not in the store",
               store_path);
  return NULL;
}

/* Takes away an item that has no good record, unless somebody just gave it one. */
static gboolean
remove_invalid (BuildqDirectoryStore *self, const char *store_path, GError **error)
{
  g_autofree char *path = real_path (self, store_path);
  g_autofree char *record_file = record_path (self, store_path);
  g_autofree char *trash = _buildq_directory_store_stage (self, store_path, error);
  g_autoptr (BuildqArtifact) record = NULL;
  gboolean of_this_boot = FALSE;
  gboolean ok = TRUE;
  int lock;

  if (trash == NULL || (lock = lock_store (self, error)) < 0)
    return FALSE;
  record = read_record (self, store_path, &of_this_boot);
  if (record == NULL || !of_this_boot)
    {
      if (!_buildq_store_tree_rename (path, trash) && errno != ENOENT)
        ok = _buildq_set_errno (error, errno, "removing", path);
      else
        g_unlink (record_file);
    }
  close (lock);
  _buildq_tree_remove (trash, NULL);
  if (ok)
    g_debug ("removed '%s', which had no good record", path);
  return ok;
}

/* The item is there, but its record is not, or is of another boot. */
static BuildqArtifact *
settle (BuildqDirectoryStore *self,
        const char *store_path,
        GCancellable *cancellable,
        GError **error)
{
  g_autofree char *path = real_path (self, store_path);
  gboolean of_this_boot = FALSE;
  g_autoptr (BuildqArtifact) record = read_record (self, store_path, &of_this_boot);
  gboolean agrees = FALSE;

  if (record != NULL && of_this_boot)
    return g_steal_pointer (&record);
  if (record != NULL && !item_agrees (path, record, &agrees, cancellable, error))
    return NULL;
  if (agrees)
    {
      g_autoptr (GError) local = NULL;

      if (!write_record (self, record, &local))
        g_debug ("keeping the old record of '%s': %s", store_path, local->message);
      return g_steal_pointer (&record);
    }

  if (!remove_invalid (self, store_path, error))
    return NULL;
  g_clear_pointer (&record, buildq_artifact_unref);
  record = read_record (self, store_path, &of_this_boot);
  return record != NULL ? g_steal_pointer (&record) : not_found (store_path, error);
}

BuildqArtifact *
_buildq_directory_store_get (BuildqDirectoryStore *self,
                             const char *store_path,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autofree char *path = real_path (self, store_path);
  g_autoptr (BuildqArtifact) record = NULL;
  gboolean of_this_boot = FALSE;

  if (!_buildq_store_check_path (self->store_dir, store_path, error))
    return NULL;
  if (!exists (path))
    return not_found (store_path, error);
  record = read_record (self, store_path, &of_this_boot);
  if (record != NULL && of_this_boot)
    return g_steal_pointer (&record);
  return settle (self, store_path, cancellable, error);
}

static gboolean
check_same (BuildqArtifact *there, BuildqArtifact *artifact, GError **error)
{
  if (g_str_equal (buildq_artifact_get_nar_hash (there),
                   buildq_artifact_get_nar_hash (artifact)))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT,
               "'%s' is in the store with the hash %s, not %s",
               buildq_artifact_get_store_path (artifact),
               buildq_artifact_get_nar_hash (there),
               buildq_artifact_get_nar_hash (artifact));
  return FALSE;
}

/* The steps of a commit under the lock. *placed tells whether @staged was moved in. */
static gboolean
commit_locked (BuildqDirectoryStore *self,
               const char *staged,
               BuildqArtifact *artifact,
               gboolean *placed,
               GError **error)
{
  const char *store_path = buildq_artifact_get_store_path (artifact);
  g_autofree char *path = real_path (self, store_path);
  g_autofree char *record_file = record_path (self, store_path);
  g_autoptr (BuildqArtifact) there = NULL;
  gboolean of_this_boot = FALSE;

  if (exists (path))
    {
      there = read_record (self, store_path, &of_this_boot);
      if (there != NULL)
        return check_same (there, artifact, error);
      /* Nobody vouches for it. Two processes may meet here, but one after the other. */
      if (!_buildq_tree_remove (path, error))
        return FALSE;
    }
  if (!write_record (self, artifact, error))
    return FALSE;
  if (_buildq_store_tree_rename (staged, path))
    {
      *placed = TRUE;
      return TRUE;
    }
  _buildq_set_errno (error, errno, "placing", path);
  g_unlink (record_file);
  return FALSE;
}

gboolean
_buildq_directory_store_place (BuildqDirectoryStore *self,
                               const char *staged,
                               BuildqArtifact *artifact,
                               gboolean *placed,
                               GError **error)
{
  const char *store_path = buildq_artifact_get_store_path (artifact);
  g_autoptr (BuildqArtifact) there = NULL;
  gboolean ok;
  int lock;

  *placed = FALSE;
  if (!_buildq_store_check_path (self->store_dir, store_path, error))
    return FALSE;
  /* First without the lock, as an item of another boot may have to be hashed. */
  there = _buildq_directory_store_get (self, store_path, NULL, NULL);
  lock = lock_store (self, error);
  if (lock < 0)
    return FALSE;
  ok = commit_locked (self, staged, artifact, placed, error);
  close (lock);
  return ok;
}

/* --- the interface --- */

static const char *
get_store_dir (BuildqStore *store)
{
  return BUILDQ_DIRECTORY_STORE (store)->store_dir;
}

static char *
get_real_path (BuildqStore *store, const char *store_path)
{
  return real_path (BUILDQ_DIRECTORY_STORE (store), store_path);
}

static void
query_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  gpointer *data = task_data;
  GError *error = NULL;
  BuildqArtifact *record
      = _buildq_directory_store_get (data[0], data[1], cancellable, &error);

  if (record == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, record, (GDestroyNotify) buildq_artifact_unref);
}

static void
query_data_free (gpointer *data)
{
  g_free (data[1]);
  g_free (data);
}

static void
query_async (BuildqStore *store,
             const char *store_path,
             int io_priority,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  GTask *task = g_task_new (store, cancellable, callback, user_data);
  gpointer *data = g_new0 (gpointer, 2);

  g_task_set_source_tag (task, query_async);
  g_task_set_priority (task, io_priority);
  data[0] = store; /* borrowed: the task keeps it */
  data[1] = g_strdup (store_path);
  _buildq_offload (task, query_thread, data, (GDestroyNotify) query_data_free,
                   (GDestroyNotify) buildq_artifact_unref);
}

static BuildqArtifact *
query_finish (BuildqStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static char *
make_staging_path (BuildqStore *store, const char *store_path, GError **error)
{
  return _buildq_directory_store_stage (BUILDQ_DIRECTORY_STORE (store), store_path,
                                        error);
}

static gboolean
commit_staged (BuildqStore *store,
               const char *staged,
               BuildqArtifact *artifact,
               GError **error)
{
  gboolean placed;
  gboolean ok = _buildq_directory_store_place (BUILDQ_DIRECTORY_STORE (store), staged,
                                               artifact, &placed, error);

  if (!placed)
    _buildq_tree_remove (staged, NULL);
  return ok;
}

static void
store_iface_init (BuildqStoreInterface *iface)
{
  iface->get_store_dir = get_store_dir;
  iface->get_real_path = get_real_path;
  iface->query_async = query_async;
  iface->query_finish = query_finish;
  iface->add_async = _buildq_directory_store_add_async;
  iface->add_finish = _buildq_directory_store_add_finish;
  iface->make_staging_path = make_staging_path;
  iface->commit_staged = commit_staged;
}

static void
_buildq_directory_store_finalize (GObject *object)
{
  BuildqDirectoryStore *self = BUILDQ_DIRECTORY_STORE (object);

  _buildq_directory_store_end_staging (self);
  g_free (self->staging_lock);
  g_free (self->staging_dir);
  g_mutex_clear (&self->mutex);
  g_free (self->real_dir);
  g_free (self->store_dir);
  g_free (self->boot);
  G_OBJECT_CLASS (_buildq_directory_store_parent_class)->finalize (object);
}

static void
_buildq_directory_store_class_init (BuildqDirectoryStoreClass *class)
{
  G_OBJECT_CLASS (class)->finalize = _buildq_directory_store_finalize;
}

static void
_buildq_directory_store_init (BuildqDirectoryStore *self)
{
  _buildq_process_note (self);
  g_mutex_init (&self->mutex);
  self->staging_fd = -1;
}

BuildqStore *
_buildq_directory_store_new (const char *path, const char *store_dir, GError **error)
{
  g_autoptr (BuildqDirectoryStore) self = NULL;
  g_autofree char *records = NULL;
  g_autofree char *canonical = NULL;

  if (store_dir == NULL)
    store_dir = BUILDQ_DEFAULT_STORE_DIR;
  canonical
      = g_path_is_absolute (store_dir) ? g_canonicalize_filename (store_dir, "/") : NULL;
  if (g_strcmp0 (canonical, store_dir) != 0 || g_str_equal (store_dir, "/"))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "'%s' cannot be a store directory", store_dir);
      return NULL;
    }

  self = g_object_new (BUILDQ_TYPE_DIRECTORY_STORE, NULL);
  self->real_dir = g_canonicalize_filename (path, "/");
  self->store_dir = g_strdup (store_dir);
  self->boot = _buildq_read_boot_id ();
  records = g_build_filename (self->real_dir, ".buildq", NULL);
  if (g_mkdir_with_parents (records, 0755) < 0)
    {
      _buildq_set_errno (error, errno, "making the store", self->real_dir);
      return NULL;
    }
  return BUILDQ_STORE (g_steal_pointer (&self));
}
