/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-machine-group.h>

/**
 * BuildqMachineGroup:
 *
 * Equal machines in an offer, and what each of them is.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqMachineGroup, name), 0, BUILDQ_MAX_NAME },
  { "systems", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqMachineGroup, systems), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "features", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqMachineGroup, features), 0, BUILDQ_MAX_NAME },
  { "kinds", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqMachineGroup, kinds), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "cores", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqMachineGroup, cores), 0, 65536 },
  { "memory_bytes", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqMachineGroup, memory_bytes), 0, 0 },
  { "slots", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqMachineGroup, slots), BUILDQ_FIELD_ALWAYS, 65536 },
  { "job_cores", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqMachineGroup, job_cores), 0, 65536 },
  { "job_memory_bytes", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqMachineGroup, job_memory_bytes), 0, 0 },
  { "returned_cores", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqMachineGroup, returned_cores), 0, 65536 },
  { "returned_memory_bytes", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqMachineGroup, returned_memory_bytes), 0, 0 },
};
/* clang-format on */

const BuildqValueInfo _buildq_machine_group_info = {
  "machine group", sizeof (BuildqMachineGroup), fields, G_N_ELEMENTS (fields), NULL, NULL,
};

/**
 * buildq_machine_group_ref:
 * @self: a machine group
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_machine_group_unref:
 * @self: (transfer full): a machine group
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_machine_group_equal:
 * @self: a machine group
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_machine_group_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a machine group. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_machine_group_to_json:
 * @self: a machine group
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqMachineGroup,
                     buildq_machine_group,
                     &_buildq_machine_group_info)

/**
 * buildq_machine_group_get_name:
 * @self: a machine group
 *
 * Returns: (transfer none) (nullable): a name for people
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup, buildq_machine_group, name, const char *)

/**
 * buildq_machine_group_get_systems:
 * @self: a machine group
 *
 * Returns: (transfer none) (array zero-terminated=1): the systems that they can build
 *    for; all share the slots
 *
 * Since: 0.1
 */
const char *const *
buildq_machine_group_get_systems (BuildqMachineGroup *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->systems;
}

/**
 * buildq_machine_group_get_features:
 * @self: a machine group
 *
 * Returns: (transfer none) (array zero-terminated=1): what they have
 *
 * Since: 0.1
 */
const char *const *
buildq_machine_group_get_features (BuildqMachineGroup *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->features;
}

/**
 * buildq_machine_group_get_kinds:
 * @self: a machine group
 *
 * Returns: (transfer none) (array zero-terminated=1): the kinds of job that they can run
 *
 * Since: 0.1
 */
const char *const *
buildq_machine_group_get_kinds (BuildqMachineGroup *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->kinds;
}

/**
 * buildq_machine_group_get_cores:
 * @self: a machine group
 *
 * Returns: the cores of each
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup, buildq_machine_group, cores, gint64)

/**
 * buildq_machine_group_get_memory_bytes:
 * @self: a machine group
 *
 * Returns: the memory of each, in bytes
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup, buildq_machine_group, memory_bytes, gint64)

/**
 * buildq_machine_group_get_slots:
 * @self: a machine group
 *
 * Returns: how many leases the group can hold at a time, those that it holds now included
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup, buildq_machine_group, slots, gint64)

/**
 * buildq_machine_group_get_job_cores:
 * @self: a machine group
 *
 * Returns: the cores that a job takes up that asks for less; 0: they are not counted
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup, buildq_machine_group, job_cores, gint64)

/**
 * buildq_machine_group_get_job_memory_bytes:
 * @self: a machine group
 *
 * Returns: the memory that a job takes up that asks for less, in bytes; 0: it is not
 *    counted
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup, buildq_machine_group, job_memory_bytes, gint64)

/**
 * buildq_machine_group_get_returned_cores:
 * @self: a machine group
 *
 * Returns: the cores that leases that are still held do not use any more
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup, buildq_machine_group, returned_cores, gint64)

/**
 * buildq_machine_group_get_returned_memory_bytes:
 * @self: a machine group
 *
 * Returns: the memory that leases that are still held do not use any more, in bytes
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqMachineGroup,
                      buildq_machine_group,
                      returned_memory_bytes,
                      gint64)

static char **
strv_or_empty (const char *const *strv)
{
  return strv != NULL ? g_strdupv ((char **) strv) : g_new0 (char *, 1);
}

/**
 * buildq_machine_group_new:
 * @systems: (array zero-terminated=1): the systems that the machines can build for
 * @features: (array zero-terminated=1) (nullable): what they have
 * @kinds: (array zero-terminated=1): the kinds of job that they can run
 * @cores: the cores of each machine
 * @memory_bytes: the memory of each machine, in bytes
 * @slots: how many leases they can hold at a time
 *
 * Returns: (transfer full): a new machine group
 *
 * Since: 0.1
 */
BuildqMachineGroup *
buildq_machine_group_new (const char *const *systems,
                          const char *const *features,
                          const char *const *kinds,
                          gint64 cores,
                          gint64 memory_bytes,
                          gint64 slots)
{
  BuildqMachineGroup *self;

  g_return_val_if_fail (systems != NULL && kinds != NULL, NULL);

  self = _buildq_value_new (&_buildq_machine_group_info);
  g_strfreev (self->systems);
  g_strfreev (self->features);
  g_strfreev (self->kinds);
  self->systems = strv_or_empty (systems);
  self->features = strv_or_empty (features);
  self->kinds = strv_or_empty (kinds);
  self->cores = cores;
  self->memory_bytes = memory_bytes;
  self->slots = slots;
  return self;
}
