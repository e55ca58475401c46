/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * One store path of a resolver: is it in the store; else, is its record good; else, which
 * mirror has one; then the bytes.
 */
#include "config.h"

#include "mirror/buildq-resolver-private.h"

#include <buildq/buildq-artifact.h>

#include "core/buildq-thread.h"

#define MAX_FETCHES 4

/* A path that is being brought in, for all who wait for it. */
typedef struct
{
  BuildqResolver *resolver;
  char *store_path;
  BuildqArtifact *artifact; /* its record, once it is trusted */
  GPtrArray *tasks;         /* who waits */
  GCancellable *cancellable;
  guint next_mirror; /* that is asked for a record */
  gboolean has_turn;
  BuildqFetchErrors errors;
} Get;

static void get_from_record (Get *self);
static void ask_next_mirror (Get *self);

/* --- its end --- */

static void
get_free (Get *self)
{
  g_clear_pointer (&self->artifact, buildq_artifact_unref);
  g_ptr_array_unref (self->tasks);
  g_object_unref (self->cancellable);
  _buildq_fetch_errors_clear (&self->errors);
  g_free (self->store_path);
  g_object_unref (self->resolver);
  g_free (self);
}

static void
start_queued (BuildqResolver *resolver)
{
  while (resolver->fetching < MAX_FETCHES && !g_queue_is_empty (&resolver->queue))
    {
      Get *next = g_queue_pop_head (&resolver->queue);

      next->has_turn = TRUE;
      resolver->fetching++;
      if (next->artifact != NULL)
        get_from_record (next);
      else
        ask_next_mirror (next);
    }
}

/* Takes @artifact or @error. */
static void
get_end (Get *self, BuildqArtifact *artifact, GError *error)
{
  g_autoptr (BuildqResolver) resolver = g_object_ref (self->resolver);
  g_autoptr (GPtrArray) tasks = g_ptr_array_ref (self->tasks);

  if (g_hash_table_lookup (resolver->gets, self->store_path) == self)
    g_hash_table_remove (resolver->gets, self->store_path);
  if (self->has_turn)
    resolver->fetching--;
  get_free (self);
  start_queued (resolver);
  for (guint i = 0; i < tasks->len; i++)
    if (error == NULL)
      g_task_return_pointer (tasks->pdata[i], buildq_artifact_ref (artifact),
                             (GDestroyNotify) buildq_artifact_unref);
    else
      g_task_return_error (tasks->pdata[i], g_error_copy (error));
  g_clear_pointer (&artifact, buildq_artifact_unref);
  g_clear_error (&error);
}

/* --- the bytes --- */

typedef struct
{
  BuildqArtifact *artifact;
  BuildqStore *store; /* its staging can be used from any thread */
  GPtrArray *mirrors; /* so can their open and covers */
  BuildqFetchErrors errors;
  gint64 fetched_bytes;
} Bytes;

static void
bytes_free (gpointer data)
{
  Bytes *bytes = data;

  _buildq_fetch_errors_clear (&bytes->errors);
  buildq_artifact_unref (bytes->artifact);
  g_free (bytes);
}

static void
fetch_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Bytes *bytes = data;
  GError *error = NULL;
  gboolean ok
      = _buildq_fetch (bytes->artifact, bytes->store, bytes->mirrors, &bytes->errors,
                       &bytes->fetched_bytes, cancellable, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, ok);
}

static void
fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Get *self = user_data;
  Bytes *bytes = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  gboolean ok = g_task_propagate_boolean (G_TASK (result), &error);

  self->resolver->fetched_bytes += bytes->fetched_bytes;
  if (error != NULL)
    {
      get_end (self, NULL, error);
      return;
    }
  if (ok)
    {
      get_end (self, g_steal_pointer (&self->artifact), NULL);
      return;
    }
  if (bytes->errors.domain != 0)
    {
      GError *why = g_error_new (bytes->errors.domain, bytes->errors.code, "%s",
                                 bytes->errors.text->str);

      _buildq_fetch_errors_add (&self->errors, NULL, why);
      g_error_free (why);
    }
  g_clear_pointer (&self->artifact, buildq_artifact_unref);
  ask_next_mirror (self);
}

static void
get_from_record (Get *self)
{
  BuildqResolver *resolver = self->resolver;
  Bytes *bytes = g_new0 (Bytes, 1);
  g_autoptr (GTask) task = g_task_new (NULL, self->cancellable, fetched, self);

  /* The resolver is kept by the Get, and keeps both. */
  bytes->artifact = buildq_artifact_ref (self->artifact);
  bytes->store = resolver->store;
  bytes->mirrors = resolver->mirrors;
  _buildq_fetch_errors_init (&bytes->errors);
  g_task_set_task_data (task, bytes, bytes_free);
  _buildq_task_run_in_thread (task, fetch_thread);
}

/* --- the record --- */

/* Whether a record can be believed; one that was found in a mirror needs a signature. */
static gboolean
is_trusted (BuildqResolver *self,
            BuildqArtifact *artifact,
            gboolean found,
            GError **error)
{
  if (self->keyring != NULL)
    return buildq_keyring_verify_artifact (self->keyring, artifact, error);
  if (!found)
    return TRUE;
  g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                       "no key is trusted");
  return FALSE;
}

static void
record_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Get *self = user_data;
  BuildqMirror *mirror = BUILDQ_MIRROR (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact
      = buildq_mirror_lookup_finish (mirror, result, &error);

  if (artifact != NULL && is_trusted (self->resolver, artifact, TRUE, &error))
    {
      self->artifact = g_steal_pointer (&artifact);
      get_from_record (self);
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      get_end (self, NULL, g_steal_pointer (&error));
      return;
    }
  _buildq_fetch_errors_add (&self->errors, buildq_mirror_get_uri (mirror), error);
  ask_next_mirror (self);
}

static void
ask_next_mirror (Get *self)
{
  BuildqResolver *resolver = self->resolver;

  if (self->next_mirror == resolver->mirrors->len)
    {
      get_end (self, NULL, _buildq_fetch_errors_make (&self->errors, self->store_path));
      return;
    }
  buildq_mirror_lookup_async (resolver->mirrors->pdata[self->next_mirror++],
                              self->store_path, G_PRIORITY_DEFAULT, self->cancellable,
                              record_found, self);
}

/* --- the beginning --- */

static void
store_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Get *self = user_data;
  BuildqArtifact *hint = self->artifact;
  GError *error = NULL;
  BuildqArtifact *present
      = buildq_store_query_finish (BUILDQ_STORE (source), result, &error);

  if (present != NULL)
    {
      get_end (self, present, NULL);
      return;
    }
  if (!g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    {
      get_end (self, NULL, error);
      return;
    }
  g_clear_error (&error);
  if (hint != NULL && !is_trusted (self->resolver, hint, FALSE, &error))
    {
      get_end (self, NULL, error);
      return;
    }
  g_queue_push_tail (&self->resolver->queue, self);
  start_queued (self->resolver);
}

/* Who waits goes; the last one takes the work along. */
static gboolean
waiting_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  BuildqResolver *self = g_task_get_source_object (task);
  Get *get = g_hash_table_lookup (self->gets, g_task_get_task_data (task));

  if (get == NULL || !g_ptr_array_find (get->tasks, task, NULL))
    return G_SOURCE_REMOVE;
  g_object_ref (task);
  g_ptr_array_remove (get->tasks, task);
  if (get->tasks->len == 0)
    g_cancellable_cancel (get->cancellable);
  g_task_return_error_if_cancelled (task);
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (GTask *task, GCancellable *cancellable)
{
  g_autoptr (GSource) source = NULL;

  if (cancellable == NULL)
    return;
  source = g_cancellable_source_new (cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (waiting_cancelled), g_object_ref (task),
                         g_object_unref);
  g_source_attach (source, g_task_get_context (task));
  g_object_set_data_full (G_OBJECT (task), "buildq-cancel", g_steal_pointer (&source),
                          (GDestroyNotify) g_source_unref);
}

void
_buildq_resolver_get_async (BuildqResolver *self,
                            const char *store_path,
                            BuildqArtifact *artifact,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Get *get = g_hash_table_lookup (self->gets, store_path);

  g_task_set_source_tag (task, _buildq_resolver_get_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (store_path), g_free);
  if (g_task_return_error_if_cancelled (task))
    return;
  watch_cancellable (task, cancellable);
  if (get != NULL && !g_cancellable_is_cancelled (get->cancellable))
    {
      g_ptr_array_add (get->tasks, g_steal_pointer (&task));
      return;
    }
  get = g_new0 (Get, 1);
  get->resolver = g_object_ref (self);
  get->store_path = g_strdup (store_path);
  get->artifact = artifact != NULL ? buildq_artifact_ref (artifact) : NULL;
  get->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  get->cancellable = g_cancellable_new ();
  _buildq_fetch_errors_init (&get->errors);
  g_ptr_array_add (get->tasks, g_steal_pointer (&task));
  g_hash_table_replace (self->gets, get->store_path, get);
  buildq_store_query_async (self->store, store_path, io_priority, get->cancellable,
                            store_answered, get);
}

BuildqArtifact *
_buildq_resolver_get_finish (BuildqResolver *self, GAsyncResult *result, GError **error)
{
  GSource *source = g_object_get_data (G_OBJECT (result), "buildq-cancel");

  /* It holds the task, which holds it. */
  if (source != NULL)
    g_source_destroy (source);
  return g_task_propagate_pointer (G_TASK (result), error);
}
