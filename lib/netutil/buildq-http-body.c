/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "netutil/buildq-http-body.h"

#include "core/buildq-thread.h"
#include "netutil/buildq-http-watch.h"

struct _BuildqHttpBody
{
  GFilterInputStream parent_instance;

  guint64 left; /* or BUILDQ_HTTP_BODY_OPEN_END */
  gint64 patience_us;
  gint64 waited_us; /* for the bytes that follow */
  gint64 got;
};

G_DEFINE_FINAL_TYPE (BuildqHttpBody, _buildq_http_body, G_TYPE_FILTER_INPUT_STREAM)

/* Whether the server is too slow to be waited for. */
static gboolean
check_pace (BuildqHttpBody *self, gint64 waited_us, gssize count, GError **error)
{
  self->waited_us += waited_us;
  self->got += MAX (count, 0);
  if (self->waited_us < self->patience_us)
    return TRUE;
  if (self->got < self->waited_us * BUILDQ_HTTP_MIN_BYTES_PER_S / G_USEC_PER_SEC)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                   "only %" G_GINT64_FORMAT " bytes came in %" G_GINT64_FORMAT " s",
                   self->got, self->waited_us / G_USEC_PER_SEC);
      return FALSE;
    }
  self->waited_us = 0;
  self->got = 0;
  return TRUE;
}

/* What was read of @wanted bytes, since @begin. */
static gssize
took (BuildqHttpBody *self, gint64 begin, gsize wanted, gssize count, GError **error)
{
  if (count > 0 && self->left != BUILDQ_HTTP_BODY_OPEN_END)
    self->left -= MIN (self->left, (guint64) count);
  if (count > 0)
    return check_pace (self, _buildq_clock_now () - begin, count, error) ? count : -1;
  if (count < 0 || wanted == 0 || self->left == 0
      || self->left == BUILDQ_HTTP_BODY_OPEN_END)
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
  gint64 begin = _buildq_clock_now ();
  gssize count = g_input_stream_read (base, buffer, size, cancellable, error);

  return took (BUILDQ_HTTP_BODY (stream), begin, size, count, error);
}

static gssize
_buildq_http_body_skip (GInputStream *stream,
                        gsize size,
                        GCancellable *cancellable,
                        GError **error)
{
  GInputStream *base = G_FILTER_INPUT_STREAM (stream)->base_stream;
  gint64 begin = _buildq_clock_now ();
  gssize count = g_input_stream_skip (base, size, cancellable, error);

  return took (BUILDQ_HTTP_BODY (stream), begin, size, count, error);
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
_buildq_http_body_new (GInputStream *base, guint64 size, gint64 patience_us)
{
  BuildqHttpBody *self = g_object_new (BUILDQ_TYPE_HTTP_BODY, "base-stream", base, NULL);

  self->left = size;
  self->patience_us = patience_us;
  return G_INPUT_STREAM (self);
}
