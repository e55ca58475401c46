/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-agent-private.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-lease-notice.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>

#include "core/buildq-thread.h"
#include "core/buildq-process.h"
#include "core/buildq-protocol.h"

/**
 * BuildqAgent:
 *
 * The client half of leasing, over any queue: it keeps a session alive, claims grants,
 * holds leases, and sends results again until the queue has answered them.
 *
 * Workers and relays use it, and so do schedulers of one's own: set an offer, start it,
 * ask for the next grant, do the work, complete it.
 *
 * When the connection breaks, the agent attaches again by itself, and says what it still
 * holds; work goes on meanwhile. It belongs to the thread-default main context of its
 * construction.
 *
 * Since: 0.1
 */

#define FIRST_RETRY_MS 100
#define MAX_RETRY_MS 5000

G_DEFINE_FINAL_TYPE (BuildqAgent, buildq_agent, G_TYPE_OBJECT)

guint _buildq_agent_signals[BUILDQ_AGENT_N_SIGNALS];

static void send_state (BuildqAgent *self);

static void
held_free (gpointer data)
{
  AgentLease *lease = data;

  g_clear_pointer (&lease->grant, buildq_grant_unref);
  g_clear_pointer (&lease->result, buildq_result_unref);
  g_clear_object (&lease->task);
  g_free (lease);
}

static void
mark_free (gpointer data)
{
  AgentMark *mark = data;

  g_free (mark->token);
  g_free (mark);
}

/* --- what is sent --- */

static void
add_held (BuildqAgent *self, BuildqSyncMessage *message)
{
  GHashTableIter iter;
  gpointer token, value;

  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, &token, &value))
    {
      AgentLease *lease = value;

      if (message->step == BUILDQ_SESSION_STEP_ATTACH)
        _buildq_strv_add (&message->holding, token);
      else if (!lease->claimed)
        _buildq_strv_add (&message->claims, token);
      if (!lease->claimed)
        lease->claim_seq = message->seq;
      if (lease->result != NULL)
        g_ptr_array_add (message->results, buildq_result_ref (lease->result));
    }
}

static void
add_releases (BuildqAgent *self, BuildqSyncMessage *message)
{
  for (GList *l = self->releases.head; l != NULL; l = l->next)
    {
      AgentMark *mark = l->data;

      mark->seq = message->seq;
      _buildq_strv_add (&message->releases, mark->token);
    }
}

static void
add_logs (BuildqAgent *self, BuildqSyncMessage *message)
{
  BuildqLogChunk *chunk;

  while ((chunk = g_queue_pop_head (&self->logs)) != NULL)
    g_ptr_array_add (message->logs, chunk);
  self->log_bytes = 0;
}

static BuildqSyncMessage *
make_message (BuildqAgent *self)
{
  static const char *const capabilities[] = { BUILDQ_CAPABILITIES, NULL };
  BuildqSyncMessage *message = _buildq_value_new (&_buildq_sync_message_info);

  message->session = g_strdup (self->session);
  message->name = g_strdup (self->name);
  message->seq = ++self->seq;
  message->ack = self->reply_seq;
  message->push = TRUE;
  message->version = BUILDQ_PROTOCOL_VERSION;
  if (self->leaving)
    message->step = BUILDQ_SESSION_STEP_LEAVE;
  else if (!self->attached)
    {
      message->step = BUILDQ_SESSION_STEP_ATTACH;
      g_strfreev (message->capabilities);
      message->capabilities = g_strdupv ((char **) capabilities);
    }
  if (self->offer != NULL && (!self->attached || self->offer_seq == 0))
    {
      message->offer = buildq_offer_ref (self->offer);
      self->offer_sent = message->seq;
    }
  add_held (self, message);
  add_releases (self, message);
  add_logs (self, message);
  return message;
}

static gboolean
speak_again (gpointer data)
{
  BuildqAgent *self = data;

  g_source_set_ready_time (self->timer, -1);
  send_state (self);
  return G_SOURCE_CONTINUE;
}

static void
speak_in (BuildqAgent *self, gint64 ms)
{
  if (self->timer != NULL)
    g_source_set_ready_time (self->timer, _buildq_clock_now () + ms * 1000);
}

/* --- what comes back --- */

static void
fail_waiting (BuildqAgent *self, const GError *error)
{
  GHashTableIter iter;
  gpointer value;
  GTask *task;

  while ((task = g_queue_pop_head (&self->waiting)) != NULL)
    {
      g_task_return_error (task, g_error_copy (error));
      g_object_unref (task);
    }
  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      g_autoptr (GTask) complete = g_steal_pointer (&((AgentLease *) value)->task);

      if (complete != NULL)
        g_task_return_error (complete, g_error_copy (error));
    }
}

static void
finish_leaving (BuildqAgent *self)
{
  GTask *task;

  while ((task = g_queue_pop_head (&self->leave_tasks)) != NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static void
handle_error (BuildqAgent *self, const GError *error)
{
  gint64 delay;

  self->attached = FALSE;
  if (self->leaving)
    {
      finish_leaving (self); /* the session lapses by itself */
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (!buildq_error_is_transient (error)
      && !g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS))
    {
      g_clear_error (&self->failed);
      self->failed = g_error_copy (error);
      fail_waiting (self, error);
      return;
    }
  self->retry_ms = CLAMP (self->retry_ms * 2, FIRST_RETRY_MS, MAX_RETRY_MS);
  delay = g_random_int_range (self->retry_ms / 2, self->retry_ms + 1);
  g_info ("%s: trying again in %" G_GINT64_FORMAT " ms: %s", self->name, delay,
          error->message);
  speak_in (self, delay);
}

static void
sync_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (BuildqAgent) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncReply) reply
      = buildq_queue_sync_finish (BUILDQ_QUEUE (source), result, &error);
  gboolean left = self->leaving && self->leave_seq == self->seq;

  self->in_flight = FALSE;
  if (self->timer == NULL)
    return; /* disposed */
  if (left)
    finish_leaving (self);
  if (reply != NULL)
    _buildq_agent_take_reply (self, reply);
  else
    handle_error (self, error);
  if (self->dirty && (reply != NULL || self->leaving) && !left)
    send_state (self);
}

/* Says how things stand, now, or as soon as the message that is under way is answered. */
static void
send_state (BuildqAgent *self)
{
  g_autoptr (BuildqSyncMessage) message = NULL;

  if (!self->started || self->failed != NULL || self->timer == NULL)
    return;
  if (self->in_flight)
    {
      self->dirty = TRUE;
      return;
    }
  self->dirty = FALSE;
  self->in_flight = TRUE;
  message = make_message (self);
  if (self->leaving)
    self->leave_seq = message->seq;
  buildq_queue_sync_async (self->queue, message, G_PRIORITY_DEFAULT, NULL, sync_done,
                           g_object_ref (self));
}

void
_buildq_agent_changed (BuildqAgent *self)
{
  if (self->attached || self->leaving)
    send_state (self);
}

void
_buildq_agent_attach_again (BuildqAgent *self)
{
  self->attached = FALSE;
  send_state (self);
}

void
_buildq_agent_speak_in (BuildqAgent *self, gint64 ms)
{
  speak_in (self, ms);
}

void
_buildq_agent_fall_silent (BuildqAgent *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
pushed (BuildqQueue *queue,
        const char *session,
        BuildqSyncReply *reply,
        gpointer user_data)
{
  BuildqAgent *self = user_data;

  if (g_str_equal (session, self->session))
    _buildq_agent_take_push (self, reply);
}

/* --- the object --- */

static gboolean
timer_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch };

static void
buildq_agent_dispose (GObject *object)
{
  BuildqAgent *self = BUILDQ_AGENT (object);
  g_autoptr (GError) error
      = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "the agent is gone");

  _buildq_agent_fall_silent (self);
  if (self->queue != NULL)
    g_signal_handlers_disconnect_by_data (self->queue, self);
  fail_waiting (self, error);
  finish_leaving (self);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (buildq_agent_parent_class)->dispose (object);
}

static void
buildq_agent_finalize (GObject *object)
{
  BuildqAgent *self = BUILDQ_AGENT (object);

  g_queue_clear_full (&self->grants, (GDestroyNotify) buildq_grant_unref);
  g_queue_clear_full (&self->releases, mark_free);
  g_queue_clear_full (&self->logs, (GDestroyNotify) buildq_log_chunk_unref);
  g_clear_pointer (&self->early_push, buildq_sync_reply_unref);
  g_clear_pointer (&self->held, g_hash_table_unref);
  g_clear_pointer (&self->offer, buildq_offer_unref);
  g_clear_pointer (&self->farm_keys, g_strfreev);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->failed);
  g_free (self->store_dir);
  g_free (self->session);
  g_free (self->name);
  G_OBJECT_CLASS (buildq_agent_parent_class)->finalize (object);
}

static void
define_signals (GType type)
{
  /**
   * BuildqAgent::attached:
   * @self: an agent
   *
   * Emitted when the queue knows the session, for the first time or again.
   *
   * Since: 0.1
   */
  _buildq_agent_signals[BUILDQ_AGENT_ATTACHED] = g_signal_new (
      "attached", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * BuildqAgent::cancelled:
   * @self: an agent
   * @token: the token of a lease
   *
   * Emitted when nobody wants the work of a lease any more. The lease is held until it is
   * completed with the outcome `cancelled`, or released.
   *
   * Since: 0.1
   */
  _buildq_agent_signals[BUILDQ_AGENT_CANCELLED]
      = g_signal_new ("cancelled", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * BuildqAgent::lost:
   * @self: an agent
   * @token: the token of a lease
   *
   * Emitted when the queue does not know a lease any more. It is not held after this, and
   * the work should stop.
   *
   * Since: 0.1
   */
  _buildq_agent_signals[BUILDQ_AGENT_LOST]
      = g_signal_new ("lost", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                      1, G_TYPE_STRING);

  /**
   * BuildqAgent::log-wanted:
   * @self: an agent
   * @token: the token of a lease
   * @offset: from which byte on
   *
   * Emitted, again and again, while somebody watches the log of a job. What there is from
   * @offset on should be sent with [method@Buildq.Agent.send_log], at once or when there
   * is more.
   *
   * Since: 0.1
   */
  _buildq_agent_signals[BUILDQ_AGENT_LOG_WANTED]
      = g_signal_new ("log-wanted", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_INT64);
}

static void
define_state_signal (GType type)
{
  /**
   * BuildqAgent::state-wanted:
   * @self: an agent
   * @state: `paused`, `draining`, or `ready` for as it likes
   *
   * Emitted when the queue wants the machine to take jobs or not, and this is new.
   *
   * Since: 0.1
   */
  _buildq_agent_signals[BUILDQ_AGENT_STATE_WANTED]
      = g_signal_new ("state-wanted", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 1, BUILDQ_TYPE_WORKER_STATE);
}

static void
buildq_agent_class_init (BuildqAgentClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->dispose = buildq_agent_dispose;
  object_class->finalize = buildq_agent_finalize;
  define_signals (G_TYPE_FROM_CLASS (class));
  define_state_signal (G_TYPE_FROM_CLASS (class));
}

static void
buildq_agent_init (BuildqAgent *self)
{
  _buildq_process_note (self);
  self->context = g_main_context_ref_thread_default ();
  self->session = g_uuid_string_random ();
  self->held = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, held_free);
  self->farm_keys = g_new0 (char *, 1);
  self->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_static_name (self->timer, "buildq-agent");
  g_source_set_callback (self->timer, speak_again, self, NULL);
  g_source_attach (self->timer, self->context);
}

/**
 * buildq_agent_new:
 * @queue: a queue
 * @name: the name of the machine, which no other may have at the same time
 *
 * Returns: (transfer full): a new agent, which is not started yet
 *
 * Since: 0.1
 */
BuildqAgent *
buildq_agent_new (BuildqQueue *queue, const char *name)
{
  BuildqAgent *self;

  g_return_val_if_fail (BUILDQ_IS_QUEUE (queue), NULL);
  g_return_val_if_fail (name != NULL && name[0] != '\0', NULL);

  self = g_object_new (BUILDQ_TYPE_AGENT, NULL);
  self->queue = g_object_ref (queue);
  self->name = g_strdup (name);
  g_signal_connect (queue, "pushed", G_CALLBACK (pushed), self);
  return self;
}

/**
 * buildq_agent_start:
 * @self: an agent
 *
 * Begins to speak to the queue. It does so until [method@Buildq.Agent.leave_async], or
 * until the agent is dropped.
 *
 * Since: 0.1
 */
void
buildq_agent_start (BuildqAgent *self)
{
  g_return_if_fail (BUILDQ_IS_AGENT (self));

  if (self->started)
    return;
  self->started = TRUE;
  send_state (self);
}

/**
 * buildq_agent_set_offer:
 * @self: an agent
 * @offer: what it can take
 *
 * Sets what the machine can take. Its slots are all that it can hold at a time, those
 * that it holds already included; without an offer it gets nothing.
 *
 * Since: 0.1
 */
void
buildq_agent_set_offer (BuildqAgent *self, BuildqOffer *offer)
{
  g_return_if_fail (BUILDQ_IS_AGENT (self));
  g_return_if_fail (offer != NULL);

  if (self->offer != NULL && buildq_offer_equal (self->offer, offer))
    return;
  buildq_offer_ref (offer);
  g_clear_pointer (&self->offer, buildq_offer_unref);
  self->offer = offer;
  self->offer_seq = 0;
  self->offer_sent = 0;
  _buildq_agent_changed (self);
}

/**
 * buildq_agent_leave_async:
 * @self: an agent
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Ends the session, and gives back all that is held, without waiting for results that the
 * queue has not answered. It is done when the queue has answered, or cannot be reached.
 *
 * Since: 0.1
 */
void
buildq_agent_leave_async (BuildqAgent *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (BUILDQ_IS_AGENT (self));
  if (!_buildq_process_check_call (self, buildq_agent_leave_async, callback, user_data))
    return;

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, buildq_agent_leave_async);
  if (!self->started || self->failed != NULL || self->timer == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_queue_push_tail (&self->leave_tasks, g_steal_pointer (&task));
  self->leaving = TRUE;
  send_state (self);
}

/**
 * buildq_agent_leave_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: why it failed
 *
 * Returns: whether the session was ended
 *
 * Since: 0.1
 */
gboolean
buildq_agent_leave_finish (BuildqAgent *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
