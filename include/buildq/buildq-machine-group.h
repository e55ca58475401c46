/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_MACHINE_GROUP (buildq_machine_group_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_machine_group_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqMachineGroup *buildq_machine_group_ref (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_machine_group_unref (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_machine_group_equal (BuildqMachineGroup *self, BuildqMachineGroup *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqMachineGroup *buildq_machine_group_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_machine_group_to_json (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_machine_group_get_name (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_machine_group_get_systems (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_machine_group_get_features (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
const char *const *buildq_machine_group_get_kinds (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_machine_group_get_cores (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_machine_group_get_memory_bytes (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_machine_group_get_slots (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqMachineGroup *buildq_machine_group_new (const char *const *systems,
                                              const char *const *features,
                                              const char *const *kinds,
                                              gint64 cores,
                                              gint64 memory_bytes,
                                              gint64 slots);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqMachineGroup, buildq_machine_group_unref)

BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_machine_group_get_job_cores (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_machine_group_get_job_memory_bytes (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_machine_group_get_returned_cores (BuildqMachineGroup *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_machine_group_get_returned_memory_bytes (BuildqMachineGroup *self);

G_END_DECLS
