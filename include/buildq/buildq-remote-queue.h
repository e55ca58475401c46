/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-queue.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_REMOTE_QUEUE (buildq_remote_queue_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (
    BuildqRemoteQueue, buildq_remote_queue, BUILDQ, REMOTE_QUEUE, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqRemoteQueue *buildq_remote_queue_new (const char *uri,
                                            const char *token,
                                            GError **error);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_remote_queue_get_uri (BuildqRemoteQueue *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_remote_queue_set_use_websocket (BuildqRemoteQueue *self,
                                            gboolean use_websocket);

G_END_DECLS
