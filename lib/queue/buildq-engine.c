/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-engine.h"

#include <string.h>

#define CLASS_SEPARATOR "\x1f"

/* The key of a ready job: the most urgent first, of those the oldest. */
#define MAX_PRIORITY 1000000

static guint64
ready_key (const EngineJob *job)
{
  return ((guint64) (MAX_PRIORITY - job->priority) << ENGINE_ID_BITS) | (guint64) job->id;
}

/* --- classes --- */

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Jobs with the same name of a class can go to the same machines. */
char *
_buildq_engine_class_name (const BuildqJob *job)
{
  g_autoptr (GPtrArray) features = g_ptr_array_new ();
  GString *name = g_string_new (job->kind);

  for (char **p = job->features; *p != NULL; p++)
    g_ptr_array_add (features, *p);
  g_ptr_array_sort (features, compare_strings);
  g_string_append_printf (name,
                          CLASS_SEPARATOR "%s" CLASS_SEPARATOR
                                          "%" G_GINT64_FORMAT CLASS_SEPARATOR
                                          "%" G_GINT64_FORMAT,
                          job->system, job->cores, job->memory_bytes);
  for (guint i = 0; i < features->len; i++)
    g_string_append_printf (name, CLASS_SEPARATOR "%s", (char *) features->pdata[i]);
  return g_string_free (name, FALSE);
}

static void
class_free (gpointer data)
{
  EngineClass *class = data;

  _buildq_heap_clear (&class->ready);
  g_free (class->name);
  g_free (class->kind);
  g_free (class->system);
  g_strfreev (class->features);
  g_free (class);
}

EngineClass *
_buildq_engine_class (BuildqEngine *self, const char *name)
{
  EngineClass *class = g_hash_table_lookup (self->classes, name);
  g_auto (GStrv) parts = NULL;

  if (class != NULL)
    return class;

  parts = g_strsplit (name, CLASS_SEPARATOR, -1);
  g_return_val_if_fail (g_strv_length (parts) >= 4, NULL);

  class = g_new0 (EngineClass, 1);
  class->name = g_strdup (name);
  class->kind = g_strdup (parts[0]);
  class->system = g_strdup (parts[1]);
  class->cores = g_ascii_strtoll (parts[2], NULL, 10);
  class->memory_bytes = g_ascii_strtoll (parts[3], NULL, 10);
  class->features = g_strdupv (parts + 4);
  _buildq_heap_init (&class->ready, G_STRUCT_OFFSET (EngineJob, place));
  g_hash_table_insert (self->classes, class->name, class);
  self->generation++;
  return class;
}

/* --- jobs --- */

static void
job_free (gpointer data)
{
  EngineJob *job = data;

  job->class->counts[job->state]--;
  _buildq_engine_log_free (job);
  g_clear_pointer (&job->requests, g_ptr_array_unref);
  g_clear_pointer (&job->leases, g_ptr_array_unref);
  g_clear_pointer (&job->answered, g_ptr_array_unref);
  g_clear_pointer (&job->worker, g_ref_string_release);
  g_free (job->message);
  g_free (job->deps);
  g_free (job->texts);
  g_free (job->json);
  g_free (job->result_json);
  g_free (job->result_token);
  g_free (job->key);
  g_free (job);
}

EngineJob *
_buildq_engine_add_job (BuildqEngine *self,
                        gint64 id,
                        const char *key,
                        EngineClass *class)
{
  EngineJob *job = g_new0 (EngineJob, 1);

  job->id = id;
  job->key = g_strdup (key);
  job->class = class;
  class->counts[job->state]++;
  g_hash_table_insert (self->jobs, job->key, job);
  _buildq_id_map_insert (&self->jobs_by_id, id, job);
  self->last_job = MAX (self->last_job, id);
  return job;
}

void
_buildq_engine_set_deps (EngineJob *job, GPtrArray *deps)
{
  job->n_deps = deps->len;
  job->deps = g_new (EngineEdge, deps->len);
  for (guint i = 0; i < deps->len; i++)
    {
      EngineJob *dep = deps->pdata[i];

      job->deps[i] = (EngineEdge){ job, dep, dep->dependents, &dep->dependents };
      if (dep->dependents != NULL)
        dep->dependents->link = &job->deps[i].next;
      dep->dependents = &job->deps[i];
    }
}

/* Of a job that nothing depends on. */
void
_buildq_engine_drop_job (BuildqEngine *self, EngineJob *job)
{
  g_return_if_fail (job->dependents == NULL);

  for (guint i = 0; i < job->n_deps; i++)
    {
      EngineEdge *edge = &job->deps[i];

      *edge->link = edge->next;
      if (edge->next != NULL)
        edge->next->link = edge->link;
    }
  _buildq_id_map_remove (&self->jobs_by_id, job->id);
  g_hash_table_remove (self->jobs, job->key);
}

void
_buildq_engine_set_message (EngineJob *job, char *message)
{
  g_free (job->message);
  job->message = message;
}

/* The journal will have the job as it is when the owner is told that all is settled. */
void
_buildq_engine_mark (BuildqEngine *self, EngineJob *job)
{
  if (job->dirty)
    return;
  job->dirty = TRUE;
  g_ptr_array_add (self->dirty, job);
}

void
_buildq_engine_fail (BuildqEngine *self, GError *error)
{
  if (self->failed == NULL)
    self->failed = error;
  else
    g_error_free (error);
}

/* The one place where a job changes its state: keeps the ready sets, the counts of the
 * requests and the times right. */
void
_buildq_engine_set_state (BuildqEngine *self, EngineJob *job, BuildqJobState state)
{
  if (job->state == BUILDQ_JOB_STATE_READY && job->place != 0)
    {
      _buildq_heap_remove (&job->class->ready, job);
      self->n_ready--;
    }
  for (guint i = 0; job->requests != NULL && i < job->requests->len; i++)
    {
      EngineRequest *request = job->requests->pdata[i];

      request->counts[job->state]--;
      request->counts[state]++;
      if (!request->touched)
        {
          request->touched = TRUE;
          g_ptr_array_add (self->touched, request);
        }
    }

  job->class->counts[job->state]--;
  job->class->counts[state]++;
  job->state = state;
  job->finished_us = buildq_job_state_is_final (state) ? self->now_real : 0;
  if (state == BUILDQ_JOB_STATE_READY)
    {
      job->ready_us = self->now_real;
      _buildq_heap_insert (&job->class->ready, ready_key (job), job);
      self->n_ready++;
    }
  if (state == BUILDQ_JOB_STATE_LEASED)
    job->leased_us = self->now_real;
  else
    {
      job->lease = NULL;
      _buildq_engine_log_free (job);
    }
  _buildq_engine_count_idle (self, job);
  _buildq_engine_mark (self, job);
}

/* Where a job that is new, or is tried again, begins: that depends on its dependencies,
 * which have begun before it. */
void
_buildq_engine_start_job (BuildqEngine *self, EngineJob *job)
{
  if (job->state == BUILDQ_JOB_STATE_SUCCEEDED)
    for (EngineEdge *edge = job->dependents; edge != NULL; edge = edge->next)
      if (edge->job->state == BUILDQ_JOB_STATE_WAITING)
        edge->job->unfinished++;

  job->faults = 0;
  job->unfinished = 0;
  for (guint i = 0; i < job->n_deps; i++)
    {
      EngineJob *dep = job->deps[i].dep;

      if (dep->state == BUILDQ_JOB_STATE_SUCCEEDED)
        continue;
      if (buildq_job_state_is_final (dep->state))
        {
          _buildq_engine_set_message (
              job, g_strdup_printf ("it depends on '%s', which is %s", dep->key,
                                    buildq_job_state_to_string (dep->state)));
          _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_DEP_FAILED);
          return;
        }
      job->unfinished++;
    }
  _buildq_engine_set_message (job, NULL);
  _buildq_engine_set_state (
      self, job, job->unfinished > 0 ? BUILDQ_JOB_STATE_WAITING : BUILDQ_JOB_STATE_READY);
}

static void
dep_succeeded (BuildqEngine *self, EngineJob *dependent)
{
  if (dependent->state == BUILDQ_JOB_STATE_WAITING && --dependent->unfinished == 0)
    _buildq_engine_set_state (self, dependent, BUILDQ_JOB_STATE_READY);
}

/* Ends a job, and tells those that depend on it; whoever still holds it is to stop. Not
 * recursive: a chain of dependents can be long. */
void
_buildq_engine_finish_job (BuildqEngine *self, EngineJob *job, BuildqJobState state)
{
  g_autoptr (GPtrArray) todo = g_ptr_array_new ();

  _buildq_engine_set_state (self, job, state);
  if (state != BUILDQ_JOB_STATE_CANCELLED)
    _buildq_engine_note_ended (self, job);
  g_ptr_array_add (todo, job);
  while (todo->len > 0)
    {
      EngineJob *done = g_ptr_array_steal_index_fast (todo, todo->len - 1);

      for (guint i = done->leases != NULL ? done->leases->len : 0; i-- > 0;)
        {
          EngineLease *lease = done->leases->pdata[i];

          lease->cancel = TRUE;
          if (lease->session == NULL)
            _buildq_engine_lease_free (self, lease);
          else
            lease->session->dirty = TRUE;
        }
      for (EngineEdge *edge = done->dependents; edge != NULL; edge = edge->next)
        {
          EngineJob *dependent = edge->job;

          if (done->state == BUILDQ_JOB_STATE_SUCCEEDED)
            dep_succeeded (self, dependent);
          else if (dependent->state == BUILDQ_JOB_STATE_WAITING)
            {
              _buildq_engine_set_message (
                  dependent,
                  g_strdup_printf ("it depends on '%s', which is %s", done->key,
                                   buildq_job_state_to_string (done->state)));
              _buildq_engine_set_state (self, dependent, BUILDQ_JOB_STATE_DEP_FAILED);
              g_ptr_array_add (todo, dependent);
            }
        }
    }
}

/* --- the whole --- */

BuildqEngine *
_buildq_engine_new (BuildqJournal *journal)
{
  BuildqEngine *self = g_new0 (BuildqEngine, 1);

  self->journal = journal;
  self->jobs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, job_free);
  _buildq_id_map_init (&self->jobs_by_id);
  self->classes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, class_free);
  self->requests = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                          _buildq_engine_request_free);
  self->numbers = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                          _buildq_engine_session_free);
  self->names = g_hash_table_new (g_str_hash, g_str_equal);
  self->leases = g_hash_table_new (g_str_hash, g_str_equal);
  self->wishes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  _buildq_heap_init (&self->deadlines, G_STRUCT_OFFSET (EngineTimer, place));
  self->dirty = g_ptr_array_new ();
  self->touched = g_ptr_array_new ();
  self->texts
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, _buildq_engine_text_free);
  self->keep_us = -1;
  self->keep_jobs = -1;
  return self;
}

void
_buildq_engine_free (BuildqEngine *self)
{
  GHashTableIter iter;
  gpointer lease, class;

  self->journal = NULL; /* that leases end here is not to be written */
  g_hash_table_iter_init (&iter, self->leases);
  while (g_hash_table_iter_next (&iter, NULL, &lease))
    {
      g_hash_table_iter_steal (&iter);
      _buildq_engine_lease_free (self, lease);
    }
  _buildq_heap_clear (&self->deadlines);
  g_queue_clear (&self->uncommitted);
  g_queue_clear (&self->loose);
  g_hash_table_unref (self->leases);
  g_hash_table_unref (self->names);
  g_hash_table_unref (self->wishes);
  g_hash_table_unref (self->sessions);
  g_hash_table_unref (self->numbers);
  g_clear_pointer (&self->leaving, _buildq_engine_request_free);
  g_hash_table_unref (self->requests);
  _buildq_id_map_clear (&self->jobs_by_id);
  /* Jobs have classes, and classes the jobs that are ready. */
  g_hash_table_iter_init (&iter, self->classes);
  while (g_hash_table_iter_next (&iter, NULL, &class))
    _buildq_heap_clear (&((EngineClass *) class)->ready);
  g_hash_table_unref (self->jobs);
  g_hash_table_unref (self->classes);
  g_ptr_array_unref (self->dirty);
  g_ptr_array_unref (self->touched);
  g_hash_table_unref (self->texts);
  g_clear_pointer (&self->key, buildq_key_unref);
  g_clear_error (&self->failed);
  g_free (self);
}

/* Ends a change: requests that are done become so, and all that is different goes into
 * the open batch of the journal. */
void
_buildq_engine_settle (BuildqEngine *self)
{
  _buildq_engine_finish_touched (self);
  for (guint i = 0; i < self->dirty->len; i++)
    {
      EngineJob *job = self->dirty->pdata[i];

      job->dirty = FALSE;
      if (self->journal != NULL)
        _buildq_journal_add (self->journal, BUILDQ_JOURNAL_SET_JOB, (gint64) job->state,
                             (gint64) job->attempt, (gint64) job->faults, job->worker,
                             job->message, job->ready_us, job->leased_us,
                             job->finished_us, job->id);
    }
  g_ptr_array_set_size (self->dirty, 0);
}

static void
forget_written_texts (EngineJob *job, guint64 batch)
{
  if (job->json_batch != 0 && job->json_batch <= batch)
    {
      g_clear_pointer (&job->json, g_free);
      job->json_batch = 0;
    }
  if (job->result_batch != 0 && job->result_batch <= batch)
    {
      g_clear_pointer (&job->result_json, g_free);
      g_clear_pointer (&job->result_token, g_free);
      job->result_batch = 0;
    }
}

/* What is on disk need not be in memory. */
void
_buildq_engine_committed (BuildqEngine *self, guint64 batch)
{
  guint length = g_queue_get_length (&self->uncommitted);

  for (guint i = 0; i < length; i++)
    {
      EngineJob *job = g_queue_pop_head (&self->uncommitted);

      forget_written_texts (job, batch);
      if (job->json_batch != 0 || job->result_batch != 0)
        g_queue_push_tail (&self->uncommitted, job);
    }
}
