/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "netutil/buildq-http-body.h"

struct _BuildqHttpBody
{
  GFilterInputStream parent_instance;

  guint64 left;
};

G_DEFINE_FINAL_TYPE (BuildqHttpBody, _buildq_http_body, G_TYPE_FILTER_INPUT_STREAM)

static gssize
took (BuildqHttpBody *self, gsize wanted, gssize count, GError **error)
{
  if (count > 0)
    self->left -= MIN (self->left, (guint64) count);
  if (count != 0 || wanted == 0 || self->left == 0)
    return count;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
               "the connection broke %" G_GUINT64_FORMAT " bytes before the end",
               self->left);
  return -1;
}

static gssize
_buildq_http_body_read (GInputStream *stream,
                        void *buffer,
                        gsize size,
                        GCancellable *cancellable,
                        GError **error)
{
  GInputStream *base = G_FILTER_INPUT_STREAM (stream)->base_stream;
  gssize count = g_input_stream_read (base, buffer, size, cancellable, error);

  return took (BUILDQ_HTTP_BODY (stream), size, count, error);
}

static gssize
_buildq_http_body_skip (GInputStream *stream,
                        gsize size,
                        GCancellable *cancellable,
                        GError **error)
{
  GInputStream *base = G_FILTER_INPUT_STREAM (stream)->base_stream;
  gssize count = g_input_stream_skip (base, size, cancellable, error);

  return took (BUILDQ_HTTP_BODY (stream), size, count, error);
}

static void
_buildq_http_body_class_init (BuildqHttpBodyClass *class)
{
  G_INPUT_STREAM_CLASS (class)->read_fn = _buildq_http_body_read;
  G_INPUT_STREAM_CLASS (class)->skip = _buildq_http_body_skip;
}

static void
_buildq_http_body_init (BuildqHttpBody *self)
{
}

GInputStream *
_buildq_http_body_new (GInputStream *base, guint64 size)
{
  BuildqHttpBody *self = g_object_new (BUILDQ_TYPE_HTTP_BODY, "base-stream", base, NULL);

  self->left = size;
  return G_INPUT_STREAM (self);
}
