/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_REQUEST_BUILDER (buildq_request_builder_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_request_builder_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestBuilder *buildq_request_builder_new (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestBuilder *buildq_request_builder_ref (BuildqRequestBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_unref (BuildqRequestBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequest *buildq_request_builder_build (BuildqRequestBuilder *self, GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_set_from (BuildqRequestBuilder *self, BuildqRequest *value);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_set_id (BuildqRequestBuilder *self, const char *id);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_set_submitter (BuildqRequestBuilder *self,
                                           const char *submitter);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_set_group (BuildqRequestBuilder *self, const char *group);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_set_priority (BuildqRequestBuilder *self, gint64 priority);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_set_wanted (BuildqRequestBuilder *self,
                                        const char *const *wanted);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_set_rebuild (BuildqRequestBuilder *self, gboolean rebuild);
BUILDQ_AVAILABLE_IN_0_1
void buildq_request_builder_add_job (BuildqRequestBuilder *self, BuildqJob *job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqRequestBuilder, buildq_request_builder_unref)

G_END_DECLS
