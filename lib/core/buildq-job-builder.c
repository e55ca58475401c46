/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-job-builder.h>
#include <buildq/buildq-job.h>

/**
 * BuildqJobBuilder:
 *
 * Makes values of [struct@Buildq.Job]. It belongs to one thread at a time.
 *
 * Since: 0.1
 */
struct _BuildqJobBuilder
{
  BuildqJob *draft;
};

G_DEFINE_BOXED_TYPE (BuildqJobBuilder,
                     buildq_job_builder,
                     buildq_job_builder_ref,
                     buildq_job_builder_unref)

/**
 * buildq_job_builder_new:
 *
 * Returns: (transfer full): an empty builder
 *
 * Since: 0.1
 */
BuildqJobBuilder *
buildq_job_builder_new (void)
{
  BuildqJobBuilder *self = g_rc_box_new0 (BuildqJobBuilder);

  self->draft = _buildq_value_new (&_buildq_job_info);
  return self;
}

/**
 * buildq_job_builder_ref:
 * @self: a builder
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
BuildqJobBuilder *
buildq_job_builder_ref (BuildqJobBuilder *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_rc_box_acquire (self);
}

static void
builder_clear (gpointer data)
{
  BuildqJobBuilder *self = data;

  buildq_job_unref (self->draft);
}

/**
 * buildq_job_builder_unref:
 * @self: (transfer full): a builder
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
void
buildq_job_builder_unref (BuildqJobBuilder *self)
{
  g_return_if_fail (self != NULL);
  g_rc_box_release_full (self, builder_clear);
}

/**
 * buildq_job_builder_build:
 * @self: a builder
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the field
 *
 * Makes a value of what was set. The builder can be used further.
 *
 * Returns: (transfer full): a new job
 *
 * Since: 0.1
 */
BuildqJob *
buildq_job_builder_build (BuildqJobBuilder *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (!_buildq_value_validate (&_buildq_job_info, self->draft, error))
    return NULL;
  return _buildq_value_copy (&_buildq_job_info, self->draft);
}

/**
 * buildq_job_builder_set_from:
 * @self: a builder
 * @value: a job
 *
 * Sets all fields to those of @value.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_from (BuildqJobBuilder *self, BuildqJob *value)
{
  g_return_if_fail (self != NULL && value != NULL);

  buildq_job_unref (self->draft);
  self->draft = _buildq_value_copy (&_buildq_job_info, value);
}

/**
 * buildq_job_builder_set_key:
 * @self: a builder
 * @key: (nullable): the key that names the work
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_key (BuildqJobBuilder *self, const char *key)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->key, key);
}

/**
 * buildq_job_builder_set_kind:
 * @self: a builder
 * @kind: (nullable): which executor can run it, such as `command`
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_kind (BuildqJobBuilder *self, const char *kind)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->kind, kind);
}

/**
 * buildq_job_builder_set_name:
 * @self: a builder
 * @name: (nullable): a short name for people and store paths; %NULL to use the key
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_name (BuildqJobBuilder *self, const char *name)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->name, name);
}

/**
 * buildq_job_builder_set_system:
 * @self: a builder
 * @system: (nullable): the system that it needs, such as `x86_64-linux`
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_system (BuildqJobBuilder *self, const char *system)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->system, system);
}

/**
 * buildq_job_builder_set_features:
 * @self: a builder
 * @features: (nullable) (array zero-terminated=1): the features that a machine must have
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_features (BuildqJobBuilder *self, const char *const *features)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->features);
  self->draft->features
      = features != NULL ? g_strdupv ((char **) features) : g_new0 (char *, 1);
}

/**
 * buildq_job_builder_set_depends:
 * @self: a builder
 * @depends: (nullable) (array zero-terminated=1): the keys of jobs that must succeed
 *    first; those of its inputs are implied
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_depends (BuildqJobBuilder *self, const char *const *depends)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->depends);
  self->draft->depends
      = depends != NULL ? g_strdupv ((char **) depends) : g_new0 (char *, 1);
}

/**
 * buildq_job_builder_add_input:
 * @self: a builder
 * @input: an input
 *
 * Adds one to the list.
 *
 * Since: 0.1
 */
void
buildq_job_builder_add_input (BuildqJobBuilder *self, BuildqInput *input)
{
  g_return_if_fail (self != NULL && input != NULL);

  g_ptr_array_add (self->draft->inputs, _buildq_value_ref (input));
}

/**
 * buildq_job_builder_add_output:
 * @self: a builder
 * @output: an output
 *
 * Adds one to the list.
 *
 * Since: 0.1
 */
void
buildq_job_builder_add_output (BuildqJobBuilder *self, BuildqOutput *output)
{
  g_return_if_fail (self != NULL && output != NULL);

  g_ptr_array_add (self->draft->outputs, _buildq_value_ref (output));
}

/**
 * buildq_job_builder_set_argv:
 * @self: a builder
 * @argv: (nullable) (array zero-terminated=1): for the kind `command`: the program and
 *    its arguments
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_argv (BuildqJobBuilder *self, const char *const *argv)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->argv);
  self->draft->argv = argv != NULL ? g_strdupv ((char **) argv) : g_new0 (char *, 1);
}

/**
 * buildq_job_builder_set_env:
 * @self: a builder
 * @env: (nullable) (array zero-terminated=1): for the kind `command`: the environment,
 *    as `NAME=VALUE`
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_env (BuildqJobBuilder *self, const char *const *env)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->env);
  self->draft->env = env != NULL ? g_strdupv ((char **) env) : g_new0 (char *, 1);
}

/**
 * buildq_job_builder_set_payload:
 * @self: a builder
 * @payload: (nullable): for other kinds: whatever their executor reads
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_payload (BuildqJobBuilder *self, const char *payload)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->payload, payload);
}

/**
 * buildq_job_builder_set_texts:
 * @self: a builder
 * @texts: (nullable) (array zero-terminated=1): hashes of texts that the queue keeps
 *    for it
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_texts (BuildqJobBuilder *self, const char *const *texts)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->texts);
  self->draft->texts = texts != NULL ? g_strdupv ((char **) texts) : g_new0 (char *, 1);
}

/**
 * buildq_job_builder_set_cores:
 * @self: a builder
 * @cores: how many cores it needs at least
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_cores (BuildqJobBuilder *self, gint64 cores)
{
  g_return_if_fail (self != NULL);
  self->draft->cores = cores;
}

/**
 * buildq_job_builder_set_memory_bytes:
 * @self: a builder
 * @memory_bytes: how much memory it needs at least, in bytes
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_memory_bytes (BuildqJobBuilder *self, gint64 memory_bytes)
{
  g_return_if_fail (self != NULL);
  self->draft->memory_bytes = memory_bytes;
}

/**
 * buildq_job_builder_set_timeout_s:
 * @self: a builder
 * @timeout_s: after how many seconds it is stopped; 0 for the worker's default
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_timeout_s (BuildqJobBuilder *self, gint64 timeout_s)
{
  g_return_if_fail (self != NULL);
  self->draft->timeout_s = timeout_s;
}

/**
 * buildq_job_builder_set_silent_timeout_s:
 * @self: a builder
 * @silent_timeout_s: after how many seconds without a line of log it is stopped; 0 for
 *    the worker's default
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_silent_timeout_s (BuildqJobBuilder *self, gint64 silent_timeout_s)
{
  g_return_if_fail (self != NULL);
  self->draft->silent_timeout_s = silent_timeout_s;
}

/**
 * buildq_job_builder_set_log_limit_bytes:
 * @self: a builder
 * @log_limit_bytes: how long its log may be, in bytes; 0 for the worker's default
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_job_builder_set_log_limit_bytes (BuildqJobBuilder *self, gint64 log_limit_bytes)
{
  g_return_if_fail (self != NULL);
  self->draft->log_limit_bytes = log_limit_bytes;
}
