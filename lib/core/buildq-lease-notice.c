/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-lease-notice.h>

/**
 * BuildqLeaseNotice:
 *
 * What a queue says to the holder of a lease.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "token", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqLeaseNotice, token), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "verdict", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqLeaseNotice, verdict), BUILDQ_FIELD_ALWAYS | BUILDQ_FIELD_OPEN, BUILDQ_VERDICT_OK, NULL, buildq_verdict_get_type },
  { "offset", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqLeaseNotice, offset), 0, 0 },
};
/* clang-format on */

const BuildqValueInfo _buildq_lease_notice_info = {
  "lease notice", sizeof (BuildqLeaseNotice), fields, G_N_ELEMENTS (fields), NULL,
  "token",
};

/**
 * buildq_lease_notice_ref:
 * @self: a lease notice
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_lease_notice_unref:
 * @self: (transfer full): a lease notice
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_lease_notice_equal:
 * @self: a lease notice
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_lease_notice_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a lease notice. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_lease_notice_to_json:
 * @self: a lease notice
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqLeaseNotice, buildq_lease_notice, &_buildq_lease_notice_info)

/**
 * buildq_lease_notice_get_token:
 * @self: a lease notice
 *
 * Returns: (transfer none): the token of the lease
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLeaseNotice, buildq_lease_notice, token, const char *)

/**
 * buildq_lease_notice_get_verdict:
 * @self: a lease notice
 *
 * Returns: `ok`, `cancel`, `lost` or `log`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLeaseNotice, buildq_lease_notice, verdict, BuildqVerdict)

/**
 * buildq_lease_notice_get_offset:
 * @self: a lease notice
 *
 * Returns: with `log`: from which byte on
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLeaseNotice, buildq_lease_notice, offset, gint64)
