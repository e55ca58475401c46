/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-version.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_OUTCOME (buildq_outcome_get_type ())
#define BUILDQ_TYPE_JOB_STATE (buildq_job_state_get_type ())
#define BUILDQ_TYPE_REQUEST_STATE (buildq_request_state_get_type ())
#define BUILDQ_TYPE_VERDICT (buildq_verdict_get_type ())
#define BUILDQ_TYPE_SESSION_STEP (buildq_session_step_get_type ())
#define BUILDQ_TYPE_ROLE (buildq_role_get_type ())
#define BUILDQ_TYPE_WORKER_STATE (buildq_worker_state_get_type ())

/**
 * BuildqOutcome:
 * @BUILDQ_OUTCOME_SUCCEEDED: the builder says yes, and its outputs are there
 * @BUILDQ_OUTCOME_FAILED: the builder says no
 * @BUILDQ_OUTCOME_TIMED_OUT: it ran, or was silent, for too long
 * @BUILDQ_OUTCOME_LIMIT_EXCEEDED: it used more than it was allowed to
 * @BUILDQ_OUTCOME_INPUT_MISSING: an input could not be had
 * @BUILDQ_OUTCOME_HOST_FAULT: the machine is at fault, not the job
 * @BUILDQ_OUTCOME_UPLOAD_FAILED: it was built, but no mirror took the outputs
 * @BUILDQ_OUTCOME_CANCELLED: nobody wants it any more
 * @BUILDQ_OUTCOME_LOST: the machine was not heard of again
 *
 * How an attempt at a job ended.
 *
 * Since: 0.1
 */
typedef enum
{
  BUILDQ_OUTCOME_SUCCEEDED,
  BUILDQ_OUTCOME_FAILED,
  BUILDQ_OUTCOME_TIMED_OUT,
  BUILDQ_OUTCOME_LIMIT_EXCEEDED,
  BUILDQ_OUTCOME_INPUT_MISSING,
  BUILDQ_OUTCOME_HOST_FAULT,
  BUILDQ_OUTCOME_UPLOAD_FAILED,
  BUILDQ_OUTCOME_CANCELLED,
  BUILDQ_OUTCOME_LOST,
} BuildqOutcome;

/**
 * BuildqJobState:
 * @BUILDQ_JOB_STATE_WAITING: for its dependencies
 * @BUILDQ_JOB_STATE_READY: for a machine
 * @BUILDQ_JOB_STATE_LEASED: to a machine
 * @BUILDQ_JOB_STATE_SUCCEEDED: done
 * @BUILDQ_JOB_STATE_FAILED: will not be tried again by itself
 * @BUILDQ_JOB_STATE_DEP_FAILED: something that it depends on failed
 * @BUILDQ_JOB_STATE_CANCELLED: no request wants it any more
 *
 * Where a job is in its life.
 *
 * Since: 0.1
 */
typedef enum
{
  BUILDQ_JOB_STATE_WAITING,
  BUILDQ_JOB_STATE_READY,
  BUILDQ_JOB_STATE_LEASED,
  BUILDQ_JOB_STATE_SUCCEEDED,
  BUILDQ_JOB_STATE_FAILED,
  BUILDQ_JOB_STATE_DEP_FAILED,
  BUILDQ_JOB_STATE_CANCELLED,
} BuildqJobState;

/**
 * BuildqRequestState:
 * @BUILDQ_REQUEST_STATE_ACTIVE: some of its jobs are not finished
 * @BUILDQ_REQUEST_STATE_SUCCEEDED: all that it wanted succeeded
 * @BUILDQ_REQUEST_STATE_FAILED: all is finished, and something that it wanted is not
 * there
 * @BUILDQ_REQUEST_STATE_CANCELLED: it was withdrawn
 *
 * Where a request is in its life.
 *
 * Since: 0.1
 */
typedef enum
{
  BUILDQ_REQUEST_STATE_ACTIVE,
  BUILDQ_REQUEST_STATE_SUCCEEDED,
  BUILDQ_REQUEST_STATE_FAILED,
  BUILDQ_REQUEST_STATE_CANCELLED,
} BuildqRequestState;

/**
 * BuildqVerdict:
 * @BUILDQ_VERDICT_OK: the holder goes on
 * @BUILDQ_VERDICT_CANCEL: the holder stops, and says so with a result
 * @BUILDQ_VERDICT_LOST: the lease is not known any more: the holder stops
 * @BUILDQ_VERDICT_LOG: the holder sends its log, from an offset on
 * @BUILDQ_VERDICT_RECEIVED: a relay has the result on its disk; the root's word follows
 * @BUILDQ_VERDICT_ACCEPTED: the result counts
 * @BUILDQ_VERDICT_STALE: the result does not count: the lease went to another
 * @BUILDQ_VERDICT_DUPLICATE: the result was accepted before
 * @BUILDQ_VERDICT_REFUSED: the result is malformed, as the message says
 *
 * What a queue says to a lease or to a result.
 *
 * Since: 0.1
 */
typedef enum
{
  BUILDQ_VERDICT_OK,
  BUILDQ_VERDICT_CANCEL,
  BUILDQ_VERDICT_LOST,
  BUILDQ_VERDICT_LOG,
  BUILDQ_VERDICT_RECEIVED,
  BUILDQ_VERDICT_ACCEPTED,
  BUILDQ_VERDICT_STALE,
  BUILDQ_VERDICT_DUPLICATE,
  BUILDQ_VERDICT_REFUSED,
} BuildqVerdict;

/**
 * BuildqSessionStep:
 * @BUILDQ_SESSION_STEP_CONTINUE: an ordinary message
 * @BUILDQ_SESSION_STEP_ATTACH: the first message of a connection: carries the full state
 * @BUILDQ_SESSION_STEP_DETACH: the connection broke; only a server says this
 * @BUILDQ_SESSION_STEP_LEAVE: the holder goes, and gives back what it holds
 *
 * What a message means for the session that it belongs to.
 *
 * Since: 0.1
 */
typedef enum
{
  BUILDQ_SESSION_STEP_CONTINUE,
  BUILDQ_SESSION_STEP_ATTACH,
  BUILDQ_SESSION_STEP_DETACH,
  BUILDQ_SESSION_STEP_LEAVE,
} BuildqSessionStep;

/**
 * BuildqRole:
 * @BUILDQ_ROLE_READER: may look
 * @BUILDQ_ROLE_SUBMITTER: may also submit, and cancel what it submitted
 * @BUILDQ_ROLE_WORKER: may lease
 * @BUILDQ_ROLE_RELAY: may lease for others
 * @BUILDQ_ROLE_ADMIN: may do everything
 *
 * What a principal may do.
 *
 * Since: 0.1
 */
typedef enum
{
  BUILDQ_ROLE_READER,
  BUILDQ_ROLE_SUBMITTER,
  BUILDQ_ROLE_WORKER,
  BUILDQ_ROLE_RELAY,
  BUILDQ_ROLE_ADMIN,
} BuildqRole;

/**
 * BuildqWorkerState:
 * @BUILDQ_WORKER_STATE_READY: it takes jobs
 * @BUILDQ_WORKER_STATE_BUSY: it has all the jobs that it takes at once
 * @BUILDQ_WORKER_STATE_GATED: it takes no more until it has the resources again
 * @BUILDQ_WORKER_STATE_PAUSED: it takes no more until somebody lets it
 * @BUILDQ_WORKER_STATE_DRAINING: it takes no more, and leaves when it has none left
 * @BUILDQ_WORKER_STATE_AWAY: it is not connected; only a queue says so
 *
 * Whether a machine takes jobs, and if not, why.
 *
 * Since: 0.1
 */
typedef enum
{
  BUILDQ_WORKER_STATE_READY,
  BUILDQ_WORKER_STATE_BUSY,
  BUILDQ_WORKER_STATE_GATED,
  BUILDQ_WORKER_STATE_PAUSED,
  BUILDQ_WORKER_STATE_DRAINING,
  BUILDQ_WORKER_STATE_AWAY,
} BuildqWorkerState;

BUILDQ_AVAILABLE_IN_0_1
GType buildq_outcome_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
GType buildq_job_state_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
GType buildq_request_state_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
GType buildq_verdict_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
GType buildq_session_step_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
GType buildq_role_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_outcome_to_string (BuildqOutcome outcome);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_job_state_to_string (BuildqJobState state);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_job_state_is_final (BuildqJobState state);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_request_state_to_string (BuildqRequestState state);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_verdict_to_string (BuildqVerdict verdict);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_role_to_string (BuildqRole role);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_role_from_string (const char *string, BuildqRole *role, GError **error);

BUILDQ_AVAILABLE_IN_0_1
GType buildq_worker_state_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_worker_state_to_string (BuildqWorkerState state);

G_END_DECLS
