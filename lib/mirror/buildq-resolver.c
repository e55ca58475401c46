/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "mirror/buildq-resolver-private.h"

#include <buildq/buildq-artifact.h>
#include <string.h>

#include "core/buildq-hash.h"
#include "core/buildq-thread.h"
#include "core/buildq-process.h"

/**
 * BuildqResolver:
 *
 * Brings artifacts, with all that they refer to, from the network into a store.
 *
 * It takes the bytes from any place and believes none: the record must be signed by a key
 * of the keyring, and the bytes must hash to it. What cannot be verified is not kept.
 *
 * A resolver belongs to the thread-default main context of the thread that made it.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (BuildqResolver, buildq_resolver, G_TYPE_OBJECT)

static void
buildq_resolver_finalize (GObject *object)
{
  BuildqResolver *self = BUILDQ_RESOLVER (object);

  /* Each Get keeps its resolver, so there is none. */
  g_hash_table_unref (self->gets);
  g_ptr_array_unref (self->mirrors);
  g_clear_object (&self->store);
  g_clear_object (&self->keyring);
  G_OBJECT_CLASS (buildq_resolver_parent_class)->finalize (object);
}

static void
buildq_resolver_class_init (BuildqResolverClass *class)
{
  G_OBJECT_CLASS (class)->finalize = buildq_resolver_finalize;
}

static void
buildq_resolver_init (BuildqResolver *self)
{
  _buildq_process_note (self);
  self->gets = g_hash_table_new (g_str_hash, g_str_equal);
  self->mirrors = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * buildq_resolver_new:
 * @store: where artifacts are to be
 * @keyring: (nullable): the keys whose records are believed; with %NULL the caller
 * vouches for the records that it gives, and those found in mirrors are refused
 *
 * Returns: (transfer full): a new resolver
 *
 * Since: 0.1
 */
BuildqResolver *
buildq_resolver_new (BuildqStore *store, BuildqKeyring *keyring)
{
  BuildqResolver *self;

  g_return_val_if_fail (BUILDQ_IS_STORE (store), NULL);
  g_return_val_if_fail (keyring == NULL || BUILDQ_IS_KEYRING (keyring), NULL);

  self = g_object_new (BUILDQ_TYPE_RESOLVER, NULL);
  self->store = g_object_ref (store);
  self->keyring = keyring != NULL ? g_object_ref (keyring) : NULL;
  return self;
}

/**
 * buildq_resolver_add_mirror:
 * @self: a resolver
 * @mirror: a mirror
 *
 * Adds a mirror, which is asked after those that were added before. To be called before
 * the first [method@Buildq.Resolver.realise_async].
 *
 * Since: 0.1
 */
void
buildq_resolver_add_mirror (BuildqResolver *self, BuildqMirror *mirror)
{
  g_return_if_fail (BUILDQ_IS_RESOLVER (self));
  g_return_if_fail (BUILDQ_IS_MIRROR (mirror));
  g_return_if_fail (g_hash_table_size (self->gets) == 0);

  g_ptr_array_add (self->mirrors, g_object_ref (mirror));
}

/**
 * buildq_resolver_get_fetched_bytes:
 * @self: a resolver
 *
 * Returns: how many bytes it has fetched so far, as they came over the network
 *
 * Since: 0.1
 */
gint64
buildq_resolver_get_fetched_bytes (BuildqResolver *self)
{
  g_return_val_if_fail (BUILDQ_IS_RESOLVER (self), 0);

  return self->fetched_bytes;
}

/* --- closures --- */

typedef struct
{
  GPtrArray *roots;  /* store paths, in the order in which they were asked for */
  GHashTable *found; /* store path → BuildqArtifact, or NULL while it is under way */
  guint pending;
  GError *error; /* the first */
} Realise;

static void
realise_free (gpointer data)
{
  Realise *self = data;

  g_ptr_array_unref (self->roots);
  g_hash_table_unref (self->found);
  g_clear_error (&self->error);
  g_free (self);
}

static void
unref_artifact (gpointer artifact)
{
  if (artifact != NULL)
    buildq_artifact_unref (artifact);
}

static int
compare_artifacts (gconstpointer a, gconstpointer b)
{
  const BuildqArtifact *const *first = a;
  const BuildqArtifact *const *second = b;

  return strcmp ((*first)->store_path, (*second)->store_path);
}

/* The roots, in their order, and then what they need, by store path. */
static GPtrArray *
list_found (Realise *self)
{
  GPtrArray *all
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_artifact_unref);
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer store_path, artifact;

  for (guint i = 0; i < self->roots->len; i++)
    g_ptr_array_add (all, buildq_artifact_ref (
                              g_hash_table_lookup (self->found, self->roots->pdata[i])));
  g_hash_table_iter_init (&iter, self->found);
  while (g_hash_table_iter_next (&iter, &store_path, &artifact))
    if (!g_ptr_array_find_with_equal_func (self->roots, store_path, g_str_equal, NULL))
      g_ptr_array_add (others, artifact);
  g_ptr_array_sort (others, compare_artifacts);
  for (guint i = 0; i < others->len; i++)
    g_ptr_array_add (all, buildq_artifact_ref (others->pdata[i]));
  return all;
}

static void
realise_part_done (GTask *task)
{
  Realise *self = g_task_get_task_data (task);

  if (--self->pending > 0)
    return;
  if (self->error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&self->error));
      return;
    }
  g_task_return_pointer (task, list_found (self), (GDestroyNotify) g_ptr_array_unref);
}

static void part_ready (GObject *source, GAsyncResult *result, gpointer user_data);

static void
realise_path (GTask *task, const char *store_path, BuildqArtifact *artifact)
{
  Realise *self = g_task_get_task_data (task);

  if (g_hash_table_contains (self->found, store_path))
    return;
  g_hash_table_insert (self->found, g_strdup (store_path), NULL);
  self->pending++;
  _buildq_resolver_get_async (g_task_get_source_object (task), store_path, artifact,
                              g_task_get_priority (task), g_task_get_cancellable (task),
                              part_ready, g_object_ref (task));
}

static void
part_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Realise *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact
      = _buildq_resolver_get_finish (BUILDQ_RESOLVER (source), result, &error);

  if (artifact == NULL && self->error == NULL)
    self->error = g_steal_pointer (&error);
  if (artifact != NULL && self->error == NULL)
    {
      g_autofree char *store_dir = g_path_get_dirname (artifact->store_path);

      g_hash_table_insert (self->found, g_strdup (artifact->store_path),
                           buildq_artifact_ref (artifact));
      for (char **p = artifact->references; *p != NULL; p++)
        {
          g_autofree char *path = g_strconcat (store_dir, "/", *p, NULL);

          realise_path (task, path, NULL);
        }
    }
  realise_part_done (task);
}

/**
 * buildq_resolver_realise_async:
 * @self: a resolver
 * @artifacts: (nullable) (element-type BuildqArtifact): records of what is wanted
 * @store_paths: (nullable) (array zero-terminated=1): store paths that are wanted, whose
 *   records are looked up in the mirrors
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when all are there
 * @user_data: data of @callback
 *
 * Makes artifacts present in the store, with all that they refer to. A location that
 * fails is followed by the next, and by the mirrors.
 *
 * Since: 0.1
 */
void
buildq_resolver_realise_async (BuildqResolver *self,
                               GPtrArray *artifacts,
                               const char *const *store_paths,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Realise *realise;

  g_return_if_fail (BUILDQ_IS_RESOLVER (self));
  if (!_buildq_process_check_call (self, buildq_resolver_realise_async, callback,
                                   user_data))
    return;

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, buildq_resolver_realise_async);
  g_task_set_priority (task, io_priority);
  realise = g_new0 (Realise, 1);
  realise->pending = 1;
  realise->roots = g_ptr_array_new_with_free_func (g_free);
  realise->found
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_artifact);
  g_task_set_task_data (task, realise, realise_free);

  for (guint i = 0; artifacts != NULL && i < artifacts->len; i++)
    {
      BuildqArtifact *artifact = artifacts->pdata[i];

      g_ptr_array_add (realise->roots, g_strdup (artifact->store_path));
      realise_path (task, artifact->store_path, artifact);
    }
  for (guint i = 0; store_paths != NULL && store_paths[i] != NULL; i++)
    {
      g_ptr_array_add (realise->roots, g_strdup (store_paths[i]));
      if (_buildq_store_path_check (store_paths[i], FALSE,
                                    realise->error == NULL ? &realise->error : NULL))
        realise_path (task, store_paths[i], NULL);
    }
  realise_part_done (task);
}

/**
 * buildq_resolver_realise_finish:
 * @self: a resolver
 * @result: what the callback was given
 * @error: `NOT_FOUND` when nobody has one of them, `UNAVAILABLE` when that could not be
 *   told, `CHECKSUM` and `UNAUTHORIZED` when what there is cannot be believed,
 *   `CONFLICT` when the store has another build of it than the record says,
 *   `G_IO_ERROR` for the local disk; the message names each place and its reason
 *
 * Returns: (transfer container) (element-type BuildqArtifact): the records, in the order
 *   in which they were asked for, and then those of all that they refer to
 *
 * Since: 0.1
 */
GPtrArray *
buildq_resolver_realise_finish (BuildqResolver *self,
                                GAsyncResult *result,
                                GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * buildq_resolver_realise:
 * @self: a resolver
 * @artifacts: (nullable) (element-type BuildqArtifact): records of what is wanted
 * @store_paths: (nullable) (array zero-terminated=1): store paths that are wanted
 * @cancellable: (nullable): to cancel it
 * @error: as for [method@Buildq.Resolver.realise_finish]
 *
 * Makes artifacts present in the store, and waits.
 *
 * Returns: (transfer container) (element-type BuildqArtifact): the records, in the order
 *   in which they were asked for, and then those of all that they refer to
 *
 * Since: 0.1
 */
GPtrArray *
buildq_resolver_realise (BuildqResolver *self,
                         GPtrArray *artifacts,
                         const char *const *store_paths,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (BuildqResolver) twin = NULL;
  BuildqSync sync;
  GPtrArray *found;

  g_return_val_if_fail (BUILDQ_IS_RESOLVER (self), NULL);

  /* What was asked for asynchronously stands still meanwhile. To wait for a fetch of
   * those, or for its turn after them, would be for ever. */
  twin = buildq_resolver_new (self->store, self->keyring);
  g_ptr_array_unref (twin->mirrors);
  twin->mirrors = g_ptr_array_ref (self->mirrors);
  _buildq_sync_begin (&sync);
  buildq_resolver_realise_async (twin, artifacts, store_paths, G_PRIORITY_DEFAULT,
                                 cancellable, _buildq_sync_ready, &sync);
  found = buildq_resolver_realise_finish (twin, _buildq_sync_wait (&sync), error);
  self->fetched_bytes += twin->fetched_bytes;
  _buildq_sync_end (&sync);
  return found;
}
