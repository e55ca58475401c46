/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_ARTIFACT (buildq_artifact_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_artifact_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_artifact_ref (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_artifact_unref (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_artifact_equal (BuildqArtifact *self, BuildqArtifact *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_artifact_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_artifact_to_json (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_artifact_get_name (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_artifact_get_store_path (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_artifact_get_nar_hash (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_artifact_get_nar_size (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_artifact_get_references (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_artifact_get_deriver (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_artifact_get_ca (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_artifact_get_signatures (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_artifact_get_locations (BuildqArtifact *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_artifact_get_fingerprint (BuildqArtifact *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqArtifact, buildq_artifact_unref)

G_END_DECLS
