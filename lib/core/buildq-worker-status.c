/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-worker-status.h>

/**
 * BuildqWorkerStatus:
 *
 * What a queue says of a machine.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqWorkerStatus, name), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "connected", BUILDQ_FIELD_BOOL, G_STRUCT_OFFSET (BuildqWorkerStatus, connected), 0, 0 },
  { "state", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqWorkerStatus, state), BUILDQ_FIELD_OPEN | BUILDQ_FIELD_ALWAYS, 0, NULL, buildq_worker_state_get_type },
  { "reasons", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqWorkerStatus, reasons), 0, 0 },
  { "offer", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqWorkerStatus, offer), 0, 0, &_buildq_offer_info },
  { "holding", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqWorkerStatus, holding), 0, BUILDQ_MAX_KEY },
  { "seen_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqWorkerStatus, seen_us), 0, 0 },
};
/* clang-format on */

const BuildqValueInfo _buildq_worker_status_info = {
  "worker status", sizeof (BuildqWorkerStatus), fields, G_N_ELEMENTS (fields), NULL,
  "name",
};

/**
 * buildq_worker_status_ref:
 * @self: a worker status
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_worker_status_unref:
 * @self: (transfer full): a worker status
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_worker_status_equal:
 * @self: a worker status
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_worker_status_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a worker status. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_worker_status_to_json:
 * @self: a worker status
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqWorkerStatus,
                     buildq_worker_status,
                     &_buildq_worker_status_info)

/**
 * buildq_worker_status_get_name:
 * @self: a worker status
 *
 * Returns: (transfer none): its name
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqWorkerStatus, buildq_worker_status, name, const char *)

/**
 * buildq_worker_status_get_connected:
 * @self: a worker status
 *
 * Returns: whether it has a live connection
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqWorkerStatus, buildq_worker_status, connected, gboolean)

/**
 * buildq_worker_status_get_state:
 * @self: a worker status
 *
 * Returns: whether it takes jobs
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqWorkerStatus, buildq_worker_status, state, BuildqWorkerState)

/**
 * buildq_worker_status_get_reasons:
 * @self: a worker status
 *
 * Returns: (transfer none) (array zero-terminated=1): why it takes no jobs, with numbers
 *
 * Since: 0.1
 */
const char *const *
buildq_worker_status_get_reasons (BuildqWorkerStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->reasons;
}

/**
 * buildq_worker_status_get_offer:
 * @self: a worker status
 *
 * Returns: (transfer none) (nullable): what it offers
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqWorkerStatus, buildq_worker_status, offer, BuildqOffer *)

/**
 * buildq_worker_status_get_holding:
 * @self: a worker status
 *
 * Returns: (transfer none) (array zero-terminated=1): the keys of the jobs that it holds
 *
 * Since: 0.1
 */
const char *const *
buildq_worker_status_get_holding (BuildqWorkerStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->holding;
}

/**
 * buildq_worker_status_get_seen_us:
 * @self: a worker status
 *
 * Returns: when it was last heard of, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqWorkerStatus, buildq_worker_status, seen_us, gint64)
