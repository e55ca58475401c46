/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_STATS (buildq_stats_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_stats_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqStats *buildq_stats_ref (BuildqStats *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_stats_unref (BuildqStats *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_stats_equal (BuildqStats *self, BuildqStats *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqStats *buildq_stats_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_stats_to_json (BuildqStats *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_stats_get_samples (BuildqStats *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_stats_get_requests (BuildqStats *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_stats_get_ended (BuildqStats *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqStats, buildq_stats_unref)

G_END_DECLS
