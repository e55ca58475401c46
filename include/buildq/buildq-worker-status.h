/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-enums.h>
#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_WORKER_STATUS (buildq_worker_status_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_worker_status_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerStatus *buildq_worker_status_ref (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_worker_status_unref (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_worker_status_equal (BuildqWorkerStatus *self, BuildqWorkerStatus *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerStatus *buildq_worker_status_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_worker_status_to_json (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_worker_status_get_name (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_worker_status_get_connected (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqOffer *buildq_worker_status_get_offer (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_worker_status_get_holding (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_worker_status_get_seen_us (BuildqWorkerStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqWorkerStatus, buildq_worker_status_unref)

BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerState buildq_worker_status_get_state (BuildqWorkerStatus *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_worker_status_get_reasons (BuildqWorkerStatus *self);

G_END_DECLS
