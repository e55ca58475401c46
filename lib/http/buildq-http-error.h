/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Errors on the wire: doc/protocol.md, section 10.
 */
#pragma once

#include <buildq/buildq-error.h>

G_BEGIN_DECLS

/* The code that another side is told; errors of other domains become one of ours. */
BuildqError _buildq_http_code (const GError *error);
guint _buildq_http_status (const GError *error);

/* {"error":{…}}; with @session and @ack when the frame answers a sync message. */
char *_buildq_http_error_json (const GError *error, const char *session, gint64 ack);

/* The error of a frame or body, or %NULL when it is none. */
GError *_buildq_http_error_read (const char *json,
                                 gssize length,
                                 char **session,
                                 gint64 *ack);

/* The error of an answer: of its body, or of @status when the body tells nothing. */
GError *_buildq_http_error_new (guint status, const char *reason, GBytes *body);

G_END_DECLS
