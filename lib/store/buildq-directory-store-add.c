/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Taking a tree into a directory store.
 */
#include "config.h"

#include "store/buildq-directory-store.h"

#include "archive/buildq-nar-private.h"
#include "core/buildq-hash.h"
#include "core/buildq-offload.h"
#include "store/buildq-store-tree.h"

#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-error.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  BuildqDirectoryStore *self; /* borrowed: the task keeps it */
  char *path;
  char *store_path;      /* or NULL */
  GPtrArray *candidates; /* base names */
  gboolean moved;        /* it was not copied */
} Add;

static void
add_free (Add *self)
{
  g_free (self->path);
  g_free (self->store_path);
  g_ptr_array_unref (self->candidates);
  g_free (self);
}

/* Whether it is an item of this store, or something in one, which must stay there. */
static gboolean
is_in_item (Add *self)
{
  const char *rest;

  if (!g_str_has_prefix (self->path, self->self->real_dir))
    return FALSE;
  rest = self->path + strlen (self->self->real_dir);
  return *rest == '/' && !g_str_has_prefix (rest, "/.buildq/");
}

/* Moves what is ours and on the same file system, copies the rest. */
static gboolean
take (Add *self, const char *staged, GCancellable *cancellable, GError **error)
{
  struct stat status;

  if (lstat (self->path, &status) < 0)
    return _buildq_set_errno (error, errno, "reading", self->path);
  if (!is_in_item (self) && (geteuid () == 0 || status.st_uid == geteuid ()))
    {
      self->moved = _buildq_store_tree_rename (self->path, staged);
      if (self->moved)
        return TRUE;
    }
  /* Whatever it was that forbade to move it, a copy may do, or tells why not. */
  return _buildq_store_tree_copy (self->path, staged, cancellable, error);
}

/* One pass over the tree for its hash, its size and its references. */
static BuildqArtifact *
describe (Add *self, const char *staged, GCancellable *cancellable, GError **error)
{
  g_autoptr (BuildqHash) hash = _buildq_hash_new ();
  BuildqHashLink link = { .hash = hash };
  g_autoptr (BuildqScanner) scanner = NULL;
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_auto (GStrv) found = NULL;
  g_autofree char *text = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];

  scanner = _buildq_scanner_new ((const char *const *) self->candidates->pdata,
                                 _buildq_hash_sink, &link);
  if (!_buildq_nar_write (staged, _buildq_scanner_sink, scanner, cancellable, error))
    return NULL;
  found = _buildq_scanner_found (scanner);
  _buildq_hash_finish (hash, digest);
  text = _buildq_hash_format (digest);

  if (self->store_path == NULL)
    {
      g_autofree char *base = g_path_get_basename (self->path);
      g_autofree char *ca = g_strconcat ("fixed:r:", text, NULL);

      self->store_path = _buildq_store_path_for_content (
          self->self->store_dir, digest, base, (const char *const *) found);
      buildq_artifact_builder_set_ca (builder, ca);
    }
  buildq_artifact_builder_set_store_path (builder, self->store_path);
  buildq_artifact_builder_set_nar_hash (builder, text);
  buildq_artifact_builder_set_nar_size (builder, link.size);
  buildq_artifact_builder_set_references (builder, (const char *const *) found);
  return buildq_artifact_builder_build (builder, error);
}

/* What the store does not keep is put back where it was, if it was moved. */
static void
give_back (Add *self, const char *staged)
{
  if (!self->moved || !_buildq_store_tree_rename (staged, self->path))
    _buildq_tree_remove (staged, NULL);
}

static BuildqArtifact *
add_staged (Add *self, const char *staged, GCancellable *cancellable, GError **error)
{
  g_autoptr (BuildqArtifact) record = NULL;
  g_autoptr (BuildqArtifact) there = NULL;
  gboolean placed = FALSE;
  gboolean ok = FALSE;

  if (_buildq_store_tree_canonicalise (staged, cancellable, error))
    record = describe (self, staged, cancellable, error);
  if (record != NULL)
    {
      there
          = _buildq_directory_store_get (self->self, self->store_path, cancellable, NULL);
      ok = there != NULL
           || _buildq_directory_store_place (self->self, staged, record, &placed, error);
    }
  if (!placed)
    give_back (self, staged);
  if (!ok)
    return NULL;
  return there != NULL ? g_steal_pointer (&there) : g_steal_pointer (&record);
}

static BuildqArtifact *
add (Add *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (BuildqArtifact) there = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *staged = NULL;

  if (self->store_path != NULL)
    {
      there = _buildq_directory_store_get (self->self, self->store_path, cancellable,
                                           &local);
      if (there != NULL)
        return g_steal_pointer (&there);
      if (!g_error_matches (local, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }
  staged = _buildq_directory_store_stage (
      self->self, self->store_path != NULL ? self->store_path : "source", error);
  if (staged == NULL || !take (self, staged, cancellable, error))
    return NULL;
  return add_staged (self, staged, cancellable, error);
}

static void
add_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Add *self = task_data;
  GError *error = NULL;
  BuildqArtifact *record = add (self, cancellable, &error);

  if (record != NULL)
    {
      g_task_return_pointer (task, record, (GDestroyNotify) buildq_artifact_unref);
      return;
    }
  g_prefix_error (&error, "adding '%s' to the store '%s': ", self->path,
                  self->self->real_dir);
  g_task_return_error (task, error);
}

/* Candidates are given as store paths or as base names. */
static GPtrArray *
collect_candidates (const char *const *given, const char *store_path)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func (g_free);

  for (; given != NULL && *given != NULL; given++)
    g_ptr_array_add (candidates, g_strdup (_buildq_store_path_base (*given)));
  if (store_path != NULL)
    g_ptr_array_add (candidates, g_strdup (_buildq_store_path_base (store_path)));
  g_ptr_array_add (candidates, NULL);
  return candidates;
}

static gboolean
check_candidates (GPtrArray *candidates, GError **error)
{
  for (guint i = 0; candidates->pdata[i] != NULL; i++)
    if (!_buildq_store_path_check (candidates->pdata[i], TRUE, error))
      return FALSE;
  return TRUE;
}

void
_buildq_directory_store_add_async (BuildqStore *store,
                                   const char *path,
                                   const char *store_path,
                                   const char *const *reference_candidates,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  BuildqDirectoryStore *self = BUILDQ_DIRECTORY_STORE (store);
  g_autoptr (GTask) task = g_task_new (store, cancellable, callback, user_data);
  g_autoptr (GPtrArray) candidates = NULL;
  GError *error = NULL;
  Add *data;

  g_task_set_source_tag (task, _buildq_directory_store_add_async);
  g_task_set_priority (task, io_priority);
  candidates = collect_candidates (reference_candidates, store_path);
  if ((store_path != NULL
       && !_buildq_store_check_path (self->store_dir, store_path, &error))
      || !check_candidates (candidates, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  data = g_new0 (Add, 1);
  data->self = self;
  data->path = g_canonicalize_filename (path, NULL);
  data->store_path = g_strdup (store_path);
  data->candidates = g_steal_pointer (&candidates);
  _buildq_offload (g_steal_pointer (&task), add_thread, data, (GDestroyNotify) add_free,
                   (GDestroyNotify) buildq_artifact_unref);
}

BuildqArtifact *
_buildq_directory_store_add_finish (BuildqStore *store,
                                    GAsyncResult *result,
                                    GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
