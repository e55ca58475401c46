/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_JOB (buildq_job_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_job_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqJob *buildq_job_ref (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_unref (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_job_equal (BuildqJob *self, BuildqJob *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqJob *buildq_job_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_job_to_json (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_get_key (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_get_kind (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_get_name (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_get_system (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_job_get_features (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_job_get_depends (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_job_get_inputs (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_job_get_outputs (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_job_get_argv (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_job_get_env (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_get_payload (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_job_get_texts (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_get_cores (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_get_memory_bytes (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_get_timeout_s (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_get_silent_timeout_s (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_get_log_limit_bytes (BuildqJob *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_job_get_spec_digest (BuildqJob *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqJob, buildq_job_unref)

G_END_DECLS
