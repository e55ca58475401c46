/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A queue that remembers what it was asked, and answers what a test wants.
 */
#pragma once

#include "core/buildq-values.h"

#include <buildq/buildq-queue.h>

G_BEGIN_DECLS

#define FAKE_TYPE_QUEUE (fake_queue_get_type ())
G_DECLARE_FINAL_TYPE (FakeQueue, fake_queue, FAKE, QUEUE, GObject)

struct _FakeQueue
{
  GObject parent_instance;

  GError *next_error;  /* what the next call fails with */
  gboolean hold;       /* sync messages stay unanswered until fake_queue_answer() */
  GPtrArray *messages; /* BuildqSyncMessage, all that came */
  GQueue held;         /* GTask */
  gint64 reply_seq;
  GPtrArray *grants;        /* BuildqGrant, in each reply */
  BuildqRequest *submitted; /* the last */
  BuildqQuery *query;       /* the last */
  BuildqStats *stats;       /* what it counts; NULL: nothing */
  char *asked;              /* the last key, id or hash */
  gint64 offset;            /* the last */
  char *submitter;          /* of every request */
  GHashTable *texts;        /* hash → GBytes */
  guint cancels;
  guint retries;
  char *retried; /* the request of the last one */
};

FakeQueue *fake_queue_new (void);
/* Answers the sync message that waits as number @n. */
void fake_queue_answer (FakeQueue *self, guint n);
BuildqSyncMessage *fake_queue_last (FakeQueue *self);
BuildqSyncReply *fake_queue_make_reply (FakeQueue *self, const char *session, gint64 ack);
BuildqGrant *fake_grant_new (const char *token, const char *key);

/* Runs the main context until @condition, or fails the test after some seconds. */
#define wait_until(condition)                                                            \
  G_STMT_START                                                                           \
  {                                                                                      \
    gint64 deadline_ = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;                    \
    guint waker_ = g_timeout_add (20, fake_tick, NULL);                                  \
    while (!(condition))                                                                 \
      {                                                                                  \
        g_main_context_iteration (NULL, TRUE);                                           \
        g_assert_cmpint (g_get_monotonic_time (), <, deadline_);                         \
      }                                                                                  \
    g_source_remove (waker_);                                                            \
  }                                                                                      \
  G_STMT_END

gboolean fake_tick (gpointer data);

/* For *_async functions: keeps the result, to be given to *_finish. */
void keep_result (GObject *source, GAsyncResult *result, gpointer place);

G_END_DECLS
