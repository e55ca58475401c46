/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-log-chunk.h>
#include <string.h>

/**
 * BuildqLogChunk:
 *
 * A piece of the log of a running job.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* Offsets are added to. */
#define MAX_OFFSET (G_GINT64_CONSTANT (1) << 50)

/* clang-format off */
static const BuildqField fields[] = {
  { "token", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqLogChunk, token), 0, BUILDQ_MAX_NAME },
  { "offset", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqLogChunk, offset), BUILDQ_FIELD_ALWAYS, MAX_OFFSET },
  { "data", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqLogChunk, data), 0, BUILDQ_MAX_TEXT },
  { "finished", BUILDQ_FIELD_BOOL, G_STRUCT_OFFSET (BuildqLogChunk, finished), 0, 0 },
  { "location", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqLogChunk, location), 0, 0, &_buildq_location_info },
};
/* clang-format on */

static gboolean validate (gconstpointer value, GError **error);

const BuildqValueInfo _buildq_log_chunk_info = {
  "log chunk", sizeof (BuildqLogChunk), fields, G_N_ELEMENTS (fields), validate, "token",
};

/**
 * buildq_log_chunk_ref:
 * @self: a log chunk
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_log_chunk_unref:
 * @self: (transfer full): a log chunk
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_log_chunk_equal:
 * @self: a log chunk
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_log_chunk_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a log chunk. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_log_chunk_to_json:
 * @self: a log chunk
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqLogChunk, buildq_log_chunk, &_buildq_log_chunk_info)

/**
 * buildq_log_chunk_get_token:
 * @self: a log chunk
 *
 * Returns: (transfer none) (nullable): the token of the lease
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLogChunk, buildq_log_chunk, token, const char *)

/**
 * buildq_log_chunk_get_offset:
 * @self: a log chunk
 *
 * Returns: where the piece starts, in bytes
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLogChunk, buildq_log_chunk, offset, gint64)

/**
 * buildq_log_chunk_get_data:
 * @self: a log chunk
 *
 * Returns: (transfer none) (nullable): the bytes, in base64
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLogChunk, buildq_log_chunk, data, const char *)

/**
 * buildq_log_chunk_get_finished:
 * @self: a log chunk
 *
 * Returns: whether nothing will follow
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLogChunk, buildq_log_chunk, finished, gboolean)

/**
 * buildq_log_chunk_get_location:
 * @self: a log chunk
 *
 * Returns: (transfer none) (nullable): where the whole log can be had
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqLogChunk, buildq_log_chunk, location, BuildqLocation *)

static gboolean
validate (gconstpointer value, GError **error)
{
  const BuildqLogChunk *self = value;

  if (self->data == NULL
      || strspn (self->data, G_CSET_A_2_Z G_CSET_a_2_z "0123456789+/=")
             == strlen (self->data))
    return TRUE;
  g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                       "data of a log chunk is not base64");
  return FALSE;
}

/**
 * buildq_log_chunk_new:
 * @token: (nullable): the token of the lease
 * @offset: where the piece starts, in bytes
 * @bytes: the piece
 * @finished: whether nothing will follow
 * @location: (nullable): where the whole log can be had
 *
 * Returns: (transfer full): a new log chunk
 *
 * Since: 0.1
 */
BuildqLogChunk *
buildq_log_chunk_new (const char *token,
                      gint64 offset,
                      GBytes *bytes,
                      gboolean finished,
                      BuildqLocation *location)
{
  BuildqLogChunk *self;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (bytes != NULL, NULL);

  self = _buildq_value_new (&_buildq_log_chunk_info);
  data = g_bytes_get_data (bytes, &size);
  self->token = g_strdup (token);
  self->offset = offset;
  self->data = size > 0 ? g_base64_encode (data, size) : NULL;
  self->finished = finished;
  self->location = location != NULL ? _buildq_value_ref (location) : NULL;
  return self;
}

/**
 * buildq_log_chunk_get_bytes:
 * @self: a log chunk
 *
 * Returns: (transfer full): its bytes, decoded
 *
 * Since: 0.1
 */
GBytes *
buildq_log_chunk_get_bytes (BuildqLogChunk *self)
{
  guchar *data;
  gsize size = 0;

  g_return_val_if_fail (self != NULL, NULL);

  if (self->data == NULL || self->data[0] == '\0')
    return g_bytes_new (NULL, 0);
  data = g_base64_decode (self->data, &size);
  return g_bytes_new_take (data, size);
}
