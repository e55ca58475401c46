/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-enums.h>
#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_OFFER (buildq_offer_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_offer_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqOffer *buildq_offer_ref (BuildqOffer *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_offer_unref (BuildqOffer *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_offer_equal (BuildqOffer *self, BuildqOffer *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqOffer *buildq_offer_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_offer_to_json (BuildqOffer *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_offer_get_groups (BuildqOffer *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqOffer *buildq_offer_new (GPtrArray *groups);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqOffer, buildq_offer_unref)

BUILDQ_AVAILABLE_IN_0_1
BuildqOffer *buildq_offer_new_with_state (GPtrArray *groups,
                                          BuildqWorkerState state,
                                          const char *const *reasons);
BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerState buildq_offer_get_state (BuildqOffer *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_offer_get_reasons (BuildqOffer *self);

G_END_DECLS
