/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_RESULT (buildq_result_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_result_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqResult *buildq_result_ref (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_unref (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_result_equal (BuildqResult *self, BuildqResult *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqResult *buildq_result_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_result_to_json (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_result_get_key (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_result_get_token (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_result_get_attempt (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqOutcome buildq_result_get_outcome (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_result_get_message (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_result_get_worker (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_result_get_exit_status (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_result_get_started_us (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_result_get_finished_us (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_result_get_log_tail (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_result_get_log_bytes (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqLocation *buildq_result_get_log (BuildqResult *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_result_get_artifacts (BuildqResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqResult, buildq_result_unref)

G_END_DECLS
