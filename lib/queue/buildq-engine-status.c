/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-result.h>
#include <string.h>

#include "queue/buildq-engine.h"

#define MAX_NAMES 20 /* of what a job waits for, and who wants it */
#define DEFAULT_PAGE 100
#define LOG_BYTES (1024 * 1024) /* that are kept of the log of a watched job */
#define WATCH_US (10 * G_USEC_PER_SEC)

EngineJob *
_buildq_engine_get_job (BuildqEngine *self, const char *key, GError **error)
{
  EngineJob *job = g_hash_table_lookup (self->jobs, key);

  if (job == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "job '%s' is not known",
                 key);
  return job;
}

static void
list_unfinished_deps (EngineJob *job, BuildqJobStatus *status)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  for (guint i = 0; i < job->n_deps && keys->len < MAX_NAMES; i++)
    if (job->deps[i].dep->state != BUILDQ_JOB_STATE_SUCCEEDED)
      g_ptr_array_add (keys, job->deps[i].dep->key);
  g_ptr_array_add (keys, NULL);
  g_strfreev (status->waiting_for);
  status->waiting_for = g_strdupv ((char **) keys->pdata);
}

/* First the one by which it would be tried again; then the other active ones. */
static void
list_requests (EngineJob *job, BuildqJobStatus *status)
{
  EngineRequest *first = _buildq_engine_latest_request (job);

  if (first != NULL)
    _buildq_strv_add (&status->requests, first->id);
  for (guint i = 0; job->requests != NULL && i < MIN (job->requests->len, MAX_NAMES); i++)
    if (job->requests->pdata[i] != first)
      _buildq_strv_add (&status->requests,
                        ((EngineRequest *) job->requests->pdata[i])->id);
}

/* Lists leave out what can be long: the end of the log. */
BuildqJobStatus *
_buildq_engine_job_status (BuildqEngine *self, EngineJob *job, gboolean whole)
{
  BuildqJobStatus *status = _buildq_value_new (&_buildq_job_status_info);

  status->key = g_strdup (job->key);
  status->kind = g_strdup (job->class->kind);
  status->system = g_strdup (job->class->system);
  status->state = job->state;
  status->attempt = job->attempt;
  status->priority = job->priority;
  status->worker = g_strdup (job->worker);
  status->message = g_strdup (job->message);
  status->submitted_us = job->submitted_us;
  status->ready_us = job->ready_us;
  status->leased_us = job->leased_us;
  status->finished_us = job->finished_us;
  list_requests (job, status);
  if (job->state == BUILDQ_JOB_STATE_WAITING || job->state == BUILDQ_JOB_STATE_DEP_FAILED)
    list_unfinished_deps (job, status);
  if (job->state == BUILDQ_JOB_STATE_READY && status->message == NULL)
    status->message = _buildq_engine_why_not_placed (self, job);
  status->result = _buildq_engine_read_result (self, job, NULL);
  if (!whole && status->result != NULL)
    g_clear_pointer (&status->result->log_tail, g_free);
  if (whole)
    {
      g_autoptr (BuildqJob) value = _buildq_engine_read_job (self, job);

      status->name = value != NULL ? g_strdup (value->name) : NULL;
    }
  return status;
}

static gboolean
state_is_wanted (char **states, EngineJob *job)
{
  return states[0] == NULL
         || g_strv_contains ((const char *const *) states,
                             buildq_job_state_to_string (job->state));
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  const EngineJob *x = *(EngineJob *const *) a;
  const EngineJob *y = *(EngineJob *const *) b;

  return (x->id > y->id) - (x->id < y->id);
}

/* Whether there is room for more; a page that is full knows where the next begins. */
static gboolean
add_to_page (BuildqEngine *self, BuildqJobPage *page, BuildqQuery *query, EngineJob *job)
{
  gint64 limit = query->limit > 0 ? query->limit : DEFAULT_PAGE;

  if (job->id <= query->after || !state_is_wanted (query->states, job))
    return TRUE;
  if (page->jobs->len == limit)
    {
      EngineJob *last = g_hash_table_lookup (
          self->jobs, ((BuildqJobStatus *) page->jobs->pdata[limit - 1])->key);

      page->next = last->id;
      return FALSE;
    }
  g_ptr_array_add (page->jobs, _buildq_engine_job_status (self, job, FALSE));
  return TRUE;
}

/* A page of the jobs of the queue, or of a request, in the order of submission. */
BuildqJobPage *
_buildq_engine_list_jobs (BuildqEngine *self, BuildqQuery *query, GError **error)
{
  g_autoptr (GPtrArray) jobs = NULL;
  g_autoptr (BuildqJobPage) page = NULL;
  EngineRequest *request = NULL;

  if (query->request != NULL
      && (request = _buildq_engine_get_request (self, query->request, error)) == NULL)
    return NULL;
  page = _buildq_value_new (&_buildq_job_page_info);
  if (request == NULL)
    {
      EngineJob *job = NULL;
      guint64 after = query->after;

      while ((job = _buildq_id_map_next (&self->jobs_by_id, after)) != NULL
             && add_to_page (self, page, query, job))
        after = job->id;
      return g_steal_pointer (&page);
    }

  jobs = g_ptr_array_copy (request->jobs, NULL, NULL);
  g_ptr_array_sort (jobs, compare_ids);
  for (guint i = 0; i < jobs->len && add_to_page (self, page, query, jobs->pdata[i]); i++)
    ;
  return g_steal_pointer (&page);
}

/* --- logs --- */

void
_buildq_engine_log_free (EngineJob *job)
{
  if (job->log == NULL)
    return;
  g_byte_array_unref (job->log->bytes);
  g_clear_pointer (&job->log, g_free);
}

/* Takes a piece that follows what is there; any other was sent twice, or too late. */
void
_buildq_engine_take_log (BuildqEngine *self, BuildqLogChunk *chunk)
{
  EngineLease *lease
      = chunk->token != NULL ? g_hash_table_lookup (self->leases, chunk->token) : NULL;
  EngineLog *log = lease != NULL ? lease->job->log : NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (log == NULL)
    return;
  if (chunk->offset != log->start + log->bytes->len)
    {
      /* A gap: the holder has no more than its last bytes. */
      if (chunk->offset < log->start + log->bytes->len)
        return;
      g_byte_array_set_size (log->bytes, 0);
      log->start = chunk->offset;
    }
  bytes = buildq_log_chunk_get_bytes (chunk);
  g_byte_array_append (log->bytes, g_bytes_get_data (bytes, NULL),
                       g_bytes_get_size (bytes));
  if (log->bytes->len > LOG_BYTES)
    {
      guint over = log->bytes->len - LOG_BYTES;

      g_byte_array_remove_range (log->bytes, 0, over);
      log->start += over;
    }
}

static BuildqLogChunk *
chunk_from (const void *data,
            gint64 start,
            gint64 size,
            gint64 offset,
            gboolean finished,
            BuildqLocation *location)
{
  gint64 skip = CLAMP (offset - start, 0, size);
  g_autoptr (GBytes) bytes
      = g_bytes_new ((const char *) data + skip, MIN (size - skip, BUILDQ_MAX_TEXT / 2));

  return buildq_log_chunk_new (
      NULL, start + skip, bytes,
      finished && skip + (gint64) g_bytes_get_size (bytes) == size, location);
}

/* Reading the log of a job that runs is a wish to see more of it. */
BuildqLogChunk *
_buildq_engine_read_log (BuildqEngine *self, EngineJob *job, gint64 offset)
{
  g_autoptr (BuildqResult) result = NULL;

  if (job->state == BUILDQ_JOB_STATE_LEASED)
    {
      if (job->log == NULL)
        {
          job->log = g_new0 (EngineLog, 1);
          job->log->bytes = g_byte_array_new ();
        }
      if (job->log->watched_us <= self->now && job->lease->session != NULL)
        job->lease->session->dirty = TRUE;
      job->log->watched_us = self->now + WATCH_US;
      return chunk_from (job->log->bytes->data, job->log->start, job->log->bytes->len,
                         offset, FALSE, NULL);
    }

  result = _buildq_engine_read_result (self, job, NULL);
  if (result != NULL && buildq_job_state_is_final (job->state))
    {
      gint64 size = result->log_tail != NULL ? strlen (result->log_tail) : 0;

      return chunk_from (result->log_tail != NULL ? result->log_tail : "",
                         MAX (0, result->log_bytes - size), size, offset, TRUE,
                         result->log);
    }
  return chunk_from ("", offset, 0, offset, buildq_job_state_is_final (job->state), NULL);
}
