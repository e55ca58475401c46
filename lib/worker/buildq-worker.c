/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-worker-private.h"
#include "worker/buildq-machine.h"
#include "core/buildq-process.h"

#define GATE_MS 5000 /* as often as the kernel renews the load */

/**
 * BuildqWorker:
 *
 * Takes jobs from a queue and does them on this machine: it fetches their inputs from the
 * mirrors, runs them with the executor for their kind, uploads what they made to the
 * mirrors, and hands in the result.
 *
 * Whatever goes wrong on the way becomes a result with a typed outcome and a message.
 * What a job made is published only when the queue has accepted the result.
 *
 * A worker runs once. It belongs to the thread-default main context of its construction.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (BuildqWorker, buildq_worker, G_TYPE_OBJECT)

enum
{
  JOB_STARTED,
  JOB_RESUMED,
  JOB_FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
buildq_worker_dispose (GObject *object)
{
  BuildqWorker *self = BUILDQ_WORKER (object);

  if (self->agent != NULL)
    g_signal_handlers_disconnect_by_data (self->agent, self);
  g_clear_object (&self->agent);
  g_clear_object (&self->store);
  g_clear_object (&self->uploader);
  g_clear_object (&self->resolver);
  g_hash_table_remove_all (self->executors);
  g_ptr_array_set_size (self->mirrors, 0);
  G_OBJECT_CLASS (buildq_worker_parent_class)->dispose (object);
}

static void
buildq_worker_finalize (GObject *object)
{
  BuildqWorker *self = BUILDQ_WORKER (object);

  g_free (self->name);
  g_free (self->work_path);
  g_ptr_array_unref (self->mirrors);
  g_hash_table_unref (self->executors);
  g_hash_table_unref (self->jobs);
  g_strfreev (self->systems);
  g_strfreev (self->features);
  g_strfreev (self->resolver_keys);
  g_clear_error (&self->failure);
  g_strfreev (self->reasons);
  g_strfreev (self->gate_paths);
  _buildq_gate_free (self->gate);
  _buildq_gate_reading_clear (&self->reading);
  g_object_unref (self->asking);
  g_object_unref (self->backlog_cancellable);
  g_queue_clear_full (&self->backlog, _buildq_spool_entry_unref);
  g_clear_pointer (&self->work_dir, _buildq_work_dir_free);
  G_OBJECT_CLASS (buildq_worker_parent_class)->finalize (object);
}

static void
buildq_worker_class_init (BuildqWorkerClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->dispose = buildq_worker_dispose;
  object_class->finalize = buildq_worker_finalize;
  _buildq_worker_define_state (object_class);

  /**
   * BuildqWorker::job-started:
   * @self: a worker
   * @key: the key of a job
   *
   * Emitted when a job was taken. Its inputs are fetched next.
   *
   * Since: 0.1
   */
  signals[JOB_STARTED]
      = g_signal_new ("job-started", BUILDQ_TYPE_WORKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * BuildqWorker::job-resumed:
   * @self: a worker
   * @key: the key of a job
   *
   * Emitted for each job whose lease a worker before this one held, in the same work
   * directory, and that there is something to be done for: it still runs, or its result
   * is to be handed in.
   *
   * Since: 0.1
   */
  signals[JOB_RESUMED]
      = g_signal_new ("job-resumed", BUILDQ_TYPE_WORKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * BuildqWorker::job-finished:
   * @self: a worker
   * @key: the key of a job
   * @outcome: how this attempt at it ended; %BUILDQ_OUTCOME_LOST if the queue gave it to
   *    another
   *
   * Emitted when all that is to be done for a job is done: the queue has the result, and
   * what it accepted is published. What could not be published is tried again later, also
   * by the next worker.
   *
   * Since: 0.1
   */
  signals[JOB_FINISHED]
      = g_signal_new ("job-finished", BUILDQ_TYPE_WORKER, G_SIGNAL_RUN_LAST, 0, NULL,
                      NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, BUILDQ_TYPE_OUTCOME);
}

static void
buildq_worker_init (BuildqWorker *self)
{
  _buildq_process_note (self);
  self->mirrors = g_ptr_array_new_with_free_func (g_object_unref);
  self->executors
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->jobs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                      (GDestroyNotify) _buildq_worker_job_unref);
  self->systems = _buildq_machine_systems ();
  self->features = g_new0 (char *, 1);
  self->slots = 1;
  self->gate = _buildq_gate_new ();
  self->gate_ms = GATE_MS;
  self->reasons = g_new0 (char *, 1);
  self->asking = g_cancellable_new ();
  self->backlog_cancellable = g_cancellable_new ();
  g_queue_init (&self->backlog);
}

/* --- what happens to leases --- */

static void
lease_cancelled (BuildqAgent *agent, const char *token, BuildqWorker *self)
{
  WorkerJob *job = g_hash_table_lookup (self->jobs, token);

  if (job != NULL)
    _buildq_worker_job_stop (job, FALSE, "nobody wants the job any more");
}

static void
lease_lost (BuildqAgent *agent, const char *token, BuildqWorker *self)
{
  WorkerJob *job = g_hash_table_lookup (self->jobs, token);

  if (job == NULL)
    return;
  _buildq_worker_job_stop (job, TRUE, "the lease is lost");
  job->outcome = BUILDQ_OUTCOME_LOST;
}

static void
log_wanted (BuildqAgent *agent, const char *token, gint64 offset, BuildqWorker *self)
{
  WorkerJob *job = g_hash_table_lookup (self->jobs, token);

  if (job != NULL)
    _buildq_worker_job_want_log (job, offset);
}

static void
state_wanted (BuildqAgent *agent, BuildqWorkerState state, BuildqWorker *self)
{
  _buildq_worker_obey (self);
}

/* The keys of the farm may change; what the resolver learnt of its mirrors is kept while
 * they do not. */
BuildqResolver *
_buildq_worker_get_resolver (BuildqWorker *self, GError **error)
{
  const char *const *keys = buildq_agent_get_farm_keys (self->agent);
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();

  if (self->resolver != NULL
      && g_strv_equal (keys, (const char *const *) self->resolver_keys))
    return self->resolver;
  for (gsize i = 0; keys[i] != NULL; i++)
    if (!buildq_keyring_add_string (keyring, keys[i], error))
      {
        g_prefix_error (error, "key of the farm: ");
        return NULL;
      }
  g_clear_object (&self->resolver);
  g_strfreev (self->resolver_keys);
  self->resolver_keys = g_strdupv ((char **) keys);
  self->resolver = buildq_resolver_new (self->store, keyring);
  for (guint i = 0; i < self->mirrors->len; i++)
    buildq_resolver_add_mirror (self->resolver, self->mirrors->pdata[i]);
  return self->resolver;
}

void
_buildq_worker_emit_started (BuildqWorker *self, const char *key)
{
  g_signal_emit (self, signals[JOB_STARTED], 0, key);
}

void
_buildq_worker_emit_resumed (BuildqWorker *self, const char *key)
{
  g_signal_emit (self, signals[JOB_RESUMED], 0, key);
}

void
_buildq_worker_emit_finished (BuildqWorker *self, const char *key, BuildqOutcome outcome)
{
  g_signal_emit (self, signals[JOB_FINISHED], 0, key, outcome);
}

/* --- the public rest --- */

/**
 * buildq_worker_new:
 * @queue: where its work comes from
 * @name: the name of this machine, which no other worker of the farm has
 * @store: where inputs and outputs are kept
 * @work_dir: (type filename): a directory for running jobs, for this worker alone; it is
 *    made if it is not there
 *
 * Returns: (transfer full): a new worker, which does nothing before
 *    [method@Worker.run_async]
 *
 * Since: 0.1
 */
BuildqWorker *
buildq_worker_new (BuildqQueue *queue,
                   const char *name,
                   BuildqStore *store,
                   const char *work_dir)
{
  BuildqWorker *self;

  g_return_val_if_fail (BUILDQ_IS_QUEUE (queue), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (BUILDQ_IS_STORE (store), NULL);
  g_return_val_if_fail (work_dir != NULL, NULL);

  self = g_object_new (BUILDQ_TYPE_WORKER, NULL);
  self->name = g_strdup (name);
  self->work_path = g_canonicalize_filename (work_dir, NULL);
  self->store = g_object_ref (store);
  self->uploader = buildq_uploader_new (store);
  self->agent = buildq_agent_new (queue, name);
  g_signal_connect (self->agent, "cancelled", G_CALLBACK (lease_cancelled), self);
  g_signal_connect (self->agent, "lost", G_CALLBACK (lease_lost), self);
  g_signal_connect (self->agent, "log-wanted", G_CALLBACK (log_wanted), self);
  g_signal_connect (self->agent, "state-wanted", G_CALLBACK (state_wanted), self);
  return self;
}

/**
 * buildq_worker_get_name:
 * @self: a worker
 *
 * Returns: (transfer none): the name of this machine
 *
 * Since: 0.1
 */
const char *
buildq_worker_get_name (BuildqWorker *self)
{
  g_return_val_if_fail (BUILDQ_IS_WORKER (self), NULL);

  return self->name;
}

/**
 * buildq_worker_get_agent:
 * @self: a worker
 *
 * Returns: (transfer none): what holds its leases; to look at
 *
 * Since: 0.1
 */
BuildqAgent *
buildq_worker_get_agent (BuildqWorker *self)
{
  g_return_val_if_fail (BUILDQ_IS_WORKER (self), NULL);

  return self->agent;
}

/**
 * buildq_worker_add_mirror:
 * @self: a worker
 * @mirror: a mirror
 *
 * Adds a mirror, before it runs. Inputs are looked for in all of them, in this order, and
 * outputs are put into all.
 *
 * Since: 0.1
 */
void
buildq_worker_add_mirror (BuildqWorker *self, BuildqMirror *mirror)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (BUILDQ_IS_MIRROR (mirror));
  g_return_if_fail (self->task == NULL);

  g_ptr_array_add (self->mirrors, g_object_ref (mirror));
  buildq_uploader_add_mirror (self->uploader, mirror);
}

/**
 * buildq_worker_add_executor:
 * @self: a worker
 * @kind: a kind of jobs
 * @executor: what runs them
 *
 * Sets what runs jobs of a kind, before it runs. Jobs of other kinds are not taken.
 *
 * Since: 0.1
 */
void
buildq_worker_add_executor (BuildqWorker *self,
                            const char *kind,
                            BuildqExecutor *executor)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (kind != NULL);
  g_return_if_fail (BUILDQ_IS_EXECUTOR (executor));
  g_return_if_fail (self->task == NULL);

  g_hash_table_replace (self->executors, g_strdup (kind), g_object_ref (executor));
}

static void
set_list (BuildqWorker *self, char ***place, const char *const *list)
{
  char **copy = list != NULL ? g_strdupv ((char **) list) : g_new0 (char *, 1);

  g_strfreev (*place);
  *place = copy;
  if (self->task != NULL)
    _buildq_worker_update_offer (self);
}

/**
 * buildq_worker_set_systems:
 * @self: a worker
 * @systems: (array zero-terminated=1): systems, such as `x86_64-linux`
 *
 * Sets the systems that it builds for; by default the one that it runs on.
 *
 * Since: 0.1
 */
void
buildq_worker_set_systems (BuildqWorker *self, const char *const *systems)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));
  g_return_if_fail (systems != NULL);

  set_list (self, &self->systems, systems);
}

/**
 * buildq_worker_set_features:
 * @self: a worker
 * @features: (array zero-terminated=1) (nullable): features, such as `kvm`
 *
 * Sets what this machine has that jobs may ask for; by default nothing.
 *
 * Since: 0.1
 */
void
buildq_worker_set_features (BuildqWorker *self, const char *const *features)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));

  set_list (self, &self->features, features);
}

/**
 * buildq_worker_set_keep_running_s:
 * @self: a worker
 * @seconds: how long; 0 for not at all
 *
 * Sets how long jobs go on when this worker is killed, for the next worker with the same
 * work directory to take over; by default they die with it. When the time is over, or the
 * worker is cancelled, they are stopped and nothing of them is left.
 *
 * Since: 0.1
 */
void
buildq_worker_set_keep_running_s (BuildqWorker *self, guint seconds)
{
  g_return_if_fail (BUILDQ_IS_WORKER (self));

  self->keep_running_s = seconds;
}

/**
 * buildq_worker_set_compression:
 * @self: a worker
 * @compression: `none`, `gzip`, `zstd`, `xz` or `lzip`
 * @error: `NOT_SUPPORTED` or `INVALID` for another
 *
 * Sets how what is uploaded is compressed.
 *
 * Returns: whether it is known
 *
 * Since: 0.1
 */
gboolean
buildq_worker_set_compression (BuildqWorker *self,
                               const char *compression,
                               GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_WORKER (self), FALSE);
  g_return_val_if_fail (compression != NULL, FALSE);

  return buildq_uploader_set_compression (self->uploader, compression, error);
}
