/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Leases and the results that they end with. A lease is fenced by its token: whatever
 * comes late or twice finds either its lease, or what became of its job.
 */
#include "config.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-job.h>
#include <string.h>

#include "queue/buildq-engine.h"

#define MAX_REMEMBERED 16 /* leases of a job that were lost, or that were answered */

/* How often a job is tried again after attempts that were not its fault. */
static guint
retry_limit (BuildqOutcome outcome)
{
  switch (outcome)
    {
    case BUILDQ_OUTCOME_LOST:
      return 5;
    case BUILDQ_OUTCOME_INPUT_MISSING:
    case BUILDQ_OUTCOME_HOST_FAULT:
    case BUILDQ_OUTCOME_UPLOAD_FAILED:
      return 3;
    case BUILDQ_OUTCOME_CANCELLED:
      return G_MAXUINT; /* the holder gave it back */
    default:
      return 0;
    }
}

EngineLease *
_buildq_engine_lease_new (BuildqEngine *self, EngineJob *job, const char *token)
{
  EngineLease *lease = g_new0 (EngineLease, 1);

  lease->token = g_strdup (token);
  lease->job = job;
  lease->attempt = job->attempt;
  lease->timer.lease = lease;
  if (job->leases == NULL)
    job->leases = g_ptr_array_new ();
  g_ptr_array_add (job->leases, lease);
  g_hash_table_insert (self->leases, lease->token, lease);
  return lease;
}

static void
lease_let_go (EngineLease *lease)
{
  EngineSession *session = lease->session;

  if (session == NULL)
    return;
  g_ptr_array_remove_fast (session->leases, lease);
  _buildq_engine_return_room (lease);
  lease->session = NULL;
}

static void
lease_forget (BuildqEngine *self, EngineLease *lease)
{
  _buildq_engine_set_deadline (self, &lease->timer, -1);
  lease_let_go (lease);
  g_ptr_array_remove_fast (lease->job->leases, lease);
  if (lease->job->lease == lease)
    lease->job->lease = NULL;
  _buildq_engine_loosen (self, lease->job);
  g_hash_table_remove (self->leases, lease->token);
  g_clear_pointer (&lease->worker, g_ref_string_release);
  g_free (lease->token);
  g_free (lease);
}

/* Whatever comes with its token after this came too late. */
void
_buildq_engine_lease_free (BuildqEngine *self, EngineLease *lease)
{
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_DROP_LEASE, lease->token);
  lease_forget (self, lease);
}

/* That it was answered stays known, so that a repeat of its result is. */
static void
lease_answered (BuildqEngine *self, EngineLease *lease)
{
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_ANSWER_LEASE, lease->token);
  _buildq_engine_note_answered (self, lease->job, lease->token);
  lease_forget (self, lease);
}

void
_buildq_engine_note_answered (BuildqEngine *self, EngineJob *job, const char *token)
{
  if (job->answered == NULL)
    job->answered = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (job->answered, g_strdup (token));
  if (job->answered->len <= MAX_REMEMBERED)
    return;
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_DROP_LEASE,
                         job->answered->pdata[0]);
  g_ptr_array_remove_index (job->answered, 0);
}

void
_buildq_engine_lease_hold (EngineLease *lease, EngineSession *session, guint group)
{
  lease_let_go (lease);
  lease->session = session;
  lease->group = group;
  g_ptr_array_add (session->leases, lease);
  _buildq_engine_take_room (lease);
}

/* --- the end of an attempt that brought no success --- */

static void
try_again_or_fail (BuildqEngine *self,
                   EngineJob *job,
                   BuildqOutcome outcome,
                   const char *message,
                   gboolean begun)
{
  const char *word = buildq_outcome_to_string (outcome);
  guint limit = begun ? retry_limit (outcome) : G_MAXUINT;

  if (begun && outcome != BUILDQ_OUTCOME_CANCELLED)
    job->faults++;
  _buildq_engine_set_message (
      job, g_strdup_printf ("attempt %u on %s: %s%s%s", job->attempt, job->worker, word,
                            message != NULL ? ": " : "", message != NULL ? message : ""));
  if (begun && job->faults < limit)
    self->counters.retries[outcome]++;
  if (job->faults < limit)
    _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_READY);
  else
    _buildq_engine_finish_job (self, job, BUILDQ_JOB_STATE_FAILED);
}

/* Of the leases that were lost, and that nobody came back with, the oldest go first. */
static void
forget_oldest_lost (BuildqEngine *self, EngineJob *job)
{
  EngineLease *oldest = NULL;
  guint lost = 0;

  for (guint i = 0; i < job->leases->len; i++)
    {
      EngineLease *lease = job->leases->pdata[i];

      if (lease->session != NULL || lease == job->lease)
        continue;
      lost++;
      if (oldest == NULL || lease->attempt < oldest->attempt)
        oldest = lease;
    }
  if (lost > MAX_REMEMBERED)
    _buildq_engine_lease_free (self, oldest);
}

/* The holder is gone, or gives the lease back. A lost one is remembered: should its
 * holder come back with a success, that counts as long as the job is not finished. */
void
_buildq_engine_lease_end (BuildqEngine *self,
                          EngineLease *lease,
                          BuildqOutcome outcome,
                          const char *message)
{
  EngineJob *job = lease->job;
  gboolean current = job->lease == lease;

  if (outcome == BUILDQ_OUTCOME_LOST && lease->claimed)
    self->counters.lost++;
  else if (outcome == BUILDQ_OUTCOME_LOST)
    self->counters.lapsed++;
  if (current && job->state == BUILDQ_JOB_STATE_LEASED)
    {
      /* Before the job ends, which may free the lease. */
      lease->counted = lease->claimed && outcome == BUILDQ_OUTCOME_LOST;
      try_again_or_fail (self, job, outcome, message, lease->claimed);
    }
  /* Ending the job may have freed the lease, if nobody held it. */
  if (job->leases == NULL || !g_ptr_array_find (job->leases, lease, NULL))
    return;
  if (outcome == BUILDQ_OUTCOME_LOST && !buildq_job_state_is_final (job->state))
    {
      _buildq_engine_set_deadline (self, &lease->timer, -1);
      lease_let_go (lease);
      forget_oldest_lost (self, job);
    }
  else
    _buildq_engine_lease_free (self, lease);
}

/* --- results --- */

static BuildqReceipt *
receipt_new (BuildqResult *result, BuildqVerdict verdict, const char *message)
{
  BuildqReceipt *receipt = _buildq_value_new (&_buildq_receipt_info);

  receipt->token = g_strdup (result->token);
  receipt->verdict = verdict;
  receipt->message = g_strdup (message);
  return receipt;
}

static void
receipt_take_artifacts (BuildqReceipt *receipt, BuildqResult *result)
{
  for (guint i = 0; result != NULL && i < result->artifacts->len; i++)
    g_ptr_array_add (receipt->artifacts, _buildq_value_ref (result->artifacts->pdata[i]));
}

static gboolean
was_answered (EngineJob *job, const char *token)
{
  for (guint i = 0; job->answered != NULL && i < job->answered->len; i++)
    if (g_str_equal (job->answered->pdata[i], token))
      return TRUE;
  return FALSE;
}

/* A result whose lease is not known: it came before, or it came too late. */
static BuildqReceipt *
answer_late_result (BuildqEngine *self, BuildqResult *result)
{
  EngineJob *job
      = result->key != NULL ? g_hash_table_lookup (self->jobs, result->key) : NULL;
  g_autofree char *token = NULL;
  g_autoptr (BuildqResult) before = NULL;
  BuildqReceipt *receipt;

  if (job == NULL)
    return receipt_new (result, BUILDQ_VERDICT_STALE, "the lease is not known");
  before = _buildq_engine_read_result (self, job, &token);
  if ((before == NULL || g_strcmp0 (token, result->token) != 0)
      && !was_answered (job, result->token))
    return receipt_new (result, BUILDQ_VERDICT_STALE,
                        "the lease went to another, or was ended");
  receipt = receipt_new (result, BUILDQ_VERDICT_DUPLICATE, NULL);
  if (g_strcmp0 (token, result->token) == 0 && job->state == BUILDQ_JOB_STATE_SUCCEEDED)
    receipt_take_artifacts (receipt, before);
  return receipt;
}

/* NULL when all that the job must make is there; else what is wrong. */
static char *
check_outputs (BuildqEngine *self, EngineJob *job, BuildqResult *result)
{
  g_autoptr (BuildqJob) value = _buildq_engine_read_job (self, job);
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < result->artifacts->len; i++)
    {
      char *name = ((BuildqArtifact *) result->artifacts->pdata[i])->name;

      if (name != NULL)
        g_hash_table_add (found, name);
    }
  for (guint i = 0; value != NULL && i < value->outputs->len; i++)
    {
      const char *name = ((BuildqOutput *) value->outputs->pdata[i])->name;

      if (!g_hash_table_contains (found, name))
        return g_strdup_printf ("output '%s' of job '%s' is not among the artifacts",
                                name, job->key);
    }
  return NULL;
}

static BuildqResult *
complete_result (BuildqEngine *self, EngineLease *lease, BuildqResult *result)
{
  BuildqResult *copy = _buildq_value_copy (&_buildq_result_info, result);

  _buildq_set_string (&copy->key, lease->job->key);
  _buildq_set_string (&copy->worker, lease->worker);
  copy->attempt = lease->attempt;
  for (guint i = 0; i < copy->artifacts->len; i++)
    {
      BuildqArtifact *artifact = copy->artifacts->pdata[i];

      copy->artifacts->pdata[i] = _buildq_engine_sign (self, artifact);
      buildq_artifact_unref (artifact);
    }
  return copy;
}

static BuildqReceipt *
accept_success (BuildqEngine *self, EngineLease *lease, BuildqResult *result)
{
  EngineJob *job = lease->job;
  g_autofree char *wrong = check_outputs (self, job, result);
  g_autoptr (BuildqResult) complete = NULL;
  BuildqReceipt *receipt;

  if (wrong != NULL)
    return receipt_new (result, BUILDQ_VERDICT_REFUSED, wrong);

  complete = complete_result (self, lease, result);
  g_clear_pointer (&job->worker, g_ref_string_release);
  job->worker = g_ref_string_acquire (lease->worker);
  _buildq_engine_lease_free (self, lease);
  _buildq_engine_put_result (self, job, complete);
  _buildq_engine_set_message (job, NULL);
  _buildq_engine_finish_job (self, job, BUILDQ_JOB_STATE_SUCCEEDED);
  receipt = receipt_new (result, BUILDQ_VERDICT_ACCEPTED, NULL);
  receipt_take_artifacts (receipt, complete);
  return receipt;
}

static BuildqReceipt *
accept_failure (BuildqEngine *self, EngineLease *lease, BuildqResult *result)
{
  EngineJob *job = lease->job;
  g_autoptr (BuildqResult) complete = complete_result (self, lease, result);

  _buildq_engine_put_result (self, job, complete);
  lease_answered (self, lease);
  try_again_or_fail (self, job, result->outcome, result->message, TRUE);
  return receipt_new (result, BUILDQ_VERDICT_ACCEPTED, NULL);
}

/* Returns: (transfer full): what is to be said to @result */
BuildqReceipt *
_buildq_engine_take_result (BuildqEngine *self, BuildqResult *result)
{
  EngineLease *lease = g_hash_table_lookup (self->leases, result->token);
  EngineJob *job;

  if (lease == NULL)
    return answer_late_result (self, result);

  job = lease->job;
  if (buildq_job_state_is_final (job->state))
    {
      _buildq_engine_lease_free (self, lease);
      return receipt_new (result,
                          result->outcome == BUILDQ_OUTCOME_CANCELLED
                              ? BUILDQ_VERDICT_ACCEPTED
                              : BUILDQ_VERDICT_STALE,
                          "the job was finished without it");
    }
  if (result->outcome == BUILDQ_OUTCOME_SUCCEEDED)
    return accept_success (self, lease, result);
  if (job->lease == lease)
    return accept_failure (self, lease, result);
  _buildq_engine_lease_free (self, lease);
  return receipt_new (result, BUILDQ_VERDICT_STALE, "the lease went to another");
}
