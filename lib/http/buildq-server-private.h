/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A server is cut by verb:
 *   buildq-server.c           the object, listening, stopping
 *   buildq-server-exchange.c  one request: path, caller, limit, body, answer
 *   buildq-server-access.c    who may do what
 *   buildq-server-requests.c  what each path does
 *   buildq-server-owner.c     what is done to a request by who submitted it
 *   buildq-server-metrics.c   how it does, for machines
 *   buildq-server-page.c      and for people
 *   buildq-server-workers.c   what is done to a machine by an admin
 *   buildq-server-session.c   WebSockets
 *   buildq-server-socket.c    bytes on the sockets
 */
#pragma once

#include <buildq/buildq-server.h>

#include "core/buildq-protocol.h"
#include "core/buildq-values.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define MAX_REQUEST_BYTES BUILDQ_JSON_MAX_BYTES
#define MAX_SYNC_BYTES (16 * 1024 * 1024)
#define MAX_TEXT_BYTES (16 * 1024 * 1024)
#define MAX_OTHER_BYTES (64 * 1024)
#define MAX_CHANNEL_SESSIONS 64

#define ANSWER_CLASSES 5 /* 1xx to 5xx */

typedef struct _Exchange Exchange;
typedef struct _Channel Channel;
typedef struct _Route Route;

/* What was answered on a path, and the bytes of the bodies. */
typedef struct
{
  gint64 answers[ANSWER_CLASSES];
  gint64 received;
  gint64 sent;
} RouteCount;

struct _BuildqServer
{
  GObject parent_instance;

  BuildqQueue *queue;
  BuildqAuthority *authority; /* or NULL: everybody is an admin, on loopback only */
  GMainContext *context;
  SoupServer *soup;
  char *uri;      /* of the first listener; NULL before */
  char *instance; /* of the queue, as its replies tell; or NULL */
  gulong pushed_id;

  guint max_channels;
  gint64 silence_us;     /* after which a WebSocket is given up */
  guint ping_s;          /* between two pings */
  GSource *tick;         /* looks for silent WebSockets, while there are any */
  GHashTable *channels;  /* set of Channel */
  GHashTable *sessions;  /* session id → Channel, which is in channels */
  GHashTable *exchanges; /* set of Exchange: requests that are under way */

  GHashTable *sockets; /* set of GSocket, not owned: a weak reference takes them out */
  gint64 received_bytes;
  gint64 sent_bytes;

  gint64 made_us;
  RouteCount *counts; /* for each route, and one for all that has none */
  gint64 messages_received, messages_sent; /* by WebSocket */
};

/* What can be asked for. */
struct _Route
{
  const char *method;
  const char *path; /* "*" stands for one segment */
  guint roles;      /* 1 << BuildqRole; 0: anybody, also without a token */
  gsize limit;      /* bytes of the body */
  void (*handle) (Exchange *self);
};

/* One request and its answer. It belongs to its message, as data of it; who needs it
 * while something is awaited holds the message. */
struct _Exchange
{
  BuildqServer *server; /* NULL when the server has stopped */
  SoupServerMessage *msg;
  const Route *route; /* NULL: refused */
  char *arg;          /* the segment for "*", decoded */
  char *request;      /* whose owner may do this, once it is known */
  BuildqPrincipal *who;
  char *token;
  GByteArray *body;
  gsize seen; /* bytes of the body, also those that were dropped */
  gboolean paused;
  gboolean over; /* nobody waits for the answer */
};

/* buildq-server-exchange.c */
void _buildq_exchange_early (SoupServer *soup,
                             SoupServerMessage *msg,
                             const char *path,
                             GHashTable *query,
                             gpointer server);
void _buildq_exchange_handle (SoupServer *soup,
                              SoupServerMessage *msg,
                              const char *path,
                              GHashTable *query,
                              gpointer server);
Exchange *_buildq_exchange_get (SoupServerMessage *msg);
/* Awaits something: the callback gets the message with a reference, and calls _resume. */
gpointer _buildq_exchange_pause (Exchange *self);
Exchange *_buildq_exchange_resume (gpointer msg);
void _buildq_exchange_answer (Exchange *self, guint status, char *json); /* takes @json */
void _buildq_exchange_answer_bytes (Exchange *self, GBytes *bytes);
void _buildq_exchange_send (Exchange *self,
                            guint status,
                            const char *type,
                            GBytes *bytes);
void _buildq_exchange_refuse (Exchange *self,
                              guint status,
                              const GError *error); /* 0: by @error */
/* Resumes, and answers with @json, which it takes, or with @error. */
void _buildq_exchange_conclude (gpointer msg,
                                guint status,
                                char *json,
                                const GError *error);

/* buildq-server-access.c */
gboolean _buildq_access_check_peer (Exchange *self, GError **error);
gboolean _buildq_access_identify (Exchange *self, guint *status, GError **error);
gboolean _buildq_access_check_name (BuildqPrincipal *who,
                                    BuildqSyncMessage *message,
                                    GError **error);

/* buildq-server-requests.c */
extern const Route _buildq_routes[];
extern const guint _buildq_n_routes;

/* buildq-server-owner.c */
void _buildq_owner_cancel (Exchange *self);
void _buildq_owner_retry_request (Exchange *self);
void _buildq_owner_retry_job (Exchange *self);

/* buildq-server-metrics.c */
void _buildq_server_count_answer (
    BuildqServer *self, const Route *route, guint status, gint64 received, gint64 sent);
void _buildq_handle_health (Exchange *self);
void _buildq_handle_metrics (Exchange *self);
void _buildq_handle_stats (Exchange *self);

/* buildq-server-page.c */
void _buildq_handle_page (Exchange *self);

/* buildq-server-workers.c */
void _buildq_workers_pause (Exchange *self);
void _buildq_workers_resume (Exchange *self);
void _buildq_workers_drain (Exchange *self);

/* buildq-server-session.c */
void _buildq_channel_unref (gpointer channel);
gboolean _buildq_session_check (BuildqServer *server,
                                BuildqPrincipal *who,
                                BuildqSyncMessage *message,
                                Channel *from, /* or NULL: by POST */
                                GError **error);
BuildqSyncMessage *_buildq_session_with_push (BuildqSyncMessage *message, gboolean push);
gboolean _buildq_session_admit (Exchange *self, GError **error);
void _buildq_session_open (SoupServer *soup,
                           SoupServerMessage *msg,
                           const char *path,
                           SoupWebsocketConnection *connection,
                           gpointer server);
void _buildq_session_pushed (BuildqQueue *queue,
                             const char *session,
                             BuildqSyncReply *reply,
                             gpointer server);
void _buildq_session_learn (BuildqServer *server, BuildqSyncReply *reply);
void _buildq_session_stop (BuildqServer *server);

/* buildq-server-socket.c */
void _buildq_socket_watch (BuildqServer *server, GSocket *socket);
void _buildq_socket_count (BuildqServer *server, GSocket *socket);
void _buildq_socket_count_all (BuildqServer *server);
void _buildq_socket_forget_all (BuildqServer *server);

/* For tests: how long a silent WebSocket is kept. */
void _buildq_server_set_patience (BuildqServer *self, guint ping_s, gint64 silence_ms);

G_END_DECLS
