/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-request-status.h>
#include <string.h>

#include "queue/buildq-engine.h"

EngineRequest *
_buildq_engine_request_new (BuildqEngine *self, gint64 number, const char *id)
{
  EngineRequest *request = g_new0 (EngineRequest, 1);

  request->number = number;
  request->id = g_strdup (id);
  request->jobs = g_ptr_array_new ();
  request->link.data = request;
  self->last_request = MAX (self->last_request, number);
  g_hash_table_insert (self->requests, request->id, request);
  g_hash_table_insert (self->numbers, &request->number, request);
  return request;
}

void
_buildq_engine_request_free (gpointer data)
{
  EngineRequest *request = data;

  g_clear_pointer (&request->final, buildq_request_status_unref);
  g_ptr_array_unref (request->jobs);
  g_strfreev (request->wanted);
  g_free (request->submitter);
  g_free (request->group);
  g_free (request->id);
  g_free (request);
}

/* Keeps the lists of those that are active, the latest first, and of those that are
 * finished, the latest last. */
void
_buildq_engine_note_request (BuildqEngine *self, EngineRequest *request)
{
  gboolean active = request->state == BUILDQ_REQUEST_STATE_ACTIVE;
  GQueue *queue = active ? &self->active : &self->finished;

  if (request->queue == queue)
    return;
  if (request->queue != NULL)
    g_queue_unlink (request->queue, &request->link);
  request->queue = queue;
  if (active)
    g_queue_push_head_link (queue, &request->link);
  else
    g_queue_push_tail_link (queue, &request->link);
}

EngineRequest *
_buildq_engine_get_request (BuildqEngine *self, const char *id, GError **error)
{
  EngineRequest *request = g_hash_table_lookup (self->requests, id);

  if (request == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "request '%s' is not known",
                 id);
  return request;
}

/* --- the jobs that a request owns --- */

static void
update_priority (BuildqEngine *self, EngineJob *job)
{
  int priority = G_MININT;

  for (guint i = 0; job->requests != NULL && i < job->requests->len; i++)
    priority = MAX (priority, ((EngineRequest *) job->requests->pdata[i])->priority);
  if (priority == job->priority || priority == G_MININT)
    return;
  if (job->state != BUILDQ_JOB_STATE_READY)
    {
      job->priority = priority;
      return;
    }
  /* Its place among the ready ones follows from it; since when it is ready does not. */
  {
    gint64 ready_us = job->ready_us;

    _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_WAITING);
    job->priority = priority;
    _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_READY);
    job->ready_us = ready_us;
  }
}

static void
hold_job (BuildqEngine *self, EngineRequest *request, EngineJob *job)
{
  if (job->requests == NULL)
    job->requests = g_ptr_array_new ();
  g_ptr_array_add (job->requests, request);
  request->counts[job->state]++;
  update_priority (self, job);
  _buildq_engine_count_idle (self, job);
}

void
_buildq_engine_request_add_job (BuildqEngine *self,
                                EngineRequest *request,
                                EngineJob *job)
{
  g_ptr_array_add (request->jobs, job);
  job->owners++;
  if (request->state == BUILDQ_REQUEST_STATE_ACTIVE)
    hold_job (self, request, job);
}

static void
let_go_of_job (BuildqEngine *self, EngineRequest *request, EngineJob *job)
{
  g_ptr_array_remove_fast (job->requests, request);
  job->latest = request;
  update_priority (self, job);
  _buildq_engine_count_idle (self, job);
}

/* --- the end --- */

static gboolean
all_wanted_succeeded (BuildqEngine *self, EngineRequest *request)
{
  for (char **p = request->wanted; *p != NULL; p++)
    {
      EngineJob *job = g_hash_table_lookup (self->jobs, *p);

      if (job == NULL || job->state != BUILDQ_JOB_STATE_SUCCEEDED)
        return FALSE;
    }
  return TRUE;
}

static void
journal_state (BuildqEngine *self, EngineRequest *request)
{
  g_autofree char *json = NULL;

  if (self->journal == NULL)
    return;
  if (request->final != NULL)
    json = buildq_request_status_to_json (request->final);
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_SET_REQUEST, (gint64) request->state,
                       request->finished_us, json, request->number);
}

static void
finish_request (BuildqEngine *self, EngineRequest *request, BuildqRequestState state)
{
  request->state = state;
  request->finished_us = self->now_real;
  request->final = _buildq_engine_request_status (request);
  _buildq_engine_note_request (self, request);
  for (guint i = 0; i < request->jobs->len; i++)
    let_go_of_job (self, request, request->jobs->pdata[i]);
  journal_state (self, request);
}

static void
touch (BuildqEngine *self, EngineRequest *request)
{
  if (request->touched)
    return;
  request->touched = TRUE;
  g_ptr_array_add (self->touched, request);
}

/* Those whose last job has ended. */
void
_buildq_engine_finish_touched (BuildqEngine *self)
{
  for (guint i = 0; i < self->touched->len; i++)
    {
      EngineRequest *request = self->touched->pdata[i];

      request->touched = FALSE;
      if (request->state == BUILDQ_REQUEST_STATE_ACTIVE
          && request->counts[BUILDQ_JOB_STATE_WAITING] == 0
          && request->counts[BUILDQ_JOB_STATE_READY] == 0
          && request->counts[BUILDQ_JOB_STATE_LEASED] == 0)
        finish_request (self, request,
                        all_wanted_succeeded (self, request)
                            ? BUILDQ_REQUEST_STATE_SUCCEEDED
                            : BUILDQ_REQUEST_STATE_FAILED);
    }
  g_ptr_array_set_size (self->touched, 0);
}

/* Cancelling what is finished changes nothing. */
EngineRequest *
_buildq_engine_cancel (BuildqEngine *self, const char *id, GError **error)
{
  EngineRequest *request = _buildq_engine_get_request (self, id, error);
  g_autoptr (GPtrArray) jobs = NULL;

  if (request == NULL || request->state != BUILDQ_REQUEST_STATE_ACTIVE)
    return request;

  /* All of them, before the end of any is told on: none of them is said to have failed
   * for want of another. */
  jobs = g_ptr_array_new ();
  for (guint i = 0; i < request->jobs->len; i++)
    {
      EngineJob *job = request->jobs->pdata[i];

      if (job->requests->len > 1 || buildq_job_state_is_final (job->state))
        continue;
      _buildq_engine_set_message (job, g_strdup ("no request wants it any more"));
      _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_CANCELLED);
      g_ptr_array_add (jobs, job);
    }
  for (guint i = 0; i < jobs->len; i++)
    _buildq_engine_finish_job (self, jobs->pdata[i], BUILDQ_JOB_STATE_CANCELLED);
  finish_request (self, request, BUILDQ_REQUEST_STATE_CANCELLED);
  return request;
}

/* --- once more --- */

static gboolean
ended_without_success (const EngineJob *job)
{
  return buildq_job_state_is_final (job->state)
         && job->state != BUILDQ_JOB_STATE_SUCCEEDED;
}

/* The request by which @job is tried again when none is named: the latest of the active
 * ones that want it, or the one of the others that finished last. */
EngineRequest *
_buildq_engine_latest_request (EngineJob *job)
{
  EngineRequest *latest = NULL;

  for (guint i = 0; job->requests != NULL && i < job->requests->len; i++)
    {
      EngineRequest *request = job->requests->pdata[i];

      if (latest == NULL || latest->number < request->number)
        latest = request;
    }
  if (latest != NULL || job->latest == NULL)
    return latest;
  return job->latest->queue != NULL ? job->latest : NULL; /* not while it is forgotten */
}

static EngineRequest *
find_retried (BuildqEngine *self, const char *id, EngineJob *job, GError **error)
{
  EngineRequest *request = id != NULL ? _buildq_engine_get_request (self, id, error)
                                      : _buildq_engine_latest_request (job);

  if (id == NULL && request == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                 "there is no request that wants job '%s'", job->key);
  if (request == NULL || job == NULL || g_ptr_array_find (request->jobs, job, NULL))
    return request;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
               "job '%s' is not one of request '%s'", job->key, id);
  return NULL;
}

static void
make_active (BuildqEngine *self, EngineRequest *request)
{
  if (request->state == BUILDQ_REQUEST_STATE_ACTIVE)
    return;
  request->state = BUILDQ_REQUEST_STATE_ACTIVE;
  request->finished_us = 0;
  g_clear_pointer (&request->final, buildq_request_status_unref);
  memset (request->counts, 0, sizeof request->counts);
  _buildq_engine_note_request (self, request);
  for (guint i = 0; i < request->jobs->len; i++)
    hold_job (self, request, request->jobs->pdata[i]);
  journal_state (self, request);
}

static gboolean
can_begin (const EngineJob *job)
{
  for (guint i = 0; i < job->n_deps; i++)
    if (ended_without_success (job->deps[i].dep))
      return FALSE;
  return TRUE;
}

/* Whatever an active request wants, and could not begin for want of @jobs, waits again.
 */
static void
wake_dependents (BuildqEngine *self, GPtrArray *jobs)
{
  for (guint i = 0; i < jobs->len; i++)
    {
      EngineJob *job = jobs->pdata[i];

      for (EngineEdge *edge = job->dependents; edge != NULL; edge = edge->next)
        {
          EngineJob *dependent = edge->job;

          if (dependent->state != BUILDQ_JOB_STATE_DEP_FAILED
              || dependent->requests == NULL || dependent->requests->len == 0
              || !can_begin (dependent))
            continue;
          _buildq_engine_start_job (self, dependent);
          g_ptr_array_add (jobs, dependent);
        }
    }
}

/* Tries again what did not succeed: of the request, or of one job and what it depends on.
 * One of @id and @key can be NULL. */
EngineRequest *
_buildq_engine_retry (BuildqEngine *self, const char *id, const char *key, GError **error)
{
  EngineJob *job = key != NULL ? _buildq_engine_get_job (self, key, error) : NULL;
  EngineRequest *request;
  g_autoptr (GPtrArray) jobs = NULL;
  char *root[] = { (char *) key, NULL };

  if (key != NULL && job == NULL)
    return NULL;
  request = find_retried (self, id, job, error);
  if (request == NULL || request->state == BUILDQ_REQUEST_STATE_SUCCEEDED
      || (job != NULL && job->state == BUILDQ_JOB_STATE_SUCCEEDED))
    return request;

  make_active (self, request);
  touch (self, request);
  jobs = _buildq_engine_closure (self, key != NULL ? root : request->wanted);
  for (guint i = 0; i < jobs->len; i++)
    if (ended_without_success (jobs->pdata[i]))
      _buildq_engine_start_job (self, jobs->pdata[i]);
  wake_dependents (self, jobs);
  return request;
}

/* The status but for the keys, of which there can be very many. */
BuildqRequestStatus *
_buildq_engine_request_counts (EngineRequest *request)
{
  BuildqRequestStatus *status;

  status = _buildq_value_new (&_buildq_request_status_info);
  status->id = g_strdup (request->id);
  status->state = request->state;
  status->submitter = g_strdup (request->submitter);
  status->group = g_strdup (request->group);
  status->priority = request->priority;
  status->total = request->jobs->len;
  status->waiting = request->counts[BUILDQ_JOB_STATE_WAITING];
  status->ready = request->counts[BUILDQ_JOB_STATE_READY];
  status->leased = request->counts[BUILDQ_JOB_STATE_LEASED];
  status->succeeded = request->counts[BUILDQ_JOB_STATE_SUCCEEDED];
  status->failed = request->counts[BUILDQ_JOB_STATE_FAILED];
  status->dep_failed = request->counts[BUILDQ_JOB_STATE_DEP_FAILED];
  status->cancelled = request->counts[BUILDQ_JOB_STATE_CANCELLED];
  status->created_us = request->created_us;
  status->finished_us = request->finished_us;
  return status;
}

/* More keys than a list may have are left out: such a status could not be read. */
BuildqRequestStatus *
_buildq_engine_request_status (EngineRequest *request)
{
  BuildqRequestStatus *status;

  if (request->final != NULL)
    return buildq_request_status_ref (request->final);
  status = _buildq_engine_request_counts (request);
  if (g_strv_length (request->wanted) <= BUILDQ_MAX_ITEMS)
    {
      g_strfreev (status->wanted);
      status->wanted = g_strdupv (request->wanted);
    }
  return status;
}
