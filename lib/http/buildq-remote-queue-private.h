/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A remote queue is cut by verb:
 *   buildq-remote-queue.c          the object
 *   buildq-remote-queue-iface.c    what it does as a queue
 *   buildq-remote-queue-call.c     one HTTP request and its answer
 *   buildq-remote-queue-sync.c     messages and their answers, by WebSocket or by POST
 *   buildq-remote-queue-wire.c     the WebSocket itself: opening, breaking, opening again
 */
#pragma once

#include <buildq/buildq-remote-queue.h>

#include "core/buildq-values.h"
#include "queue/buildq-queue-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define MAX_ANSWER_BYTES BUILDQ_JSON_MAX_BYTES
#define MAX_MESSAGE_BYTES (16 * 1024 * 1024)
#define ANSWER_TIMEOUT_S 60

typedef enum
{
  WIRE_CLOSED, /* there may be a timer that opens it */
  WIRE_CONNECTING,
  WIRE_OPEN,
} WireState;

/* A message that has no answer. */
typedef struct
{
  GTask *task; /* NULL: was cancelled, and the answer is only awaited */
  BuildqSyncMessage *message;
  char *json;
  GSource *cancelled; /* on the context of the task; NULL without a cancellable */
  gboolean sent;
  gboolean ended; /* and not in the list any more */
  gint64 since_us;
} Sync;

/* What is known of a session that speaks through here. */
typedef struct
{
  gint64 seq; /* of its last reply */
  gint64 ack;
} Session;

struct _BuildqRemoteQueue
{
  GObject parent_instance;

  char *uri;           /* without a slash at its end */
  char *authorization; /* the header, or NULL */
  SoupSession *soup;
  GMainContext *context;
  gboolean use_websocket;

  GQueue syncs;         /* of Sync, in the order in which they were given */
  GHashTable *sessions; /* id → Session */

  WireState state;
  SoupWebsocketConnection *connection; /* OPEN */
  GCancellable *connecting;            /* CONNECTING */
  GSource *timer;                      /* CLOSED: opens it; or NULL */
  GSource *tick; /* OPEN: looks whether the other side is still there */
  gint64 heard_us;
  gint64 not_before_us;  /* no attempt to open it before this */
  guint failures;        /* attempts in a row, or openings without any answer */
  gint64 post_until_us;  /* an upgrade was refused: no other attempt before this */
  gint64 first_delay_ms; /* of back-off */
};

/* buildq-remote-queue-call.c */

/* Makes the answer's body the result of @task. */
typedef void (*CallDone) (GTask *task, GBytes *body);

SoupMessage *_buildq_remote_message (BuildqRemoteQueue *self,
                                     const char *method,
                                     const char *path);
void _buildq_remote_call (BuildqRemoteQueue *self,
                          GTask *task, /* taken */
                          const char *method,
                          const char *path, /* or NULL: there can be none */
                          GBytes *body,     /* or NULL */
                          CallDone done);
GError *_buildq_remote_translate (BuildqRemoteQueue *self, const GError *error);

/* buildq-remote-queue-iface.c */
void _buildq_remote_queue_iface_init (gpointer iface, gpointer data);
/* The task's result is the value that @info describes. */
void _buildq_remote_return_value (GTask *task,
                                  GBytes *body,
                                  const BuildqValueInfo *info,
                                  gpointer destroy);
char *_buildq_remote_make_path (const char *before,
                                const char *segment,
                                const char *after);

/* buildq-remote-queue-workers.c */
void _buildq_remote_workers_iface_init (BuildqQueueInterface *iface);

/* buildq-remote-queue-sync.c */
void _buildq_remote_sync_async (BuildqQueue *queue,
                                BuildqSyncMessage *message,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
void _buildq_remote_sync_start (
    BuildqRemoteQueue *self); /* what waits and can go, goes */
void _buildq_remote_sync_frame (BuildqRemoteQueue *self, const char *json, gssize length);
void _buildq_remote_sync_fail_all (BuildqRemoteQueue *self, const GError *error);
void _buildq_remote_sync_attach_all (BuildqRemoteQueue *self);
gboolean _buildq_remote_sync_is_late (BuildqRemoteQueue *self);

/* buildq-remote-queue-wire.c */
gboolean _buildq_remote_wire_wanted (BuildqRemoteQueue *self); /* rather than POST */
void _buildq_remote_wire_open (BuildqRemoteQueue *self); /* now, or when it may be */
void _buildq_remote_wire_break (BuildqRemoteQueue *self, const GError *error);
void _buildq_remote_wire_close (BuildqRemoteQueue *self); /* for good */

/* For tests: the back-off begins with this instead of 500 ms. */
void _buildq_remote_queue_set_first_delay (BuildqRemoteQueue *self, gint64 ms);

G_END_DECLS
