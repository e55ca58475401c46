/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * One request, with its redirections and repetitions.
 */
#pragma once

#include <libsoup/soup.h>

#include "netutil/buildq-http-client.h"

G_BEGIN_DECLS

struct _BuildqHttpClient
{
  SoupSession *session; /* which can be used from any thread by its blocking functions */
  gint64 deadline_us;   /* for one call; what streams for longer than that may */
  gint64 patience_us;   /* in which a server must get on, if slowly */

  /* Requests come from any thread. */
  GMutex mutex;       /* guards what follows */
  GHashTable *silent; /* "HOST:PORT" that did not answer → until when that is believed */
};

/* What one request is; made into a message anew for each try. */
typedef struct
{
  BuildqHttpClient *client;
  const char *method;
  const char *uri;
  gint64 offset;
  const char *path; /* PUT: a file, … */
  GBytes *bytes;    /* … or this */
  const char *content_type;
  gint64 deadline; /* monotonic, µs */
  GCancellable *cancellable;
} BuildqHttpRequest;

/* The body of an answer that tells success, and the message as @answered. */
GInputStream *_buildq_http_request_send (const BuildqHttpRequest *self,
                                         SoupMessage **answered,
                                         GError **error);
/* Reads what nobody wants, if it is little, so that the connection can be used again. */
void _buildq_http_request_drain (const BuildqHttpRequest *self, GInputStream *body);
/* "GET URI", without a password. */
char *_buildq_http_request_describe (const BuildqHttpRequest *self);
/* Turns what went wrong on the way to the server into one of our errors. */
void _buildq_http_request_set_error (const BuildqHttpRequest *self,
                                     GError *local, /* transfer full */
                                     GError **error);

G_END_DECLS
