/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-hash.h"
#include "core/buildq-values.h"

#include <buildq/buildq-job.h>
#include <string.h>

/**
 * BuildqJob:
 *
 * What to build.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "key", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJob, key), BUILDQ_FIELD_REQUIRED | BUILDQ_FIELD_NOT_SPEC, BUILDQ_MAX_KEY },
  { "kind", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJob, kind), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJob, name), BUILDQ_FIELD_NOT_SPEC, BUILDQ_MAX_NAME },
  { "system", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJob, system), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "features", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqJob, features), 0, BUILDQ_MAX_NAME },
  { "depends", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqJob, depends), 0, BUILDQ_MAX_KEY },
  { "inputs", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqJob, inputs), 0, 10000, &_buildq_input_info },
  { "outputs", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqJob, outputs), 0, 100, &_buildq_output_info },
  { "argv", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqJob, argv), 0, 0 },
  { "env", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqJob, env), 0, 0 },
  { "payload", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqJob, payload), 0, 16 * BUILDQ_MAX_TEXT },
  { "texts", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqJob, texts), 0, BUILDQ_MAX_NAME },
  { "cores", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJob, cores), 0, 65536 },
  { "memory_bytes", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJob, memory_bytes), 0, 0 },
  { "timeout_s", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJob, timeout_s), 0, 31536000 },
  { "silent_timeout_s", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJob, silent_timeout_s), 0, 31536000 },
  { "log_limit_bytes", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJob, log_limit_bytes), 0, 0 },
};
/* clang-format on */

static gboolean validate (gconstpointer value, GError **error);

const BuildqValueInfo _buildq_job_info = {
  "job", sizeof (BuildqJob), fields, G_N_ELEMENTS (fields), validate, "key",
};

/**
 * buildq_job_ref:
 * @self: a job
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_job_unref:
 * @self: (transfer full): a job
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_job_equal:
 * @self: a job
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_job_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a job. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_job_to_json:
 * @self: a job
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqJob, buildq_job, &_buildq_job_info)

/**
 * buildq_job_get_key:
 * @self: a job
 *
 * Returns: (transfer none): the key that names the work
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, key, const char *)

/**
 * buildq_job_get_kind:
 * @self: a job
 *
 * Returns: (transfer none): which executor can run it, such as `command`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, kind, const char *)

/**
 * buildq_job_get_name:
 * @self: a job
 *
 * Returns: (transfer none) (nullable): a short name for people and store paths; %NULL
 *    to use the key
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, name, const char *)

/**
 * buildq_job_get_system:
 * @self: a job
 *
 * Returns: (transfer none): the system that it needs, such as `x86_64-linux`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, system, const char *)

/**
 * buildq_job_get_features:
 * @self: a job
 *
 * Returns: (transfer none) (array zero-terminated=1): the features that a machine must
 *    have
 *
 * Since: 0.1
 */
const char *const *
buildq_job_get_features (BuildqJob *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->features;
}

/**
 * buildq_job_get_depends:
 * @self: a job
 *
 * Returns: (transfer none) (array zero-terminated=1): the keys of jobs that must
 *    succeed first; those of its inputs are implied
 *
 * Since: 0.1
 */
const char *const *
buildq_job_get_depends (BuildqJob *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->depends;
}

/**
 * buildq_job_get_inputs:
 * @self: a job
 *
 * Returns: (transfer container) (element-type BuildqInput): what it needs
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqJob, buildq_job, inputs)

/**
 * buildq_job_get_outputs:
 * @self: a job
 *
 * Returns: (transfer container) (element-type BuildqOutput): what it must make
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqJob, buildq_job, outputs)

/**
 * buildq_job_get_argv:
 * @self: a job
 *
 * Returns: (transfer none) (array zero-terminated=1): for the kind `command`: the
 *    program and its arguments
 *
 * Since: 0.1
 */
const char *const *
buildq_job_get_argv (BuildqJob *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->argv;
}

/**
 * buildq_job_get_env:
 * @self: a job
 *
 * Returns: (transfer none) (array zero-terminated=1): for the kind `command`: the
 *    environment, as `NAME=VALUE`
 *
 * Since: 0.1
 */
const char *const *
buildq_job_get_env (BuildqJob *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->env;
}

/**
 * buildq_job_get_payload:
 * @self: a job
 *
 * Returns: (transfer none) (nullable): for other kinds: whatever their executor reads
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, payload, const char *)

/**
 * buildq_job_get_texts:
 * @self: a job
 *
 * Returns: (transfer none) (array zero-terminated=1): hashes of texts that the queue
 *    keeps for it
 *
 * Since: 0.1
 */
const char *const *
buildq_job_get_texts (BuildqJob *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->texts;
}

/**
 * buildq_job_get_cores:
 * @self: a job
 *
 * Returns: how many cores it needs at least
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, cores, gint64)

/**
 * buildq_job_get_memory_bytes:
 * @self: a job
 *
 * Returns: how much memory it needs at least, in bytes
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, memory_bytes, gint64)

/**
 * buildq_job_get_timeout_s:
 * @self: a job
 *
 * Returns: after how many seconds it is stopped; 0 for the worker's default
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, timeout_s, gint64)

/**
 * buildq_job_get_silent_timeout_s:
 * @self: a job
 *
 * Returns: after how many seconds without a line of log it is stopped; 0 for the
 *    worker's default
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, silent_timeout_s, gint64)

/**
 * buildq_job_get_log_limit_bytes:
 * @self: a job
 *
 * Returns: how long its log may be, in bytes; 0 for the worker's default
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJob, buildq_job, log_limit_bytes, gint64)

static gboolean
names_are_unique (const char *what, GPtrArray *values, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < values->len; i++)
    {
      /* Inputs and outputs both start with their name. */
      const char *name = *(char **) values->pdata[i];

      if (g_hash_table_add (seen, (gpointer) name))
        continue;
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s '%s' is there twice",
                   what, name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_env (char **env, GError **error)
{
  for (char **p = env; *p != NULL; p++)
    if (strchr (*p, '=') == NULL || **p == '=')
      {
        g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                     "'%s' in the environment is not NAME=VALUE", *p);
        return FALSE;
      }
  return TRUE;
}

static gboolean
validate (gconstpointer value, GError **error)
{
  const BuildqJob *self = value;

  if (!names_are_unique ("input", self->inputs, error)
      || !names_are_unique ("output", self->outputs, error)
      || !check_env (self->env, error))
    return FALSE;
  if (g_str_equal (self->kind, "command") && self->argv[0] == NULL)
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                           "a job of kind 'command' needs 'argv'");
      return FALSE;
    }
  for (guint i = 0; i < self->inputs->len; i++)
    if (g_strcmp0 (((BuildqInput *) self->inputs->pdata[i])->job, self->key) == 0)
      {
        g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                             "it depends on itself");
        return FALSE;
      }
  if (g_strv_contains ((const char *const *) self->depends, self->key))
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                           "it depends on itself");
      return FALSE;
    }
  return TRUE;
}

/**
 * buildq_job_get_spec_digest:
 * @self: a job
 *
 * The digest of all that says what is to be done: not the key, the name, or where inputs
 * can be had. Two jobs with the same digest do the same work.
 *
 * Returns: (transfer full): `sha256:` and Nix base32
 *
 * Since: 0.1
 */
char *
buildq_job_get_spec_digest (BuildqJob *self)
{
  g_autoptr (GString) text = g_string_sized_new (512);
  guint8 digest[BUILDQ_HASH_BYTES];

  g_return_val_if_fail (self != NULL, NULL);

  _buildq_value_append_json (&_buildq_job_info, self, TRUE, text);
  _buildq_hash_bytes (text->str, text->len, digest);
  return _buildq_hash_format (digest);
}
