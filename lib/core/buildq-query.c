/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-query.h>

/**
 * BuildqQuery:
 *
 * Which jobs a queue is asked for, and how many at a time.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "request", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqQuery, request), 0, BUILDQ_MAX_KEY },
  { "states", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqQuery, states), 0, BUILDQ_MAX_NAME },
  { "after", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqQuery, after), 0, 0 },
  { "limit", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqQuery, limit), 0, 10000 },
};
/* clang-format on */

const BuildqValueInfo _buildq_query_info = {
  "query", sizeof (BuildqQuery), fields, G_N_ELEMENTS (fields), NULL, NULL,
};

/**
 * buildq_query_ref:
 * @self: a query
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_query_unref:
 * @self: (transfer full): a query
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_query_equal:
 * @self: a query
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_query_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a query. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_query_to_json:
 * @self: a query
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqQuery, buildq_query, &_buildq_query_info)

/**
 * buildq_query_get_request:
 * @self: a query
 *
 * Returns: (transfer none) (nullable): the id of a request whose jobs are wanted
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqQuery, buildq_query, request, const char *)

/**
 * buildq_query_get_states:
 * @self: a query
 *
 * Returns: (transfer none) (array zero-terminated=1): the names of the states that are
 *    wanted; none means all
 *
 * Since: 0.1
 */
const char *const *
buildq_query_get_states (BuildqQuery *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->states;
}

/**
 * buildq_query_get_after:
 * @self: a query
 *
 * Returns: a cursor: the value of the last page's `next`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqQuery, buildq_query, after, gint64)

/**
 * buildq_query_get_limit:
 * @self: a query
 *
 * Returns: how many jobs at most; 0 means 100
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqQuery, buildq_query, limit, gint64)

/**
 * buildq_query_new:
 * @request: (nullable): the id of the request whose jobs are wanted
 * @states: (nullable) (array zero-terminated=1): the names of the wanted states
 * @after: 0, or what [method@Buildq.JobPage.get_next] of the last page said
 * @limit: how many jobs at most; 0 means 100
 *
 * Returns: (transfer full): a new query
 *
 * Since: 0.1
 */
BuildqQuery *
buildq_query_new (const char *request,
                  const char *const *states,
                  gint64 after,
                  gint64 limit)
{
  BuildqQuery *self = _buildq_value_new (&_buildq_query_info);

  self->request = g_strdup (request);
  if (states != NULL)
    {
      g_strfreev (self->states);
      self->states = g_strdupv ((char **) states);
    }
  self->after = after;
  self->limit = limit;
  return self;
}
