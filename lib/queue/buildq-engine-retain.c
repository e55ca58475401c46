/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What is finished is kept for a while, and then forgotten, some of it at a time.
 *
 * Requests are forgotten in the order in which they finished. A job follows when no
 * request owns it any more, nothing depends on it, and nobody holds a lease of it: so all
 * that an unfinished job is made from stays. The row of a request goes first, so that it
 * is there or it is not; what else it had is found again by its number after a restart.
 */
#include "config.h"

#include <buildq/buildq-request-status.h>

#include "queue/buildq-engine.h"

/* How much is done at a time: a millisecond or two of the journal's thread. */
#define STEP_COST 256

void
_buildq_engine_count_idle (BuildqEngine *self, EngineJob *job)
{
  gboolean idle = buildq_job_state_is_final (job->state)
                  && (job->requests == NULL || job->requests->len == 0);

  if (idle == job->idle)
    return;
  job->idle = idle;
  self->n_idle += idle ? 1 : -1;
}

static gboolean
is_of_use (const EngineJob *job)
{
  return job->owners > 0 || job->dependents != NULL
         || (job->leases != NULL && job->leases->len > 0)
         || !buildq_job_state_is_final (job->state);
}

/* Something that kept the job is gone, or it was never wanted. */
void
_buildq_engine_loosen (BuildqEngine *self, EngineJob *job)
{
  if (job->loose || is_of_use (job))
    return;
  job->loose = TRUE;
  g_queue_push_tail (&self->loose, job);
}

/* --- when --- */

static gboolean
too_many (BuildqEngine *self)
{
  return self->keep_jobs >= 0 && self->n_idle > self->keep_jobs;
}

static gboolean
is_old (BuildqEngine *self, gint64 finished_us)
{
  return self->keep_us >= 0 && finished_us + self->keep_us <= self->now_real;
}

static gboolean
is_job_due (BuildqEngine *self, EngineJob *job)
{
  return too_many (self) || is_old (self, job->finished_us);
}

/* However many jobs the latest of them has, it stays until the next is finished, as who
 * waits for it must see its end; unless nothing is to be kept. */
static gboolean
is_request_due (BuildqEngine *self, EngineRequest *request)
{
  return (too_many (self) && (self->keep_jobs == 0 || self->finished.length > 1))
         || is_old (self, request->finished_us);
}

static gint64
first_of (gint64 a, gint64 b)
{
  return a < 0 ? b : b < 0 ? a : MIN (a, b);
}

/* When it is due, on the monotonic clock. */
static gint64
due_time (BuildqEngine *self, gboolean is_due, gint64 finished_us)
{
  if (is_due)
    return self->now;
  return self->keep_us >= 0 ? self->now + finished_us + self->keep_us - self->now_real
                            : -1;
}

gint64
_buildq_engine_next_forget (BuildqEngine *self)
{
  EngineRequest *request = g_queue_peek_head (&self->finished);
  EngineJob *job = g_queue_peek_head (&self->loose);
  gint64 when = self->leaving != NULL ? self->now : -1;

  if (request != NULL)
    when = first_of (
        when, due_time (self, is_request_due (self, request), request->finished_us));
  if (job != NULL)
    when = first_of (when, due_time (self, is_job_due (self, job), job->finished_us));
  return first_of (when, _buildq_engine_next_unused_text (self));
}

/* --- what --- */

EngineRequest *
_buildq_engine_leaving_new (BuildqEngine *self, gint64 number)
{
  EngineRequest *request = g_new0 (EngineRequest, 1);

  request->number = number;
  request->state = BUILDQ_REQUEST_STATE_SUCCEEDED; /* or whatever it was */
  request->jobs = g_ptr_array_new ();
  self->last_request = MAX (self->last_request, number);
  return request;
}

static void
begin_to_forget (BuildqEngine *self, EngineRequest *request)
{
  g_queue_unlink (&self->finished, &request->link);
  request->queue = NULL;
  g_hash_table_remove (self->numbers, &request->number);
  g_hash_table_steal (self->requests, request->id);
  self->leaving = request;
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_DROP_REQUEST, request->number);
}

static void
forget_one_of_request (BuildqEngine *self, EngineRequest *request)
{
  EngineJob *job;

  if (request->jobs->len == 0)
    {
      g_clear_pointer (&self->leaving, _buildq_engine_request_free);
      return;
    }
  job = g_ptr_array_steal_index_fast (request->jobs, request->jobs->len - 1);
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_DROP_REQUEST_JOB, request->number,
                         job->id);
  if (job->latest == request)
    job->latest = NULL;
  job->owners--;
  _buildq_engine_loosen (self, job);
}

/* Returns: what it cost */
static guint
forget_job (BuildqEngine *self, EngineJob *job)
{
  guint n_deps = job->n_deps;
  g_autofree EngineJob **deps = g_new (EngineJob *, n_deps);

  for (guint i = 0; i < n_deps; i++)
    deps[i] = job->deps[i].dep;
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_DROP_JOB, job->id);
  _buildq_engine_release_texts (self, job);
  self->n_idle -= job->idle;
  _buildq_engine_drop_job (self, job);
  for (guint i = 0; i < n_deps; i++)
    _buildq_engine_loosen (self, deps[i]);
  return n_deps;
}

/* The next of the loose jobs, which may have found another use meanwhile. */
static guint
forget_loose (BuildqEngine *self)
{
  EngineJob *job = g_queue_pop_head (&self->loose);

  job->loose = FALSE;
  if (is_of_use (job))
    return 0;
  if (job->json_batch == 0 && job->result_batch == 0)
    return forget_job (self, job);
  /* It is on its way to the disk. */
  _buildq_engine_loosen (self, job);
  return STEP_COST;
}

/* A change like any other: to be settled by the owner. */
void
_buildq_engine_forget_some (BuildqEngine *self)
{
  for (guint cost = 0; cost < STEP_COST; cost++)
    {
      EngineJob *job = g_queue_peek_head (&self->loose);
      EngineRequest *request = g_queue_peek_head (&self->finished);

      if (job != NULL && is_job_due (self, job))
        cost += forget_loose (self);
      else if (self->leaving != NULL)
        forget_one_of_request (self, self->leaving);
      else if (request != NULL && is_request_due (self, request))
        begin_to_forget (self, request);
      else if (!_buildq_engine_drop_unused_text (self))
        return;
    }
}
