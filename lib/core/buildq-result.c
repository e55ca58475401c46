/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-result.h>

/**
 * BuildqResult:
 *
 * How an attempt at a job ended.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "key", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqResult, key), 0, BUILDQ_MAX_KEY },
  { "token", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqResult, token), 0, BUILDQ_MAX_NAME },
  { "attempt", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqResult, attempt), 0, 0 },
  { "outcome", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqResult, outcome), BUILDQ_FIELD_ALWAYS, 0, NULL, buildq_outcome_get_type },
  { "message", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqResult, message), 0, 0 },
  { "worker", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqResult, worker), 0, BUILDQ_MAX_NAME },
  { "exit_status", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqResult, exit_status), BUILDQ_FIELD_SIGNED, 0 },
  { "started_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqResult, started_us), 0, 0 },
  { "finished_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqResult, finished_us), 0, 0 },
  { "log_tail", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqResult, log_tail), 0, 0 },
  { "log_bytes", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqResult, log_bytes), 0, 0 },
  { "log", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqResult, log), 0, 0, &_buildq_location_info },
  { "artifacts", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqResult, artifacts), 0, 100, &_buildq_artifact_info },
};
/* clang-format on */

const BuildqValueInfo _buildq_result_info = {
  "result", sizeof (BuildqResult), fields, G_N_ELEMENTS (fields), NULL, "key",
};

/**
 * buildq_result_ref:
 * @self: a result
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_result_unref:
 * @self: (transfer full): a result
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_result_equal:
 * @self: a result
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_result_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a result. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_result_to_json:
 * @self: a result
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqResult, buildq_result, &_buildq_result_info)

/**
 * buildq_result_get_key:
 * @self: a result
 *
 * Returns: (transfer none) (nullable): the key of the job
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, key, const char *)

/**
 * buildq_result_get_token:
 * @self: a result
 *
 * Returns: (transfer none) (nullable): the token of the lease
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, token, const char *)

/**
 * buildq_result_get_attempt:
 * @self: a result
 *
 * Returns: the number of the attempt, from 1
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, attempt, gint64)

/**
 * buildq_result_get_outcome:
 * @self: a result
 *
 * Returns: how it ended
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, outcome, BuildqOutcome)

/**
 * buildq_result_get_message:
 * @self: a result
 *
 * Returns: (transfer none) (nullable): why, for people
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, message, const char *)

/**
 * buildq_result_get_worker:
 * @self: a result
 *
 * Returns: (transfer none) (nullable): the machine that did it
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, worker, const char *)

/**
 * buildq_result_get_exit_status:
 * @self: a result
 *
 * Returns: what the command exited with
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, exit_status, gint64)

/**
 * buildq_result_get_started_us:
 * @self: a result
 *
 * Returns: when the work was started, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, started_us, gint64)

/**
 * buildq_result_get_finished_us:
 * @self: a result
 *
 * Returns: when it ended, in µs since the epoch
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, finished_us, gint64)

/**
 * buildq_result_get_log_tail:
 * @self: a result
 *
 * Returns: (transfer none) (nullable): the last lines of its log
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, log_tail, const char *)

/**
 * buildq_result_get_log_bytes:
 * @self: a result
 *
 * Returns: how long the whole log is, in bytes
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, log_bytes, gint64)

/**
 * buildq_result_get_log:
 * @self: a result
 *
 * Returns: (transfer none) (nullable): where the whole log can be had
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqResult, buildq_result, log, BuildqLocation *)

/**
 * buildq_result_get_artifacts:
 * @self: a result
 *
 * Returns: (transfer container) (element-type BuildqArtifact): what it made
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqResult, buildq_result, artifacts)
