/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-principal.h>

/**
 * BuildqPrincipal:
 *
 * Somebody whom a queue knows.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqPrincipal, name), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "role", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqPrincipal, role), BUILDQ_FIELD_ALWAYS, 0, NULL, buildq_role_get_type },
};
/* clang-format on */

const BuildqValueInfo _buildq_principal_info = {
  "principal", sizeof (BuildqPrincipal), fields, G_N_ELEMENTS (fields), NULL, "name",
};

/**
 * buildq_principal_ref:
 * @self: a principal
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_principal_unref:
 * @self: (transfer full): a principal
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_principal_equal:
 * @self: a principal
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_principal_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a principal. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_principal_to_json:
 * @self: a principal
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqPrincipal, buildq_principal, &_buildq_principal_info)

/**
 * buildq_principal_get_name:
 * @self: a principal
 *
 * Returns: (transfer none): the name
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqPrincipal, buildq_principal, name, const char *)

/**
 * buildq_principal_get_role:
 * @self: a principal
 *
 * Returns: what it may do
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqPrincipal, buildq_principal, role, BuildqRole)

/**
 * buildq_principal_new:
 * @name: a name
 * @role: what it may do
 *
 * Returns: (transfer full): a new principal
 *
 * Since: 0.1
 */
BuildqPrincipal *
buildq_principal_new (const char *name, BuildqRole role)
{
  BuildqPrincipal *self;

  g_return_val_if_fail (name != NULL, NULL);

  self = _buildq_value_new (&_buildq_principal_info);
  self->name = g_strdup (name);
  self->role = role;
  return self;
}
