/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_ARTIFACT_BUILDER (buildq_artifact_builder_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_artifact_builder_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifactBuilder *buildq_artifact_builder_new (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifactBuilder *buildq_artifact_builder_ref (BuildqArtifactBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_unref (BuildqArtifactBuilder *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_artifact_builder_build (BuildqArtifactBuilder *self,
                                               GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_from (BuildqArtifactBuilder *self,
                                       BuildqArtifact *value);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_name (BuildqArtifactBuilder *self, const char *name);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_store_path (BuildqArtifactBuilder *self,
                                             const char *store_path);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_nar_hash (BuildqArtifactBuilder *self,
                                           const char *nar_hash);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_nar_size (BuildqArtifactBuilder *self, gint64 nar_size);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_references (BuildqArtifactBuilder *self,
                                             const char *const *references);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_deriver (BuildqArtifactBuilder *self,
                                          const char *deriver);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_ca (BuildqArtifactBuilder *self, const char *ca);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_set_signatures (BuildqArtifactBuilder *self,
                                             const char *const *signatures);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_builder_add_location (BuildqArtifactBuilder *self,
                                           BuildqLocation *location);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqArtifactBuilder, buildq_artifact_builder_unref)

G_END_DECLS
