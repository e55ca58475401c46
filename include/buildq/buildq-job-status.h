/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_JOB_STATUS (buildq_job_status_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_job_status_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobStatus *buildq_job_status_ref (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_status_unref (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_job_status_equal (BuildqJobStatus *self, BuildqJobStatus *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobStatus *buildq_job_status_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_job_status_to_json (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_status_get_key (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_status_get_name (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_status_get_kind (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_status_get_system (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobState buildq_job_status_get_state (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_status_get_attempt (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_status_get_priority (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_status_get_worker (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_job_status_get_waiting_for (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_job_status_get_requests (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_status_get_message (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_status_get_submitted_us (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_status_get_ready_us (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_status_get_leased_us (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_status_get_finished_us (BuildqJobStatus *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqResult *buildq_job_status_get_result (BuildqJobStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqJobStatus, buildq_job_status_unref)

G_END_DECLS
