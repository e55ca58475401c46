/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The leases of an agent: what the queue says of them, and what the user does with them.
 */
#include "config.h"

#include "queue/buildq-agent-private.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-lease-notice.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-sync-reply.h>
#include <string.h>

#include "core/buildq-process.h"

#define MAX_PENDING_LOG (4 * 1024 * 1024)

/* Gives grants to those who wait for one. */
static void
hand_out (BuildqAgent *self)
{
  while (!g_queue_is_empty (&self->grants) && !g_queue_is_empty (&self->waiting))
    {
      g_autoptr (GTask) task = g_queue_pop_head (&self->waiting);

      g_task_return_pointer (task, g_queue_pop_head (&self->grants),
                             (GDestroyNotify) buildq_grant_unref);
    }
}

static gboolean
is_released (BuildqAgent *self, const char *token)
{
  for (GList *l = self->releases.head; l != NULL; l = l->next)
    if (g_str_equal (((AgentMark *) l->data)->token, token))
      return TRUE;
  return FALSE;
}

static void
release (BuildqAgent *self, const char *token)
{
  AgentMark *mark;

  if (is_released (self, token))
    return;
  mark = g_new0 (AgentMark, 1);
  mark->token = g_strdup (token);
  g_queue_push_tail (&self->releases, mark);
  _buildq_agent_changed (self);
}

/* --- what a reply says --- */

static void
take_grants (BuildqAgent *self, GPtrArray *grants)
{
  for (guint i = 0; i < grants->len; i++)
    {
      BuildqGrant *grant = grants->pdata[i];
      AgentLease *lease;

      if (g_hash_table_contains (self->held, grant->token)
          || is_released (self, grant->token))
        continue;
      lease = g_new0 (AgentLease, 1);
      lease->grant = buildq_grant_ref (grant);
      g_hash_table_insert (self->held, grant->token, lease);
      g_queue_push_tail (&self->grants, buildq_grant_ref (grant));
      self->dirty = TRUE;
    }
}

static void
lose (BuildqAgent *self, const char *token, AgentLease *lease)
{
  g_autofree char *copy = g_strdup (token);

  /* Whether a result counts, its receipt says. */
  if (lease->result != NULL)
    return;
  for (GList *l = self->grants.head; l != NULL; l = l->next)
    if (g_str_equal (((BuildqGrant *) l->data)->token, token))
      {
        buildq_grant_unref (l->data);
        g_queue_delete_link (&self->grants, l);
        break;
      }
  g_hash_table_remove (self->held, token);
  g_signal_emit (self, _buildq_agent_signals[BUILDQ_AGENT_LOST], 0, copy);
}

static void
take_notice (BuildqAgent *self, BuildqLeaseNotice *notice)
{
  AgentLease *lease = g_hash_table_lookup (self->held, notice->token);

  switch ((BuildqVerdict) notice->verdict)
    {
    case BUILDQ_VERDICT_CANCEL:
      if (lease == NULL)
        release (self, notice->token);
      else if (!lease->cancelled && lease->result == NULL)
        {
          lease->cancelled = TRUE;
          g_signal_emit (self, _buildq_agent_signals[BUILDQ_AGENT_CANCELLED], 0,
                         notice->token);
        }
      break;
    case BUILDQ_VERDICT_LOST:
      if (lease != NULL)
        lose (self, notice->token, lease);
      break;
    case BUILDQ_VERDICT_LOG:
      if (lease != NULL)
        g_signal_emit (self, _buildq_agent_signals[BUILDQ_AGENT_LOG_WANTED], 0,
                       notice->token, notice->offset);
      break;
    default:
      break;
    }
}

/* The queue would not have the success, but the lease has not ended by that. The agent
 * says so as a fault of the machine, or the job would stay leased. */
static void
complete_as_fault (BuildqAgent *self, AgentLease *lease, const char *why)
{
  BuildqResult *fault = _buildq_value_new (&_buildq_result_info);

  fault->token = g_strdup (lease->result->token);
  fault->key = g_strdup (lease->result->key);
  fault->attempt = lease->result->attempt;
  fault->outcome = BUILDQ_OUTCOME_HOST_FAULT;
  fault->message = g_strdup_printf ("its result was refused: %s",
                                    why != NULL ? why : "no reason given");
  buildq_result_unref (lease->result);
  lease->result = fault;
  self->dirty = TRUE;
}

static void
take_receipt (BuildqAgent *self, BuildqReceipt *receipt)
{
  AgentLease *lease = g_hash_table_lookup (self->held, receipt->token);
  g_autoptr (GTask) task = NULL;

  if (lease == NULL || lease->result == NULL
      || receipt->verdict == BUILDQ_VERDICT_RECEIVED)
    return;
  task = g_steal_pointer (&lease->task);
  if (receipt->verdict == BUILDQ_VERDICT_REFUSED
      && lease->result->outcome == BUILDQ_OUTCOME_SUCCEEDED)
    complete_as_fault (self, lease, receipt->message);
  else
    g_hash_table_remove (self->held, receipt->token);
  if (task != NULL)
    g_task_return_pointer (task, buildq_receipt_ref (receipt),
                           (GDestroyNotify) buildq_receipt_unref);
}

/* What message @ack said has been read. */
static void
take_ack (BuildqAgent *self, gint64 ack)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      AgentLease *lease = value;

      if (lease->claim_seq != 0 && lease->claim_seq <= ack)
        lease->claimed = TRUE;
    }
  for (GList *l = self->releases.head, *next; l != NULL; l = next)
    {
      AgentMark *mark = l->data;

      next = l->next;
      if (mark->seq == 0 || mark->seq > ack)
        continue;
      g_free (mark->token);
      g_free (mark);
      g_queue_delete_link (&self->releases, l);
    }
  if (self->offer_sent != 0 && self->offer_sent <= ack)
    self->offer_seq = self->offer_sent;
}

static void
take_introduction (BuildqAgent *self, BuildqSyncReply *reply)
{
  if (reply->store_dir != NULL)
    _buildq_set_string (&self->store_dir, reply->store_dir);
  if (reply->keys[0] == NULL)
    return;
  g_strfreev (self->farm_keys);
  self->farm_keys = g_strdupv (reply->keys);
}

/* A push that comes before the answer to the attaching message was made after it. */
void
_buildq_agent_take_push (BuildqAgent *self, BuildqSyncReply *reply)
{
  if (self->leaving)
    return;
  if (self->attached)
    {
      _buildq_agent_take_reply (self, reply);
      return;
    }
  buildq_sync_reply_ref (reply);
  g_clear_pointer (&self->early_push, buildq_sync_reply_unref);
  self->early_push = reply;
}

/* The state that the queue wants; a reply that was overtaken by a later one says nothing
 * of that any more, but its receipts count. */
static void
take_wanted_state (BuildqAgent *self, BuildqSyncReply *reply)
{
  self->reply_seq = reply->seq;
  take_grants (self, reply->grants);
  if (reply->next_ms > 0)
    _buildq_agent_speak_in (self, reply->next_ms);
  for (guint i = 0; i < reply->leases->len; i++)
    take_notice (self, reply->leases->pdata[i]);
  if (self->wanted == (BuildqWorkerState) reply->wanted)
    return;
  self->wanted = reply->wanted;
  g_signal_emit (self, _buildq_agent_signals[BUILDQ_AGENT_STATE_WANTED], 0, self->wanted);
}

/* Users may do anything in a signal, so the agent is kept, and nothing is iterated that
 * they could change. */
void
_buildq_agent_take_reply (BuildqAgent *self, BuildqSyncReply *reply)
{
  g_autoptr (BuildqAgent) alive = g_object_ref (self);
  g_autoptr (BuildqSyncReply) early = g_steal_pointer (&self->early_push);
  gboolean first = !self->attached;

  for (guint i = 0; i < reply->receipts->len; i++)
    take_receipt (self, reply->receipts->pdata[i]);
  if (reply->attach)
    {
      _buildq_agent_attach_again (self);
      return;
    }
  if (self->leaving)
    return;
  self->attached = TRUE;
  self->retry_ms = 0;
  take_introduction (self, reply);
  take_ack (self, reply->ack);
  if (first || reply->seq >= self->reply_seq)
    take_wanted_state (self, reply);
  if (first)
    g_signal_emit (self, _buildq_agent_signals[BUILDQ_AGENT_ATTACHED], 0);
  hand_out (self);
  if (early != NULL && early->seq > self->reply_seq)
    _buildq_agent_take_reply (self, early);
  else if (self->dirty)
    _buildq_agent_changed (self);
}

/* --- what the user does --- */

static gboolean
next_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  BuildqAgent *self = g_task_get_source_object (task);

  if (g_queue_remove (&self->waiting, task))
    {
      g_task_return_error_if_cancelled (task);
      g_object_unref (task);
    }
  return G_SOURCE_REMOVE;
}

/**
 * buildq_agent_next_async:
 * @self: an agent
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when there is a grant
 * @user_data: data of @callback
 *
 * Waits for the next grant. It is held from then on, until it is completed, released or
 * lost. One that comes after a cancellation is for the next who asks; one that was there
 * before it is returned all the same.
 *
 * Since: 0.1
 */
void
buildq_agent_next_async (BuildqAgent *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (BUILDQ_IS_AGENT (self));
  if (!_buildq_process_check_call (self, buildq_agent_next_async, callback, user_data))
    return;

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, buildq_agent_next_async);
  /* A grant that was handed out is held, and must not get lost on the way. */
  g_task_set_check_cancellable (task, FALSE);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->failed != NULL)
    {
      g_task_return_error (task, g_error_copy (self->failed));
      return;
    }
  if (cancellable != NULL)
    {
      g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

      g_source_set_callback (source, G_SOURCE_FUNC (next_cancelled), g_object_ref (task),
                             g_object_unref);
      g_source_attach (source, g_task_get_context (task));
      g_object_set_data_full (G_OBJECT (task), "buildq-cancel", g_source_ref (source),
                              (GDestroyNotify) g_source_unref);
    }
  g_queue_push_tail (&self->waiting, g_steal_pointer (&task));
  hand_out (self);
}

/**
 * buildq_agent_next_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: `UNAUTHORIZED` and others when the queue will not have this agent;
 *   `G_IO_ERROR_CANCELLED`
 *
 * Returns: (transfer full): the grant
 *
 * Since: 0.1
 */
BuildqGrant *
buildq_agent_next_finish (BuildqAgent *self, GAsyncResult *result, GError **error)
{
  GSource *source;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  /* It holds the task, which holds it. */
  source = g_object_get_data (G_OBJECT (result), "buildq-cancel");
  if (source != NULL)
    g_source_destroy (source);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * buildq_agent_hold:
 * @self: an agent
 * @grant: a lease that an agent of the same name held
 *
 * Holds on to a lease, before the agent is started: for a program that was started anew,
 * and that remembers what it had. The lease can be completed or released at once; when
 * the queue does not know it any more, it is [signal@Buildq.Agent::lost], or its result
 * gets its receipt.
 *
 * Since: 0.1
 */
void
buildq_agent_hold (BuildqAgent *self, BuildqGrant *grant)
{
  AgentLease *lease;

  g_return_if_fail (BUILDQ_IS_AGENT (self));
  g_return_if_fail (grant != NULL);
  g_return_if_fail (!self->started);

  lease = g_new0 (AgentLease, 1);
  lease->grant = buildq_grant_ref (grant);
  g_hash_table_replace (self->held, lease->grant->token, lease);
}

/**
 * buildq_agent_complete_async:
 * @self: an agent
 * @token: the token of a lease that is held
 * @outcome: how it ended
 * @cancellable: (nullable): to cancel waiting; the result is handed in all the same
 * @callback: (nullable) (scope async): called when the queue has answered
 * @user_data: data of @callback
 *
 * Hands in the result of a lease, as often as it takes.
 *
 * Since: 0.1
 */
void
buildq_agent_complete_async (BuildqAgent *self,
                             const char *token,
                             BuildqResult *outcome,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  AgentLease *lease;

  g_return_if_fail (BUILDQ_IS_AGENT (self));
  g_return_if_fail (token != NULL && outcome != NULL);
  if (!_buildq_process_check_call (self, buildq_agent_complete_async, callback,
                                   user_data))
    return;

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, buildq_agent_complete_async);
  g_task_set_check_cancellable (task, FALSE);
  lease = g_hash_table_lookup (self->held, token);
  if (lease == NULL || lease->result != NULL || self->failed != NULL)
    {
      if (self->failed != NULL)
        g_task_return_error (task, g_error_copy (self->failed));
      else
        g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_LEASE_LOST, "%s",
                                 lease == NULL ? "the lease is not held"
                                               : "the lease was completed already");
      return;
    }
  lease->result = _buildq_value_copy (&_buildq_result_info, outcome);
  _buildq_set_string (&lease->result->token, token);
  _buildq_set_string (&lease->result->key, ((BuildqJob *) lease->grant->job)->key);
  lease->result->attempt = lease->grant->attempt;
  lease->task = g_steal_pointer (&task);
  _buildq_agent_changed (self);
}

/**
 * buildq_agent_complete_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: `LEASE_LOST` when the lease is not held
 *
 * Returns: (transfer full): what the queue said to the result
 *
 * Since: 0.1
 */
BuildqReceipt *
buildq_agent_complete_finish (BuildqAgent *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * buildq_agent_release:
 * @self: an agent
 * @token: the token of a lease that is held
 * @error: `LEASE_LOST` when it is not held, or was completed
 *
 * Gives a lease back, so that another can have the job.
 *
 * Returns: whether it was held
 *
 * Since: 0.1
 */
gboolean
buildq_agent_release (BuildqAgent *self, const char *token, GError **error)
{
  AgentLease *lease;
  g_autofree char *copy = g_strdup (token);

  g_return_val_if_fail (BUILDQ_IS_AGENT (self), FALSE);
  g_return_val_if_fail (token != NULL, FALSE);

  lease = g_hash_table_lookup (self->held, token);
  if (lease == NULL || lease->result != NULL)
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_LEASE_LOST,
                           "the lease is not held");
      return FALSE;
    }
  g_hash_table_remove (self->held, token);
  release (self, copy);
  return TRUE;
}

/**
 * buildq_agent_send_log:
 * @self: an agent
 * @chunk: a piece of a log, with the token of its lease
 *
 * Sends a piece of a log that was asked for. It may get lost, and is asked for again
 * then.
 *
 * Since: 0.1
 */
void
buildq_agent_send_log (BuildqAgent *self, BuildqLogChunk *chunk)
{
  gsize size;

  g_return_if_fail (BUILDQ_IS_AGENT (self));
  g_return_if_fail (chunk != NULL);

  size = chunk->data != NULL ? strlen (chunk->data) : 0;
  if (self->log_bytes + size > MAX_PENDING_LOG)
    return;
  self->log_bytes += size;
  g_queue_push_tail (&self->logs, buildq_log_chunk_ref (chunk));
  _buildq_agent_changed (self);
}

/**
 * buildq_agent_get_held:
 * @self: an agent
 *
 * Returns: (transfer container) (element-type BuildqGrant): the leases that are held
 *
 * Since: 0.1
 */
GPtrArray *
buildq_agent_get_held (BuildqAgent *self)
{
  GPtrArray *grants;
  GHashTableIter iter;
  gpointer value;

  g_return_val_if_fail (BUILDQ_IS_AGENT (self), NULL);

  grants = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_grant_unref);
  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (grants, buildq_grant_ref (((AgentLease *) value)->grant));
  return grants;
}
