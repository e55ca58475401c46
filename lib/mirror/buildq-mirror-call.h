/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What mirrors that block have in common: each call becomes values for a worker thread.
 */
#pragma once

#include "mirror/buildq-mirror-private.h"
#include "netutil/buildq-http-client.h"

G_BEGIN_DECLS

/* The first three say which mirror it is; the others are what is asked of it. */
typedef struct
{
  char *uri;                /* without a password */
  char *place;              /* the folder, or the URI with its password */
  BuildqHttpClient *client; /* or NULL */
  char *name;               /* put_file */
  char *path;
  char *content_type;
  char *store_path;         /* lookup */
  BuildqArtifact *artifact; /* publish */
} BuildqMirrorCall;

BuildqMirrorCall *_buildq_mirror_call_new (const char *uri,
                                           const char *place,
                                           BuildqHttpClient *client);

/* Run @func on a worker thread, with @call, which they take, as its data. It answers with
 * a record, a URI, or BUILDQ_OFFLOAD_DONE. */
void _buildq_mirror_call_lookup (BuildqMirror *mirror,
                                 BuildqMirrorCall *call,
                                 GTaskThreadFunc func,
                                 const char *store_path,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
void _buildq_mirror_call_put_file (BuildqMirror *mirror,
                                   BuildqMirrorCall *call,
                                   GTaskThreadFunc func,
                                   const char *name,
                                   const char *path,
                                   const char *content_type,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
void _buildq_mirror_call_publish (BuildqMirror *mirror,
                                  BuildqMirrorCall *call,
                                  GTaskThreadFunc func,
                                  BuildqArtifact *artifact,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/* Sets the functions that end these calls. */
void _buildq_mirror_call_set_finish (BuildqMirrorInterface *iface);

G_END_DECLS
