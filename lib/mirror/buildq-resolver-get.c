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
  BuildqArtifact *given;    /* the record that it is asked for by, or NULL */
  BuildqArtifact *artifact; /* the record to fetch by, once it is trusted */
  GPtrArray *tasks;         /* who waits; each has a Waiter as its data */
  GCancellable *cancellable;
  guint next_mirror; /* that is asked for a record */
  gboolean has_turn;
  BuildqFetchErrors errors;
} Get;

typedef struct
{
  Get *get;              /* NULL once there is nothing to wait for */
  gulong cancel_handler; /* or 0 */
} Waiter;

static void get_from_record (Get *self);
static void ask_next_mirror (Get *self);

/* --- its end --- */

static void
get_free (Get *self)
{
  g_clear_pointer (&self->given, buildq_artifact_unref);
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
  for (guint i = 0; i < tasks->len; i++)
    ((Waiter *) g_task_get_task_data (tasks->pdata[i]))->get = NULL;
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

/* The record by which to fetch, of one that a mirror has. When another was asked for,
 * that one counts, and says what the bytes must be; the mirror's says only where they may
 * be, which anybody can. NULL, and @error, when it is of no use. */
static BuildqArtifact *
use_found (Get *self, BuildqArtifact *found, GError **error)
{
  BuildqArtifact *artifact;

  if (self->given == NULL)
    return is_trusted (self->resolver, found, TRUE, error) ? buildq_artifact_ref (found)
                                                           : NULL;
  if (!g_str_equal (found->nar_hash, self->given->nar_hash)
      || found->nar_size != self->given->nar_size)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
                   "its narinfo is of another build, with the hash %s instead of %s",
                   found->nar_hash, self->given->nar_hash);
      return NULL;
    }
  artifact = _buildq_value_copy (&_buildq_artifact_info, self->given);
  g_ptr_array_unref (artifact->locations);
  artifact->locations = g_ptr_array_ref (found->locations);
  return artifact;
}

static void
record_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Get *self = user_data;
  BuildqMirror *mirror = BUILDQ_MIRROR (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) found = buildq_mirror_lookup_finish (mirror, result, &error);

  if (found != NULL)
    self->artifact = use_found (self, found, &error);
  if (self->artifact != NULL)
    {
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

/* A build need not give the same bytes each time. To take others than those that were
 * asked for would make a job another one than its record says. */
static gboolean
is_as_given (Get *self, BuildqArtifact *present, GError **error)
{
  if (self->given == NULL
      || (g_str_equal (present->nar_hash, self->given->nar_hash)
          && present->nar_size == self->given->nar_size))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT,
               "the store has another build of %s, with the hash %s instead of %s",
               self->store_path, present->nar_hash, self->given->nar_hash);
  return FALSE;
}

static void
store_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Get *self = user_data;
  GError *error = NULL;
  BuildqArtifact *present
      = buildq_store_query_finish (BUILDQ_STORE (source), result, &error);

  if (present != NULL && is_as_given (self, present, &error))
    {
      get_end (self, present, NULL);
      return;
    }
  g_clear_pointer (&present, buildq_artifact_unref);
  if (!g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    {
      get_end (self, NULL, error);
      return;
    }
  g_clear_error (&error);
  if (self->given != NULL && !is_trusted (self->resolver, self->given, FALSE, &error))
    {
      get_end (self, NULL, error);
      return;
    }
  if (self->given != NULL)
    self->artifact = buildq_artifact_ref (self->given);
  g_queue_push_tail (&self->resolver->queue, self);
  start_queued (self->resolver);
}

/* Who waits goes. The last one stays until the work has stopped, so that nothing is left
 * of it when the caller is told. */
static gboolean
waiting_cancelled (gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Waiter *waiter = g_task_get_task_data (task);
  Get *get = waiter->get;

  if (get == NULL)
    return G_SOURCE_REMOVE;
  if (get->tasks->len > 1)
    {
      waiter->get = NULL;
      g_ptr_array_remove (get->tasks, task);
      g_task_return_error_if_cancelled (task);
      return G_SOURCE_REMOVE;
    }
  g_cancellable_cancel (get->cancellable);
  if (g_queue_remove (&get->resolver->queue, get))
    {
      GError *error = NULL;

      g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error);
      get_end (get, NULL, error);
    }
  return G_SOURCE_REMOVE;
}

/* On any thread. Not by g_cancellable_source_new (), whose source is leaked by GLib 2.74
 * when it goes while another thread cancels. */
static void
cancelled_somewhere (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, g_task_get_priority (task));
  g_source_set_callback (source, waiting_cancelled, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

static Get *
get_new (BuildqResolver *resolver, const char *store_path, BuildqArtifact *given)
{
  Get *self = g_new0 (Get, 1);

  self->resolver = g_object_ref (resolver);
  self->store_path = g_strdup (store_path);
  self->given = given != NULL ? buildq_artifact_ref (given) : NULL;
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
  _buildq_fetch_errors_init (&self->errors);
  return self;
}

/* Whether what @get brings is what is asked for, and by all the means that are known. */
static gboolean
can_share (Get *get, BuildqArtifact *given)
{
  return get != NULL && !g_cancellable_is_cancelled (get->cancellable)
         && (given == NULL
             || (get->given != NULL && buildq_artifact_equal (get->given, given)));
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
  Waiter *waiter;
  gboolean is_new;

  g_task_set_source_tag (task, _buildq_resolver_get_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  if (g_task_return_error_if_cancelled (task))
    return;

  is_new = !can_share (get, artifact);
  if (is_new)
    get = get_new (self, store_path, artifact);
  waiter = g_new0 (Waiter, 1);
  waiter->get = get;
  g_task_set_task_data (task, waiter, g_free);
  if (cancellable != NULL)
    waiter->cancel_handler
        = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_somewhere),
                                 g_object_ref (task), g_object_unref);
  g_ptr_array_add (get->tasks, g_steal_pointer (&task));
  if (!is_new)
    return;
  /* One that cannot be shared any more goes on, for those who wait for it. */
  g_hash_table_replace (self->gets, get->store_path, get);
  buildq_store_query_async (self->store, store_path, io_priority, get->cancellable,
                            store_answered, get);
}

BuildqArtifact *
_buildq_resolver_get_finish (BuildqResolver *self, GAsyncResult *result, GError **error)
{
  Waiter *waiter = g_task_get_task_data (G_TASK (result));

  if (waiter != NULL)
    g_cancellable_disconnect (g_task_get_cancellable (G_TASK (result)),
                              waiter->cancel_handler);
  return g_task_propagate_pointer (G_TASK (result), error);
}
