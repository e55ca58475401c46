/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The log of a running job, in a file: written at its end, read from anywhere.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define BUILDQ_LOG_TAIL_BYTES (4 * 1024)

typedef struct _BuildqLogSpool BuildqLogSpool;

/* Makes the file. It takes @limit bytes of the job. */
BuildqLogSpool *_buildq_log_spool_new (const char *path, gint64 limit, GError **error);
/* Opens the file that a worker before this one made. */
BuildqLogSpool *_buildq_log_spool_open (const char *path, gint64 limit, GError **error);
void _buildq_log_spool_free (BuildqLogSpool *self);

/* Over the limit what fits is written, then a line that says so; that and all that comes
 * later is TOO_LARGE. */
gboolean _buildq_log_spool_append (BuildqLogSpool *self,
                                   const void *data,
                                   gsize size,
                                   GError **error);
/* Somebody else has appended to the file. TOO_LARGE as above; what is over the limit is
 * cut off. */
gboolean _buildq_log_spool_refresh (BuildqLogSpool *self, GError **error);
/* A line of our own, outside of the limit; it stands for itself also after half a line.
 */
void _buildq_log_spool_note (BuildqLogSpool *self, const char *text);

gint64 _buildq_log_spool_get_limit (BuildqLogSpool *self);
int _buildq_log_spool_get_fd (BuildqLogSpool *self);
const char *_buildq_log_spool_get_path (BuildqLogSpool *self);
gint64 _buildq_log_spool_get_size (BuildqLogSpool *self);
/* At most @max bytes from @offset on; none at the end, and beyond. */
GBytes *_buildq_log_spool_read (BuildqLogSpool *self,
                                gint64 offset,
                                gsize max,
                                GError **error);
/* The last BUILDQ_LOG_TAIL_BYTES or less, as UTF-8. */
char *_buildq_log_spool_tail (BuildqLogSpool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqLogSpool, _buildq_log_spool_free)

G_END_DECLS
