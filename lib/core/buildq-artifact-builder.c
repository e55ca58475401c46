/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-artifact.h>

/**
 * BuildqArtifactBuilder:
 *
 * Makes values of [struct@Buildq.Artifact]. It belongs to one thread at a time.
 *
 * Since: 0.1
 */
struct _BuildqArtifactBuilder
{
  BuildqArtifact *draft;
};

G_DEFINE_BOXED_TYPE (BuildqArtifactBuilder,
                     buildq_artifact_builder,
                     buildq_artifact_builder_ref,
                     buildq_artifact_builder_unref)

/**
 * buildq_artifact_builder_new:
 *
 * Returns: (transfer full): an empty builder
 *
 * Since: 0.1
 */
BuildqArtifactBuilder *
buildq_artifact_builder_new (void)
{
  BuildqArtifactBuilder *self = g_rc_box_new0 (BuildqArtifactBuilder);

  self->draft = _buildq_value_new (&_buildq_artifact_info);
  return self;
}

/**
 * buildq_artifact_builder_ref:
 * @self: a builder
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
BuildqArtifactBuilder *
buildq_artifact_builder_ref (BuildqArtifactBuilder *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_rc_box_acquire (self);
}

static void
builder_clear (gpointer data)
{
  BuildqArtifactBuilder *self = data;

  buildq_artifact_unref (self->draft);
}

/**
 * buildq_artifact_builder_unref:
 * @self: (transfer full): a builder
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_unref (BuildqArtifactBuilder *self)
{
  g_return_if_fail (self != NULL);
  g_rc_box_release_full (self, builder_clear);
}

/**
 * buildq_artifact_builder_build:
 * @self: a builder
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the field
 *
 * Makes a value of what was set. The builder can be used further.
 *
 * Returns: (transfer full): a new artifact
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_artifact_builder_build (BuildqArtifactBuilder *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (!_buildq_value_validate (&_buildq_artifact_info, self->draft, error))
    return NULL;
  return _buildq_value_copy (&_buildq_artifact_info, self->draft);
}

/**
 * buildq_artifact_builder_set_from:
 * @self: a builder
 * @value: an artifact
 *
 * Sets all fields to those of @value.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_from (BuildqArtifactBuilder *self, BuildqArtifact *value)
{
  g_return_if_fail (self != NULL && value != NULL);

  buildq_artifact_unref (self->draft);
  self->draft = _buildq_value_copy (&_buildq_artifact_info, value);
}

/**
 * buildq_artifact_builder_set_name:
 * @self: a builder
 * @name: (nullable): the name of the output that it is, such as `out`
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_name (BuildqArtifactBuilder *self, const char *name)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->name, name);
}

/**
 * buildq_artifact_builder_set_store_path:
 * @self: a builder
 * @store_path: (nullable): its full store path
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_store_path (BuildqArtifactBuilder *self,
                                        const char *store_path)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->store_path, store_path);
}

/**
 * buildq_artifact_builder_set_nar_hash:
 * @self: a builder
 * @nar_hash: (nullable): the hash of its NAR, as `sha256:` and Nix base32
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_nar_hash (BuildqArtifactBuilder *self, const char *nar_hash)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->nar_hash, nar_hash);
}

/**
 * buildq_artifact_builder_set_nar_size:
 * @self: a builder
 * @nar_size: the size of its NAR, in bytes
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_nar_size (BuildqArtifactBuilder *self, gint64 nar_size)
{
  g_return_if_fail (self != NULL);
  self->draft->nar_size = nar_size;
}

/**
 * buildq_artifact_builder_set_references:
 * @self: a builder
 * @references: (nullable) (array zero-terminated=1): the base names of the store paths
 *    that it refers to, sorted
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_references (BuildqArtifactBuilder *self,
                                        const char *const *references)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->references);
  self->draft->references
      = references != NULL ? g_strdupv ((char **) references) : g_new0 (char *, 1);
}

/**
 * buildq_artifact_builder_set_deriver:
 * @self: a builder
 * @deriver: (nullable): the base name of what made it
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_deriver (BuildqArtifactBuilder *self, const char *deriver)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->deriver, deriver);
}

/**
 * buildq_artifact_builder_set_ca:
 * @self: a builder
 * @ca: (nullable): how its path follows from its content, for content-addressed items
 *
 * Sets the field.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_ca (BuildqArtifactBuilder *self, const char *ca)
{
  g_return_if_fail (self != NULL);
  _buildq_set_string (&self->draft->ca, ca);
}

/**
 * buildq_artifact_builder_set_signatures:
 * @self: a builder
 * @signatures: (nullable) (array zero-terminated=1): signatures over the record, as
 *    `NAME:BASE64`
 *
 * Sets the list; %NULL empties it.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_set_signatures (BuildqArtifactBuilder *self,
                                        const char *const *signatures)
{
  g_return_if_fail (self != NULL);

  g_strfreev (self->draft->signatures);
  self->draft->signatures
      = signatures != NULL ? g_strdupv ((char **) signatures) : g_new0 (char *, 1);
}

/**
 * buildq_artifact_builder_add_location:
 * @self: a builder
 * @location: a location
 *
 * Adds one to the list.
 *
 * Since: 0.1
 */
void
buildq_artifact_builder_add_location (BuildqArtifactBuilder *self,
                                      BuildqLocation *location)
{
  g_return_if_fail (self != NULL && location != NULL);

  g_ptr_array_add (self->draft->locations, _buildq_value_ref (location));
}
