/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-thread.h"

#include <buildq/buildq-error.h>

static GPrivate marked;

typedef struct
{
  GTaskThreadFunc func;
  GThreadFunc thread_func;
  gpointer data;
} Start;

static GQuark
start_quark (void)
{
  return g_quark_from_static_string ("buildq-thread-start");
}

static void
task_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Start *start;

  BUILDQ_TAKE_OVER (task);
  start = g_object_get_qdata (G_OBJECT (task), start_quark ());
  g_private_set (&marked, GINT_TO_POINTER (1));
  start->func (task, source, task_data, cancellable);
  g_private_set (&marked, NULL);
}

void
_buildq_task_run_in_thread (GTask *task, GTaskThreadFunc func)
{
  Start *start = g_new0 (Start, 1);

  start->func = func;
  g_object_set_qdata_full (G_OBJECT (task), start_quark (), start, g_free);
  g_task_run_in_thread (task, task_thread);
}

static gpointer
thread_main (gpointer data)
{
  g_autofree Start *start = data;

  g_private_set (&marked, GINT_TO_POINTER (1));
  return start->thread_func (start->data);
}

GThread *
_buildq_thread_new (const char *name, GThreadFunc func, gpointer data)
{
  Start *start = g_new0 (Start, 1);

  start->thread_func = func;
  start->data = data;
  return g_thread_new (name, thread_main, start);
}

gboolean
_buildq_thread_is_marked (void)
{
  return g_private_get (&marked) != NULL;
}

gboolean
_buildq_check_user_call (GMainContext *owner, GError **error)
{
  g_autoptr (GMainContext) here = g_main_context_ref_thread_default ();

  if (!_buildq_thread_is_marked ()
      && (owner == NULL || owner == here || g_main_context_is_owner (owner)))
    return TRUE;
  g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED,
                       "called on a thread that does not own the object");
  return FALSE;
}

void
_buildq_sync_begin (BuildqSync *self)
{
  self->context = g_main_context_new ();
  self->result = NULL;
  g_main_context_push_thread_default (self->context);
}

void
_buildq_sync_ready (GObject *source, GAsyncResult *result, gpointer sync)
{
  ((BuildqSync *) sync)->result = g_object_ref (result);
}

/* Returns: (transfer none) */
GAsyncResult *
_buildq_sync_wait (BuildqSync *self)
{
  while (self->result == NULL)
    g_main_context_iteration (self->context, TRUE);
  return self->result;
}

void
_buildq_sync_end (BuildqSync *self)
{
  g_clear_object (&self->result);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_clear_pointer (&self->context, g_main_context_unref);
}

/* Of the thread, as its tests are. */
static GPrivate clock_ahead = G_PRIVATE_INIT (g_free);

void
_buildq_clock_set_ahead (gint64 us)
{
  gint64 *ahead = g_new (gint64, 1);

  *ahead = us;
  g_private_replace (&clock_ahead, ahead);
}

static gint64
get_ahead (void)
{
  gint64 *ahead = g_private_get (&clock_ahead);

  return ahead != NULL ? *ahead : 0;
}

gint64
_buildq_clock_now (void)
{
  return g_get_monotonic_time () + get_ahead ();
}

gint64
_buildq_clock_real (void)
{
  return g_get_real_time () + get_ahead ();
}
