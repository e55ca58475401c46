/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-output.h>

/**
 * BuildqOutput:
 *
 * Something that a job must make.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqOutput, name), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "path", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqOutput, path), 0, 4096 },
};
/* clang-format on */

static gboolean validate (gconstpointer value, GError **error);

const BuildqValueInfo _buildq_output_info = {
  "output", sizeof (BuildqOutput), fields, G_N_ELEMENTS (fields), validate, "name",
};

/**
 * buildq_output_ref:
 * @self: an output
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_output_unref:
 * @self: (transfer full): an output
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_output_equal:
 * @self: an output
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_output_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads an output. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_output_to_json:
 * @self: an output
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqOutput, buildq_output, &_buildq_output_info)

/**
 * buildq_output_get_name:
 * @self: an output
 *
 * Returns: (transfer none): its name: a letter, then letters, digits, `_`; the job
 *    finds the place to put it in the environment variable of that name
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqOutput, buildq_output, name, const char *)

/**
 * buildq_output_get_path:
 * @self: an output
 *
 * Returns: (transfer none) (nullable): a relative path in the build directory that is
 *    collected; %NULL when the job itself writes to the place that the environment
 *    names
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqOutput, buildq_output, path, const char *)

static gboolean
validate (gconstpointer value, GError **error)
{
  const BuildqOutput *self = value;

  if (!_buildq_name_check ("output", self->name, error))
    return FALSE;
  return self->path == NULL || _buildq_inside_check ("path", self->path, error);
}

/**
 * buildq_output_new:
 * @name: its name
 * @path: (nullable): a relative path in the build directory that is collected
 *
 * Returns: (transfer full): a new output
 *
 * Since: 0.1
 */
BuildqOutput *
buildq_output_new (const char *name, const char *path)
{
  BuildqOutput *self;

  g_return_val_if_fail (name != NULL, NULL);

  self = _buildq_value_new (&_buildq_output_info);
  self->name = g_strdup (name);
  self->path = g_strdup (path);
  return self;
}
