/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-agent.h>
#include <buildq/buildq-enums.h>
#include <string.h>

#include "core/buildq-values.h"

/* A lease that is held. */
typedef struct
{
  BuildqGrant *grant;
  gboolean claimed;     /* the queue knows that it is held */
  gint64 claim_seq;     /* of the message that claims it */
  gboolean cancelled;   /* the user was told */
  BuildqResult *result; /* that no receipt has come for */
  GTask *task;          /* that waits for the receipt */
} AgentLease;

/* A token that is to be named until the queue has read it. */
typedef struct
{
  char *token;
  gint64 seq; /* of the message that named it last; 0: none yet */
} AgentMark;

struct _BuildqAgent
{
  GObject parent_instance;

  BuildqQueue *queue;
  GMainContext *context;
  GSource *timer; /* speaks when it is time; NULL once disposed */
  char *name;
  char *session;
  gboolean started;
  gboolean attached;
  gboolean leaving;
  gboolean in_flight; /* a message waits for its answer */
  gboolean dirty;     /* there is more to say after that */
  GError *failed;     /* the queue will not have us */
  gint64 seq;
  gint64 reply_seq; /* of the last reply that was read */
  gint64 leave_seq;
  BuildqSyncReply *early_push; /* overtook the answer to the attaching message */
  gint64 retry_ms;

  BuildqOffer *offer;
  gint64 offer_sent; /* the message that it went with; 0: none */
  gint64 offer_seq;  /* the same, once that is answered */
  GHashTable *held;  /* token → AgentLease */
  GQueue grants;     /* BuildqGrant that nobody has asked for yet */
  GQueue waiting;    /* GTask of next() */
  GQueue releases;   /* AgentMark */
  GQueue logs;       /* BuildqLogChunk */
  gsize log_bytes;
  GQueue leave_tasks;

  char *store_dir;
  char **farm_keys;
  BuildqWorkerState wanted; /* by the queue */
};

enum
{
  BUILDQ_AGENT_ATTACHED,
  BUILDQ_AGENT_CANCELLED,
  BUILDQ_AGENT_LOST,
  BUILDQ_AGENT_LOG_WANTED,
  BUILDQ_AGENT_STATE_WANTED,
  BUILDQ_AGENT_N_SIGNALS,
};

extern guint _buildq_agent_signals[BUILDQ_AGENT_N_SIGNALS];

void _buildq_agent_take_reply (BuildqAgent *self, BuildqSyncReply *reply);
void _buildq_agent_take_push (BuildqAgent *self, BuildqSyncReply *reply);
/* There is something to say. */
void _buildq_agent_changed (BuildqAgent *self);
void _buildq_agent_attach_again (BuildqAgent *self);
void _buildq_agent_speak_in (BuildqAgent *self, gint64 ms);
/* Says no word more. What it holds stays so until its session lapses, or until the next
 * of its name attaches, which may hold it on. */
void _buildq_agent_fall_silent (BuildqAgent *self);
