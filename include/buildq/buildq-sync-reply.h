/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-enums.h>
#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_SYNC_REPLY (buildq_sync_reply_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_sync_reply_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqSyncReply *buildq_sync_reply_ref (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_sync_reply_unref (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_sync_reply_equal (BuildqSyncReply *self, BuildqSyncReply *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqSyncReply *buildq_sync_reply_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_sync_reply_to_json (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_sync_reply_get_session (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_reply_get_seq (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_reply_get_ack (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_sync_reply_get_attach (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_reply_get_version (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_sync_reply_get_capabilities (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_sync_reply_get_instance (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_sync_reply_get_store_dir (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_sync_reply_get_keys (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_reply_get_session_ms (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sync_reply_get_next_ms (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_sync_reply_get_grants (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_sync_reply_get_leases (BuildqSyncReply *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_sync_reply_get_receipts (BuildqSyncReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqSyncReply, buildq_sync_reply_unref)

BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerState buildq_sync_reply_get_wanted (BuildqSyncReply *self);

G_END_DECLS
