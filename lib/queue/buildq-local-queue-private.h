/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-local-queue.h>

#include "queue/buildq-engine.h"

struct _BuildqLocalQueue
{
  GObject parent_instance;

  char *path;            /* of the journal; NULL: in memory only */
  GMainContext *context; /* of construction, where everything happens */
  BuildqEngine *engine;  /* NULL while the journal cannot be opened, … */
  GError *broken;        /* … and why */
  gint64 next_try;       /* when opening it is tried again (µs, monotonic) */
  BuildqJournal *journal;
  GError *unwell;    /* what the last commit failed with; NULL: it did not */
  gint64 next_probe; /* when the next commit that only tests is tried (µs, monotonic) */
  GSource *timer;    /* the next deadline */
  GSource *tidying;  /* when the next thing is to be forgotten */
  GQueue held;       /* Held: what is to be said once it is on disk */

  char *instance;
  char *store_dir;
  BuildqKey *key;
  gint64 session_ms;
  gint64 claim_ms;
  gint64 keep_s;
  gint64 keep_jobs;
};

void _buildq_local_queue_iface_init (BuildqQueueInterface *iface);

/* After one of them changed. */
void _buildq_local_queue_apply_settings (BuildqLocalQueue *self);

/* Around each change: brings the engine to the present; FALSE, with @task answered, when
 * the queue cannot work. */
gboolean _buildq_local_queue_begin (BuildqLocalQueue *self, GTask *task);
/* Holds the answer to @task until all that was changed so far is on disk. Takes @value,
 * or
 * @error. */
void _buildq_local_queue_end (BuildqLocalQueue *self,
                              GTask *task,
                              gpointer value,
                              GDestroyNotify destroy,
                              GError *error);
