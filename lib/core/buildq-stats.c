/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-sample.h>
#include <buildq/buildq-stats.h>

/**
 * BuildqStats:
 *
 * What a queue counts and measures, and what it is about: the requests that are under
 * way, and the jobs that ended last.
 *
 * It costs the queue the same however many jobs it has.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "samples", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqStats, samples), 0, 0, &_buildq_sample_info },
  { "requests", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqStats, requests), 0, 0, &_buildq_request_status_info },
  { "ended", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqStats, ended), 0, BUILDQ_MAX_KEY },
};
/* clang-format on */

const BuildqValueInfo _buildq_stats_info = {
  "stats", sizeof (BuildqStats), fields, G_N_ELEMENTS (fields), NULL, NULL,
};

/**
 * buildq_stats_ref:
 * @self: a set of stats
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_stats_unref:
 * @self: (transfer full): a set of stats
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_stats_equal:
 * @self: a set of stats
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_stats_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a set of stats. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_stats_to_json:
 * @self: a set of stats
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqStats, buildq_stats, &_buildq_stats_info)

/**
 * buildq_stats_get_samples:
 * @self: a set of stats
 *
 * Returns: (transfer container) (element-type BuildqSample): what is counted; those of
 *    one name follow each other
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqStats, buildq_stats, samples)

/**
 * buildq_stats_get_requests:
 * @self: a set of stats
 *
 * Returns: (transfer container) (element-type BuildqRequestStatus): the requests that are
 *    active, the latest first, at most 50
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqStats, buildq_stats, requests)

/**
 * buildq_stats_get_ended:
 * @self: a set of stats
 *
 * Returns: (transfer none) (array zero-terminated=1): keys of the jobs that succeeded or
 *    failed last, the latest first, at most 20
 *
 * Since: 0.1
 */
const char *const *
buildq_stats_get_ended (BuildqStats *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->ended;
}

/* Labels are pairs of names and values, and NULL in the end. */
void
_buildq_stats_add (BuildqStats *self, const char *name, gint64 value, ...)
{
  BuildqSample *sample = _buildq_value_new (&_buildq_sample_info);
  const char *label;
  va_list labels;

  sample->name = g_strdup (name);
  sample->value = value;
  va_start (labels, value);
  while ((label = va_arg (labels, const char *)) != NULL)
    {
      g_autofree char *text
          = g_strconcat (label, "=", va_arg (labels, const char *), NULL);

      _buildq_strv_add (&sample->labels, text);
    }
  va_end (labels);
  g_ptr_array_add (self->samples, sample);
}
