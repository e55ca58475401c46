/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-location.h>

/**
 * BuildqLocation:
 *
 * Where the bytes of an artifact can be had, and in which form.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "uri", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqLocation, uri), BUILDQ_FIELD_REQUIRED, 8192 },
  { "compression", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqLocation, compression), 0, BUILDQ_MAX_NAME },
  { "file_hash", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqLocation, file_hash), 0, BUILDQ_MAX_NAME },
  { "file_size", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqLocation, file_size), 0, 0 },
};
/* clang-format on */

static gboolean validate (gconstpointer value, GError **error);

const BuildqValueInfo _buildq_location_info = {
  "location", sizeof (BuildqLocation), fields, G_N_ELEMENTS (fields), validate, NULL,
};

/**
 * buildq_location_ref:
 * @self: a location
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_location_unref:
 * @self: (transfer full): a location
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_location_equal:
 * @self: a location
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_location_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a location. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_location_to_json:
 * @self: a location
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqLocation, buildq_location, &_buildq_location_info)

/**
 * buildq_location_get_uri:
 * @self: a location
 *
 * Returns: (transfer none): its URI
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLocation, buildq_location, uri, const char *)

/**
 * buildq_location_get_compression:
 * @self: a location
 *
 * Returns: (transfer none) (nullable): how the archive is compressed: `none`, `gzip`,
 *    `zstd`, `xz`, `lzip`, `bzip2`, `lz4` or `lzma`; %NULL means `none`
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLocation, buildq_location, compression, const char *)

/**
 * buildq_location_get_file_hash:
 * @self: a location
 *
 * Returns: (transfer none) (nullable): the hash of the compressed bytes, as `sha256:`
 *    and Nix base32
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLocation, buildq_location, file_hash, const char *)

/**
 * buildq_location_get_file_size:
 * @self: a location
 *
 * Returns: how many compressed bytes there are; 0 when it is not known
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLocation, buildq_location, file_size, gint64)

static gboolean
validate (gconstpointer value, GError **error)
{
  static const char *const known[]
      = { "none", "gzip", "zstd", "xz", "lzip", "bzip2", "lz4", "lzma", NULL };
  const BuildqLocation *self = value;

  if (self->compression == NULL || g_strv_contains (known, self->compression))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "location '%s': compression '%s' is none of none, gzip, zstd, xz, lzip, "
               "bzip2, lz4, lzma",
               self->uri, self->compression);
  return FALSE;
}

/**
 * buildq_location_new:
 * @uri: its URI
 * @compression: (nullable): how the archive is compressed; %NULL means `none`
 * @file_hash: (nullable): the hash of the compressed bytes
 * @file_size: how many compressed bytes there are, or 0
 *
 * Nothing is checked here; a location that is not well-formed fails where it is used.
 *
 * Returns: (transfer full): a new location
 *
 * Since: 0.1
 */
BuildqLocation *
buildq_location_new (const char *uri,
                     const char *compression,
                     const char *file_hash,
                     gint64 file_size)
{
  BuildqLocation *self;

  g_return_val_if_fail (uri != NULL, NULL);

  self = _buildq_value_new (&_buildq_location_info);
  self->uri = g_strdup (uri);
  self->compression = g_strdup (compression);
  self->file_hash = g_strdup (file_hash);
  self->file_size = file_size;
  return self;
}
