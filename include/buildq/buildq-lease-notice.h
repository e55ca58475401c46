/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_LEASE_NOTICE (buildq_lease_notice_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_lease_notice_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqLeaseNotice *buildq_lease_notice_ref (BuildqLeaseNotice *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_lease_notice_unref (BuildqLeaseNotice *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_lease_notice_equal (BuildqLeaseNotice *self, BuildqLeaseNotice *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqLeaseNotice *buildq_lease_notice_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_lease_notice_to_json (BuildqLeaseNotice *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_lease_notice_get_token (BuildqLeaseNotice *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqVerdict buildq_lease_notice_get_verdict (BuildqLeaseNotice *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_lease_notice_get_offset (BuildqLeaseNotice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqLeaseNotice, buildq_lease_notice_unref)

G_END_DECLS
