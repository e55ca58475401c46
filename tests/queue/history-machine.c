/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The machines of a random history: what each hears, does and says. They keep to the
 * protocol, as BuildqAgent does, but have no clock of their own.
 */
#include "config.h"

#include "history.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-sync-message.h>

gboolean
world_chance (World *self, guint percent)
{
  return (guint) g_rand_int_range (self->rand, 0, 100) < percent;
}

guint
world_any (World *self, guint n)
{
  return (guint) g_rand_int_range (self->rand, 0, (gint32) n);
}

void
world_tell (World *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  if (!self->trace)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_test_message ("%7.1f s: %s", (double) self->now / G_TIME_SPAN_SECOND, text);
}

static void
held_free (gpointer data)
{
  g_free (((Held *) data)->token);
  g_free (data);
}

/* --- what a machine hears --- */

static Held *
find_held (Machine *machine, const char *token)
{
  for (guint i = 0; i < machine->held->len; i++)
    {
      Held *held = machine->held->pdata[i];

      if (g_str_equal (held->token, token))
        return held;
    }
  return NULL;
}

static void
drop_held (Machine *machine, Held *held)
{
  g_hash_table_add (machine->done, g_strdup (held->token));
  g_ptr_array_remove_fast (machine->held, held);
}

static void
hear_wishes (World *self, Machine *machine, const BuildqSyncReply *reply)
{
  for (guint i = 0; i < reply->grants->len; i++)
    {
      const BuildqGrant *grant = reply->grants->pdata[i];
      Held *held;

      if (find_held (machine, grant->token) != NULL
          || g_hash_table_contains (machine->done, grant->token))
        continue;
      held = g_new0 (Held, 1);
      held->token = g_strdup (grant->token);
      held->outcome = NOT_DONE;
      g_ptr_array_add (machine->held, held);
      world_tell (self, "%s takes %s, attempt %d", machine->name, grant->job->key,
                  (int) grant->attempt);
    }
  for (guint i = 0; i < reply->leases->len; i++)
    {
      const BuildqLeaseNotice *notice = reply->leases->pdata[i];
      Held *held = find_held (machine, notice->token);

      if (held == NULL)
        continue;
      if (notice->verdict == BUILDQ_VERDICT_CANCEL && held->outcome == NOT_DONE)
        held->outcome = BUILDQ_OUTCOME_CANCELLED;
      else if (notice->verdict == BUILDQ_VERDICT_LOST
               && held->outcome != BUILDQ_OUTCOME_SUCCEEDED)
        drop_held (machine, held);
    }
}

static void
hear_ack (Machine *machine, gint64 ack)
{
  for (guint i = machine->held->len; i-- > 0;)
    {
      Held *held = machine->held->pdata[i];

      if (held->claim_seq != 0 && held->claim_seq <= ack)
        held->claimed = TRUE;
      if (held->release_seq != 0 && held->release_seq <= ack)
        drop_held (machine, held);
    }
}

void
machine_hear (World *self, Machine *machine, const BuildqSyncReply *reply)
{
  if (machine->session == NULL || !g_str_equal (machine->session, reply->session))
    return;
  if (reply->attach)
    {
      machine->attached = FALSE;
      machine->attach_seq = 0;
      return;
    }
  if (machine->attach_seq != 0 && reply->ack >= machine->attach_seq)
    machine->attached = TRUE;
  hear_ack (machine, reply->ack);
  for (guint i = 0; i < reply->receipts->len; i++)
    {
      const BuildqReceipt *receipt = reply->receipts->pdata[i];
      Held *held = find_held (machine, receipt->token);

      world_tell (self, "%s hears %s", machine->name,
                  buildq_verdict_to_string (receipt->verdict));
      if (held != NULL)
        drop_held (machine, held);
    }
  if (reply->seq <= machine->reply_seq)
    return;
  machine->reply_seq = reply->seq;
  hear_wishes (self, machine, reply);
}

/* --- what a machine says --- */

char *
history_system_of (guint index)
{
  return g_strdup_printf ("s%u", index % HISTORY_SYSTEMS);
}

static void
set_list (char ***place, char *only)
{
  g_strfreev (*place);
  *place = g_new0 (char *, 2);
  (*place)[0] = only;
}

static BuildqOffer *
make_offer (Machine *machine, guint slots)
{
  BuildqOffer *offer = _buildq_value_new (&_buildq_offer_info);
  BuildqMachineGroup *group = _buildq_value_new (&_buildq_machine_group_info);

  set_list (&group->systems, history_system_of (machine->index));
  set_list (&group->kinds, g_strdup ("k"));
  group->slots = slots;
  g_ptr_array_add (offer->groups, group);
  return offer;
}

static void
add_token (GPtrArray *list, const Held *held)
{
  g_ptr_array_add (list, g_strdup (held->token));
}

char **
history_take_list (GPtrArray *list)
{
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}

static BuildqResult *
make_result (World *self, const Held *held)
{
  BuildqResult *result = _buildq_value_new (&_buildq_result_info);

  result->token = g_strdup (held->token);
  result->key = g_strdup_printf ("j%u", model_get_lease (&self->model, held->token)->job);
  result->outcome = held->outcome;
  return result;
}

static void
say_state (World *self, Machine *machine, BuildqSyncMessage *message)
{
  GPtrArray *claims = g_ptr_array_new ();
  GPtrArray *releases = g_ptr_array_new ();
  GPtrArray *holding = g_ptr_array_new ();

  for (guint i = 0; i < machine->held->len; i++)
    {
      Held *held = machine->held->pdata[i];

      if (held->release)
        {
          add_token (releases, held);
          if (held->release_seq == 0)
            held->release_seq = message->seq;
        }
      if (!held->claimed)
        {
          add_token (claims, held);
          if (held->claim_seq == 0)
            held->claim_seq = message->seq;
        }
      if (!held->release && held->outcome != NOT_DONE)
        g_ptr_array_add (message->results, make_result (self, held));
      if (message->step == BUILDQ_SESSION_STEP_ATTACH)
        add_token (holding, held);
    }
  g_clear_pointer (&message->claims, g_strfreev);
  g_clear_pointer (&message->releases, g_strfreev);
  g_clear_pointer (&message->holding, g_strfreev);
  message->claims = history_take_list (claims);
  message->releases = history_take_list (releases);
  message->holding = history_take_list (holding);
}

static BuildqSyncMessage *
message_new (Machine *machine, BuildqSessionStep step)
{
  BuildqSyncMessage *message = _buildq_value_new (&_buildq_sync_message_info);

  message->session = g_strdup (machine->session);
  message->name = g_strdup (machine->name);
  message->seq = ++machine->seq;
  message->step = step;
  message->push = machine->push;
  return message;
}

void
machine_say (World *self, Machine *machine)
{
  BuildqSyncMessage *message;

  if (machine->session == NULL)
    return;
  message = message_new (machine, machine->attached ? BUILDQ_SESSION_STEP_CONTINUE
                                                    : BUILDQ_SESSION_STEP_ATTACH);
  if (!machine->attached)
    machine->attach_seq = message->seq;
  if (!machine->attached || world_chance (self, 20))
    message->offer = make_offer (machine, self->reliable ? 2 : world_any (self, 4));
  say_state (self, machine, message);
  g_queue_push_tail (&machine->network, message);
}

/* --- machines --- */

void
machine_start (World *self, Machine *machine)
{
  machine->session = g_strdup_printf ("%s-%u", machine->name, ++machine->life);
  machine->seq = 0;
  machine->reply_seq = 0;
  machine->attach_seq = 0;
  machine->attached = FALSE;
  machine->push = world_chance (self, 50);
  world_tell (self, "%s starts", machine->name);
}

/* A machine with a spool still has what it held when it starts again. The server notices
 * sooner or later that the connection is gone. */
void
machine_stop (World *self, Machine *machine)
{
  if (world_chance (self, 70))
    g_queue_push_tail (&machine->network,
                       message_new (machine, BUILDQ_SESSION_STEP_DETACH));
  if (world_chance (self, 50))
    while (machine->held->len > 0)
      drop_held (machine, machine->held->pdata[0]);
  for (guint i = 0; i < machine->held->len; i++)
    ((Held *) machine->held->pdata[i])->claim_seq = 0;
  for (guint i = 0; i < machine->held->len; i++)
    ((Held *) machine->held->pdata[i])->release_seq = 0;
  g_clear_pointer (&machine->session, g_free);
  world_tell (self, "%s is killed", machine->name);
}

void
machine_leave (World *self, Machine *machine)
{
  BuildqSyncMessage *message = message_new (machine, BUILDQ_SESSION_STEP_LEAVE);

  for (guint i = 0; i < machine->held->len; i++)
    ((Held *) machine->held->pdata[i])->release = TRUE;
  say_state (self, machine, message);
  while (machine->held->len > 0)
    drop_held (machine, machine->held->pdata[0]);
  g_queue_push_tail (&machine->network, message);
  g_clear_pointer (&machine->session, g_free);
  world_tell (self, "%s leaves", machine->name);
}

void
machine_work (World *self, Machine *machine)
{
  static const BuildqOutcome failures[]
      = { BUILDQ_OUTCOME_FAILED, BUILDQ_OUTCOME_HOST_FAULT, BUILDQ_OUTCOME_INPUT_MISSING,
          BUILDQ_OUTCOME_UPLOAD_FAILED };
  Held *held;

  if (machine->session == NULL || machine->held->len == 0)
    return;
  held = machine->held->pdata[world_any (self, machine->held->len)];
  if (held->release || held->outcome != NOT_DONE)
    return;
  if (world_chance (self, 10))
    {
      held->release = TRUE;
      world_tell (self, "%s gives back %s", machine->name, held->token);
    }
  else if (world_chance (self, 75))
    held->outcome = BUILDQ_OUTCOME_SUCCEEDED;
  else
    held->outcome = (int) failures[world_any (self, G_N_ELEMENTS (failures))];
}

void
machine_init (Machine *self, guint index)
{
  *self = (Machine){
    .index = index,
    .name = g_strdup_printf ("m%u", index),
    .held = g_ptr_array_new_with_free_func (held_free),
    .done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .network = G_QUEUE_INIT,
  };
}

void
machine_clear (Machine *machine)
{
  g_queue_clear_full (&machine->network, (GDestroyNotify) buildq_sync_message_unref);
  g_ptr_array_unref (machine->held);
  g_hash_table_unref (machine->done);
  g_free (machine->name);
  g_free (machine->session);
}
