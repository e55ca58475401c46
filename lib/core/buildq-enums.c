/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-error.h>

#include "core/buildq-value.h"

/* clang-format off */
G_DEFINE_ENUM_TYPE (BuildqOutcome, buildq_outcome,
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_SUCCEEDED, "succeeded"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_FAILED, "failed"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_TIMED_OUT, "timed-out"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_LIMIT_EXCEEDED, "limit-exceeded"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_INPUT_MISSING, "input-missing"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_HOST_FAULT, "host-fault"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_UPLOAD_FAILED, "upload-failed"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_CANCELLED, "cancelled"),
  G_DEFINE_ENUM_VALUE (BUILDQ_OUTCOME_LOST, "lost"))

G_DEFINE_ENUM_TYPE (BuildqJobState, buildq_job_state,
  G_DEFINE_ENUM_VALUE (BUILDQ_JOB_STATE_WAITING, "waiting"),
  G_DEFINE_ENUM_VALUE (BUILDQ_JOB_STATE_READY, "ready"),
  G_DEFINE_ENUM_VALUE (BUILDQ_JOB_STATE_LEASED, "leased"),
  G_DEFINE_ENUM_VALUE (BUILDQ_JOB_STATE_SUCCEEDED, "succeeded"),
  G_DEFINE_ENUM_VALUE (BUILDQ_JOB_STATE_FAILED, "failed"),
  G_DEFINE_ENUM_VALUE (BUILDQ_JOB_STATE_DEP_FAILED, "dep-failed"),
  G_DEFINE_ENUM_VALUE (BUILDQ_JOB_STATE_CANCELLED, "cancelled"))

G_DEFINE_ENUM_TYPE (BuildqRequestState, buildq_request_state,
  G_DEFINE_ENUM_VALUE (BUILDQ_REQUEST_STATE_ACTIVE, "active"),
  G_DEFINE_ENUM_VALUE (BUILDQ_REQUEST_STATE_SUCCEEDED, "succeeded"),
  G_DEFINE_ENUM_VALUE (BUILDQ_REQUEST_STATE_FAILED, "failed"),
  G_DEFINE_ENUM_VALUE (BUILDQ_REQUEST_STATE_CANCELLED, "cancelled"))

G_DEFINE_ENUM_TYPE (BuildqVerdict, buildq_verdict,
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_OK, "ok"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_CANCEL, "cancel"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_LOST, "lost"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_LOG, "log"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_RECEIVED, "received"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_ACCEPTED, "accepted"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_STALE, "stale"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_DUPLICATE, "duplicate"),
  G_DEFINE_ENUM_VALUE (BUILDQ_VERDICT_REFUSED, "refused"))

G_DEFINE_ENUM_TYPE (BuildqSessionStep, buildq_session_step,
  G_DEFINE_ENUM_VALUE (BUILDQ_SESSION_STEP_CONTINUE, "continue"),
  G_DEFINE_ENUM_VALUE (BUILDQ_SESSION_STEP_ATTACH, "attach"),
  G_DEFINE_ENUM_VALUE (BUILDQ_SESSION_STEP_DETACH, "detach"),
  G_DEFINE_ENUM_VALUE (BUILDQ_SESSION_STEP_LEAVE, "leave"))

G_DEFINE_ENUM_TYPE (BuildqRole, buildq_role,
  G_DEFINE_ENUM_VALUE (BUILDQ_ROLE_READER, "reader"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ROLE_SUBMITTER, "submitter"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ROLE_WORKER, "worker"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ROLE_RELAY, "relay"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ROLE_ADMIN, "admin"))

G_DEFINE_ENUM_TYPE (BuildqWorkerState, buildq_worker_state,
  G_DEFINE_ENUM_VALUE (BUILDQ_WORKER_STATE_READY, "ready"),
  G_DEFINE_ENUM_VALUE (BUILDQ_WORKER_STATE_BUSY, "busy"),
  G_DEFINE_ENUM_VALUE (BUILDQ_WORKER_STATE_GATED, "gated"),
  G_DEFINE_ENUM_VALUE (BUILDQ_WORKER_STATE_PAUSED, "paused"),
  G_DEFINE_ENUM_VALUE (BUILDQ_WORKER_STATE_DRAINING, "draining"),
  G_DEFINE_ENUM_VALUE (BUILDQ_WORKER_STATE_AWAY, "away"))
/* clang-format on */

/* The nick of @value, the spelling of the wire. */
const char *
_buildq_enum_to_string (GType type, int value)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value (class, value);

  return found != NULL ? found->value_nick : "unknown";
}

gboolean
_buildq_enum_from_string (GType type, const char *string, int *value)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value_by_nick (class, string);

  if (found == NULL)
    return FALSE;
  *value = found->value;
  return TRUE;
}

/**
 * buildq_outcome_to_string:
 * @outcome: an outcome
 *
 * Returns: (transfer none): its spelling on the wire
 *
 * Since: 0.1
 */
const char *
buildq_outcome_to_string (BuildqOutcome outcome)
{
  return _buildq_enum_to_string (BUILDQ_TYPE_OUTCOME, outcome);
}

/**
 * buildq_job_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): its spelling on the wire
 *
 * Since: 0.1
 */
const char *
buildq_job_state_to_string (BuildqJobState state)
{
  return _buildq_enum_to_string (BUILDQ_TYPE_JOB_STATE, state);
}

/**
 * buildq_job_state_is_final:
 * @state: a state
 *
 * Returns: whether a job in @state stays there until somebody asks for it again
 *
 * Since: 0.1
 */
gboolean
buildq_job_state_is_final (BuildqJobState state)
{
  return state >= BUILDQ_JOB_STATE_SUCCEEDED;
}

/**
 * buildq_request_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): its spelling on the wire
 *
 * Since: 0.1
 */
const char *
buildq_request_state_to_string (BuildqRequestState state)
{
  return _buildq_enum_to_string (BUILDQ_TYPE_REQUEST_STATE, state);
}

/**
 * buildq_verdict_to_string:
 * @verdict: a verdict
 *
 * Returns: (transfer none): its spelling on the wire
 *
 * Since: 0.1
 */
const char *
buildq_verdict_to_string (BuildqVerdict verdict)
{
  return _buildq_enum_to_string (BUILDQ_TYPE_VERDICT, verdict);
}

/**
 * buildq_role_to_string:
 * @role: a role
 *
 * Returns: (transfer none): its spelling on the wire and in the tool
 *
 * Since: 0.1
 */
const char *
buildq_role_to_string (BuildqRole role)
{
  return _buildq_enum_to_string (BUILDQ_TYPE_ROLE, role);
}

/**
 * buildq_role_from_string:
 * @string: a role's name
 * @role: (out): where to put the role
 * @error: `INVALID` when there is no such role
 *
 * Returns: whether @string names a role
 *
 * Since: 0.1
 */
gboolean
buildq_role_from_string (const char *string, BuildqRole *role, GError **error)
{
  int value = 0;

  g_return_val_if_fail (string != NULL, FALSE);

  if (!_buildq_enum_from_string (BUILDQ_TYPE_ROLE, string, &value))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "role '%s' is none of reader, submitter, worker, relay, admin",
                   string);
      return FALSE;
    }
  if (role != NULL)
    *role = value;
  return TRUE;
}

/**
 * buildq_worker_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): its spelling on the wire
 *
 * Since: 0.1
 */
const char *
buildq_worker_state_to_string (BuildqWorkerState state)
{
  return _buildq_enum_to_string (BUILDQ_TYPE_WORKER_STATE, state);
}
