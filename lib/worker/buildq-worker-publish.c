/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the queue accepted is published. The queue knows where it can be had, so that
 * nobody has to wait for this; it only cannot be found by its name before. So what cannot
 * be published goes to a backlog, which is on the disk, and is tried again and again.
 */
#include "config.h"

#include "worker/buildq-worker-private.h"
#include "core/buildq-hash.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job.h>

#define FIRST_DELAY_MS 1000
#define MAX_DELAY_MS (10 * 60 * 1000)

static void publish_first (BuildqWorker *self);
static void publish_next (WorkerJob *self);

/* --- what --- */

static GHashTable *
collect_references (GPtrArray *artifacts)
{
  GHashTable *references = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < artifacts->len; i++)
    for (const char *const *p = buildq_artifact_get_references (artifacts->pdata[i]);
         *p != NULL; p++)
      g_hash_table_add (references, (char *) *p);
  return references;
}

GPtrArray *
_buildq_worker_to_publish (BuildqGrant *grant, GPtrArray *made)
{
  g_autoptr (GPtrArray) inputs = buildq_job_get_inputs (buildq_grant_get_job (grant));
  g_autoptr (GHashTable) references = collect_references (made);
  GPtrArray *all
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_artifact_unref);

  for (guint i = 0; i < inputs->len; i++)
    {
      BuildqArtifact *artifact = buildq_input_get_artifact (inputs->pdata[i]);

      if (artifact != NULL && buildq_artifact_get_ca (artifact) != NULL
          && g_hash_table_contains (
              references,
              _buildq_store_path_base (buildq_artifact_get_store_path (artifact))))
        g_ptr_array_add (all, buildq_artifact_ref (artifact));
    }
  for (guint i = 0; i < made->len; i++)
    g_ptr_array_add (all, buildq_artifact_ref (made->pdata[i]));
  return all;
}

/* --- for the first time --- */

static void
put_off (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  /* Before this the next worker would have asked again what was accepted. */
  if (!_buildq_spool_put_finish (result, &error))
    g_warning ("%s: %s", self->worker->name, error->message);
  self->worker->backlog_delay_ms = MAX (self->worker->backlog_delay_ms, FIRST_DELAY_MS);
  _buildq_worker_add_to_backlog (self->worker, self->entry);
  self->keep = TRUE;
  _buildq_worker_job_clean (self);
  _buildq_worker_job_unref (self);
}

static void
published (GObject *source, GAsyncResult *result, gpointer data)
{
  WorkerJob *self = data;
  g_autoptr (GError) error = NULL;

  if (buildq_uploader_publish_finish (BUILDQ_UPLOADER (source), result, &error))
    {
      self->next++;
      publish_next (self);
      return;
    }
  g_info ("%s: publishing '%s': %s", self->worker->name,
          buildq_artifact_get_store_path (self->entry->published->pdata[self->next]),
          error->message);
  _buildq_worker_job_put (self, BUILDQ_SPOOL_ACCEPTED, put_off);
}

static void
publish_next (WorkerJob *self)
{
  GPtrArray *artifacts = self->entry->published;

  if (self->next == artifacts->len || self->worker->mirrors->len == 0)
    _buildq_worker_job_clean (self);
  else
    buildq_uploader_publish_async (self->worker->uploader, artifacts->pdata[self->next],
                                   G_PRIORITY_DEFAULT, self->cancellable, published,
                                   self);
}

void
_buildq_worker_job_publish (WorkerJob *self)
{
  self->next = 0;
  publish_next (self);
}

/* --- again --- */

static gboolean
time_to_publish (gpointer data)
{
  BuildqWorker *self = data;

  g_clear_pointer (&self->backlog_timer, g_source_unref);
  publish_first (self);
  return G_SOURCE_REMOVE;
}

static void
publish_in (BuildqWorker *self, guint ms)
{
  self->backlog_timer = g_timeout_source_new (ms);
  g_source_set_static_name (self->backlog_timer, "[buildq] publish again");
  g_source_set_callback (self->backlog_timer, time_to_publish, self, NULL);
  g_source_attach (self->backlog_timer, g_main_context_get_thread_default ());
}

static void
removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BuildqWorker) self = data;
  g_autoptr (BuildqSpoolEntry) entry = g_queue_pop_head (&self->backlog);
  g_autoptr (GError) error = NULL;

  if (!_buildq_work_dir_remove_finish (result, &error))
    g_warning ("%s: %s", self->name, error->message);
  if (!g_cancellable_is_cancelled (self->backlog_cancellable))
    publish_first (self);
}

static void
remove_first (BuildqWorker *self)
{
  BuildqSpoolEntry *entry = g_queue_peek_head (&self->backlog);
  g_autofree char *path
      = _buildq_spool_path (self->work_path, buildq_grant_get_token (entry->grant));

  self->published = 0;
  self->backlog_delay_ms = 0;
  _buildq_work_dir_remove_async (path, NULL, removed, g_object_ref (self));
}

static void
published_again (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BuildqWorker) self = data;
  g_autoptr (GError) error = NULL;
  gboolean ok = buildq_uploader_publish_finish (BUILDQ_UPLOADER (source), result, &error);

  if (g_cancellable_is_cancelled (self->backlog_cancellable))
    return;
  if (ok)
    {
      self->published++;
      publish_first (self);
      return;
    }
  /* One that no mirror takes does not keep the others from it. */
  self->published = 0;
  g_queue_push_tail (&self->backlog, g_queue_pop_head (&self->backlog));
  self->backlog_delay_ms
      = CLAMP (self->backlog_delay_ms * 2, FIRST_DELAY_MS, MAX_DELAY_MS);
  g_info ("%s: publishing again in %u ms: %s", self->name, self->backlog_delay_ms,
          error->message);
  publish_in (self, self->backlog_delay_ms);
}

static void
publish_first (BuildqWorker *self)
{
  BuildqSpoolEntry *entry = g_queue_peek_head (&self->backlog);

  if (entry == NULL || self->mirrors->len == 0)
    return;
  if (self->published == entry->published->len)
    {
      remove_first (self);
      return;
    }
  buildq_uploader_publish_async (self->uploader, entry->published->pdata[self->published],
                                 G_PRIORITY_LOW, self->backlog_cancellable,
                                 published_again, g_object_ref (self));
}

void
_buildq_worker_add_to_backlog (BuildqWorker *self, BuildqSpoolEntry *entry)
{
  g_queue_push_tail (&self->backlog, _buildq_value_ref (entry));
  if (self->backlog.length == 1)
    publish_in (self, self->backlog_delay_ms);
}

void
_buildq_worker_stop_backlog (BuildqWorker *self)
{
  g_cancellable_cancel (self->backlog_cancellable);
  if (self->backlog_timer != NULL)
    g_source_destroy (self->backlog_timer);
  g_clear_pointer (&self->backlog_timer, g_source_unref);
}
