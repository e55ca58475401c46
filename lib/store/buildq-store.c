/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-store.h>

#include "core/buildq-hash.h"
#include "core/buildq-path.h"
#include "core/buildq-thread.h"
#include "core/buildq-process.h"
#include "store/buildq-store-private.h"

#include <string.h>

/**
 * BuildqStore:
 *
 * A machine's own store: where the inputs of builds are, and where their outputs are kept
 * until they are in a mirror.
 *
 * An item has a *store path*, which is the same on all machines of a farm and starts with
 * the farm's logical store directory, and a *real path*, which is where it is on this
 * machine. See [func@Buildq.Store.new_for_uri] for the kinds of stores.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (BuildqStore, buildq_store, G_TYPE_OBJECT)

static void
buildq_store_default_init (BuildqStoreInterface *iface)
{
}

/* Fails if @store_path is not one of a store with the directory @store_dir. */
gboolean
_buildq_store_check_path (const char *store_dir, const char *store_path, GError **error)
{
  gsize length = strlen (store_dir);

  if (!_buildq_store_path_check (store_path, FALSE, error))
    return FALSE;
  if (strncmp (store_path, store_dir, length) == 0
      && store_path + length + 1 == _buildq_store_path_base (store_path))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "'%s' is not in the store directory '%s'", store_path, store_dir);
  return FALSE;
}

/* The path of a content-addressed item, as `nix-store --add` names it. @references are
 * base names, sorted. */
char *
_buildq_store_path_for_content (const char *store_dir,
                                const guint8 digest[BUILDQ_HASH_BYTES],
                                const char *name,
                                const char *const *references)
{
  g_autofree char *clean = _buildq_store_name_clean (name);
  GString *type = g_string_new ("source");
  char *path;

  for (; references != NULL && *references != NULL; references++)
    g_string_append_printf (type, ":%s/%s", store_dir, *references);
  path = _buildq_store_path_make (store_dir, type->str, digest, clean);
  g_string_free (type, TRUE);
  return path;
}

/**
 * buildq_store_new_for_uri:
 * @uri: `file:///DIRECTORY`, or the absolute path of a directory
 * @store_dir: (nullable): the logical store directory, the first part of each store path;
 *    %NULL means `/buildq/store`
 * @error: `NOT_SUPPORTED` for another scheme, `INVALID` for a relative path, a
 * #GIOErrorEnum if the directory cannot be made
 *
 * Opens a store.
 *
 * A directory store keeps each item as `DIRECTORY/HASH-NAME`, read-only, and a record of
 * it in `DIRECTORY/.buildq`. The directory is made if it is not there. Several processes,
 * and several objects of one process, may use one directory at once.
 *
 * The store does not wait for the disk. Instead each record names the boot in which its
 * item was last known to be good, and an item of an earlier boot is hashed when it is
 * next asked for: what a power failure tore is found and removed, and nothing else pays
 * for it.
 *
 * Returns: (transfer full): a store
 *
 * Since: 0.1
 */
BuildqStore *
buildq_store_new_for_uri (const char *uri, const char *store_dir, GError **error)
{
  g_autofree char *scheme = NULL;
  g_autofree char *path = NULL;

  g_return_val_if_fail (uri != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  path = _buildq_path_from_uri (uri);
  scheme = g_uri_parse_scheme (uri);
  if (path == NULL && scheme != NULL && !g_str_equal (scheme, "file"))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                   "no kind of store has the scheme of '%s'", uri);
      return NULL;
    }
  if (path == NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "'%s' does not name a store by an absolute path", uri);
      return NULL;
    }
  return _buildq_directory_store_new (path, store_dir, error);
}

/**
 * buildq_store_get_store_dir:
 * @self: a store
 *
 * Returns: (transfer none): the logical store directory, such as `/buildq/store`
 *
 * Since: 0.1
 */
const char *
buildq_store_get_store_dir (BuildqStore *self)
{
  g_return_val_if_fail (BUILDQ_IS_STORE (self), NULL);
  return BUILDQ_STORE_GET_IFACE (self)->get_store_dir (self);
}

/**
 * buildq_store_get_real_path:
 * @self: a store
 * @store_path: a store path
 *
 * Whether anything is there is not looked at.
 *
 * Returns: (transfer full) (type filename): where that item is on this machine
 *
 * Since: 0.1
 */
char *
buildq_store_get_real_path (BuildqStore *self, const char *store_path)
{
  g_return_val_if_fail (BUILDQ_IS_STORE (self), NULL);
  g_return_val_if_fail (store_path != NULL, NULL);
  return BUILDQ_STORE_GET_IFACE (self)->get_real_path (self, store_path);
}

/**
 * buildq_store_query_async:
 * @self: a store
 * @store_path: a store path
 * @io_priority: the priority of the request
 * @cancellable: (nullable): to stop it
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks for the record of an item.
 *
 * Since: 0.1
 */
void
buildq_store_query_async (BuildqStore *self,
                          const char *store_path,
                          int io_priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_STORE (self));
  g_return_if_fail (store_path != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  if (!_buildq_process_check_call (self, buildq_store_query_async, callback, user_data))
    return;
  BUILDQ_STORE_GET_IFACE (self)->query_async (self, store_path, io_priority, cancellable,
                                              callback, user_data);
}

/**
 * buildq_store_query_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: `NOT_FOUND` if there is no such item, `INVALID` if it is not a store path of
 * this store
 *
 * Finishes [method@Buildq.Store.query_async].
 *
 * Returns: (transfer full): the record
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_store_query_finish (BuildqStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_STORE (self), NULL);
  return BUILDQ_STORE_GET_IFACE (self)->query_finish (self, result, error);
}

/**
 * buildq_store_query:
 * @self: a store
 * @store_path: a store path
 * @cancellable: (nullable): to stop it
 * @error: as of [method@Buildq.Store.query_finish]
 *
 * Asks for the record of an item, and waits for it.
 *
 * Returns: (transfer full): the record
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_store_query (BuildqStore *self,
                    const char *store_path,
                    GCancellable *cancellable,
                    GError **error)
{
  BuildqArtifact *record;
  BuildqSync sync;

  g_return_val_if_fail (BUILDQ_IS_STORE (self), NULL);

  _buildq_sync_begin (&sync);
  buildq_store_query_async (self, store_path, G_PRIORITY_DEFAULT, cancellable,
                            _buildq_sync_ready, &sync);
  record = buildq_store_query_finish (self, _buildq_sync_wait (&sync), error);
  _buildq_sync_end (&sync);
  return record;
}

/**
 * buildq_store_add_async:
 * @self: a store
 * @path: (type filename): a file, a directory or a link
 * @store_path: (nullable): where it goes; %NULL names it by its content and the last part
 * of
 *    @path
 * @reference_candidates: (nullable) (array zero-terminated=1): store paths, or their base
 *    names, that it may refer to
 * @io_priority: the priority of the request
 * @cancellable: (nullable): to stop it
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Takes a tree into the store. It is moved if it is on the same file system, so that
 * after success nothing may be left at @path; else it is copied. After an error it is
 * where it was, though its modes and times may have changed. If the item is there
 * already, @path is left alone.
 *
 * The references of the new item are the candidates whose hash part occurs in it.
 *
 * Since: 0.1
 */
void
buildq_store_add_async (BuildqStore *self,
                        const char *path,
                        const char *store_path,
                        const char *const *reference_candidates,
                        int io_priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_STORE (self));
  g_return_if_fail (path != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  if (!_buildq_process_check_call (self, buildq_store_add_async, callback, user_data))
    return;
  BUILDQ_STORE_GET_IFACE (self)->add_async (self, path, store_path, reference_candidates,
                                            io_priority, cancellable, callback,
                                            user_data);
}

/**
 * buildq_store_add_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: `INVALID` for a bad store path, or a tree with a socket or device in it; a
 *    #GIOErrorEnum, such as `NO_SPACE`, for files that cannot be read or written
 *
 * Finishes [method@Buildq.Store.add_async].
 *
 * Returns: (transfer full): the record of the item
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_store_add_finish (BuildqStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_STORE (self), NULL);
  return BUILDQ_STORE_GET_IFACE (self)->add_finish (self, result, error);
}

/**
 * buildq_store_add:
 * @self: a store
 * @path: (type filename): a file, a directory or a link
 * @store_path: (nullable): where it goes; %NULL names it by its content and the last part
 * of
 *    @path
 * @reference_candidates: (nullable) (array zero-terminated=1): store paths, or their base
 *    names, that it may refer to
 * @cancellable: (nullable): to stop it
 * @error: as of [method@Buildq.Store.add_finish]
 *
 * Takes a tree into the store as [method@Buildq.Store.add_async] does, and waits for it.
 *
 * Returns: (transfer full): the record of the item
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_store_add (BuildqStore *self,
                  const char *path,
                  const char *store_path,
                  const char *const *reference_candidates,
                  GCancellable *cancellable,
                  GError **error)
{
  BuildqArtifact *record;
  BuildqSync sync;

  g_return_val_if_fail (BUILDQ_IS_STORE (self), NULL);

  _buildq_sync_begin (&sync);
  buildq_store_add_async (self, path, store_path, reference_candidates,
                          G_PRIORITY_DEFAULT, cancellable, _buildq_sync_ready, &sync);
  record = buildq_store_add_finish (self, _buildq_sync_wait (&sync), error);
  _buildq_sync_end (&sync);
  return record;
}

/* Where a tree is to be made that commit will take in. The caller removes it if it gives
 * up. From any thread. */
char *
_buildq_store_make_staging_path (BuildqStore *self,
                                 const char *store_path,
                                 GError **error)
{
  return BUILDQ_STORE_GET_IFACE (self)->make_staging_path (self, store_path, error);
}

/* Takes in what was staged, whose hash the caller has checked; @staged is gone
 * afterwards, also after an error. CONFLICT if there is another item of that path. From
 * any thread. */
gboolean
_buildq_store_commit_staged (BuildqStore *self,
                             const char *staged,
                             BuildqArtifact *artifact,
                             GError **error)
{
  return BUILDQ_STORE_GET_IFACE (self)->commit_staged (self, staged, artifact, error);
}
