/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-queue.h>
#include <buildq/buildq-authority.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_SERVER (buildq_server_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqServer, buildq_server, BUILDQ, SERVER, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqServer *buildq_server_new (BuildqQueue *queue, BuildqAuthority *authority);
BUILDQ_AVAILABLE_IN_0_1
BuildqQueue *buildq_server_get_queue (BuildqServer *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_server_set_max_sessions (BuildqServer *self, guint max_sessions);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_server_listen (BuildqServer *self,
                               const char *address,
                               guint port,
                               GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_server_listen_fd (BuildqServer *self, int fd, GError **error);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_server_get_uri (BuildqServer *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_server_get_received_bytes (BuildqServer *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_server_get_sent_bytes (BuildqServer *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_server_stop (BuildqServer *self);

G_END_DECLS
