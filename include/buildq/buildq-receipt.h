/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_RECEIPT (buildq_receipt_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_receipt_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqReceipt *buildq_receipt_ref (BuildqReceipt *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_receipt_unref (BuildqReceipt *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_receipt_equal (BuildqReceipt *self, BuildqReceipt *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqReceipt *buildq_receipt_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_receipt_to_json (BuildqReceipt *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_receipt_get_token (BuildqReceipt *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqVerdict buildq_receipt_get_verdict (BuildqReceipt *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_receipt_get_message (BuildqReceipt *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_receipt_get_artifacts (BuildqReceipt *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqReceipt, buildq_receipt_unref)

G_END_DECLS
