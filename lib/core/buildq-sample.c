/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-sample.h>

/**
 * BuildqSample:
 *
 * A number that a queue counts or measures: a name, labels that tell apart what has the
 * same name, and the value.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSample, name), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "labels", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSample, labels), 0, BUILDQ_MAX_TEXT },
  { "value", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSample, value), BUILDQ_FIELD_SIGNED, 0 },
};
/* clang-format on */

const BuildqValueInfo _buildq_sample_info = {
  "sample", sizeof (BuildqSample), fields, G_N_ELEMENTS (fields), NULL, "name",
};

/**
 * buildq_sample_ref:
 * @self: a sample
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_sample_unref:
 * @self: (transfer full): a sample
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_sample_equal:
 * @self: a sample
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_sample_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a sample. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_sample_to_json:
 * @self: a sample
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqSample, buildq_sample, &_buildq_sample_info)

/**
 * buildq_sample_get_name:
 * @self: a sample
 *
 * Returns: (transfer none): what was counted, such as `jobs`; one that ends in `_total`
 *    only grows while the queue is open, those with `_us` are microseconds
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSample, buildq_sample, name, const char *)

/**
 * buildq_sample_get_labels:
 * @self: a sample
 *
 * Returns: (transfer none) (array zero-terminated=1): its labels, as `NAME=VALUE`
 *
 * Since: 0.1
 */
const char *const *
buildq_sample_get_labels (BuildqSample *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->labels;
}

/**
 * buildq_sample_get_value:
 * @self: a sample
 *
 * Returns: its value
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSample, buildq_sample, value, gint64)
