/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-input.h>
#include <buildq/buildq-artifact.h>

/**
 * BuildqInput:
 *
 * Something that a job needs: the output of another job, a known artifact, a store path
 * to look up, or (before submission) a local file.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqInput, name), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "job", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqInput, job), 0, BUILDQ_MAX_KEY },
  { "output", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqInput, output), 0, BUILDQ_MAX_NAME },
  { "artifact", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqInput, artifact), 0, 0, &_buildq_artifact_info },
  { "path", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqInput, path), 0, BUILDQ_MAX_KEY },
  { "file", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqInput, file), 0, 4096 },
  { "at", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqInput, at), 0, 4096 },
};
/* clang-format on */

static gboolean validate (gconstpointer value, GError **error);

const BuildqValueInfo _buildq_input_info = {
  "input", sizeof (BuildqInput), fields, G_N_ELEMENTS (fields), validate, "name",
};

/**
 * buildq_input_ref:
 * @self: an input
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_input_unref:
 * @self: (transfer full): an input
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_input_equal:
 * @self: an input
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_input_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads an input. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_input_to_json:
 * @self: an input
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqInput, buildq_input, &_buildq_input_info)

/**
 * buildq_input_get_name:
 * @self: an input
 *
 * Returns: (transfer none): what the job calls it: a letter, then letters, digits, `_`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqInput, buildq_input, name, const char *)

/**
 * buildq_input_get_job:
 * @self: an input
 *
 * Returns: (transfer none) (nullable): the key of the job whose output it is
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqInput, buildq_input, job, const char *)

/**
 * buildq_input_get_output:
 * @self: an input
 *
 * Returns: (transfer none) (nullable): which output of that job; %NULL means `out`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqInput, buildq_input, output, const char *)

/**
 * buildq_input_get_artifact:
 * @self: an input
 *
 * Returns: (transfer none) (nullable): the record of the artifact, where it is known
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqInput, buildq_input, artifact, BuildqArtifact *)

/**
 * buildq_input_get_path:
 * @self: an input
 *
 * Returns: (transfer none) (nullable): a store path that is to be looked up in the
 *    mirrors
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqInput, buildq_input, path, const char *)

/**
 * buildq_input_get_file:
 * @self: an input
 *
 * Returns: (transfer none) (nullable): a local file that is put into a mirror before
 *    submission
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqInput, buildq_input, file, const char *)

/**
 * buildq_input_get_at:
 * @self: an input
 *
 * Returns: (transfer none) (nullable): a relative path in the build directory where a
 *    copy of it is put, which the job may change; `.` is the build directory itself
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqInput, buildq_input, at, const char *)

static gboolean
validate (gconstpointer value, GError **error)
{
  const BuildqInput *self = value;
  int sources = (self->job != NULL) + (self->path != NULL) + (self->file != NULL);

  if (!_buildq_name_check ("input", self->name, error))
    return FALSE;
  if (self->at != NULL && !g_str_equal (self->at, ".")
      && !_buildq_inside_check ("at", self->at, error))
    return FALSE;
  if (sources == 1 || (sources == 0 && self->artifact != NULL))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "it needs one of 'job', 'artifact', 'path', 'file', and has %s",
               sources == 0 ? "none" : "several");
  return FALSE;
}

static BuildqInput *
input_new (const char *name)
{
  BuildqInput *self = _buildq_value_new (&_buildq_input_info);

  self->name = g_strdup (name);
  return self;
}

/**
 * buildq_input_new_for_job:
 * @name: what the job calls it
 * @job: the key of another job
 * @output: (nullable): which output of that job; %NULL means `out`
 *
 * Returns: (transfer full): a new input
 *
 * Since: 0.1
 */
BuildqInput *
buildq_input_new_for_job (const char *name, const char *job, const char *output)
{
  BuildqInput *self;

  g_return_val_if_fail (name != NULL && job != NULL, NULL);

  self = input_new (name);
  self->job = g_strdup (job);
  self->output = g_strdup (output);
  return self;
}

/**
 * buildq_input_new_for_artifact:
 * @name: what the job calls it
 * @artifact: its record
 *
 * Returns: (transfer full): a new input
 *
 * Since: 0.1
 */
BuildqInput *
buildq_input_new_for_artifact (const char *name, BuildqArtifact *artifact)
{
  BuildqInput *self;

  g_return_val_if_fail (name != NULL && artifact != NULL, NULL);

  self = input_new (name);
  self->artifact = _buildq_value_ref (artifact);
  return self;
}

/**
 * buildq_input_new_for_path:
 * @name: what the job calls it
 * @path: a store path that a mirror has
 *
 * Returns: (transfer full): a new input
 *
 * Since: 0.1
 */
BuildqInput *
buildq_input_new_for_path (const char *name, const char *path)
{
  BuildqInput *self;

  g_return_val_if_fail (name != NULL && path != NULL, NULL);

  self = input_new (name);
  self->path = g_strdup (path);
  return self;
}

/**
 * buildq_input_new_for_file:
 * @name: what the job calls it
 * @file: (type filename): a local file or folder, which no queue takes as it is: it must
 *   be put into a mirror first
 *
 * Returns: (transfer full): a new input
 *
 * Since: 0.1
 */
BuildqInput *
buildq_input_new_for_file (const char *name, const char *file)
{
  BuildqInput *self;

  g_return_val_if_fail (name != NULL && file != NULL, NULL);

  self = input_new (name);
  self->file = g_strdup (file);
  return self;
}

/**
 * buildq_input_resolve:
 * @self: an input
 * @artifact: the record of what it stands for
 *
 * Returns: (transfer full): the same input with its artifact; a local file is dropped
 *
 * Since: 0.1
 */
BuildqInput *
buildq_input_resolve (BuildqInput *self, BuildqArtifact *artifact)
{
  BuildqInput *copy;

  g_return_val_if_fail (self != NULL && artifact != NULL, NULL);

  copy = _buildq_value_copy (&_buildq_input_info, self);
  g_clear_pointer (&copy->file, g_free);
  g_clear_pointer (&copy->artifact, buildq_artifact_unref);
  copy->artifact = _buildq_value_ref (artifact);
  return copy;
}

/**
 * buildq_input_place:
 * @self: an input
 * @at: (nullable): a relative path in the build directory, or `.`; %NULL for none
 *
 * The job also gets a copy of it in its build directory, which it may change. What two
 * inputs put at the same place must be directories, whose entries differ.
 *
 * Returns: (transfer full): the same input with this place
 *
 * Since: 0.1
 */
BuildqInput *
buildq_input_place (BuildqInput *self, const char *at)
{
  BuildqInput *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = _buildq_value_copy (&_buildq_input_info, self);
  _buildq_set_string (&copy->at, at);
  return copy;
}
