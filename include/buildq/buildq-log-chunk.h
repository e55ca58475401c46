/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_LOG_CHUNK (buildq_log_chunk_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_log_chunk_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqLogChunk *buildq_log_chunk_ref (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_log_chunk_unref (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_log_chunk_equal (BuildqLogChunk *self, BuildqLogChunk *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqLogChunk *buildq_log_chunk_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_log_chunk_to_json (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_log_chunk_get_token (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_log_chunk_get_offset (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_log_chunk_get_data (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_log_chunk_get_finished (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqLocation *buildq_log_chunk_get_location (BuildqLogChunk *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqLogChunk *buildq_log_chunk_new (const char *token,
                                      gint64 offset,
                                      GBytes *bytes,
                                      gboolean finished,
                                      BuildqLocation *location);
BUILDQ_AVAILABLE_IN_0_1
GBytes *buildq_log_chunk_get_bytes (BuildqLogChunk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqLogChunk, buildq_log_chunk_unref)

G_END_DECLS
