/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_LOCATION (buildq_location_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_location_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqLocation *buildq_location_ref (BuildqLocation *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_location_unref (BuildqLocation *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_location_equal (BuildqLocation *self, BuildqLocation *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqLocation *buildq_location_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_location_to_json (BuildqLocation *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_location_get_uri (BuildqLocation *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_location_get_compression (BuildqLocation *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_location_get_file_hash (BuildqLocation *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_location_get_file_size (BuildqLocation *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqLocation *buildq_location_new (const char *uri,
                                     const char *compression,
                                     const char *file_hash,
                                     gint64 file_size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqLocation, buildq_location_unref)

G_END_DECLS
