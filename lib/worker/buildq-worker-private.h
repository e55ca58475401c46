/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The worker in parts: buildq-worker.c is the object, buildq-worker-offer.c what it
 * offers and why not more, buildq-worker-run.c gets grants and ends, buildq-worker-job.c
 * takes one grant through its life, with buildq-worker-result.c for what comes after the
 * executor, buildq-worker-publish.c for what comes after the verdict, and
 * buildq-worker-resume.c for what a worker before this one left.
 */
#pragma once

#include "worker/buildq-gate.h"
#include "worker/buildq-run.h"
#include "worker/buildq-spool.h"
#include "worker/buildq-work-dir.h"

#include <buildq/buildq-resolver.h>
#include <buildq/buildq-uploader.h>
#include <buildq/buildq-worker.h>

G_BEGIN_DECLS

typedef enum
{
  WORKER_JOB_PREPARING, /* its inputs are fetched; has a slot */
  WORKER_JOB_RUNNING,   /* the executor has it; has a slot */
  WORKER_JOB_FINISHING, /* outputs go into the store and to the mirrors */
  WORKER_JOB_COMPLETING /* the result is with the agent, or there will be none */
} WorkerJobState;

/* One grant, in a g_rc_box. Its steps follow each other: there is always exactly one that
 * will go on. */
typedef struct
{
  BuildqWorker *worker; /* not a reference: the task of the run keeps it */
  BuildqGrant *grant;
  BuildqSpoolEntry *entry; /* what the next worker should know */
  WorkerJobState state;
  gint64 cores; /* that are its own while it has a slot */
  gint64 memory_bytes;
  char *dir;
  BuildqRun *run;
  GCancellable *cancellable; /* of all steps */
  gboolean silent;           /* no result: the lease is lost, or given back */
  gboolean asked_queue;      /* for its word on the result, or about to */
  gboolean resumed;          /* begun by a worker before this one */
  gboolean keep;             /* its entry in the spool: there is more to be done */
  GSource *give_up;          /* waiting for that word, when the worker stops */

  BuildqOutcome outcome;
  char *message;
  GPtrArray *known;      /* of BuildqArtifact: what was fetched, with all that it needs */
  GPtrArray *real_paths; /* of the outputs, in their order: where the job made them */
  GPtrArray *artifacts;  /* of BuildqArtifact: in the store, then in the mirrors */
  guint next;            /* the output, or the artifact, that is being worked at */
  BuildqLocation *log;

  gint64 wanted_offset; /* of the log, or -1 */
  gint64 wanted_until;
  GSource *log_timer;
} WorkerJob;

struct _BuildqWorker
{
  GObject parent_instance;
  char *name;
  char *work_path;
  BuildqAgent *agent;
  BuildqStore *store;
  BuildqUploader *uploader;
  GPtrArray *mirrors;    /* of BuildqMirror */
  GHashTable *executors; /* kind → BuildqExecutor */
  char **systems;
  char **features;
  guint slots;
  guint keep_running_s;
  BuildqGate *gate;
  guint gate_ms;     /* between two looks at the gate */
  char **gate_paths; /* whose file systems are looked at */
  BuildqGateReading reading;
  gint64 read_us; /* when that was */
  gboolean paused;
  BuildqWorkerState state;
  char **reasons; /* why it takes no more */

  BuildqResolver *resolver; /* for the keys below */
  char **resolver_keys;

  /* While it runs. */
  GTask *task;
  BuildqWorkDir *work_dir;
  GHashTable *jobs; /* token → WorkerJob */
  GCancellable *asking;
  gboolean is_asking; /* the agent for a grant */
  gboolean draining;
  gboolean stopping;
  gboolean leaving;
  GSource *gate_timer;
  gboolean keeps;  /* results that the queue did not answer are left on the disk */
  GError *failure; /* why it stops */
  GSource *cancel_source;

  GQueue backlog;  /* BuildqSpoolEntry that could not be published */
  guint published; /* of the artifacts of the first */
  guint backlog_delay_ms;
  GSource *backlog_timer;
  GCancellable *backlog_cancellable;
};

/* buildq-worker-offer.c */
void _buildq_worker_define_state (GObjectClass *class);
void _buildq_worker_start_gate (BuildqWorker *self, GMainContext *context);
void _buildq_worker_stop_gate (BuildqWorker *self);
/* Looks at the gate, and tells the queue and whoever watches when something is new. */
void _buildq_worker_update_offer (BuildqWorker *self);
gboolean _buildq_worker_can_start (BuildqWorker *self);
void _buildq_worker_give_resources (BuildqWorker *self, WorkerJob *job);

/* buildq-worker.c */
BuildqResolver *_buildq_worker_get_resolver (BuildqWorker *self, GError **error);
void _buildq_worker_emit_started (BuildqWorker *self, const char *key);
void _buildq_worker_emit_resumed (BuildqWorker *self, const char *key);
void _buildq_worker_emit_finished (BuildqWorker *self,
                                   const char *key,
                                   BuildqOutcome outcome);

/* buildq-worker-run.c */
void _buildq_worker_job_gone (BuildqWorker *self);
gboolean _buildq_worker_is_ending (BuildqWorker *self);
/* The queue wants it to take jobs, or to take none. */
void _buildq_worker_obey (BuildqWorker *self);

/* buildq-worker-job.c */
void _buildq_worker_job_start (BuildqWorker *self, BuildqGrant *grant);
/* Stops it, with a result, or @silent, without. */
void _buildq_worker_job_stop (WorkerJob *job, gboolean silent, const char *message);
void _buildq_worker_job_want_log (WorkerJob *job, gint64 offset);
void _buildq_worker_job_unref (WorkerJob *job);
/* Notes the outcome; the first that is not SUCCEEDED stays. */
void _buildq_worker_job_decide (WorkerJob *job,
                                BuildqOutcome outcome,
                                const char *message);
/* A step failed with @error, which becomes @outcome unless the job was stopped. */
void _buildq_worker_job_fail (WorkerJob *job, BuildqOutcome outcome, const GError *error);
void _buildq_worker_job_send_log (WorkerJob *job);
void _buildq_worker_job_clean (WorkerJob *job);

void _buildq_worker_job_put (WorkerJob *job,
                             BuildqSpoolState state,
                             GAsyncReadyCallback callback);
WorkerJob *_buildq_worker_job_new (BuildqWorker *worker, BuildqSpoolEntry *entry);
/* The executor has it. */
void _buildq_worker_job_running (WorkerJob *job);

/* buildq-worker-result.c */
void _buildq_worker_job_finish (WorkerJob *job);
void _buildq_worker_job_upload (WorkerJob *job);
void _buildq_worker_job_hand_in (WorkerJob *job);

/* buildq-worker-publish.c */
/* What was made, and before it the sources that it refers to: outputs of other jobs are
 * published with these, but sources only here, with the signature of the farm. */
GPtrArray *_buildq_worker_to_publish (BuildqGrant *grant, GPtrArray *made);
void _buildq_worker_job_publish (WorkerJob *job);
/* Publishes @entry, and tries again until that is done. */
void _buildq_worker_add_to_backlog (BuildqWorker *self, BuildqSpoolEntry *entry);
void _buildq_worker_stop_backlog (BuildqWorker *self);

/* buildq-worker-resume.c */
void _buildq_worker_resume (BuildqWorker *self, GPtrArray *entries);

G_END_DECLS
