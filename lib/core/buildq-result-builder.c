/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-result-builder.h>
#include <buildq/buildq-result.h>

/**
 * BuildqResultBuilder:
 *
 * Makes values of [struct@Buildq.Result]. It belongs to one thread at a time.
 *
 * Since: 0.1
 */
struct _BuildqResultBuilder
{
  BuildqResult *draft;
};

G_DEFINE_BOXED_TYPE (BuildqResultBuilder,
                     buildq_result_builder,
                     buildq_result_builder_ref,
                     buildq_result_builder_unref)

/**
 * buildq_result_builder_new:
 *
 * Returns: (transfer full): an empty builder
 *
 * Since: 0.1
 */
BuildqResultBuilder *
buildq_result_builder_new (void)
{
  BuildqResultBuilder *self = g_rc_box_new0 (BuildqResultBuilder);

  self->draft = _buildq_value_new (&_buildq_result_info);
  return self;
}

/**
 * buildq_result_builder_ref:
 * @self: a builder
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
BuildqResultBuilder *
buildq_result_builder_ref (BuildqResultBuilder *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_rc_box_acquire (self);
}

static void
builder_clear (gpointer data)
{
  BuildqResultBuilder *self = data;

  buildq_result_unref (self->draft);
}

/**
 * buildq_result_builder_unref:
 * @self: (transfer full): a builder
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
void
buildq_result_builder_unref (BuildqResultBuilder *self)
{
  g_return_if_fail (self != NULL);
  g_rc_box_release_full (self, builder_clear);
}

/**
 * buildq_result_builder_build:
 * @self: a builder
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the field
 *
 * Makes a value of what was set. The builder can be used further.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
BuildqResult *
buildq_result_builder_build (BuildqResultBuilder *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (!_buildq_value_validate (&_buildq_result_info, self->draft, error))
    return NULL;
  return _buildq_value_copy (&_buildq_result_info, self->draft);
}

/**
 * buildq_result_builder_set_from:
 * @self: a builder
 * @value: a result
 *
 * Sets all fields to those of @value.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_from (BuildqResultBuilder *self, BuildqResult *value)
{
  g_return_if_fail (self != NULL && value != NULL);

  buildq_result_unref (self->draft);
  self->draft = _buildq_value_copy (&_buildq_result_info, value);
}

/**
 * buildq_result_builder_set_key:
 * @self: a builder
 * @key: (nullable): the key of the job
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_key (BuildqResultBuilder *self, const char *key)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->key, key);
}

/**
 * buildq_result_builder_set_token:
 * @self: a builder
 * @token: (nullable): the token of the lease
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_token (BuildqResultBuilder *self, const char *token)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->token, token);
}

/**
 * buildq_result_builder_set_attempt:
 * @self: a builder
 * @attempt: the number of the attempt, from 1
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_attempt (BuildqResultBuilder *self, gint64 attempt)
{
  g_return_if_fail (self != NULL);
  self->draft->attempt = attempt;
}

/**
 * buildq_result_builder_set_outcome:
 * @self: a builder
 * @outcome: how it ended
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_outcome (BuildqResultBuilder *self, BuildqOutcome outcome)
{
  g_return_if_fail (self != NULL);
  self->draft->outcome = outcome;
}

/**
 * buildq_result_builder_set_message:
 * @self: a builder
 * @message: (nullable): why, for people
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_message (BuildqResultBuilder *self, const char *message)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->message, message);
}

/**
 * buildq_result_builder_set_worker:
 * @self: a builder
 * @worker: (nullable): the machine that did it
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_worker (BuildqResultBuilder *self, const char *worker)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->worker, worker);
}

/**
 * buildq_result_builder_set_exit_status:
 * @self: a builder
 * @exit_status: what the command exited with
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_exit_status (BuildqResultBuilder *self, gint64 exit_status)
{
  g_return_if_fail (self != NULL);
  self->draft->exit_status = exit_status;
}

/**
 * buildq_result_builder_set_started_us:
 * @self: a builder
 * @started_us: when the work was started, in µs since the epoch
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_started_us (BuildqResultBuilder *self, gint64 started_us)
{
  g_return_if_fail (self != NULL);
  self->draft->started_us = started_us;
}

/**
 * buildq_result_builder_set_finished_us:
 * @self: a builder
 * @finished_us: when it ended, in µs since the epoch
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_finished_us (BuildqResultBuilder *self, gint64 finished_us)
{
  g_return_if_fail (self != NULL);
  self->draft->finished_us = finished_us;
}

/**
 * buildq_result_builder_set_log_tail:
 * @self: a builder
 * @log_tail: (nullable): the last lines of its log
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_log_tail (BuildqResultBuilder *self, const char *log_tail)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->log_tail, log_tail);
}

/**
 * buildq_result_builder_set_log_bytes:
 * @self: a builder
 * @log_bytes: how long the whole log is, in bytes
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_log_bytes (BuildqResultBuilder *self, gint64 log_bytes)
{
  g_return_if_fail (self != NULL);
  self->draft->log_bytes = log_bytes;
}

/**
 * buildq_result_builder_set_log:
 * @self: a builder
 * @log: (nullable): where the whole log can be had
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_result_builder_set_log (BuildqResultBuilder *self, BuildqLocation *log)
{
  g_return_if_fail (self != NULL);

  if (log != NULL)
    _buildq_value_ref (log);
  if (self->draft->log != NULL)
    _buildq_value_unref (&_buildq_location_info, self->draft->log);
  self->draft->log = log;
}

/**
 * buildq_result_builder_add_artifact:
 * @self: a builder
 * @artifact: an artifact
 *
 * Adds one to the list.
 *
 * Since: 0.1
 */
void
buildq_result_builder_add_artifact (BuildqResultBuilder *self, BuildqArtifact *artifact)
{
  g_return_if_fail (self != NULL && artifact != NULL);

  g_ptr_array_add (self->draft->artifacts, _buildq_value_ref (artifact));
}
