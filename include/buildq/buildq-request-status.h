/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_REQUEST_STATUS (buildq_request_status_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_request_status_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestStatus *buildq_request_status_ref (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_status_unref (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_request_status_equal (BuildqRequestStatus *self,
                                      BuildqRequestStatus *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestStatus *buildq_request_status_new_from_json (const char *json,
                                                          GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_request_status_to_json (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_request_status_get_id (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestState buildq_request_status_get_state (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_request_status_get_submitter (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_request_status_get_group (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_priority (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_total (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_waiting (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_ready (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_leased (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_succeeded (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_failed (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_dep_failed (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_cancelled (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_created_us (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_request_status_get_finished_us (BuildqRequestStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_request_status_get_wanted (BuildqRequestStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqRequestStatus, buildq_request_status_unref)

G_END_DECLS
