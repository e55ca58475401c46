/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-queue.h>
#include <buildq/buildq-key.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_LOCAL_QUEUE (buildq_local_queue_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqLocalQueue, buildq_local_queue, BUILDQ, LOCAL_QUEUE, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqLocalQueue *buildq_local_queue_new (const char *path, GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_local_queue_set_session_ms (BuildqLocalQueue *self, gint64 session_ms);
BUILDQ_AVAILABLE_IN_0_1
void buildq_local_queue_set_claim_ms (BuildqLocalQueue *self, gint64 claim_ms);
BUILDQ_AVAILABLE_IN_0_1
void buildq_local_queue_set_keep_s (BuildqLocalQueue *self, gint64 keep_s);
BUILDQ_AVAILABLE_IN_0_1
void buildq_local_queue_set_keep_jobs (BuildqLocalQueue *self, gint64 keep_jobs);
BUILDQ_AVAILABLE_IN_0_1
void buildq_local_queue_set_store_dir (BuildqLocalQueue *self, const char *store_dir);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_local_queue_set_key (BuildqLocalQueue *self,
                                     BuildqKey *key,
                                     GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqKey *buildq_local_queue_get_key (BuildqLocalQueue *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_local_queue_get_instance (BuildqLocalQueue *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_local_queue_backup_async (BuildqLocalQueue *self,
                                      const char *path,
                                      int io_priority,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_local_queue_backup_finish (BuildqLocalQueue *self,
                                           GAsyncResult *result,
                                           GError **error);

G_END_DECLS
