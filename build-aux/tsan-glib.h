/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Included in front of each file when the library is built for TSan, which does not see
 * how GLib synchronises, as GLib itself is not built for it: tells it where one thread
 * hands something to another.
 */
#pragma once

#include "config.h"

#if __has_include(<gio/gio.h>)
/* The names are changed before GLib declares them, so that GMutexLocker has them too. */
typedef union _GMutex GMutex;
static inline void _buildq_tsan_mutex_lock (GMutex *mutex);
static inline void _buildq_tsan_mutex_unlock (GMutex *mutex);
#define g_mutex_lock _buildq_tsan_mutex_lock
#define g_mutex_unlock _buildq_tsan_mutex_unlock

#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

extern void _buildq_tsan_real_lock (GMutex *mutex) __asm__("g_mutex_lock");
extern void _buildq_tsan_real_unlock (GMutex *mutex) __asm__("g_mutex_unlock");

static inline void
_buildq_tsan_mutex_lock (GMutex *mutex)
{
  _buildq_tsan_real_lock (mutex);
  __tsan_acquire (mutex);
}

static inline void
_buildq_tsan_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  _buildq_tsan_real_unlock (mutex);
}

/* The last reference goes after all that was done under the others. */
G_GNUC_UNUSED static __thread GDestroyNotify _buildq_tsan_clear;

G_GNUC_UNUSED static void
_buildq_tsan_box_clear (gpointer box)
{
  GDestroyNotify clear = _buildq_tsan_clear;

  __tsan_acquire (box);
  clear (box);
}

#define g_atomic_rc_box_release_full(box, clear)                                         \
  (__tsan_release (box), _buildq_tsan_clear = (clear),                                   \
   (g_atomic_rc_box_release_full) (box, _buildq_tsan_box_clear))

/* Waiting lets go of the mutex, and takes it again. */
#define g_cond_wait(cond, mutex)                                                         \
  (__tsan_release (mutex), (g_cond_wait) (cond, mutex), __tsan_acquire (mutex))

static inline void
_buildq_tsan_async_queue_push (GAsyncQueue *queue, gpointer item)
{
  __tsan_release (queue);
  g_async_queue_push (queue, item);
}
#define g_async_queue_push _buildq_tsan_async_queue_push

static inline gpointer
_buildq_tsan_async_queue_pop (GAsyncQueue *queue)
{
  gpointer item = g_async_queue_pop (queue);

  __tsan_acquire (queue);
  return item;
}
#define g_async_queue_pop _buildq_tsan_async_queue_pop

typedef struct
{
  GSourceFunc func;
  gpointer data;
} BuildqTsanCall;

G_GNUC_UNUSED static gboolean
_buildq_tsan_called (gpointer data)
{
  BuildqTsanCall *call = data;

  __tsan_acquire (call);
  return call->func (call->data);
}

static inline guint
_buildq_tsan_idle_add (GSourceFunc func, gpointer data)
{
  BuildqTsanCall *call = g_new (BuildqTsanCall, 1);

  call->func = func;
  call->data = data;
  __tsan_release (call);
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, _buildq_tsan_called, call, g_free);
}
#define g_idle_add _buildq_tsan_idle_add

#define g_task_run_in_thread(task, func)                                                 \
  (__tsan_release (task), (g_task_run_in_thread) (task, func))
#define g_task_return_pointer(task, value, destroy)                                      \
  (__tsan_release (task), (g_task_return_pointer) (task, value, destroy))
#define g_task_return_boolean(task, value)                                               \
  (__tsan_release (task), (g_task_return_boolean) (task, value))
#define g_task_return_error(task, error)                                                 \
  (__tsan_release (task), (g_task_return_error) (task, error))
#define g_task_return_new_error(task, ...)                                               \
  (__tsan_release (task), (g_task_return_new_error) (task, __VA_ARGS__))
#define g_task_propagate_pointer(task, error)                                            \
  (__tsan_acquire (task), (g_task_propagate_pointer) (task, error))
#define g_task_propagate_boolean(task, error)                                            \
  (__tsan_acquire (task), (g_task_propagate_boolean) (task, error))
#define g_task_get_task_data(task) (__tsan_acquire (task), (g_task_get_task_data) (task))
#endif
