/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_RESULT_BUILDER (buildq_result_builder_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_result_builder_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqResultBuilder *buildq_result_builder_new (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqResultBuilder *buildq_result_builder_ref (BuildqResultBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_unref (BuildqResultBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqResult *buildq_result_builder_build (BuildqResultBuilder *self, GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_from (BuildqResultBuilder *self, BuildqResult *value);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_key (BuildqResultBuilder *self, const char *key);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_token (BuildqResultBuilder *self, const char *token);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_attempt (BuildqResultBuilder *self, gint64 attempt);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_outcome (BuildqResultBuilder *self, BuildqOutcome outcome);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_message (BuildqResultBuilder *self, const char *message);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_worker (BuildqResultBuilder *self, const char *worker);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_exit_status (BuildqResultBuilder *self,
                                            gint64 exit_status);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_started_us (BuildqResultBuilder *self, gint64 started_us);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_finished_us (BuildqResultBuilder *self,
                                            gint64 finished_us);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_log_tail (BuildqResultBuilder *self, const char *log_tail);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_log_bytes (BuildqResultBuilder *self, gint64 log_bytes);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_set_log (BuildqResultBuilder *self, BuildqLocation *log);
BUILDQ_AVAILABLE_IN_0_1
void buildq_result_builder_add_artifact (BuildqResultBuilder *self,
                                         BuildqArtifact *artifact);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqResultBuilder, buildq_result_builder_unref)

G_END_DECLS
