/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_HTTP_BODY (_buildq_http_body_get_type ())
G_DECLARE_FINAL_TYPE (
    BuildqHttpBody, _buildq_http_body, BUILDQ, HTTP_BODY, GFilterInputStream)

/* The body of an answer, of @size bytes: to end before is an error,
 * G_IO_ERROR_PARTIAL_INPUT. libsoup lets a broken connection pass as the end. */
GInputStream *_buildq_http_body_new (GInputStream *base, guint64 size);

G_END_DECLS
