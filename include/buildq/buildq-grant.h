/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_GRANT (buildq_grant_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_grant_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqGrant *buildq_grant_ref (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_grant_unref (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_grant_equal (BuildqGrant *self, BuildqGrant *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqGrant *buildq_grant_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_grant_to_json (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_grant_get_token (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_grant_get_attempt (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_grant_get_claim_ms (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_grant_get_group (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_grant_get_not_on (BuildqGrant *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqJob *buildq_grant_get_job (BuildqGrant *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqGrant, buildq_grant_unref)

G_END_DECLS
