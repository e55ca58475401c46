/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-grant.h>

/**
 * BuildqGrant:
 *
 * A lease that a queue offers to a session. It is held once the session has claimed it.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "token", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqGrant, token), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "attempt", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqGrant, attempt), BUILDQ_FIELD_ALWAYS, 0 },
  { "claim_ms", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqGrant, claim_ms), 0, 0 },
  { "group", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqGrant, group), 0, 4096 },
  { "not_on", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqGrant, not_on), 0, BUILDQ_MAX_NAME },
  { "job", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqGrant, job), 0, 0, &_buildq_job_info },
};
/* clang-format on */

const BuildqValueInfo _buildq_grant_info = {
  "grant", sizeof (BuildqGrant), fields, G_N_ELEMENTS (fields), NULL, "token",
};

/**
 * buildq_grant_ref:
 * @self: a grant
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_grant_unref:
 * @self: (transfer full): a grant
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_grant_equal:
 * @self: a grant
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_grant_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a grant. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_grant_to_json:
 * @self: a grant
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqGrant, buildq_grant, &_buildq_grant_info)

/**
 * buildq_grant_get_token:
 * @self: a grant
 *
 * Returns: (transfer none): the secret that names the lease in every message
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqGrant, buildq_grant, token, const char *)

/**
 * buildq_grant_get_attempt:
 * @self: a grant
 *
 * Returns: the number of the attempt, from 1
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqGrant, buildq_grant, attempt, gint64)

/**
 * buildq_grant_get_claim_ms:
 * @self: a grant
 *
 * Returns: in how many milliseconds it lapses unless it is claimed
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqGrant, buildq_grant, claim_ms, gint64)

/**
 * buildq_grant_get_group:
 * @self: a grant
 *
 * Returns: the index of the machine group that it is for
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqGrant, buildq_grant, group, gint64)

/**
 * buildq_grant_get_not_on:
 * @self: a grant
 *
 * Returns: (transfer none) (array zero-terminated=1): machines that it must not go to
 *
 * Since: 0.1
 */
const char *const *
buildq_grant_get_not_on (BuildqGrant *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->not_on;
}

/**
 * buildq_grant_get_job:
 * @self: a grant
 *
 * Returns: (transfer none) (nullable): what to build; its inputs carry the artifacts of
 *    other jobs
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqGrant, buildq_grant, job, BuildqJob *)
