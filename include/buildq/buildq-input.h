/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_INPUT (buildq_input_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_input_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_ref (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_input_unref (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_input_equal (BuildqInput *self, BuildqInput *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_input_to_json (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_input_get_name (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_input_get_job (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_input_get_output (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_input_get_artifact (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_input_get_path (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_input_get_file (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_input_get_at (BuildqInput *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_new_for_job (const char *name,
                                       const char *job,
                                       const char *output);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_new_for_artifact (const char *name, BuildqArtifact *artifact);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_new_for_path (const char *name, const char *path);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_new_for_file (const char *name, const char *file);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_resolve (BuildqInput *self, BuildqArtifact *artifact);
BUILDQ_AVAILABLE_IN_0_1
BuildqInput *buildq_input_place (BuildqInput *self, const char *at);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqInput, buildq_input_unref)

G_END_DECLS
