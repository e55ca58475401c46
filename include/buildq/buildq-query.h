/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_QUERY (buildq_query_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_query_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqQuery *buildq_query_ref (BuildqQuery *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_query_unref (BuildqQuery *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_query_equal (BuildqQuery *self, BuildqQuery *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqQuery *buildq_query_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_query_to_json (BuildqQuery *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_query_get_request (BuildqQuery *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_query_get_states (BuildqQuery *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_query_get_after (BuildqQuery *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_query_get_limit (BuildqQuery *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqQuery *buildq_query_new (const char *request,
                               const char *const *states,
                               gint64 after,
                               gint64 limit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqQuery, buildq_query_unref)

G_END_DECLS
