/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_SYNC_MESSAGE (buildq_sync_message_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_sync_message_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqSyncMessage *buildq_sync_message_ref (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_sync_message_unref (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_sync_message_equal (BuildqSyncMessage *self, BuildqSyncMessage *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqSyncMessage *buildq_sync_message_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_sync_message_to_json (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_sync_message_get_session (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_sync_message_get_name (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_message_get_seq (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_message_get_ack (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqSessionStep buildq_sync_message_get_step (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_sync_message_get_push (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_message_get_version (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_sync_message_get_capabilities (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqOffer *buildq_sync_message_get_offer (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_sync_message_get_claims (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_sync_message_get_releases (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_sync_message_get_holding (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_sync_message_get_results (BuildqSyncMessage *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_sync_message_get_logs (BuildqSyncMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqSyncMessage, buildq_sync_message_unref)

G_END_DECLS
