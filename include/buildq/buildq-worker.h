/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-enums.h>
#include <buildq/buildq-queue.h>
#include <buildq/buildq-agent.h>
#include <buildq/buildq-store.h>
#include <buildq/buildq-mirror.h>
#include <buildq/buildq-executor.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_WORKER (buildq_worker_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqWorker, buildq_worker, BUILDQ, WORKER, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqWorker *buildq_worker_new (BuildqQueue *queue,
                                 const char *name,
                                 BuildqStore *store,
                                 const char *work_dir);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_worker_get_name (BuildqWorker *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqAgent *buildq_worker_get_agent (BuildqWorker *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_add_mirror (BuildqWorker *self, BuildqMirror *mirror);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_add_executor (BuildqWorker *self,
                                 const char *kind,
                                 BuildqExecutor *executor);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_systems (BuildqWorker *self, const char *const *systems);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_features (BuildqWorker *self, const char *const *features);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_slots (BuildqWorker *self, guint slots);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_max_load_per_core (BuildqWorker *self, double load);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_min_memory_bytes (BuildqWorker *self, gint64 bytes);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_min_disk_bytes (BuildqWorker *self, gint64 bytes);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_min_inodes (BuildqWorker *self, gint64 inodes);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_set_keep_running_s (BuildqWorker *self, guint seconds);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_worker_set_compression (BuildqWorker *self,
                                        const char *compression,
                                        GError **error);
BUILDQ_AVAILABLE_IN_0_1
guint buildq_worker_get_running (BuildqWorker *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_run_async (BuildqWorker *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_worker_run_finish (BuildqWorker *self,
                                   GAsyncResult *result,
                                   GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerState buildq_worker_get_state (BuildqWorker *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_worker_get_reasons (BuildqWorker *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_pause (BuildqWorker *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_resume (BuildqWorker *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_drain (BuildqWorker *self);

G_END_DECLS
