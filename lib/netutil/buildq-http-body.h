/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_HTTP_BODY (_buildq_http_body_get_type ())
G_DECLARE_FINAL_TYPE (
    BuildqHttpBody, _buildq_http_body, BUILDQ, HTTP_BODY, GFilterInputStream)

#define BUILDQ_HTTP_BODY_OPEN_END G_MAXUINT64

/* The body of an answer, of @size bytes: to end before is an error,
 * G_IO_ERROR_PARTIAL_INPUT. libsoup lets a broken connection pass as the end. One for
 * which
 * @patience_us of waiting gave next to nothing is G_IO_ERROR_TIMED_OUT; the time that the
 * reader takes for itself does not count. */
GInputStream *_buildq_http_body_new (GInputStream *base,
                                     guint64 size,
                                     gint64 patience_us);

G_END_DECLS
