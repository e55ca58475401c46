/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_OUTPUT (buildq_output_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_output_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqOutput *buildq_output_ref (BuildqOutput *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_output_unref (BuildqOutput *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_output_equal (BuildqOutput *self, BuildqOutput *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqOutput *buildq_output_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_output_to_json (BuildqOutput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_output_get_name (BuildqOutput *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_output_get_path (BuildqOutput *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqOutput *buildq_output_new (const char *name, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqOutput, buildq_output_unref)

G_END_DECLS
