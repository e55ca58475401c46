/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The people, the network and the time of a random history.
 */
#include "config.h"

#include "history.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>
#include <buildq/buildq-worker-status.h>

#define CLAIM_US (10 * G_TIME_SPAN_SECOND)
#define SESSION_US (30 * G_TIME_SPAN_SECOND)
#define END_ROUNDS 400

/* --- the queue --- */

static void
push_replies (World *self)
{
  for (GList *l = self->engine->session_queue.head; l != NULL; l = l->next)
    {
      EngineSession *session = l->data;
      Machine *machine = &self->machines[history_index (session->name)];
      g_autoptr (BuildqSyncReply) reply = NULL;

      if (!session->dirty || !session->push || !session->connected)
        continue;
      reply = _buildq_engine_build_reply (self->engine, session);
      model_check_reply (&self->model, machine->index, NULL, reply);
      if (self->reliable || !world_chance (self, 15))
        machine_hear (self, machine, reply);
    }
}

static void
set_time (World *self)
{
  self->engine->now = self->now;
  self->engine->now_real = self->now + G_TIME_SPAN_DAY;
}

static void
settle (World *self)
{
  _buildq_engine_dispatch (self->engine);
  _buildq_engine_settle (self->engine);
  push_replies (self);
  g_assert_no_error (self->engine->failed);
  model_check_engine (&self->model);
}

static void
pass_time (World *self, gint64 us)
{
  self->now += us;
  set_time (self);
  _buildq_engine_expire (self->engine);
  settle (self);
}

/* --- the network --- */

static void
deliver_message (World *self, Machine *machine, BuildqSyncMessage *message)
{
  g_autoptr (BuildqSyncReply) reply = NULL;
  g_autoptr (GError) error = NULL;

  world_tell (self, "%s: message %d arrives, step %d", message->session,
              (int) message->seq, message->step);
  set_time (self);
  model_note_message (&self->model, message);
  reply = _buildq_engine_sync (self->engine, message, &error);
  if (reply == NULL)
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS);
  else
    model_check_reply (&self->model, machine->index, message, reply);
  settle (self);
  if (reply != NULL && (self->reliable || !world_chance (self, 15)))
    machine_hear (self, machine, reply);
}

/* Most messages arrive once and in order. */
static void
deliver (World *self, Machine *machine)
{
  guint length = g_queue_get_length (&machine->network);
  guint n
      = self->reliable || world_chance (self, 85) ? 0 : world_any (self, MAX (length, 1));
  g_autoptr (BuildqSyncMessage) message = NULL;

  if (length == 0)
    return;
  message = g_queue_pop_nth (&machine->network, n);
  if (!self->reliable && world_chance (self, 10))
    return;
  if (!self->reliable && world_chance (self, 10))
    g_queue_push_tail (&machine->network, buildq_sync_message_ref (message));
  deliver_message (self, machine, message);
}

static void
come_and_go (World *self, Machine *machine)
{
  if (machine->session == NULL)
    machine_start (self, machine);
  else if (world_chance (self, 30))
    machine_leave (self, machine);
  else
    machine_stop (self, machine);
}

/* --- people --- */

static BuildqJob *
make_job (World *self, guint index)
{
  BuildqJob *job = _buildq_value_new (&_buildq_job_info);
  GPtrArray *depends = g_ptr_array_new ();
  ModelJob *model = &self->model.jobs[index];

  for (guint i = 0; i < index; i++)
    if (self->model.jobs[i].known && world_chance (self, 25))
      {
        model->deps |= 1u << i;
        g_ptr_array_add (depends, g_strdup_printf ("j%u", i));
      }
  model->known = TRUE;
  job->key = g_strdup_printf ("j%u", index);
  job->kind = g_strdup ("k");
  job->system = history_system_of (index);
  g_clear_pointer (&job->depends, g_strfreev);
  job->depends = history_take_list (depends);
  return job;
}

static guint32
closure (World *self, guint32 jobs)
{
  for (guint i = HISTORY_JOBS; i-- > 0;)
    if ((jobs & 1u << i) != 0)
      jobs |= self->model.jobs[i].deps;
  return jobs;
}

/* New jobs, and some that are there; what is submitted again is another request. */
static void
submit (World *self)
{
  g_autoptr (BuildqRequest) request = _buildq_value_new (&_buildq_request_info);
  guint number = self->n_requests;
  ModelRequest *model = &self->model.requests[number];
  GPtrArray *wanted = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  if (number == HISTORY_REQUESTS)
    return;
  request->id = g_strdup_printf ("r%u", number);
  request->priority = world_any (self, 3);
  for (guint n = world_any (self, 5); n > 0 && self->n_jobs < HISTORY_JOBS; n--)
    {
      guint index = self->n_jobs++;

      g_ptr_array_add (request->jobs, make_job (self, index));
      model->wanted |= 1u << index;
      g_ptr_array_add (wanted, g_strdup_printf ("j%u", index));
    }
  if (request->jobs->len == 0)
    {
      g_strfreev (history_take_list (wanted));
      return;
    }
  self->n_requests++;
  model->known = TRUE;
  model->wanted = closure (self, model->wanted);
  g_clear_pointer (&request->wanted, g_strfreev);
  request->wanted = history_take_list (wanted);
  world_tell (self, "%s with %u jobs is submitted", request->id, request->jobs->len);
  set_time (self);
  g_assert_nonnull (_buildq_engine_submit (self->engine, request, &error));
  g_assert_no_error (error);
  if (world_chance (self, 20))
    g_assert_nonnull (_buildq_engine_submit (self->engine, request, &error));
  settle (self);
}

static void
cancel_or_retry (World *self)
{
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;
  ModelRequest *model;
  EngineRequest *request;

  if (self->n_requests == 0)
    return;
  model = &self->model.requests[world_any (self, self->n_requests)];
  id = g_strdup_printf ("r%u", (guint) (model - self->model.requests));
  set_time (self);
  if (world_chance (self, 50))
    {
      world_tell (self, "%s is cancelled", id);
      request = _buildq_engine_cancel (self->engine, id, &error);
    }
  else
    {
      world_tell (self, "%s is retried", id);
      request = _buildq_engine_retry (self->engine, id, NULL, &error);
    }
  g_assert_no_error (error);
  model->cancelled = request->state == BUILDQ_REQUEST_STATE_CANCELLED;
  settle (self);
}

static void
pause_or_resume (World *self, Machine *machine, gboolean pause)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqWorkerStatus) status = NULL;

  set_time (self);
  status = _buildq_engine_set_worker_state (
      self->engine, machine->name,
      pause ? BUILDQ_WORKER_STATE_PAUSED : BUILDQ_WORKER_STATE_READY, &error);
  if (status != NULL)
    self->model.paused[machine->index] = pause;
  world_tell (self, "%s is %s", machine->name, pause ? "paused" : "resumed");
  settle (self);
}

/* --- the whole --- */

static void
step (World *self)
{
  Machine *machine = &self->machines[world_any (self, HISTORY_MACHINES)];
  guint what = world_any (self, 100);

  if (what < 35)
    deliver (self, machine);
  else if (what < 60)
    machine_say (self, machine);
  else if (what < 75)
    machine_work (self, machine);
  else if (what < 80)
    submit (self);
  else if (what < 83)
    cancel_or_retry (self);
  else if (what < 85)
    pause_or_resume (self, machine, world_chance (self, 50));
  else if (what < 90)
    come_and_go (self, machine);
  else
    pass_time (self, world_chance (self, 20)
                         ? world_any (self, 40) * G_TIME_SPAN_SECOND
                         : world_any (self, 2000) * G_TIME_SPAN_MILLISECOND);
}

/* From here on the network is good, and so is everybody. */
static void
end_well (World *self, Machine *machine)
{
  if (machine->session == NULL)
    machine_start (self, machine);
  for (guint i = 0; i < machine->held->len; i++)
    {
      Held *held = machine->held->pdata[i];

      if (held->outcome == NOT_DONE)
        held->outcome = BUILDQ_OUTCOME_SUCCEEDED;
    }
  machine_say (self, machine);
  while (!g_queue_is_empty (&machine->network))
    deliver (self, machine);
}

static void
end (World *self)
{
  self->reliable = TRUE;
  world_tell (self, "from here on all goes well");
  for (guint i = 0; i < HISTORY_MACHINES; i++)
    pause_or_resume (self, &self->machines[i], FALSE);
  for (guint round = 0; round < END_ROUNDS && !model_is_done (&self->model); round++)
    {
      for (guint i = 0; i < HISTORY_MACHINES; i++)
        end_well (self, &self->machines[i]);
      pass_time (self, CLAIM_US / 3);
    }
  g_assert_true (model_is_done (&self->model)); /* nothing is stuck */
  model_check_end (&self->model);
}

void
history_run (guint32 seed, guint steps, gboolean trace)
{
  World self = { .trace = trace, .rand = g_rand_new_with_seed (seed) };

  self.engine = _buildq_engine_new (NULL);
  self.engine->claim_us = CLAIM_US;
  self.engine->session_us = SESSION_US;
  model_init (&self.model, self.engine);
  for (guint i = 0; i < HISTORY_MACHINES; i++)
    machine_init (&self.machines[i], i);
  for (guint i = 0; i < steps; i++)
    step (&self);
  end (&self);
  for (guint i = 0; i < HISTORY_MACHINES; i++)
    machine_clear (&self.machines[i]);
  _buildq_engine_free (self.engine);
  model_clear (&self.model);
  g_rand_free (self.rand);
}
