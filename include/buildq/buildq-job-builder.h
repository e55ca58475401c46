/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_JOB_BUILDER (buildq_job_builder_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_job_builder_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobBuilder *buildq_job_builder_new (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobBuilder *buildq_job_builder_ref (BuildqJobBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_unref (BuildqJobBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqJob *buildq_job_builder_build (BuildqJobBuilder *self, GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_from (BuildqJobBuilder *self, BuildqJob *value);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_key (BuildqJobBuilder *self, const char *key);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_kind (BuildqJobBuilder *self, const char *kind);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_name (BuildqJobBuilder *self, const char *name);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_system (BuildqJobBuilder *self, const char *system);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_features (BuildqJobBuilder *self,
                                      const char *const *features);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_depends (BuildqJobBuilder *self, const char *const *depends);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_add_input (BuildqJobBuilder *self, BuildqInput *input);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_add_output (BuildqJobBuilder *self, BuildqOutput *output);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_argv (BuildqJobBuilder *self, const char *const *argv);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_env (BuildqJobBuilder *self, const char *const *env);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_payload (BuildqJobBuilder *self, const char *payload);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_texts (BuildqJobBuilder *self, const char *const *texts);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_cores (BuildqJobBuilder *self, gint64 cores);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_memory_bytes (BuildqJobBuilder *self, gint64 memory_bytes);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_timeout_s (BuildqJobBuilder *self, gint64 timeout_s);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_silent_timeout_s (BuildqJobBuilder *self,
                                              gint64 silent_timeout_s);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_builder_set_log_limit_bytes (BuildqJobBuilder *self,
                                             gint64 log_limit_bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqJobBuilder, buildq_job_builder_unref)

G_END_DECLS
