/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The scheduler of a local queue, in memory: what it decides, it adds to the journal, and
 * its owner tells nobody before that is on disk. It knows no main loop and no clock: the
 * owner sets the time before each call.
 */
#pragma once

#include <buildq/buildq-key.h>

#include "core/buildq-values.h"
#include "queue/buildq-heap.h"
#include "queue/buildq-id-map.h"
#include "queue/buildq-journal.h"

G_BEGIN_DECLS

typedef struct _EngineJob EngineJob;
typedef struct _EngineEdge EngineEdge;
typedef struct _EngineLease EngineLease;
typedef struct _EngineSession EngineSession;
typedef struct _EngineRequest EngineRequest;
typedef struct _BuildqEngine BuildqEngine;

/* Of a job: with its priority it makes one key. */
#define ENGINE_ID_BITS 42
#define ENGINE_MAX_ID ((gint64) 1 << (ENGINE_ID_BITS - 1))

#define ENGINE_N_STATES (BUILDQ_JOB_STATE_CANCELLED + 1)
#define ENGINE_N_OUTCOMES (BUILDQ_OUTCOME_LOST + 1)
#define ENGINE_N_VERDICTS (BUILDQ_VERDICT_REFUSED + 1)
#define ENGINE_N_ENDED 20

/* Something with a deadline; its place in the heap of deadlines. */
typedef struct
{
  guint place;
  EngineSession *session; /* one of the two */
  EngineLease *lease;
} EngineTimer;

/* Jobs that the same machines can run. Never freed: there are few. */
typedef struct
{
  char *name; /* all that follows, as one text */
  char *kind;
  char *system;
  char **features;
  gint64 cores;
  gint64 memory_bytes;
  BuildqHeap ready; /* of EngineJob */
  guint counts[ENGINE_N_STATES];
  gint64 submitted, granted; /* ever */
} EngineClass;

/* What has happened since the engine was made. */
typedef struct
{
  gint64 requests;
  gint64 lapsed; /* leases that nobody claimed */
  gint64 lost;   /* leases whose holder was not heard of */
  gint64 results[ENGINE_N_OUTCOMES][ENGINE_N_VERDICTS];
  gint64 retries[ENGINE_N_OUTCOMES];
} EngineCounters;

/* What a running job says, while somebody watches. */
typedef struct
{
  GByteArray *bytes;
  gint64 start;      /* offset of the first of them */
  gint64 watched_us; /* somebody watches until then (monotonic) */
} EngineLog;

/* That a job depends on another; it is in a list of all that depend on that one. */
struct _EngineEdge
{
  EngineJob *job;
  EngineJob *dep;
  EngineEdge *next;
  EngineEdge **link; /* where the list points to this one */
};

/* A text that jobs name by its hash. */
typedef struct
{
  char *hash;
  GBytes *bytes;  /* NULL: the journal has them */
  guint refs;     /* jobs that name it */
  gint64 used_us; /* when it was last asked for (monotonic), while no job names it … */
  GList link;     /* … and it is in the engine's queue of such texts */
} EngineText;

struct _EngineJob
{
  gint64 id; /* in the order of submission */
  char *key;
  EngineClass *class;
  char *worker;           /* GRefString of who has it, or had it last */
  char *message;          /* why it is where it is */
  EngineEdge *deps;       /* n_deps of them */
  EngineEdge *dependents; /* the first of those of others */
  EngineText **texts;     /* NULL-terminated, or NULL */
  GPtrArray *requests;    /* EngineRequest: the active ones that want it, or NULL */
  EngineRequest
      *latest;         /* of those that wanted it, the one that finished last, or NULL */
  GPtrArray *leases;   /* EngineLease: all that may still be held, or NULL */
  GPtrArray *answered; /* tokens with which failures were accepted, or NULL */
  EngineLease *lease;  /* the current one, while it is leased */
  EngineLog *log;
  char *json;         /* what is not on disk yet (or never will, without a journal); */
  char *result_json;  /* NULL: the journal has it */
  char *result_token; /* the lease that the result came with */
  guint64 json_batch; /* the batches that they are in */
  guint64 result_batch;
  gint64 submitted_us, ready_us, leased_us, finished_us; /* since the epoch; 0: not yet */
  guint n_deps;
  guint owners;     /* requests that want or wanted it, as far as they are kept */
  guint unfinished; /* dependencies that have not succeeded, while it waits */
  guint place;      /* in the heap of its class */
  guint attempt;
  guint faults; /* attempts that ended through no fault of the job */
  int priority;
  guint8 state;   /* BuildqJobState */
  gboolean dirty; /* differs from the journal */
  gboolean has_result;
  gboolean idle;  /* is counted as finished, and wanted by no active request */
  gboolean loose; /* is in the queue of those that may be forgotten */
};

struct _EngineLease
{
  char *token;
  EngineJob *job;
  EngineSession *session; /* NULL while nobody has attached with it */
  char *worker;           /* GRefString */
  guint attempt;
  guint group;  /* of the session's offer */
  gint64 cores; /* that it takes up of that group */
  gint64 memory_bytes;
  gboolean claimed;
  gboolean counted; /* as a fault of its job, because its holder was not heard of */
  gboolean cancel;  /* nobody wants the work any more */
  EngineTimer timer;
};

typedef struct
{
  const BuildqMachineGroup *offer; /* of the session's offer */
  guint used;                      /* slots, by the leases that are held or offered … */
  gint64 used_cores;               /* … and what else they take up */
  gint64 used_memory_bytes;
  GPtrArray *classes; /* EngineClass: those that it matches … */
  guint generation;   /* … as of this generation of the engine's classes */
} EngineGroup;

struct _EngineSession
{
  char *id;
  char *name; /* GRefString */
  gboolean connected;
  gboolean push;    /* listens at any time */
  gboolean in_sync; /* is being answered now */
  gboolean silent;  /* did not claim what it was given, and has said nothing since */
  gboolean dirty;   /* there is something to push */
  gint64 seq;       /* of the last message */
  gint64 reply_seq;
  gint64 seen_us; /* since the epoch */
  BuildqOffer *offer;
  GArray *groups;    /* EngineGroup */
  GPtrArray *leases; /* EngineLease */
  EngineTimer timer;
  GList link; /* in the engine's queue of sessions */
};

struct _EngineRequest
{
  gint64 number;
  char *id;
  char *submitter;
  char *group;
  int priority;
  BuildqRequestState state;
  GPtrArray *jobs; /* EngineJob: what it wants, with all that they depend on */
  char **wanted;   /* keys */
  guint counts[ENGINE_N_STATES];
  gint64 created_us, finished_us;
  gboolean touched;
  BuildqRequestStatus *final; /* once it is finished */
  GQueue *queue;              /* of the engine: the active ones, or the finished ones */
  GList link;                 /* in that queue */
};

struct _BuildqEngine
{
  BuildqJournal *journal; /* or NULL */
  BuildqKey *key;         /* the farm's, or NULL */
  gint64 now;             /* µs, monotonic */
  gint64 now_real;        /* µs since the epoch */
  gint64 session_us;
  gint64 claim_us;

  GHashTable *jobs; /* key → EngineJob, owned */
  BuildqIdMap jobs_by_id;
  gint64 last_job;     /* id */
  GHashTable *classes; /* name → EngineClass, owned */
  guint generation;    /* of the classes */
  guint n_ready;
  GHashTable *requests; /* id → EngineRequest, owned */
  GHashTable *numbers;  /* number → EngineRequest */
  gint64 last_request;  /* number */
  GQueue active;        /* EngineRequest, the latest first */
  gint64
      ended[ENGINE_N_ENDED]; /* ids of jobs that succeeded or failed, the latest first */
  EngineCounters counters;
  GHashTable *sessions; /* id → EngineSession, owned */
  GHashTable *names;    /* name → EngineSession */
  GQueue session_queue; /* who waited longest is first */
  GHashTable *wishes;   /* name, owned → BuildqWorkerState that is wanted, not READY */
  GHashTable *leases;   /* token → EngineLease, owned */
  BuildqHeap deadlines; /* of EngineTimer */
  GPtrArray *dirty;     /* EngineJob */
  GPtrArray *touched;   /* EngineRequest that may be finished */
  GQueue uncommitted;   /* EngineJob with texts that the journal will have */
  GHashTable *texts;    /* hash → EngineText, owned */
  GQueue unused_texts;  /* EngineText; the one that was asked for longest ago is first */

  /* What is finished is kept for a while. */
  gint64 keep_us;   /* -1: for ever */
  gint64 keep_jobs; /* so many; -1: all */
  gint64 n_idle;    /* jobs that are finished, and wanted by no active request */
  GQueue finished;  /* EngineRequest; the one that finished first is first */
  EngineRequest
      *leaving;   /* is being forgotten: its number and jobs are all that is left */
  GQueue loose;   /* EngineJob that no request wants, and that may be forgotten */
  GError *failed; /* the journal could not be read: memory is to be rebuilt */
};

/* --- buildq-engine.c --- */
BuildqEngine *_buildq_engine_new (BuildqJournal *journal);
void _buildq_engine_free (BuildqEngine *self);
void _buildq_engine_settle (BuildqEngine *self);
void _buildq_engine_committed (BuildqEngine *self, guint64 batch);
EngineClass *_buildq_engine_class (BuildqEngine *self, const char *name);
char *_buildq_engine_class_name (const BuildqJob *job);
EngineJob *_buildq_engine_add_job (BuildqEngine *self,
                                   gint64 id,
                                   const char *key,
                                   EngineClass *class);
void _buildq_engine_set_deps (EngineJob *job, GPtrArray *deps);
void _buildq_engine_drop_job (BuildqEngine *self, EngineJob *job);
void _buildq_engine_set_state (BuildqEngine *self, EngineJob *job, BuildqJobState state);
void _buildq_engine_finish_job (BuildqEngine *self, EngineJob *job, BuildqJobState state);
void _buildq_engine_start_job (BuildqEngine *self, EngineJob *job);
void _buildq_engine_set_message (EngineJob *job, char *message);
void _buildq_engine_mark (BuildqEngine *self, EngineJob *job);
void _buildq_engine_fail (BuildqEngine *self, GError *error);

/* --- buildq-engine-texts.c: what the jobs were, and what became of them --- */
BuildqJob *_buildq_engine_read_job (BuildqEngine *self, EngineJob *job);
char *_buildq_engine_read_digest (BuildqEngine *self, EngineJob *job);
BuildqResult *_buildq_engine_read_result (BuildqEngine *self,
                                          EngineJob *job,
                                          char **token);
void _buildq_engine_put_job (BuildqEngine *self,
                             EngineJob *job,
                             BuildqJob *value,
                             const char *digest);
void _buildq_engine_put_result (BuildqEngine *self, EngineJob *job, BuildqResult *result);
BuildqJob *_buildq_engine_resolve_job (BuildqEngine *self, EngineJob *job);
BuildqArtifact *_buildq_engine_sign (BuildqEngine *self, BuildqArtifact *artifact);
char *_buildq_engine_put_text (BuildqEngine *self, GBytes *text);
GBytes *_buildq_engine_get_text (BuildqEngine *self, const char *hash, GError **error);
gboolean _buildq_engine_has_text (BuildqEngine *self, const char *hash);
void _buildq_engine_text_free (gpointer text);
EngineText *_buildq_engine_add_text (BuildqEngine *self, const char *hash);
void _buildq_engine_take_texts (BuildqEngine *self, EngineJob *job, char **hashes);
void _buildq_engine_load_texts (BuildqEngine *self, EngineJob *job, char **hashes);
void _buildq_engine_release_texts (BuildqEngine *self, EngineJob *job);
gboolean _buildq_engine_drop_unused_text (BuildqEngine *self);
gint64 _buildq_engine_next_unused_text (BuildqEngine *self); /* -1: none */

/* --- buildq-engine-submit.c --- */
EngineRequest *_buildq_engine_submit (BuildqEngine *self,
                                      BuildqRequest *request,
                                      GError **error);
GPtrArray *_buildq_engine_closure (BuildqEngine *self, char **roots);

/* --- buildq-engine-request.c --- */
EngineRequest *_buildq_engine_request_new (BuildqEngine *self,
                                           gint64 number,
                                           const char *id);
EngineRequest *_buildq_engine_get_request (BuildqEngine *self,
                                           const char *id,
                                           GError **error);
EngineRequest *_buildq_engine_cancel (BuildqEngine *self, const char *id, GError **error);
EngineRequest *_buildq_engine_latest_request (EngineJob *job);
EngineRequest *_buildq_engine_retry (BuildqEngine *self,
                                     const char *id,
                                     const char *key,
                                     GError **error);
void _buildq_engine_request_add_job (BuildqEngine *self,
                                     EngineRequest *request,
                                     EngineJob *job);
void _buildq_engine_request_free (gpointer request);
void _buildq_engine_note_request (BuildqEngine *self, EngineRequest *request);
void _buildq_engine_finish_touched (BuildqEngine *self);
BuildqRequestStatus *_buildq_engine_request_counts (EngineRequest *request);
BuildqRequestStatus *_buildq_engine_request_status (EngineRequest *request);

/* --- buildq-engine-retain.c: what is finished is forgotten after a while --- */
void _buildq_engine_count_idle (BuildqEngine *self, EngineJob *job);
void _buildq_engine_loosen (BuildqEngine *self, EngineJob *job);
EngineRequest *_buildq_engine_leaving_new (BuildqEngine *self, gint64 number);
void _buildq_engine_forget_some (BuildqEngine *self);
gint64 _buildq_engine_next_forget (BuildqEngine *self); /* -1: nothing */

/* --- buildq-engine-session.c --- */
BuildqSyncReply *_buildq_engine_sync (BuildqEngine *self,
                                      BuildqSyncMessage *message,
                                      GError **error);
BuildqSyncReply *_buildq_engine_build_reply (BuildqEngine *self, EngineSession *session);
void _buildq_engine_session_free (gpointer session);
void _buildq_engine_set_session_us (BuildqEngine *self, gint64 session_us);
void _buildq_engine_expire (BuildqEngine *self);
gint64 _buildq_engine_next_deadline (BuildqEngine *self); /* -1: none */
void _buildq_engine_set_deadline (BuildqEngine *self, EngineTimer *timer, gint64 when);

/* --- buildq-engine-dispatch.c --- */
void _buildq_engine_set_offer (BuildqEngine *self,
                               EngineSession *session,
                               BuildqOffer *offer);
/* @lease takes up its part of a group of its session, or gives it back. */
void _buildq_engine_take_room (EngineLease *lease);
void _buildq_engine_return_room (EngineLease *lease);
void _buildq_engine_dispatch (BuildqEngine *self);
char *_buildq_engine_why_not_placed (BuildqEngine *self, EngineJob *job);

/* --- buildq-engine-lease.c --- */
EngineLease *_buildq_engine_lease_new (BuildqEngine *self,
                                       EngineJob *job,
                                       const char *token);
void _buildq_engine_lease_free (BuildqEngine *self, EngineLease *lease);
void _buildq_engine_lease_hold (EngineLease *lease, EngineSession *session, guint group);
void _buildq_engine_lease_end (BuildqEngine *self,
                               EngineLease *lease,
                               BuildqOutcome outcome,
                               const char *message);
void _buildq_engine_note_answered (BuildqEngine *self, EngineJob *job, const char *token);
BuildqReceipt *_buildq_engine_take_result (BuildqEngine *self, BuildqResult *result);

/* --- buildq-engine-status.c --- */
BuildqJobStatus *_buildq_engine_job_status (BuildqEngine *self,
                                            EngineJob *job,
                                            gboolean whole);
EngineJob *_buildq_engine_get_job (BuildqEngine *self, const char *key, GError **error);
BuildqJobPage *_buildq_engine_list_jobs (BuildqEngine *self,
                                         BuildqQuery *query,
                                         GError **error);
BuildqLogChunk *_buildq_engine_read_log (BuildqEngine *self,
                                         EngineJob *job,
                                         gint64 offset);
void _buildq_engine_take_log (BuildqEngine *self, BuildqLogChunk *chunk);
void _buildq_engine_log_free (EngineJob *job);

/* --- buildq-engine-stats.c --- */
void _buildq_engine_note_ended (BuildqEngine *self, EngineJob *job);
BuildqStats *_buildq_engine_stats (BuildqEngine *self);

/* --- buildq-engine-worker.c --- */
BuildqWorkerState _buildq_engine_session_state (BuildqEngine *self,
                                                EngineSession *session);
GPtrArray *_buildq_engine_list_workers (BuildqEngine *self);
BuildqWorkerState _buildq_engine_wanted_state (BuildqEngine *self, const char *name);
BuildqWorkerStatus *_buildq_engine_set_worker_state (BuildqEngine *self,
                                                     const char *name,
                                                     BuildqWorkerState state,
                                                     GError **error);
void _buildq_engine_worker_left (BuildqEngine *self, const char *name);
gboolean _buildq_engine_load_wishes (BuildqEngine *self, GError **error);

/* --- buildq-engine-load.c --- */
gboolean _buildq_engine_load (BuildqEngine *self, GError **error);

G_END_DECLS
