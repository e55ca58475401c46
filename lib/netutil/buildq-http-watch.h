/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Somebody to look at the clock while a worker thread is inside libsoup: a server that
 * sends a byte now and then never runs into the time-out of the socket.
 */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* From sending a message to the end of the headers that answer it. On the stack. */
typedef struct
{
  GCancellable *cancellable; /* to send by */

  /*< private >*/
  SoupMessage *message;
  GCancellable *user; /* or NULL */
  gulong user_handler;
  gulong progress_handler;
  gint64 patience_us;
  gint64 sent; /* bytes, since the deadline was last moved */
  /* With the lock of the file. */
  gint64 deadline;
  gboolean is_late;
} BuildqHttpWatch;

/* How slow is too slow, everywhere. */
#define BUILDQ_HTTP_MIN_BYTES_PER_S 1024

void _buildq_http_watch_begin (BuildqHttpWatch *self,
                               SoupMessage *message,
                               gint64 patience_us,
                               GCancellable *user);
/* Whether it was too slow, and was ended for that. */
gboolean _buildq_http_watch_end (BuildqHttpWatch *self);

G_END_DECLS
