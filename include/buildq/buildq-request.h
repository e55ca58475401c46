/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_REQUEST (buildq_request_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_request_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequest *buildq_request_ref (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_unref (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_request_equal (BuildqRequest *self, BuildqRequest *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequest *buildq_request_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_request_to_json (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_request_get_id (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_request_get_submitter (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_request_get_group (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_get_priority (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_request_get_wanted (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_request_get_rebuild (BuildqRequest *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_request_get_jobs (BuildqRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqRequest, buildq_request_unref)

G_END_DECLS
