/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-request-status.h>

/**
 * BuildqRequestStatus:
 *
 * What a queue says of a request.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "id", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqRequestStatus, id), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_KEY },
  { "state", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqRequestStatus, state), BUILDQ_FIELD_ALWAYS, 0, NULL, buildq_request_state_get_type },
  { "submitter", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqRequestStatus, submitter), 0, BUILDQ_MAX_NAME },
  { "group", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqRequestStatus, group), 0, BUILDQ_MAX_KEY },
  { "priority", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, priority), BUILDQ_FIELD_SIGNED, 0 },
  { "total", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, total), BUILDQ_FIELD_ALWAYS, 0 },
  { "waiting", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, waiting), 0, 0 },
  { "ready", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, ready), 0, 0 },
  { "leased", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, leased), 0, 0 },
  { "succeeded", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, succeeded), 0, 0 },
  { "failed", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, failed), 0, 0 },
  { "dep_failed", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, dep_failed), 0, 0 },
  { "cancelled", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, cancelled), 0, 0 },
  { "created_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, created_us), 0, 0 },
  { "finished_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequestStatus, finished_us), 0, 0 },
  { "wanted", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqRequestStatus, wanted), 0, BUILDQ_MAX_KEY },
};
/* clang-format on */

const BuildqValueInfo _buildq_request_status_info = {
  "request status",
  sizeof (BuildqRequestStatus),
  fields,
  G_N_ELEMENTS (fields),
  NULL,
  "id",
};

/**
 * buildq_request_status_ref:
 * @self: a request status
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_request_status_unref:
 * @self: (transfer full): a request status
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_request_status_equal:
 * @self: a request status
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_request_status_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a request status. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_request_status_to_json:
 * @self: a request status
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqRequestStatus,
                     buildq_request_status,
                     &_buildq_request_status_info)

/**
 * buildq_request_status_get_id:
 * @self: a request status
 *
 * Returns: (transfer none): its id
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, id, const char *)

/**
 * buildq_request_status_get_state:
 * @self: a request status
 *
 * Returns: where it is
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus,
                      buildq_request_status,
                      state,
                      BuildqRequestState)

/**
 * buildq_request_status_get_submitter:
 * @self: a request status
 *
 * Returns: (transfer none) (nullable): who asked
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, submitter, const char *)

/**
 * buildq_request_status_get_group:
 * @self: a request status
 *
 * Returns: (transfer none) (nullable): its group
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, group, const char *)

/**
 * buildq_request_status_get_priority:
 * @self: a request status
 *
 * Returns: its priority
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, priority, gint64)

/**
 * buildq_request_status_get_total:
 * @self: a request status
 *
 * Returns: how many jobs it wants, with all that they depend on
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, total, gint64)

/**
 * buildq_request_status_get_waiting:
 * @self: a request status
 *
 * Returns: how many of them wait for others
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, waiting, gint64)

/**
 * buildq_request_status_get_ready:
 * @self: a request status
 *
 * Returns: how many wait for a machine
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, ready, gint64)

/**
 * buildq_request_status_get_leased:
 * @self: a request status
 *
 * Returns: how many are at a machine
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, leased, gint64)

/**
 * buildq_request_status_get_succeeded:
 * @self: a request status
 *
 * Returns: how many succeeded
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, succeeded, gint64)

/**
 * buildq_request_status_get_failed:
 * @self: a request status
 *
 * Returns: how many failed
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, failed, gint64)

/**
 * buildq_request_status_get_dep_failed:
 * @self: a request status
 *
 * Returns: how many cannot be built as something that they need failed
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, dep_failed, gint64)

/**
 * buildq_request_status_get_cancelled:
 * @self: a request status
 *
 * Returns: how many were cancelled
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, cancelled, gint64)

/**
 * buildq_request_status_get_created_us:
 * @self: a request status
 *
 * Returns: when it was made, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, created_us, gint64)

/**
 * buildq_request_status_get_finished_us:
 * @self: a request status
 *
 * Returns: when it was finished, in µs since the epoch; 0 before
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequestStatus, buildq_request_status, finished_us, gint64)

/**
 * buildq_request_status_get_wanted:
 * @self: a request status
 *
 * Returns: (transfer none) (array zero-terminated=1): the keys of the jobs that it
 *    wants for themselves
 *
 * Since: 0.1
 */
const char *const *
buildq_request_status_get_wanted (BuildqRequestStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->wanted;
}
