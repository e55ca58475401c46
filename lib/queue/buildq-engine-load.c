/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Memory, made again from the journal.
 */
#include "config.h"

#include <buildq/buildq-request-status.h>

#include "queue/buildq-engine.h"

typedef struct
{
  BuildqEngine *engine;
  EngineJob *job;      /* whose dependencies are being collected */
  GPtrArray *deps;     /* of that job */
  EngineJob *text_job; /* whose texts are being collected */
  GPtrArray *texts;    /* of that job: hashes */
} Load;

static gboolean
makes_no_sense (GError **error, const char *what, gint64 number)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "journal: %s %" G_GINT64_FORMAT " makes no sense", what, number);
  return FALSE;
}

static EngineJob *
job_by_id (BuildqEngine *self, gint64 id)
{
  return id > 0 ? _buildq_id_map_lookup (&self->jobs_by_id, id) : NULL;
}

static gboolean
load_job (gpointer data,
          gint64 id,
          const char *key,
          const char *class_name,
          int state,
          gint64 attempt,
          gint64 faults,
          const char *worker,
          const char *message,
          const gint64 times[4],
          GError **error)
{
  BuildqEngine *self = ((Load *) data)->engine;
  EngineClass *class = _buildq_engine_class (self, class_name);
  EngineJob *job;

  if (id < 1 || id > ENGINE_MAX_ID || state < 0 || state >= ENGINE_N_STATES
      || class == NULL)
    return makes_no_sense (error, "job", id);
  job = _buildq_engine_add_job (self, id, key, class);
  class->counts[job->state]--;
  class->counts[state]++;
  job->state = state;
  job->attempt = attempt;
  job->faults = faults;
  job->worker = worker != NULL ? g_ref_string_new_intern (worker) : NULL;
  job->message = g_strdup (message);
  job->submitted_us = times[0];
  job->ready_us = times[1];
  job->leased_us = times[2];
  job->finished_us = times[3];
  job->has_result = attempt > 0; /* or so it may be: reading it tells */
  return TRUE;
}

static void
end_deps (Load *load)
{
  if (load->job != NULL)
    _buildq_engine_set_deps (load->job, load->deps);
  load->job = NULL;
  g_ptr_array_set_size (load->deps, 0);
}

static gboolean
load_dep (gpointer data, gint64 id, gint64 dep_id, GError **error)
{
  Load *load = data;
  EngineJob *job = job_by_id (load->engine, id);
  EngineJob *dep = job_by_id (load->engine, dep_id);

  if (job == NULL || dep == NULL)
    return makes_no_sense (error, "a dependency of job", id);
  if (job != load->job)
    end_deps (load);
  load->job = job;
  g_ptr_array_add (load->deps, dep);
  return TRUE;
}

/* Every lease that may still be held gets one fresh full term. Those that were to be
 * cancelled are not known any more: that their holders are told so is as good. */
static gboolean
load_lease (gpointer data,
            const char *token,
            gint64 job_id,
            gint64 attempt,
            const char *worker,
            gboolean answered,
            GError **error)
{
  Load *load = data;
  BuildqEngine *self = load->engine;
  EngineJob *job = job_by_id (self, job_id);
  EngineLease *lease;

  if (job == NULL)
    return makes_no_sense (error, "a lease of job", job_id);
  if (answered)
    {
      _buildq_engine_note_answered (self, job, token);
      return TRUE;
    }
  if (buildq_job_state_is_final (job->state))
    {
      _buildq_journal_add (self->journal, BUILDQ_JOURNAL_DROP_LEASE, token);
      return TRUE;
    }
  lease = _buildq_engine_lease_new (self, job, token);
  lease->attempt = attempt;
  lease->worker = g_ref_string_new_intern (worker);
  lease->claimed = TRUE;
  if (job->state != BUILDQ_JOB_STATE_LEASED || attempt != job->attempt)
    return TRUE;
  job->lease = lease;
  _buildq_engine_set_deadline (self, &lease->timer, self->now + self->session_us);
  return TRUE;
}

static gboolean
read_wanted (EngineRequest *request, const char *json, GError **error)
{
  g_autoptr (JsonNode) node = _buildq_json_parse (json, -1, error);
  JsonArray *array;

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return makes_no_sense (error, "request", request->number);
  array = json_node_get_array (node);
  request->wanted = g_new0 (char *, json_array_get_length (array) + 1);
  for (guint i = 0; i < json_array_get_length (array); i++)
    request->wanted[i] = g_strdup (json_array_get_string_element (array, i));
  return TRUE;
}

static gboolean
load_request (gpointer data,
              gint64 number,
              const char *id,
              const char *submitter,
              const char *group,
              gint64 priority,
              const char *wanted,
              gint64 created_us,
              int state,
              const char *final_status,
              GError **error)
{
  BuildqEngine *self = ((Load *) data)->engine;
  EngineRequest *request = _buildq_engine_request_new (self, number, id);

  request->submitter = g_strdup (submitter);
  request->group = g_strdup (group);
  request->priority = priority;
  request->created_us = created_us;
  request->state = state;
  _buildq_engine_note_request (self, request);
  if (!read_wanted (request, wanted, error))
    return FALSE;
  if (final_status == NULL)
    return TRUE;
  request->final = buildq_request_status_new_from_json (final_status, error);
  if (request->final == NULL)
    return FALSE;
  request->finished_us = request->final->finished_us;
  return TRUE;
}

static gboolean
load_request_job (gpointer data, gint64 number, gint64 job_id, GError **error)
{
  BuildqEngine *self = ((Load *) data)->engine;
  EngineRequest *request = g_hash_table_lookup (self->numbers, &number);
  EngineJob *job = job_by_id (self, job_id);

  /* One that was being forgotten has only its jobs left. */
  if (request == NULL && self->leaving == NULL)
    self->leaving = _buildq_engine_leaving_new (self, number);
  if (request == NULL && self->leaving->number == number)
    request = self->leaving;
  if (request == NULL || job == NULL)
    return makes_no_sense (error, "request", number);
  _buildq_engine_request_add_job (self, request, job);
  return TRUE;
}

static gboolean
load_text (gpointer data, const char *hash, GError **error)
{
  _buildq_engine_add_text (((Load *) data)->engine, hash);
  return TRUE;
}

static void
end_texts (Load *load)
{
  g_ptr_array_add (load->texts, NULL);
  if (load->text_job != NULL)
    _buildq_engine_load_texts (load->engine, load->text_job,
                               (char **) load->texts->pdata);
  load->text_job = NULL;
  g_ptr_array_set_size (load->texts, 0);
}

static gboolean
load_text_ref (gpointer data, gint64 id, const char *hash, GError **error)
{
  Load *load = data;
  EngineJob *job = job_by_id (load->engine, id);

  if (job == NULL)
    return makes_no_sense (error, "a text of job", id);
  if (job != load->text_job)
    end_texts (load);
  load->text_job = job;
  g_ptr_array_add (load->texts, g_strdup (hash));
  return TRUE;
}

/* What follows from the rest is not in the journal: counts, the ready sets, and what may
 * be forgotten. */
static void
derive_job (BuildqEngine *self, EngineJob *job)
{
  gint64 ready_us = job->ready_us;

  for (guint i = 0; job->state == BUILDQ_JOB_STATE_WAITING && i < job->n_deps; i++)
    job->unfinished += job->deps[i].dep->state != BUILDQ_JOB_STATE_SUCCEEDED;
  /* A lease is written in the commit that leases its job, so it must be there. */
  if (job->place == 0
      && (job->state == BUILDQ_JOB_STATE_READY
          || (job->state == BUILDQ_JOB_STATE_LEASED && job->lease == NULL)))
    {
      _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_READY);
      job->ready_us = ready_us;
    }
  if (job->state == BUILDQ_JOB_STATE_SUCCEEDED || job->state == BUILDQ_JOB_STATE_FAILED)
    _buildq_engine_note_ended (self, job);
  _buildq_engine_count_idle (self, job);
  _buildq_engine_loosen (self, job);
}

static int
compare_finished (gconstpointer a, gconstpointer b)
{
  const EngineRequest *x = *(EngineRequest *const *) a;
  const EngineRequest *y = *(EngineRequest *const *) b;

  if (x->finished_us != y->finished_us)
    return x->finished_us > y->finished_us ? 1 : -1;
  return (x->number > y->number) - (x->number < y->number);
}

static void
derive (BuildqEngine *self)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new ();
  EngineJob *job = NULL;
  GList *link;

  while ((job = _buildq_id_map_next (&self->jobs_by_id, job != NULL ? job->id : 0))
         != NULL)
    derive_job (self, job);
  while ((link = g_queue_pop_head_link (&self->finished)) != NULL)
    g_ptr_array_add (finished, link->data);
  g_ptr_array_sort (finished, compare_finished);
  for (guint i = 0; i < finished->len; i++)
    {
      EngineRequest *request = finished->pdata[i];

      g_queue_push_tail_link (&self->finished, &request->link);
      for (guint j = 0; j < request->jobs->len; j++)
        ((EngineJob *) request->jobs->pdata[j])->latest = request;
    }
}

static const BuildqJournalLoader loader
    = { load_job,         load_dep,  load_lease,   load_request,
        load_request_job, load_text, load_text_ref };

gboolean
_buildq_engine_load (BuildqEngine *self, GError **error)
{
  Load load = { .engine = self,
                .deps = g_ptr_array_new (),
                .texts = g_ptr_array_new_with_free_func (g_free) };
  gboolean ok = _buildq_journal_load (self->journal, &loader, &load, error);

  end_deps (&load);
  end_texts (&load);
  g_ptr_array_unref (load.deps);
  g_ptr_array_unref (load.texts);
  if (!ok || !_buildq_engine_load_wishes (self, error))
    return FALSE;
  derive (self);
  return TRUE;
}
