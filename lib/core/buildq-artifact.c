/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-hash.h"
#include "core/buildq-values.h"

#include <buildq/buildq-artifact.h>
#include <string.h>

/**
 * BuildqArtifact:
 *
 * The record that travels instead of the bytes: what an artifact is, who says so, and
 * where it can be had.
 *
 * Its fields are those of a narinfo (see `doc/protocol.md`).
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqArtifact, name), 0, BUILDQ_MAX_NAME },
  { "store_path", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqArtifact, store_path), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_KEY },
  { "nar_hash", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqArtifact, nar_hash), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "nar_size", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqArtifact, nar_size), BUILDQ_FIELD_ALWAYS, 0 },
  { "references", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqArtifact, references), BUILDQ_FIELD_NOT_SPEC, BUILDQ_MAX_KEY },
  { "deriver", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqArtifact, deriver), BUILDQ_FIELD_NOT_SPEC, BUILDQ_MAX_KEY },
  { "ca", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqArtifact, ca), BUILDQ_FIELD_NOT_SPEC, BUILDQ_MAX_KEY },
  { "signatures", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqArtifact, signatures), BUILDQ_FIELD_NOT_SPEC, 4096 },
  { "locations", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqArtifact, locations), BUILDQ_FIELD_NOT_SPEC, 256, &_buildq_location_info },
};
/* clang-format on */

static gboolean validate (gconstpointer value, GError **error);

const BuildqValueInfo _buildq_artifact_info = {
  "artifact",   sizeof (BuildqArtifact), fields, G_N_ELEMENTS (fields), validate,
  "store_path",
};

/**
 * buildq_artifact_ref:
 * @self: an artifact
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_artifact_unref:
 * @self: (transfer full): an artifact
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_artifact_equal:
 * @self: an artifact
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_artifact_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads an artifact. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_artifact_to_json:
 * @self: an artifact
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqArtifact, buildq_artifact, &_buildq_artifact_info)

/**
 * buildq_artifact_get_name:
 * @self: an artifact
 *
 * Returns: (transfer none) (nullable): the name of the output that it is, such as `out`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqArtifact, buildq_artifact, name, const char *)

/**
 * buildq_artifact_get_store_path:
 * @self: an artifact
 *
 * Returns: (transfer none): its full store path
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqArtifact, buildq_artifact, store_path, const char *)

/**
 * buildq_artifact_get_nar_hash:
 * @self: an artifact
 *
 * Returns: (transfer none): the hash of its NAR, as `sha256:` and Nix base32
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqArtifact, buildq_artifact, nar_hash, const char *)

/**
 * buildq_artifact_get_nar_size:
 * @self: an artifact
 *
 * Returns: the size of its NAR, in bytes
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqArtifact, buildq_artifact, nar_size, gint64)

/**
 * buildq_artifact_get_references:
 * @self: an artifact
 *
 * Returns: (transfer none) (array zero-terminated=1): the base names of the store paths
 *    that it refers to, sorted
 *
 * Since: 0.1
 */
const char *const *
buildq_artifact_get_references (BuildqArtifact *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->references;
}

/**
 * buildq_artifact_get_deriver:
 * @self: an artifact
 *
 * Returns: (transfer none) (nullable): the base name of what made it
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqArtifact, buildq_artifact, deriver, const char *)

/**
 * buildq_artifact_get_ca:
 * @self: an artifact
 *
 * Returns: (transfer none) (nullable): how its path follows from its content, for
 *    content-addressed items
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqArtifact, buildq_artifact, ca, const char *)

/**
 * buildq_artifact_get_signatures:
 * @self: an artifact
 *
 * Returns: (transfer none) (array zero-terminated=1): signatures over the record, as
 *    `NAME:BASE64`
 *
 * Since: 0.1
 */
const char *const *
buildq_artifact_get_signatures (BuildqArtifact *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->signatures;
}

/**
 * buildq_artifact_get_locations:
 * @self: an artifact
 *
 * Returns: (transfer container) (element-type BuildqLocation): where it can be had
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqArtifact, buildq_artifact, locations)

static gboolean
validate (gconstpointer value, GError **error)
{
  const BuildqArtifact *self = value;
  guint8 digest[BUILDQ_HASH_BYTES];

  if (!_buildq_store_path_check (self->store_path, FALSE, error)
      || !_buildq_hash_parse (self->nar_hash, digest, error))
    return FALSE;
  for (char **p = self->references; *p != NULL; p++)
    if (!_buildq_store_path_check (*p, TRUE, error))
      {
        g_prefix_error (error, "reference of '%s': ", self->store_path);
        return FALSE;
      }
  return TRUE;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * buildq_artifact_get_fingerprint:
 * @self: an artifact
 *
 * The text that Nix signs: `1;PATH;HASH;SIZE;REFERENCES`.
 *
 * Returns: (transfer full): the text
 *
 * Since: 0.1
 */
char *
buildq_artifact_get_fingerprint (BuildqArtifact *self)
{
  g_autoptr (GPtrArray) references = NULL;
  g_autofree char *store_dir = NULL;
  g_autofree char *hash = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  if (!_buildq_hash_parse (self->nar_hash, digest, NULL))
    g_return_val_if_reached (NULL);
  hash = _buildq_hash_format (digest);
  store_dir = g_path_get_dirname (self->store_path);

  references = g_ptr_array_new ();
  for (char **p = self->references; *p != NULL; p++)
    g_ptr_array_add (references, *p);
  g_ptr_array_sort (references, compare_strings);

  text = g_string_new (NULL);
  g_string_printf (text, "1;%s;%s;%" G_GINT64_FORMAT ";", self->store_path, hash,
                   self->nar_size);
  /* They are a set: one that is there twice is signed once. */
  for (guint i = 0; i < references->len; i++)
    if (i == 0 || !g_str_equal (references->pdata[i], references->pdata[i - 1]))
      g_string_append_printf (text, "%s%s/%s", i > 0 ? "," : "", store_dir,
                              (char *) references->pdata[i]);
  return g_string_free (text, FALSE);
}
