/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * HTTP for worker threads: every function blocks, and may be called from any thread. What
 * may pass by itself (a broken connection, 429, 503 …) is tried again, a few times.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _BuildqHttpClient BuildqHttpClient; /* atomically refcounted */

BuildqHttpClient *_buildq_http_client_new (void);
/* Other limits than the usual ones: how long a connection may be silent, and how long one
 * call may go on trying. Only before it is used. */
void _buildq_http_client_set_limits (BuildqHttpClient *self,
                                     guint idle_seconds,
                                     gint64 deadline_us);
BuildqHttpClient *_buildq_http_client_ref (BuildqHttpClient *self);
void _buildq_http_client_unref (BuildqHttpClient *self);

/* The body from byte @offset on; to be read on the calling thread. */
GInputStream *_buildq_http_client_open (BuildqHttpClient *self,
                                        const char *uri,
                                        gint64 offset,
                                        GCancellable *cancellable,
                                        GError **error);
/* The whole body, which must not be longer than @max_bytes. */
GBytes *_buildq_http_client_get (BuildqHttpClient *self,
                                 const char *uri,
                                 gsize max_bytes,
                                 GCancellable *cancellable,
                                 GError **error);
/* Whether it is there; @size in bytes, -1 when the server does not say. */
gboolean _buildq_http_client_head (BuildqHttpClient *self,
                                   const char *uri,
                                   gint64 *size,
                                   GCancellable *cancellable,
                                   GError **error);
gboolean _buildq_http_client_put_file (BuildqHttpClient *self,
                                       const char *uri,
                                       const char *path,
                                       const char *content_type,
                                       GCancellable *cancellable,
                                       GError **error);
gboolean _buildq_http_client_put (BuildqHttpClient *self,
                                  const char *uri,
                                  GBytes *bytes,
                                  const char *content_type,
                                  GCancellable *cancellable,
                                  GError **error);

/* @uri without the user and password that it may bear. */
char *_buildq_http_uri_hide_password (const char *uri);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqHttpClient, _buildq_http_client_unref)

G_END_DECLS
