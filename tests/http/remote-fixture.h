/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A remote queue of a test.
 */
#pragma once

#include "server-fixture.h"

#include "http/buildq-remote-queue-private.h"

G_BEGIN_DECLS

/* Waits for the end of a call: CALL (queue, submit, request) is what submit_finish gave.
 */
#define CALL(queue, name, ...)                                                           \
  ({                                                                                     \
    g_autoptr (GAsyncResult) result_ = NULL;                                             \
    buildq_queue_##name##_async (queue, __VA_ARGS__ G_PRIORITY_DEFAULT, NULL,            \
                                 keep_result, &result_);                                 \
    wait_until (result_ != NULL);                                                        \
    buildq_queue_##name##_finish (queue, result_, &error);                               \
  })

typedef struct
{
  guint count;
  gboolean attach;
  char *session;
  gint64 seq;
} Pushed;

BuildqQueue *open_queue (const char *uri, const char *token);
BuildqQueue *open_fixture (Fixture *f);
BuildqSyncMessage *make_sync (const char *session, gint64 seq, BuildqSessionStep step);
BuildqSyncReply *sync_with (BuildqQueue *queue,
                            const char *session,
                            gint64 seq,
                            BuildqSessionStep step,
                            GError **out);
void assert_sync (BuildqQueue *queue,
                  const char *session,
                  gint64 seq,
                  BuildqSessionStep step);
void assert_sync_fails (BuildqQueue *queue,
                        const char *session,
                        gint64 seq,
                        BuildqError code);
void on_pushed (BuildqQueue *queue,
                const char *session,
                BuildqSyncReply *reply,
                Pushed *self);

G_END_DECLS
