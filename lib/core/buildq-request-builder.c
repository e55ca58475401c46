/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-request-builder.h>
#include <buildq/buildq-request.h>

/**
 * BuildqRequestBuilder:
 *
 * Makes values of [struct@Buildq.Request]. It belongs to one thread at a time.
 *
 * Since: 0.1
 */
struct _BuildqRequestBuilder
{
  BuildqRequest *draft;
};

G_DEFINE_BOXED_TYPE (BuildqRequestBuilder,
                     buildq_request_builder,
                     buildq_request_builder_ref,
                     buildq_request_builder_unref)

/**
 * buildq_request_builder_new:
 *
 * Returns: (transfer full): an empty builder
 *
 * Since: 0.1
 */
BuildqRequestBuilder *
buildq_request_builder_new (void)
{
  BuildqRequestBuilder *self = g_rc_box_new0 (BuildqRequestBuilder);

  self->draft = _buildq_value_new (&_buildq_request_info);
  return self;
}

/**
 * buildq_request_builder_ref:
 * @self: a builder
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
BuildqRequestBuilder *
buildq_request_builder_ref (BuildqRequestBuilder *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_rc_box_acquire (self);
}

static void
builder_clear (gpointer data)
{
  BuildqRequestBuilder *self = data;

  buildq_request_unref (self->draft);
}

/**
 * buildq_request_builder_unref:
 * @self: (transfer full): a builder
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
void
buildq_request_builder_unref (BuildqRequestBuilder *self)
{
  g_return_if_fail (self != NULL);
  g_rc_box_release_full (self, builder_clear);
}

/**
 * buildq_request_builder_build:
 * @self: a builder
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the field
 *
 * Makes a value of what was set. The builder can be used further.
 *
 * Returns: (transfer full): a new request
 *
 * Since: 0.1
 */
BuildqRequest *
buildq_request_builder_build (BuildqRequestBuilder *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (!_buildq_value_validate (&_buildq_request_info, self->draft, error))
    return NULL;
  return _buildq_value_copy (&_buildq_request_info, self->draft);
}

/**
 * buildq_request_builder_set_from:
 * @self: a builder
 * @value: a request
 *
 * Sets all fields to those of @value.
 *
 * Since: 0.1
 */
void
buildq_request_builder_set_from (BuildqRequestBuilder *self, BuildqRequest *value)
{
  g_return_if_fail (self != NULL && value != NULL);

  buildq_request_unref (self->draft);
  self->draft = _buildq_value_copy (&_buildq_request_info, value);
}

/**
 * buildq_request_builder_set_id:
 * @self: a builder
 * @id: (nullable): its id
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_request_builder_set_id (BuildqRequestBuilder *self, const char *id)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->id, id);
}

/**
 * buildq_request_builder_set_submitter:
 * @self: a builder
 * @submitter: (nullable): who asks
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_request_builder_set_submitter (BuildqRequestBuilder *self, const char *submitter)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->submitter, submitter);
}

/**
 * buildq_request_builder_set_group:
 * @self: a builder
 * @group: (nullable): a name that requests can share
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_request_builder_set_group (BuildqRequestBuilder *self, const char *group)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->group, group);
}

/**
 * buildq_request_builder_set_priority:
 * @self: a builder
 * @priority: the priority; higher goes first
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_request_builder_set_priority (BuildqRequestBuilder *self, gint64 priority)
{
  g_return_if_fail (self != NULL);
  self->draft->priority = priority;
}

/**
 * buildq_request_builder_set_wanted:
 * @self: a builder
 * @wanted: (nullable) (array zero-terminated=1): the keys of the jobs that are wanted
 *    for themselves; none means all
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_request_builder_set_wanted (BuildqRequestBuilder *self, const char *const *wanted)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->wanted);
  self->draft->wanted
      = wanted != NULL ? g_strdupv ((char **) wanted) : g_new0 (char *, 1);
}

/**
 * buildq_request_builder_set_rebuild:
 * @self: a builder
 * @rebuild: whether jobs that succeeded before are to be built again
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_request_builder_set_rebuild (BuildqRequestBuilder *self, gboolean rebuild)
{
  g_return_if_fail (self != NULL);
  self->draft->rebuild = rebuild;
}

/**
 * buildq_request_builder_add_job:
 * @self: a builder
 * @job: a job
 *
 * Adds one to the list.
 *
 * Since: 0.1
 */
void
buildq_request_builder_add_job (BuildqRequestBuilder *self, BuildqJob *job)
{
  g_return_if_fail (self != NULL && job != NULL);

  g_ptr_array_add (self->draft->jobs, _buildq_value_ref (job));
}
