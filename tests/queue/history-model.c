/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What has been promised, and what must follow. It knows nothing of how the engine
 * schedules: it is told what was said, and objects.
 */
#include "config.h"

#include "history.h"

#include <stdlib.h>

guint
history_index (const char *name)
{
  return (guint) atoi (name + 1);
}

void
model_init (Model *self, BuildqEngine *engine)
{
  *self = (Model){ .engine = engine };
  self->leases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

void
model_clear (Model *self)
{
  g_hash_table_unref (self->leases);
}

ModelLease *
model_get_lease (Model *self, const char *token)
{
  return g_hash_table_lookup (self->leases, token);
}

static gboolean
is_wanted (const Model *self, guint job)
{
  for (guint i = 0; i < HISTORY_REQUESTS; i++)
    if (self->requests[i].known && !self->requests[i].cancelled
        && (self->requests[i].wanted & 1u << job) != 0)
      return TRUE;
  return FALSE;
}

static EngineJob *
get_job (const Model *self, guint index)
{
  g_autofree char *key = g_strdup_printf ("j%u", index);

  return g_hash_table_lookup (self->engine->jobs, key);
}

/* --- what is said --- */

void
model_note_message (Model *self, const BuildqSyncMessage *message)
{
  for (char **p = message->releases; *p != NULL; p++)
    model_get_lease (self, *p)->ended = TRUE;
}

static void
check_new_grant (Model *self, guint machine, const BuildqGrant *grant)
{
  guint index = history_index (grant->job->key);
  ModelJob *job = &self->jobs[index];
  ModelLease *lease = g_new0 (ModelLease, 1);

  g_assert_true (job->known);
  g_assert_true (is_wanted (self, index));
  g_assert_false (job->succeeded);
  g_assert_false (self->paused[machine]);
  g_assert_cmpuint (index % HISTORY_SYSTEMS, ==, machine % HISTORY_SYSTEMS);
  for (guint i = 0; i < HISTORY_JOBS; i++)
    if ((job->deps & 1u << i) != 0)
      g_assert_true (self->jobs[i].succeeded);
  g_assert_cmpint (grant->attempt, ==, job->attempt + 1);
  job->attempt = grant->attempt;
  *lease = (ModelLease){ index, grant->attempt, machine, FALSE, FALSE };
  g_hash_table_insert (self->leases, g_strdup (grant->token), lease);
}

static void
check_grant (Model *self, guint machine, const BuildqGrant *grant)
{
  const ModelLease *lease = model_get_lease (self, grant->token);

  if (lease == NULL)
    {
      check_new_grant (self, machine, grant);
      return;
    }
  g_assert_cmpuint (lease->job, ==, history_index (grant->job->key));
  g_assert_cmpint (lease->attempt, ==, grant->attempt);
  g_assert_cmpuint (lease->machine, ==, machine);
  g_assert_false (lease->answered);
}

static const BuildqResult *
find_result (const BuildqSyncMessage *message, const char *token)
{
  for (guint i = 0; i < message->results->len; i++)
    {
      const BuildqResult *result = message->results->pdata[i];

      if (g_str_equal (result->token, token))
        return result;
    }
  g_assert_not_reached ();
}

static void
check_accepted (ModelJob *job, ModelLease *lease, BuildqOutcome outcome)
{
  if (outcome == BUILDQ_OUTCOME_SUCCEEDED)
    {
      g_assert_false (job->succeeded); /* completion happens once */
      job->succeeded = TRUE;
    }
  else if (outcome == BUILDQ_OUTCOME_FAILED)
    job->failed = TRUE;
  g_assert_false (lease->answered);
  lease->answered = TRUE;
}

static void
check_receipt (Model *self,
               const BuildqReceipt *receipt,
               const BuildqSyncMessage *message)
{
  const BuildqResult *result = find_result (message, receipt->token);
  ModelLease *lease = model_get_lease (self, receipt->token);
  ModelJob *job = &self->jobs[lease->job];

  switch ((BuildqVerdict) receipt->verdict)
    {
    case BUILDQ_VERDICT_ACCEPTED:
      check_accepted (job, lease, result->outcome);
      break;
    case BUILDQ_VERDICT_DUPLICATE:
      g_assert_true (lease->answered);
      break;
    case BUILDQ_VERDICT_STALE:
      /* A success is not thrown away while its job is unfinished. */
      if (result->outcome == BUILDQ_OUTCOME_SUCCEEDED)
        g_assert_true (job->succeeded || job->interrupted || lease->ended
                       || lease->answered);
      lease->ended = TRUE;
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
check_notice (Model *self, guint machine, const BuildqLeaseNotice *notice)
{
  const EngineLease *lease = g_hash_table_lookup (self->engine->leases, notice->token);

  switch ((BuildqVerdict) notice->verdict)
    {
    case BUILDQ_VERDICT_LOST:
      break;
    case BUILDQ_VERDICT_CANCEL:
      g_assert_nonnull (lease);
      g_assert_true (buildq_job_state_is_final (lease->job->state)
                     || lease->job->lease != lease);
      break;
    default:
      g_assert_not_reached ();
    }
  g_assert_cmpuint (model_get_lease (self, notice->token)->machine, ==, machine);
}

void
model_check_reply (Model *self,
                   guint machine,
                   const BuildqSyncMessage *message,
                   const BuildqSyncReply *reply)
{
  if (message == NULL)
    g_assert_cmpuint (reply->receipts->len, ==, 0);
  else if (!reply->attach)
    g_assert_cmpuint (reply->receipts->len, ==, message->results->len);
  for (guint i = 0; i < reply->receipts->len; i++)
    check_receipt (self, reply->receipts->pdata[i], message);
  for (guint i = 0; i < reply->grants->len; i++)
    check_grant (self, machine, reply->grants->pdata[i]);
  for (guint i = 0; i < reply->leases->len; i++)
    check_notice (self, machine, reply->leases->pdata[i]);
}

/* --- what is there --- */

static guint
count_open_deps (const EngineJob *job)
{
  guint n = 0;

  for (guint i = 0; i < job->n_deps; i++)
    n += job->deps[i].dep->state != BUILDQ_JOB_STATE_SUCCEEDED;
  return n;
}

static void
check_job (Model *self, const EngineJob *job)
{
  ModelJob *model = &self->jobs[history_index (job->key)];

  g_assert_cmpint (job->place != 0, ==, job->state == BUILDQ_JOB_STATE_READY);
  g_assert_cmpint (job->lease != NULL, ==, job->state == BUILDQ_JOB_STATE_LEASED);
  g_assert_cmpint (model->succeeded, ==, job->state == BUILDQ_JOB_STATE_SUCCEEDED);
  g_assert_cmpint (job->attempt, >=, model->attempt);
  if (job->state == BUILDQ_JOB_STATE_WAITING)
    {
      g_assert_cmpuint (job->unfinished, ==, count_open_deps (job));
      g_assert_cmpuint (job->unfinished, >, 0);
    }
  else if (job->state <= BUILDQ_JOB_STATE_SUCCEEDED)
    g_assert_cmpuint (count_open_deps (job), ==, 0);
  if (buildq_job_state_is_final (job->state) && !model->succeeded)
    model->interrupted = TRUE;
  for (guint i = 0; job->leases != NULL && i < job->leases->len; i++)
    {
      const EngineLease *lease = job->leases->pdata[i];

      g_assert_true (lease->job == job);
      g_assert_true (g_hash_table_lookup (self->engine->leases, lease->token) == lease);
      if (lease->session != NULL)
        g_assert_true (g_ptr_array_find (lease->session->leases, lease, NULL));
      if (lease->session != NULL)
        g_assert_cmpint (lease->timer.place != 0, ==, !lease->claimed);
    }
}

static void
check_session (const EngineSession *session)
{
  g_assert_cmpuint (session->timer.place, !=, 0);
  for (guint i = 0; i < session->groups->len; i++)
    {
      guint used = 0;

      for (guint j = 0; j < session->leases->len; j++)
        used += ((EngineLease *) session->leases->pdata[j])->group == i;
      g_assert_cmpuint (g_array_index (session->groups, EngineGroup, i).used, ==, used);
    }
}

static void
check_request (Model *self, const EngineRequest *request)
{
  guint counts[ENGINE_N_STATES] = { 0 };
  gboolean open = FALSE;

  for (guint i = 0; i < request->jobs->len; i++)
    {
      const EngineJob *job = request->jobs->pdata[i];

      counts[job->state]++;
      open |= !buildq_job_state_is_final (job->state);
    }
  if (request->state != BUILDQ_REQUEST_STATE_ACTIVE)
    return;
  g_assert_true (open);
  g_assert_cmpmem (counts, sizeof counts, request->counts, sizeof request->counts);
}

void
model_check_engine (Model *self)
{
  BuildqEngine *engine = self->engine;
  GHashTableIter iter;
  gpointer value;
  guint n_ready = 0, n_jobs = 0, n_counted = 0;

  g_hash_table_iter_init (&iter, engine->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      check_job (self, value);
      n_ready += ((EngineJob *) value)->state == BUILDQ_JOB_STATE_READY;
      n_jobs++;
    }
  g_assert_cmpuint (engine->n_ready, ==, n_ready);
  g_hash_table_iter_init (&iter, engine->classes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    for (guint i = 0; i < ENGINE_N_STATES; i++)
      n_counted += ((EngineClass *) value)->counts[i];
  g_assert_cmpuint (n_counted, ==, n_jobs);
  for (GList *l = engine->session_queue.head; l != NULL; l = l->next)
    check_session (l->data);
  g_hash_table_iter_init (&iter, engine->requests);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    check_request (self, value);
}

/* --- the end --- */

gboolean
model_is_done (Model *self)
{
  for (guint i = 0; i < HISTORY_JOBS; i++)
    if (self->jobs[i].known && !buildq_job_state_is_final (get_job (self, i)->state))
      return FALSE;
  return g_hash_table_size (self->engine->leases) == 0;
}

/* A request has succeeded with all that it wants, and only so. One that failed wants
 * nothing any more: its jobs may have been taken up, and cancelled, by another. */
static void
check_end_of_request (Model *self, guint index)
{
  g_autofree char *id = g_strdup_printf ("r%u", index);
  const EngineRequest *request = g_hash_table_lookup (self->engine->requests, id);
  const ModelRequest *model = &self->requests[index];
  gboolean all = TRUE;

  for (guint i = 0; i < HISTORY_JOBS; i++)
    if ((model->wanted & 1u << i) != 0)
      all &= self->jobs[i].succeeded;
  g_assert_cmpint (request->state == BUILDQ_REQUEST_STATE_CANCELLED, ==,
                   model->cancelled);
  if (request->state == BUILDQ_REQUEST_STATE_SUCCEEDED)
    g_assert_true (all);
  else
    g_assert_true (request->state != BUILDQ_REQUEST_STATE_ACTIVE);
}

static gboolean
is_in_cancelled (const Model *self, guint job)
{
  for (guint i = 0; i < HISTORY_REQUESTS; i++)
    if (self->requests[i].cancelled && (self->requests[i].wanted & 1u << job) != 0)
      return TRUE;
  return FALSE;
}

static void
check_end_of_job (Model *self, guint index)
{
  const EngineJob *job = get_job (self, index);

  switch ((BuildqJobState) job->state)
    {
    case BUILDQ_JOB_STATE_SUCCEEDED:
    case BUILDQ_JOB_STATE_DEP_FAILED:
      break;
    case BUILDQ_JOB_STATE_FAILED:
      g_assert_true (self->jobs[index].failed || job->faults >= 3);
      break;
    case BUILDQ_JOB_STATE_CANCELLED:
      g_assert_true (is_in_cancelled (self, index));
      break;
    default:
      g_assert_not_reached ();
    }
}

void
model_check_end (Model *self)
{
  for (guint i = 0; i < HISTORY_JOBS; i++)
    if (self->jobs[i].known)
      check_end_of_job (self, i);
    else
      g_assert_null (get_job (self, i));
  for (guint i = 0; i < HISTORY_REQUESTS; i++)
    if (self->requests[i].known)
      check_end_of_request (self, i);
}
