/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Sessions: state comes in, the wanted state goes out. See doc/protocol.md.
 */
#include "config.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-lease-notice.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-sync-reply.h>

#include "core/buildq-protocol.h"
#include "queue/buildq-engine.h"

/* --- deadlines --- */

/* @when in µs (monotonic); -1 for none. */
void
_buildq_engine_set_deadline (BuildqEngine *self, EngineTimer *timer, gint64 when)
{
  if (timer->place != 0)
    _buildq_heap_remove (&self->deadlines, timer);
  if (when >= 0)
    _buildq_heap_insert (&self->deadlines, when, timer);
}

gint64
_buildq_engine_next_deadline (BuildqEngine *self)
{
  guint64 when;

  return _buildq_heap_peek (&self->deadlines, &when) != NULL ? (gint64) when : -1;
}

/* Leases that wait for their holders to come back get the new term as well. */
void
_buildq_engine_set_session_us (BuildqEngine *self, gint64 session_us)
{
  GHashTableIter iter;
  gpointer value;

  self->session_us = session_us;
  g_hash_table_iter_init (&iter, self->leases);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      EngineLease *lease = value;

      if (lease->session == NULL && lease->timer.place != 0)
        _buildq_engine_set_deadline (self, &lease->timer, self->now + session_us);
    }
}

/* --- sessions come and go --- */

void
_buildq_engine_session_free (gpointer data)
{
  EngineSession *session = data;

  g_clear_pointer (&session->offer, buildq_offer_unref);
  g_array_unref (session->groups);
  g_ptr_array_unref (session->leases);
  g_ref_string_release (session->name);
  g_free (session->id);
  g_free (session);
}

static EngineSession *
session_new (BuildqEngine *self, const char *id, const char *name)
{
  EngineSession *session = g_new0 (EngineSession, 1);

  session->id = g_strdup (id);
  session->name = g_ref_string_new_intern (name);
  session->groups = g_array_new (FALSE, TRUE, sizeof (EngineGroup));
  session->leases = g_ptr_array_new ();
  session->timer.session = session;
  session->link.data = session;
  g_hash_table_insert (self->sessions, session->id, session);
  g_hash_table_insert (self->names, session->name, session);
  g_queue_push_tail_link (&self->session_queue, &session->link);
  return session;
}

static void
session_end (BuildqEngine *self,
             EngineSession *session,
             BuildqOutcome outcome,
             const char *message)
{
  for (guint i = session->leases->len; i-- > 0;)
    {
      EngineLease *lease = session->leases->pdata[i];

      _buildq_engine_lease_end (self, lease, outcome, message);
    }
  _buildq_engine_set_deadline (self, &session->timer, -1);
  g_queue_unlink (&self->session_queue, &session->link);
  if (g_hash_table_lookup (self->names, session->name) == session)
    g_hash_table_remove (self->names, session->name);
  g_hash_table_remove (self->sessions, session->id);
}

/* What nobody claimed, renewed or attached with in time. */
void
_buildq_engine_expire (BuildqEngine *self)
{
  EngineTimer *timer;
  guint64 when;

  while ((timer = _buildq_heap_peek (&self->deadlines, &when)) != NULL
         && (gint64) when <= self->now)
    {
      if (timer->session != NULL)
        session_end (self, timer->session, BUILDQ_OUTCOME_LOST,
                     "its machine was not heard of");
      else if (timer->lease->session == NULL)
        _buildq_engine_lease_end (self, timer->lease, BUILDQ_OUTCOME_LOST,
                                  "its machine did not come back");
      else
        {
          timer->lease->session->dirty = TRUE;
          timer->lease->session->silent = TRUE;
          _buildq_engine_lease_end (self, timer->lease, BUILDQ_OUTCOME_LOST,
                                    "its machine did not claim it in time");
        }
    }
}

/* --- attaching --- */

/* A lease that its holder comes back with. It is the current one again if its job has not
 * been given to another meanwhile, or to one who has not come back either; if it has,
 * both go on, and the first success counts. */
static void
attach_lease (EngineLease *lease, EngineSession *session, BuildqEngine *self)
{
  EngineJob *job = lease->job;

  _buildq_engine_set_deadline (self, &lease->timer, -1);
  /* Its holder may not have been told yet to stop; by now the work is wanted again. */
  lease->cancel = buildq_job_state_is_final (job->state);
  if (lease->session != session)
    _buildq_engine_lease_hold (lease, session, 0);
  lease->claimed = TRUE;
  if (lease->counted && job->faults > 0)
    {
      job->faults--;
      _buildq_engine_mark (self, job);
    }
  lease->counted = FALSE;
  if (job->state != BUILDQ_JOB_STATE_READY
      && (job->lease == NULL || job->lease->session != NULL))
    return;
  _buildq_engine_set_message (job, NULL);
  _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_LEASED);
  job->lease = lease;
  g_clear_pointer (&job->worker, g_ref_string_release);
  job->worker = g_ref_string_acquire (lease->worker);
}

/* Leases that the session was thought to hold, and does not. */
static void
drop_leases_not_held (BuildqEngine *self, EngineSession *session, char **holding)
{
  g_autoptr (GHashTable) held = g_hash_table_new (g_str_hash, g_str_equal);

  for (char **p = holding; *p != NULL; p++)
    g_hash_table_add (held, *p);
  for (guint i = session->leases->len; i-- > 0;)
    {
      EngineLease *lease = session->leases->pdata[i];

      if (lease->claimed && !g_hash_table_contains (held, lease->token))
        _buildq_engine_lease_end (self, lease, BUILDQ_OUTCOME_LOST,
                                  "its machine lost it");
    }
}

static EngineSession *
attach (BuildqEngine *self, BuildqSyncMessage *message, GError **error)
{
  EngineSession *session = g_hash_table_lookup (self->sessions, message->session);
  EngineSession *other = g_hash_table_lookup (self->names, message->name);

  if (other != NULL && other != session && other->connected)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS,
                   "a machine named '%s' is connected already", message->name);
      return NULL;
    }
  if (session == NULL)
    session = session_new (self, message->session, message->name);
  for (char **p = message->holding; *p != NULL; p++)
    {
      EngineLease *lease = g_hash_table_lookup (self->leases, *p);

      if (lease != NULL && g_str_equal (lease->worker, message->name))
        attach_lease (lease, session, self);
    }
  drop_leases_not_held (self, session, message->holding);
  if (other != NULL && other != session)
    session_end (self, other, BUILDQ_OUTCOME_LOST, "its machine was started anew");
  g_hash_table_insert (self->names, session->name, session);
  return session;
}

/* --- what a message says --- */

static void
add_notice (BuildqSyncReply *reply,
            const char *token,
            BuildqVerdict verdict,
            gint64 offset)
{
  BuildqLeaseNotice *notice = _buildq_value_new (&_buildq_lease_notice_info);

  notice->token = g_strdup (token);
  notice->verdict = verdict;
  notice->offset = offset;
  g_ptr_array_add (reply->leases, notice);
}

static void
claim (BuildqEngine *self,
       EngineSession *session,
       const char *token,
       BuildqSyncReply *reply)
{
  EngineLease *lease = g_hash_table_lookup (self->leases, token);

  if (lease == NULL || lease->session != session)
    {
      add_notice (reply, token, BUILDQ_VERDICT_LOST, 0);
      return;
    }
  if (lease->claimed)
    return;
  lease->claimed = TRUE;
  _buildq_engine_set_deadline (self, &lease->timer, -1);
}

static void
take_claims (BuildqEngine *self,
             EngineSession *session,
             BuildqSyncMessage *message,
             BuildqSyncReply *reply)
{
  g_autoptr (GHashTable) answered = g_hash_table_new (g_str_hash, g_str_equal);

  /* A claim and its result may come in one message. */
  for (guint i = 0; i < reply->receipts->len; i++)
    g_hash_table_add (answered, ((BuildqReceipt *) reply->receipts->pdata[i])->token);
  for (char **p = message->claims; *p != NULL; p++)
    if (g_hash_table_contains (self->leases, *p) || !g_hash_table_contains (answered, *p))
      claim (self, session, *p, reply);
  for (char **p = message->holding; *p != NULL; p++)
    if (!g_hash_table_contains (self->leases, *p))
      add_notice (reply, *p, BUILDQ_VERDICT_LOST, 0);
}

static void
take_releases (BuildqEngine *self, EngineSession *session, BuildqSyncMessage *message)
{
  for (char **p = message->releases; *p != NULL; p++)
    {
      EngineLease *lease = g_hash_table_lookup (self->leases, *p);

      if (lease != NULL && lease->session == session)
        _buildq_engine_lease_end (self, lease, BUILDQ_OUTCOME_CANCELLED, "given back");
    }
}

static void
take_results (BuildqEngine *self, BuildqSyncMessage *message, BuildqSyncReply *reply)
{
  for (guint i = 0; i < message->results->len; i++)
    {
      BuildqResult *result = message->results->pdata[i];
      BuildqReceipt *receipt;

      if (result->token == NULL)
        continue;
      receipt = _buildq_engine_take_result (self, result);
      self->counters.results[result->outcome][receipt->verdict]++;
      g_ptr_array_add (reply->receipts, receipt);
    }
}

/* --- what a reply says --- */

static void
fill_grants (BuildqEngine *self, EngineSession *session, BuildqSyncReply *reply)
{
  for (guint i = 0; i < session->leases->len; i++)
    {
      EngineLease *lease = session->leases->pdata[i];
      BuildqGrant *offered;
      BuildqJob *job;

      if (lease->claimed || lease->cancel)
        continue;
      job = _buildq_engine_resolve_job (self, lease->job);
      if (job == NULL)
        return; /* the engine has failed, and nobody will see the reply */
      offered = _buildq_value_new (&_buildq_grant_info);
      offered->token = g_strdup (lease->token);
      offered->attempt = lease->attempt;
      offered->claim_ms = self->claim_us / 1000;
      offered->group = lease->group;
      offered->job = job;
      g_ptr_array_add (reply->grants, offered);
    }
}

static void
fill_notices (BuildqEngine *self, EngineSession *session, BuildqSyncReply *reply)
{
  for (guint i = 0; i < session->leases->len; i++)
    {
      EngineLease *lease = session->leases->pdata[i];
      EngineLog *log = lease->job->log;

      if (lease->cancel)
        add_notice (reply, lease->token, BUILDQ_VERDICT_CANCEL, 0);
      else if (log != NULL && lease->claimed && lease->job->lease == lease
               && log->watched_us > self->now)
        add_notice (reply, lease->token, BUILDQ_VERDICT_LOG,
                    log->start + log->bytes->len);
    }
}

static void
fill_reply (BuildqEngine *self, EngineSession *session, BuildqSyncReply *reply)
{
  session->dirty = FALSE;
  reply->seq = ++session->reply_seq;
  reply->wanted = _buildq_engine_wanted_state (self, session->name);
  reply->session_ms = self->session_us / 1000;
  reply->next_ms = MAX (1, reply->session_ms / 3);
  fill_grants (self, session, reply);
  fill_notices (self, session, reply);
}

static BuildqSyncReply *
reply_new (const char *session)
{
  BuildqSyncReply *reply = _buildq_value_new (&_buildq_sync_reply_info);

  reply->session = g_strdup (session);
  reply->version = BUILDQ_PROTOCOL_VERSION;
  return reply;
}

/* A reply that nobody asked for. */
BuildqSyncReply *
_buildq_engine_build_reply (BuildqEngine *self, EngineSession *session)
{
  BuildqSyncReply *reply = reply_new (session->id);

  reply->ack = session->seq;
  fill_reply (self, session, reply);
  return reply;
}

/* --- the whole --- */

static void
take_state (BuildqEngine *self, EngineSession *session, BuildqSyncMessage *message)
{
  session->seq = message->seq;
  session->connected = TRUE;
  session->push = message->push;
  if (message->offer != NULL)
    _buildq_engine_set_offer (self, session, message->offer);
}

static BuildqSyncReply *
answer_session (BuildqEngine *self,
                EngineSession *session,
                BuildqSyncMessage *message,
                BuildqSyncReply *reply)
{
  take_claims (self, session, message, reply);
  take_releases (self, session, message);
  session->seen_us = self->now_real;
  session->silent = FALSE;
  _buildq_engine_set_deadline (self, &session->timer, self->now + self->session_us);
  session->in_sync = TRUE;
  _buildq_engine_dispatch (self);
  session->in_sync = FALSE;
  fill_reply (self, session, reply);
  return reply;
}

BuildqSyncReply *
_buildq_engine_sync (BuildqEngine *self, BuildqSyncMessage *message, GError **error)
{
  g_autoptr (BuildqSyncReply) reply = reply_new (message->session);
  EngineSession *session = g_hash_table_lookup (self->sessions, message->session);
  gboolean fresh = session == NULL || message->seq >= session->seq;

  if (session != NULL && !g_str_equal (session->name, message->name))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                   "the session is that of another machine than '%s'", message->name);
      return NULL;
    }

  if (fresh && message->step == BUILDQ_SESSION_STEP_ATTACH
      && (session = attach (self, message, error)) == NULL)
    return NULL;

  reply->ack = message->seq;
  if (fresh && session != NULL && message->step != BUILDQ_SESSION_STEP_DETACH)
    take_state (self, session, message);
  take_results (self, message, reply);
  for (guint i = 0; i < message->logs->len; i++)
    _buildq_engine_take_log (self, message->logs->pdata[i]);

  if (session == NULL)
    reply->attach = message->step == BUILDQ_SESSION_STEP_CONTINUE;
  else if (message->step == BUILDQ_SESSION_STEP_DETACH)
    session->connected = FALSE;
  else if (message->step == BUILDQ_SESSION_STEP_LEAVE)
    {
      _buildq_engine_worker_left (self, session->name);
      session_end (self, session, BUILDQ_OUTCOME_CANCELLED, "given back");
    }
  else
    return answer_session (self, session, message, g_steal_pointer (&reply));
  _buildq_engine_dispatch (self);
  return g_steal_pointer (&reply);
}
