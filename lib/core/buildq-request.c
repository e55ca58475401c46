/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-request.h>

/**
 * BuildqRequest:
 *
 * Who wants which jobs. Jobs are shared: another request may want the same.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "id", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqRequest, id), 0, BUILDQ_MAX_KEY },
  { "submitter", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqRequest, submitter), 0, BUILDQ_MAX_NAME },
  { "group", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqRequest, group), 0, BUILDQ_MAX_KEY },
  { "priority", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqRequest, priority), BUILDQ_FIELD_SIGNED, 1000000 },
  { "wanted", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqRequest, wanted), 0, BUILDQ_MAX_KEY },
  { "rebuild", BUILDQ_FIELD_BOOL, G_STRUCT_OFFSET (BuildqRequest, rebuild), 0, 0 },
  { "jobs", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqRequest, jobs), BUILDQ_FIELD_REQUIRED, 1000000, &_buildq_job_info },
};
/* clang-format on */

static gboolean validate (gconstpointer value, GError **error);

const BuildqValueInfo _buildq_request_info = {
  "request", sizeof (BuildqRequest), fields, G_N_ELEMENTS (fields), validate, "id",
};

/**
 * buildq_request_ref:
 * @self: a request
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_request_unref:
 * @self: (transfer full): a request
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_request_equal:
 * @self: a request
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_request_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a request. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_request_to_json:
 * @self: a request
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqRequest, buildq_request, &_buildq_request_info)

/**
 * buildq_request_get_id:
 * @self: a request
 *
 * Returns: (transfer none) (nullable): its id
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequest, buildq_request, id, const char *)

/**
 * buildq_request_get_submitter:
 * @self: a request
 *
 * Returns: (transfer none) (nullable): who asks
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequest, buildq_request, submitter, const char *)

/**
 * buildq_request_get_group:
 * @self: a request
 *
 * Returns: (transfer none) (nullable): a name that requests can share
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequest, buildq_request, group, const char *)

/**
 * buildq_request_get_priority:
 * @self: a request
 *
 * Returns: the priority; higher goes first
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequest, buildq_request, priority, gint64)

/**
 * buildq_request_get_wanted:
 * @self: a request
 *
 * Returns: (transfer none) (array zero-terminated=1): the keys of the jobs that are
 *    wanted for themselves; none means all
 *
 * Since: 0.1
 */
const char *const *
buildq_request_get_wanted (BuildqRequest *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->wanted;
}

/**
 * buildq_request_get_rebuild:
 * @self: a request
 *
 * Returns: whether jobs that succeeded before are to be built again
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqRequest, buildq_request, rebuild, gboolean)

/**
 * buildq_request_get_jobs:
 * @self: a request
 *
 * Returns: (transfer container) (element-type BuildqJob): the jobs, which may depend on
 *    each other and on older ones
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqRequest, buildq_request, jobs)

static gboolean
validate (gconstpointer value, GError **error)
{
  const BuildqRequest *self = value;
  g_autoptr (GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->jobs->len; i++)
    {
      BuildqJob *job = self->jobs->pdata[i];

      if (g_hash_table_add (keys, job->key))
        continue;
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "job '%s' is there twice",
                   job->key);
      return FALSE;
    }
  for (char **p = self->wanted; *p != NULL; p++)
    if (!g_hash_table_contains (keys, *p))
      {
        g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                     "wanted job '%s' is not in the request", *p);
        return FALSE;
      }
  return TRUE;
}
