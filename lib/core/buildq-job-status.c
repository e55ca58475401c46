/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-job-status.h>

/**
 * BuildqJobStatus:
 *
 * What a queue says of a job.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "key", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJobStatus, key), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_KEY },
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJobStatus, name), 0, BUILDQ_MAX_NAME },
  { "kind", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJobStatus, kind), 0, BUILDQ_MAX_NAME },
  { "system", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJobStatus, system), 0, BUILDQ_MAX_NAME },
  { "state", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqJobStatus, state), BUILDQ_FIELD_ALWAYS, 0, NULL, buildq_job_state_get_type },
  { "attempt", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJobStatus, attempt), 0, 0 },
  { "priority", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJobStatus, priority), BUILDQ_FIELD_SIGNED, 0 },
  { "worker", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJobStatus, worker), 0, BUILDQ_MAX_NAME },
  { "waiting_for", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqJobStatus, waiting_for), 0, BUILDQ_MAX_KEY },
  { "requests", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqJobStatus, requests), 0, BUILDQ_MAX_KEY },
  { "message", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJobStatus, message), 0, 0 },
  { "submitted_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJobStatus, submitted_us), 0, 0 },
  { "ready_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJobStatus, ready_us), 0, 0 },
  { "leased_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJobStatus, leased_us), 0, 0 },
  { "finished_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJobStatus, finished_us), 0, 0 },
  { "result", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqJobStatus, result), 0, 0, &_buildq_result_info },
};
/* clang-format on */

const BuildqValueInfo _buildq_job_status_info = {
  "job status", sizeof (BuildqJobStatus), fields, G_N_ELEMENTS (fields), NULL, "key",
};

/**
 * buildq_job_status_ref:
 * @self: a job status
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_job_status_unref:
 * @self: (transfer full): a job status
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_job_status_equal:
 * @self: a job status
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_job_status_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a job status. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_job_status_to_json:
 * @self: a job status
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqJobStatus, buildq_job_status, &_buildq_job_status_info)

/**
 * buildq_job_status_get_key:
 * @self: a job status
 *
 * Returns: (transfer none): its key
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, key, const char *)

/**
 * buildq_job_status_get_name:
 * @self: a job status
 *
 * Returns: (transfer none) (nullable): its short name
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, name, const char *)

/**
 * buildq_job_status_get_kind:
 * @self: a job status
 *
 * Returns: (transfer none) (nullable): its kind
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, kind, const char *)

/**
 * buildq_job_status_get_system:
 * @self: a job status
 *
 * Returns: (transfer none) (nullable): its system
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, system, const char *)

/**
 * buildq_job_status_get_state:
 * @self: a job status
 *
 * Returns: where it is
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, state, BuildqJobState)

/**
 * buildq_job_status_get_attempt:
 * @self: a job status
 *
 * Returns: the number of the last attempt; 0 when there was none
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, attempt, gint64)

/**
 * buildq_job_status_get_priority:
 * @self: a job status
 *
 * Returns: its priority, that of its most urgent request
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, priority, gint64)

/**
 * buildq_job_status_get_worker:
 * @self: a job status
 *
 * Returns: (transfer none) (nullable): the machine that has it, or had it last
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, worker, const char *)

/**
 * buildq_job_status_get_waiting_for:
 * @self: a job status
 *
 * Returns: (transfer none) (array zero-terminated=1): the keys of unfinished jobs that
 *    it waits for, at most 20
 *
 * Since: 0.1
 */
const char *const *
buildq_job_status_get_waiting_for (BuildqJobStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->waiting_for;
}

/**
 * buildq_job_status_get_requests:
 * @self: a job status
 *
 * Returns: (transfer none) (array zero-terminated=1): the ids of the requests that want
 *    it, at most 20
 *
 * Since: 0.1
 */
const char *const *
buildq_job_status_get_requests (BuildqJobStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->requests;
}

/**
 * buildq_job_status_get_message:
 * @self: a job status
 *
 * Returns: (transfer none) (nullable): why it is where it is, for people
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, message, const char *)

/**
 * buildq_job_status_get_submitted_us:
 * @self: a job status
 *
 * Returns: when it was submitted, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, submitted_us, gint64)

/**
 * buildq_job_status_get_ready_us:
 * @self: a job status
 *
 * Returns: when it last became ready, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, ready_us, gint64)

/**
 * buildq_job_status_get_leased_us:
 * @self: a job status
 *
 * Returns: when it was last leased, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, leased_us, gint64)

/**
 * buildq_job_status_get_finished_us:
 * @self: a job status
 *
 * Returns: when it was finished, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, finished_us, gint64)

/**
 * buildq_job_status_get_result:
 * @self: a job status
 *
 * Returns: (transfer none) (nullable): the result of the last attempt
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobStatus, buildq_job_status, result, BuildqResult *)
