/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "netutil/buildq-http-watch.h"

#include "core/buildq-thread.h"

/* How long the thread stays when there is nothing to see. */
#define LINGER_US (5 * G_USEC_PER_SEC)

/* Guards what is below, and the fields of each watch that say so. */
static GMutex lock;
static GCond changed;
static GList *watches; /* BuildqHttpWatch, on the stacks of those who wait */
static gboolean is_running;
static gboolean is_needed; /* there was something to see since it last looked */

/* Gives the time of the next deadline. */
static gint64
look_at_all (void)
{
  gint64 now = _buildq_clock_now ();
  gint64 next = now + LINGER_US;

  for (GList *l = watches; l != NULL; l = l->next)
    {
      BuildqHttpWatch *watch = l->data;

      if (watch->is_late)
        continue;
      watch->is_late = now >= watch->deadline;
      if (watch->is_late)
        g_cancellable_cancel (watch->cancellable);
      else
        next = MIN (next, watch->deadline);
    }
  return next;
}

static gpointer
watch_thread (gpointer data)
{
  gint64 next;

  g_mutex_lock (&lock);
  while (watches != NULL || is_needed)
    {
      is_needed = FALSE;
      next = look_at_all ();
      BUILDQ_HAND_OVER (&lock);
      g_cond_wait_until (&changed, &lock, next);
      BUILDQ_TAKE_OVER (&lock);
    }
  is_running = FALSE;
  g_mutex_unlock (&lock);
  return NULL;
}

/* A slow upload is one that does not get on; a big one may take its time. */
static void
wrote_body_data (SoupMessage *message, guint size, gpointer data)
{
  BuildqHttpWatch *self = data;

  self->sent += size;
  if (self->sent < self->patience_us * BUILDQ_HTTP_MIN_BYTES_PER_S / G_USEC_PER_SEC)
    return;
  self->sent = 0;
  g_mutex_lock (&lock);
  self->deadline = _buildq_clock_now () + self->patience_us;
  g_mutex_unlock (&lock);
}

static void
user_cancelled (GCancellable *user, gpointer data)
{
  g_cancellable_cancel (data);
}

void
_buildq_http_watch_begin (BuildqHttpWatch *self,
                          SoupMessage *message,
                          gint64 patience_us,
                          GCancellable *user)
{
  *self = (BuildqHttpWatch){ .cancellable = g_cancellable_new (),
                             .message = message,
                             .user = user,
                             .patience_us = patience_us };
  self->progress_handler
      = g_signal_connect (message, "wrote-body-data", G_CALLBACK (wrote_body_data), self);
  if (user != NULL)
    self->user_handler
        = g_cancellable_connect (user, G_CALLBACK (user_cancelled),
                                 g_object_ref (self->cancellable), g_object_unref);

  g_mutex_lock (&lock);
  self->deadline = _buildq_clock_now () + patience_us;
  watches = g_list_prepend (watches, self);
  is_needed = TRUE;
  if (is_running)
    g_cond_signal (&changed);
  else
    {
      is_running = TRUE;
      g_thread_unref (_buildq_thread_new ("buildq-http-watch", watch_thread, NULL));
    }
  g_mutex_unlock (&lock);
}

gboolean
_buildq_http_watch_end (BuildqHttpWatch *self)
{
  gboolean is_late;

  g_mutex_lock (&lock);
  watches = g_list_remove (watches, self);
  is_late = self->is_late;
  g_mutex_unlock (&lock);
  g_cancellable_disconnect (self->user, self->user_handler);
  g_signal_handler_disconnect (self->message, self->progress_handler);
  g_clear_object (&self->cancellable);
  return is_late;
}
