/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The only place where threads are started (doc/threads.md), and the private main context
 * of a synchronous call.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* As g_task_run_in_thread, with the thread marked: user code must not run on it. The task
 * must have no source object, or one that others surely keep, and its data must be values
 * and file descriptors that nobody else changes. */
void _buildq_task_run_in_thread (GTask *task, GTaskThreadFunc func);

/* A thread of its own, for work that lasts as long as an object does. */
GThread *_buildq_thread_new (const char *name, GThreadFunc func, gpointer data);

/* Whether this is a thread that one of the two above started. */
gboolean _buildq_thread_is_marked (void);

/* Stands in front of each call into user code; %FALSE on a wrong thread, with @error. */
gboolean _buildq_check_user_call (GMainContext *owner, GError **error);

/* A synchronous call:
 *
 *   BuildqSync sync;
 *
 *   _buildq_sync_begin (&sync);
 *   buildq_thing_do_async (thing, …, _buildq_sync_ready, &sync);
 *   result = buildq_thing_do_finish (thing, _buildq_sync_wait (&sync), error);
 *   _buildq_sync_end (&sync);
 */
typedef struct
{
  GMainContext *context;
  GAsyncResult *result;
} BuildqSync;

void _buildq_sync_begin (BuildqSync *self);
void _buildq_sync_ready (GObject *source, GAsyncResult *result, gpointer sync);
GAsyncResult *_buildq_sync_wait (BuildqSync *self);
void _buildq_sync_end (BuildqSync *self);

/* For TSan, which does not see how GLib synchronises: @what is handed to another thread,
 * and taken there. */
#ifdef __SANITIZE_THREAD__
void __tsan_release (void *what);
void __tsan_acquire (void *what);
#define BUILDQ_HAND_OVER(what) __tsan_release (what)
#define BUILDQ_TAKE_OVER(what) __tsan_acquire (what)
#else
#define BUILDQ_HAND_OVER(what) ((void) 0)
#define BUILDQ_TAKE_OVER(what) ((void) 0)
#endif

/* Time, in µs: monotonic for deadlines, real for what people read. */
gint64 _buildq_clock_now (void);
gint64 _buildq_clock_real (void);

/* For tests: both clocks, as this thread reads them, are @us ahead. What the main loop
 * waits for comes no earlier. */
void _buildq_clock_set_ahead (gint64 us);

G_END_DECLS
