/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_SAMPLE (buildq_sample_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_sample_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqSample *buildq_sample_ref (BuildqSample *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_sample_unref (BuildqSample *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_sample_equal (BuildqSample *self, BuildqSample *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqSample *buildq_sample_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_sample_to_json (BuildqSample *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_sample_get_name (BuildqSample *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_sample_get_labels (BuildqSample *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_sample_get_value (BuildqSample *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqSample, buildq_sample_unref)

G_END_DECLS
