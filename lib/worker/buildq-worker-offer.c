/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What a worker offers: the slots, cores and memory that it shares out, and whether it
 * takes jobs at all. See buildq-gate.h for the resources that it waits for.
 *
 * Running jobs are left alone whatever happens here: a worker that takes no more offers
 * as many slots as it has jobs.
 */
#include "config.h"

#include "worker/buildq-worker-private.h"
#include "core/buildq-thread.h"
#include "core/buildq-values.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-machine-group.h>
#include <buildq/buildq-offer.h>

/* Jobs that only upload have no slot, but hold a lease. More of them than this many times
 * the slots, and no new work is taken: a slow network shall not fill the disk. */
#define MAX_FINISHING_PER_SLOT 2

/* Younger readings are good enough when many short jobs come and go. */
#define READING_MS 500

enum
{
  PROP_STATE = 1,
  PROP_REASONS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* --- slots, and what they share --- */

typedef struct
{
  guint busy;      /* jobs that have a slot */
  guint finishing; /* jobs that only upload */
  gint64 busy_cores;
  gint64 returned_cores, returned_memory_bytes; /* of those that only upload */
} Usage;

static void
count_usage (BuildqWorker *self, Usage *usage)
{
  GHashTableIter iter;
  gpointer value;

  *usage = (Usage){ 0 };
  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WorkerJob *job = value;

      if (job->state <= WORKER_JOB_RUNNING)
        {
          usage->busy++;
          usage->busy_cores += job->cores;
        }
      else if (job->state == WORKER_JOB_FINISHING)
        {
          usage->finishing++;
          usage->returned_cores += job->cores;
          usage->returned_memory_bytes += job->memory_bytes;
        }
    }
}

/* What is one slot's. With more slots than cores it is 0 cores, and they are not
 * counted: who asks for that wants it so. */
static void
get_share (BuildqWorker *self, gint64 *cores, gint64 *memory_bytes)
{
  *cores = self->reading.own_cores / self->slots;
  *memory_bytes = self->reading.own_memory_bytes / self->slots;
}

/* A job may keep the cores of its slot busy, or those that it asks for if they are more;
 * in any case one. */
void
_buildq_worker_give_resources (BuildqWorker *self, WorkerJob *job)
{
  BuildqJob *value = buildq_grant_get_job (job->grant);

  get_share (self, &job->cores, &job->memory_bytes);
  job->cores = MAX (MAX (job->cores, buildq_job_get_cores (value)), 1);
  job->memory_bytes = MAX (job->memory_bytes, buildq_job_get_memory_bytes (value));
}

static gboolean
is_paused (BuildqWorker *self)
{
  return self->paused
         || buildq_agent_get_wanted_state (self->agent) == BUILDQ_WORKER_STATE_PAUSED;
}

/* A gate is no reason to refuse what is granted already: it may have closed while the
 * grant was under way, and the limits leave room for it. */
gboolean
_buildq_worker_can_start (BuildqWorker *self)
{
  Usage usage;

  count_usage (self, &usage);
  return !_buildq_worker_is_ending (self) && !is_paused (self)
         && usage.busy < self->slots;
}

/* --- the state --- */

static char **
list_reasons (BuildqWorker *self, const Usage *usage)
{
  g_autoptr (GStrvBuilder) reasons = g_strv_builder_new ();
  BuildqWorkerState wanted = buildq_agent_get_wanted_state (self->agent);

  if (wanted == BUILDQ_WORKER_STATE_DRAINING)
    g_strv_builder_add (reasons, "drained at the queue");
  if (wanted == BUILDQ_WORKER_STATE_PAUSED)
    g_strv_builder_add (reasons, "paused at the queue");
  if (self->draining)
    g_strv_builder_add (reasons, "drained on this machine");
  if (self->paused)
    g_strv_builder_add (reasons, "paused on this machine");
  g_strv_builder_addv (reasons, (const char **) _buildq_gate_get_reasons (self->gate));
  if (usage->finishing > MAX_FINISHING_PER_SLOT * self->slots)
    {
      g_autofree char *text
          = g_strdup_printf ("%u jobs still upload, at most %u wanted", usage->finishing,
                             MAX_FINISHING_PER_SLOT * self->slots);

      g_strv_builder_add (reasons, text);
    }
  return g_strv_builder_end (reasons);
}

static BuildqWorkerState
find_state (BuildqWorker *self, const Usage *usage, char **reasons)
{
  if (_buildq_worker_is_ending (self))
    return BUILDQ_WORKER_STATE_DRAINING;
  if (is_paused (self))
    return BUILDQ_WORKER_STATE_PAUSED;
  if (reasons[0] != NULL)
    return BUILDQ_WORKER_STATE_GATED;
  return usage->busy < self->slots ? BUILDQ_WORKER_STATE_READY : BUILDQ_WORKER_STATE_BUSY;
}

static void
look_at_gate (BuildqWorker *self, const Usage *usage)
{
  gint64 now = _buildq_clock_now ();

  if (self->read_us == 0 || now - self->read_us >= MIN (self->gate_ms, READING_MS) * 1000)
    {
      _buildq_gate_read (&self->reading, (const char *const *) self->gate_paths);
      self->read_us = now;
    }
  _buildq_gate_set_own_cores (self->gate, usage->busy_cores, now);
  _buildq_gate_check (self->gate, &self->reading, now);
}

/* The number of leases that can be held, those that are held included. A job that
 * completes counts no more: the queue hears of this and of the result at once, and would
 * else have a slot to give away that is not free. */
static BuildqOffer *
make_offer (BuildqWorker *self, const Usage *usage)
{
  g_autofree const char **kinds
      = (const char **) g_hash_table_get_keys_as_array (self->executors, NULL);
  gboolean open = self->state <= BUILDQ_WORKER_STATE_BUSY;
  g_autoptr (GPtrArray) groups = g_ptr_array_new ();
  g_autoptr (BuildqMachineGroup) group = NULL;

  group = buildq_machine_group_new (
      (const char *const *) self->systems, (const char *const *) self->features, kinds,
      self->reading.own_cores, self->reading.own_memory_bytes,
      (open ? MAX (self->slots, usage->busy) : usage->busy) + usage->finishing);
  get_share (self, &group->job_cores, &group->job_memory_bytes);
  group->returned_cores = usage->returned_cores;
  group->returned_memory_bytes = usage->returned_memory_bytes;
  g_ptr_array_add (groups, group);
  /* That it is busy, the queue knows. */
  return buildq_offer_new_with_state (groups,
                                      open ? BUILDQ_WORKER_STATE_READY : self->state,
                                      (const char *const *) self->reasons);
}

void
_buildq_worker_update_offer (BuildqWorker *self)
{
  BuildqWorkerState before = self->state;
  g_autoptr (BuildqOffer) offer = NULL;
  g_auto (GStrv) reasons = NULL;
  gboolean same_reasons;
  Usage usage;

  if (self->gate_paths == NULL)
    return; /* it is still cleaning up, and will say so itself */
  count_usage (self, &usage);
  look_at_gate (self, &usage);
  reasons = list_reasons (self, &usage);
  self->state = find_state (self, &usage, reasons);
  same_reasons
      = g_strv_equal ((const char *const *) reasons, (const char *const *) self->reasons);
  g_strfreev (self->reasons);
  self->reasons = g_steal_pointer (&reasons);
  offer = make_offer (self, &usage);
  buildq_agent_set_offer (self->agent, offer);
  if (!same_reasons)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REASONS]);
  if (self->state != before)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

/* --- the gate --- */

static gboolean
gate_due (gpointer data)
{
  _buildq_worker_update_offer (data);
  return G_SOURCE_CONTINUE;
}

/* Where store paths really are. */
static char *
find_store_dir (BuildqStore *store)
{
  g_autofree char *path = g_build_filename (buildq_store_get_store_dir (store),
                                            "00000000000000000000000000000000-x", NULL);
  g_autofree char *real = buildq_store_get_real_path (store, path);

  return g_path_get_dirname (real);
}

void
_buildq_worker_start_gate (BuildqWorker *self, GMainContext *context)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  g_autofree char *store = find_store_dir (self->store);

  g_strv_builder_add (paths, store);
  g_strv_builder_add (paths, self->work_path);
  g_strv_builder_add (paths, g_get_tmp_dir ());
  self->gate_paths = g_strv_builder_end (paths);
  self->gate_timer = g_timeout_source_new (self->gate_ms);
  g_source_set_static_name (self->gate_timer, "[buildq] look at the gate");
  g_source_set_callback (self->gate_timer, gate_due, self, NULL);
  g_source_attach (self->gate_timer, context);
}

void
_buildq_worker_stop_gate (BuildqWorker *self)
{
  if (self->gate_timer != NULL)
    g_source_destroy (self->gate_timer);
  g_clear_pointer (&self->gate_timer, g_source_unref);
}

/* --- properties --- */

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  BuildqWorker *self = BUILDQ_WORKER (object);

  if (id == PROP_STATE)
    g_value_set_enum (value, self->state);
  else if (id == PROP_REASONS)
    g_value_set_boxed (value, self->reasons);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

void
_buildq_worker_define_state (GObjectClass *class)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  class->get_property = get_property;

  /**
   * BuildqWorker:state:
   *
   * Whether it takes jobs. It is never `away`.
   *
   * Since: 0.1
   */
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, BUILDQ_TYPE_WORKER_STATE,
                                         BUILDQ_WORKER_STATE_READY, flags);

  /**
   * BuildqWorker:reasons:
   *
   * Why it takes no more jobs, with numbers; empty when it does. Numbers that change are
   * renewed once a minute.
   *
   * Since: 0.1
   */
  props[PROP_REASONS] = g_param_spec_boxed ("reasons", NULL, NULL, G_TYPE_STRV, flags);

  g_object_class_install_properties (class, N_PROPS, props);
}

/**
 * buildq_worker_get_state: (attributes org.gtk.Method.get_property=state)
 * @self: a worker
 *
 * Returns: whether it takes jobs
 *
 * Since: 0.1
 */
BuildqWorkerState
buildq_worker_get_state (BuildqWorker *self)
{
  g_return_val_if_fail (BUILDQ_IS_WORKER (self), BUILDQ_WORKER_STATE_READY);

  return self->state;
}

/**
 * buildq_worker_get_reasons: (attributes org.gtk.Method.get_property=reasons)
 * @self: a worker
 *
 * Returns: (transfer none) (array zero-terminated=1): why it takes no more jobs, such as
 *    `load 9.3 over 8 cores`
 *
 * Since: 0.1
 */
const char *const *
buildq_worker_get_reasons (BuildqWorker *self)
{
  g_return_val_if_fail (BUILDQ_IS_WORKER (self), NULL);

  return (const char *const *) self->reasons;
}

/* --- what users set --- */

static void
changed (BuildqWorker *self)
{
  if (self->task != NULL)
    _buildq_worker_update_offer (self);
}

/**
 * buildq_worker_set_slots:
 * @self: a worker
 * @slots: a number, not 0
 *
 * Sets how many jobs run at the same time; by default 1. Each has an equal part of the
 * cores and of the memory, but at least one core. A job that asks for more gets what it
 * asks for as soon as the others leave as much. Jobs that only upload what they made do
 * not count.
 *
 * Since: 0.1
 */
void
buildq_worker_set_slots (BuildqWorker *self, guint slots)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (slots > 0);

  self->slots = slots;
  changed (self);
}

/**
 * buildq_worker_set_max_load_per_core:
 * @self: a worker
 * @load: a number for each core of the machine; 0: no limit
 *
 * Sets the load of the last minute over which it takes no more jobs. What its own jobs
 * are expected to add to it does not count. By default there is no limit; 1 is a good one
 * for machines that have other things to do.
 *
 * Since: 0.1
 */
void
buildq_worker_set_max_load_per_core (BuildqWorker *self, double load)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (load >= 0);

  _buildq_gate_get_limits (self->gate)->max_load_per_core = load;
  changed (self);
}

/**
 * buildq_worker_set_min_memory_bytes:
 * @self: a worker
 * @bytes: a number of bytes; 0: no limit
 *
 * Sets how much memory must be available, or it takes no more jobs. By default there is
 * no limit.
 *
 * Since: 0.1
 */
void
buildq_worker_set_min_memory_bytes (BuildqWorker *self, gint64 bytes)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (bytes >= 0);

  _buildq_gate_get_limits (self->gate)->min_memory_bytes = bytes;
  changed (self);
}

/**
 * buildq_worker_set_min_disk_bytes:
 * @self: a worker
 * @bytes: a number of bytes; 0: no limit
 *
 * Sets how much must be free in the file systems of its store, of its work directory and
 * of `TMPDIR`, or it takes no more jobs. By default there is no limit.
 *
 * Since: 0.1
 */
void
buildq_worker_set_min_disk_bytes (BuildqWorker *self, gint64 bytes)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (bytes >= 0);

  _buildq_gate_get_limits (self->gate)->min_disk_bytes = bytes;
  changed (self);
}

/**
 * buildq_worker_set_min_inodes:
 * @self: a worker
 * @inodes: a number of files; 0: no limit
 *
 * Sets how many files there must be room for in the same file systems, where they have a
 * limit, or it takes no more jobs. By default there is no limit.
 *
 * Since: 0.1
 */
void
buildq_worker_set_min_inodes (BuildqWorker *self, gint64 inodes)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (inodes >= 0);

  _buildq_gate_get_limits (self->gate)->min_inodes = inodes;
  changed (self);
}

/**
 * buildq_worker_pause:
 * @self: a worker
 *
 * Takes no more jobs until [method@Worker.resume]. Those that it has go on.
 *
 * Since: 0.1
 */
void
buildq_worker_pause (BuildqWorker *self)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));

  self->paused = TRUE;
  changed (self);
}

/**
 * buildq_worker_resume:
 * @self: a worker
 *
 * Takes jobs again, if it was paused here. What was drained, or was paused at the queue,
 * stays so.
 *
 * Since: 0.1
 */
void
buildq_worker_resume (BuildqWorker *self)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));

  self->paused = FALSE;
  changed (self);
}

/**
 * buildq_worker_get_running:
 * @self: a worker
 *
 * Returns: how many jobs have a slot now: their inputs are fetched, or they run
 *
 * Since: 0.1
 */
guint
buildq_worker_get_running (BuildqWorker *self)
{
  Usage usage;

  g_return_val_if_fail (BUILDQ_IS_WORKER (self), 0);

  count_usage (self, &usage);
  return usage.busy;
}
