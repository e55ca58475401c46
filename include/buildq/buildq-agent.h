/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-enums.h>
#include <buildq/buildq-queue.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_AGENT (buildq_agent_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqAgent, buildq_agent, BUILDQ, AGENT, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqAgent *buildq_agent_new (BuildqQueue *queue, const char *name);
BUILDQ_AVAILABLE_IN_0_1
BuildqQueue *buildq_agent_get_queue (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_agent_get_name (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_agent_is_attached (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerState buildq_agent_get_wanted_state (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_agent_get_store_dir (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_agent_get_farm_keys (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_agent_start (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_agent_set_offer (BuildqAgent *self, BuildqOffer *offer);
BUILDQ_AVAILABLE_IN_0_1
void buildq_agent_hold (BuildqAgent *self, BuildqGrant *grant);
BUILDQ_AVAILABLE_IN_0_1
void buildq_agent_next_async (BuildqAgent *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqGrant *buildq_agent_next_finish (BuildqAgent *self,
                                       GAsyncResult *result,
                                       GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_agent_complete_async (BuildqAgent *self,
                                  const char *token,
                                  BuildqResult *outcome,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqReceipt *buildq_agent_complete_finish (BuildqAgent *self,
                                             GAsyncResult *result,
                                             GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_agent_release (BuildqAgent *self, const char *token, GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_agent_send_log (BuildqAgent *self, BuildqLogChunk *chunk);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_agent_get_held (BuildqAgent *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_agent_leave_async (BuildqAgent *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_agent_leave_finish (BuildqAgent *self,
                                    GAsyncResult *result,
                                    GError **error);

G_END_DECLS
