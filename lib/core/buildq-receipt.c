/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-receipt.h>

/**
 * BuildqReceipt:
 *
 * What a queue says to a result.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "token", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqReceipt, token), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "verdict", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqReceipt, verdict), BUILDQ_FIELD_ALWAYS | BUILDQ_FIELD_OPEN, BUILDQ_VERDICT_RECEIVED, NULL, buildq_verdict_get_type },
  { "message", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqReceipt, message), 0, 0 },
  { "artifacts", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqReceipt, artifacts), 0, 100, &_buildq_artifact_info },
};
/* clang-format on */

const BuildqValueInfo _buildq_receipt_info = {
  "receipt", sizeof (BuildqReceipt), fields, G_N_ELEMENTS (fields), NULL, "token",
};

/**
 * buildq_receipt_ref:
 * @self: a receipt
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_receipt_unref:
 * @self: (transfer full): a receipt
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_receipt_equal:
 * @self: a receipt
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_receipt_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a receipt. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_receipt_to_json:
 * @self: a receipt
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqReceipt, buildq_receipt, &_buildq_receipt_info)

/**
 * buildq_receipt_get_token:
 * @self: a receipt
 *
 * Returns: (transfer none): the token of the lease
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqReceipt, buildq_receipt, token, const char *)

/**
 * buildq_receipt_get_verdict:
 * @self: a receipt
 *
 * Returns: `received`, `accepted`, `stale`, `duplicate` or `refused`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqReceipt, buildq_receipt, verdict, BuildqVerdict)

/**
 * buildq_receipt_get_message:
 * @self: a receipt
 *
 * Returns: (transfer none) (nullable): why, for people
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqReceipt, buildq_receipt, message, const char *)

/**
 * buildq_receipt_get_artifacts:
 * @self: a receipt
 *
 * Returns: (transfer container) (element-type BuildqArtifact): the records of an
 *    accepted result, with the signature of the farm
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqReceipt, buildq_receipt, artifacts)
