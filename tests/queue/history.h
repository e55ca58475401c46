/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Random histories of a queue: machines that come and go, a network that loses, repeats
 * and delays, people who submit, cancel and retry, all from one seed; and a model that
 * knows what may be said.
 */
#pragma once

#include "queue/buildq-engine.h"

G_BEGIN_DECLS

#define HISTORY_JOBS 16
#define HISTORY_REQUESTS 6
#define HISTORY_MACHINES 4
#define HISTORY_SYSTEMS 2

/* --- history-model.c: what has been promised --- */

typedef struct
{
  guint job;
  gint64 attempt;
  guint machine;
  gboolean answered; /* a result with it was accepted */
  gboolean ended;    /* its holder gave it back */
} ModelLease;

typedef struct
{
  guint32 deps; /* jobs, as bits */
  gint64 attempt;
  gboolean known;
  gboolean succeeded;
  gboolean interrupted; /* was finished without a success at some time */
  gboolean failed;      /* a failure was accepted */
} ModelJob;

typedef struct
{
  guint32 wanted; /* with all that these depend on */
  gboolean known;
  gboolean cancelled;
} ModelRequest;

typedef struct
{
  BuildqEngine *engine;
  ModelJob jobs[HISTORY_JOBS];
  ModelRequest requests[HISTORY_REQUESTS];
  gboolean paused[HISTORY_MACHINES];
  GHashTable *leases; /* token → ModelLease, all that were ever granted */
} Model;

void model_init (Model *self, BuildqEngine *engine);
void model_clear (Model *self);
ModelLease *model_get_lease (Model *self, const char *token);
/* What a message asks for that cannot be seen in its reply; before it is delivered. */
void model_note_message (Model *self, const BuildqSyncMessage *message);
/* @message: what it answers; NULL when it was pushed. */
void model_check_reply (Model *self,
                        guint machine,
                        const BuildqSyncMessage *message,
                        const BuildqSyncReply *reply);
/* After each step: all that the engine counts is what is there. */
void model_check_engine (Model *self);
/* At the end: nothing is stuck. */
gboolean model_is_done (Model *self);
void model_check_end (Model *self);

guint history_index (const char *name); /* of "j12" */

/* --- history-machine.c --- */

#define NOT_DONE -1

typedef struct
{
  char *token;
  int outcome;      /* NOT_DONE: it works on it */
  gint64 claim_seq; /* the message that claimed it; 0: none yet */
  gboolean claimed; /* and the queue has read that */
  gint64 release_seq;
  gboolean release;
} Held;

typedef struct
{
  guint index;
  char *name;
  guint life;
  char *session; /* NULL while it is off */
  gint64 seq;
  gint64 attach_seq; /* the message that attached; 0: it must */
  gboolean attached;
  gint64 reply_seq; /* of the last reply whose wishes were read */
  gboolean push;
  GPtrArray *held;  /* Held */
  GHashTable *done; /* tokens that it had, and is done with */
  GQueue network;   /* BuildqSyncMessage on their way */
} Machine;

typedef struct
{
  GRand *rand;
  gboolean trace;
  gboolean reliable;
  gint64 now;
  BuildqEngine *engine;
  Model model;
  Machine machines[HISTORY_MACHINES];
  guint n_requests;
  guint n_jobs;
} World;

gboolean world_chance (World *self, guint percent);
guint world_any (World *self, guint n); /* less than @n */
void world_tell (World *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

void machine_start (World *self, Machine *machine);
/* It is killed. One with a spool still has what it held when it starts again. */
void machine_stop (World *self, Machine *machine);
void machine_leave (World *self, Machine *machine);
void machine_work (World *self, Machine *machine);
/* Puts a message on its way. */
void machine_say (World *self, Machine *machine);
void machine_hear (World *self, Machine *machine, const BuildqSyncReply *reply);
void machine_init (Machine *self, guint index);
void machine_clear (Machine *self);

char *history_system_of (guint index);
char **history_take_list (GPtrArray *list);

/* --- history-world.c --- */

/* Tells the whole of it, by g_test_message, when @trace. */
void history_run (guint32 seed, guint steps, gboolean trace);

G_END_DECLS
