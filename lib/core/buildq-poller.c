/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-poller.h>

#include <buildq/buildq-error.h>

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/buildq-process.h"

/**
 * BuildqPoller:
 *
 * A main context as one file descriptor, for programs whose loop is not GLib's: asyncio,
 * Guile with or without Fibers, libuv, epoll.
 *
 * The descriptor is readable whenever the context has something to dispatch: a descriptor
 * that one of its sources waits for, a timer, something that another thread handed over.
 * The program's loop watches it, and calls [method@Buildq.Poller.dispatch] when it is
 * readable; level-triggered, and nothing is to be read from it.
 *
 * The program also calls [method@Buildq.Poller.dispatch] after it has started something
 * itself, such as [method@Buildq.Queue.submit_async]: a context is not woken up by what
 * its own thread adds.
 *
 * While there is a poller, its thread owns the context: no other thread can run it.
 *
 * A poller is used, and dropped, on the thread that made it.
 *
 * Since: 0.1
 */

/* So many rounds of a busy context, and then the program's own loop has its turn. */
#define MAX_ROUNDS 32
/* How often a descriptor that the kernel cannot watch for us is looked at. */
#define UNWATCHED_MS 20

struct _BuildqPoller
{
  GObject parent_instance;
  GMainContext *context; /* owned by this thread */
  int epoll_fd;
  int timer_fd;    /* in the epoll; when the context wants to look again */
  int timer_ms;    /* what it is set to; -1: not at all */
  GArray *watches; /* of GPollFD, by fd: what is in the epoll */
  GArray *wanted;  /* the same: what is to be */
};

G_DEFINE_FINAL_TYPE (BuildqPoller, buildq_poller, G_TYPE_OBJECT)

static void
buildq_poller_finalize (GObject *object)
{
  BuildqPoller *self = BUILDQ_POLLER (object);

  if (self->epoll_fd >= 0)
    close (self->epoll_fd);
  if (self->timer_fd >= 0)
    close (self->timer_fd);
  if (self->context != NULL)
    g_main_context_release (self->context);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_array_unref (self->watches);
  g_array_unref (self->wanted);
  G_OBJECT_CLASS (buildq_poller_parent_class)->finalize (object);
}

static void
buildq_poller_class_init (BuildqPollerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = buildq_poller_finalize;
}

static void
buildq_poller_init (BuildqPoller *self)
{
  self->epoll_fd = -1;
  self->timer_fd = -1;
  self->timer_ms = -1;
  self->watches = g_array_new (FALSE, FALSE, sizeof (GPollFD));
  self->wanted = g_array_new (FALSE, FALSE, sizeof (GPollFD));
}

static int
compare_fds (gconstpointer a, gconstpointer b)
{
  const GPollFD *one = a, *other = b;

  return (one->fd > other->fd) - (one->fd < other->fd);
}

/* Asks the context what it waits for.
 *
 * Returns: for how long, in ms; -1: for ever */
static int
query (BuildqPoller *self)
{
  int priority = 0, timeout_ms = -1, n = 0;

  g_main_context_prepare (self->context, &priority);
  do
    {
      g_array_set_size (self->wanted, n);
      n = g_main_context_query (self->context, priority, &timeout_ms,
                                (GPollFD *) (gpointer) self->wanted->data,
                                (int) self->wanted->len);
    }
  while (n > (int) self->wanted->len);
  g_array_set_size (self->wanted, n);
  return timeout_ms;
}

/* Several sources may wait for one descriptor; the epoll has it once. */
static void
merge_wanted (BuildqPoller *self)
{
  guint n = 0;

  g_array_sort (self->wanted, compare_fds);
  for (guint i = 0; i < self->wanted->len; i++)
    {
      GPollFD *next = &g_array_index (self->wanted, GPollFD, i);
      GPollFD *last = n > 0 ? &g_array_index (self->wanted, GPollFD, n - 1) : NULL;

      if (last != NULL && last->fd == next->fd)
        last->events |= next->events;
      else
        g_array_index (self->wanted, GPollFD, n++) = *next;
    }
  g_array_set_size (self->wanted, n);
}

/* The events of poll () are those of epoll. A descriptor may have been closed and its
 * number used again since the last time, and so be gone from the epoll: each is set anew,
 * and added if it is not there.
 *
 * Returns: in how many ms it must be looked at although nothing tells; -1: never */
static int
watch (BuildqPoller *self, const GPollFD *wanted)
{
  struct epoll_event event = { .events = wanted->events, .data.fd = wanted->fd };

  if (epoll_ctl (self->epoll_fd, EPOLL_CTL_MOD, wanted->fd, &event) == 0
      || (errno == ENOENT
          && epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, wanted->fd, &event) == 0))
    return -1;
  /* A plain file is always ready, and one that was closed is for its source to notice. */
  return errno == EPERM || errno == EBADF ? 0 : UNWATCHED_MS;
}

static int
sooner (int one_ms, int other_ms)
{
  return (guint) one_ms < (guint) other_ms ? one_ms : other_ms;
}

/* Makes the epoll hold what is wanted.
 *
 * Returns: as watch () */
static int
update_watches (BuildqPoller *self)
{
  GArray *before = self->watches;
  int timeout_ms = -1;
  guint old = 0;

  for (guint i = 0; i <= self->wanted->len; i++)
    {
      const GPollFD *next
          = i < self->wanted->len ? &g_array_index (self->wanted, GPollFD, i) : NULL;

      for (; old < before->len; old++)
        {
          int fd = g_array_index (before, GPollFD, old).fd;

          if (next != NULL && fd >= next->fd)
            break;
          epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        }
      if (next == NULL)
        break;
      if (old < before->len && g_array_index (before, GPollFD, old).fd == next->fd)
        old++;
      timeout_ms = sooner (timeout_ms, watch (self, next));
    }
  self->watches = self->wanted;
  self->wanted = before;
  return timeout_ms;
}

static void
set_timer (BuildqPoller *self, int timeout_ms)
{
  /* All zero would disarm it. */
  struct itimerspec when
      = { .it_value.tv_sec = MAX (timeout_ms, 0) / 1000,
          .it_value.tv_nsec
          = timeout_ms == 0 ? 1 : MAX (timeout_ms, 0) % 1000 * 1000000L };

  if (timeout_ms == -1 && self->timer_ms == -1)
    return;
  timerfd_settime (self->timer_fd, 0, &when, NULL);
  self->timer_ms = timeout_ms;
}

static void
prepare (BuildqPoller *self)
{
  int timeout_ms = query (self);

  merge_wanted (self);
  set_timer (self, sooner (timeout_ms, update_watches (self)));
}

static gboolean
open_epoll (BuildqPoller *self, GError **error)
{
  struct epoll_event event = { .events = EPOLLIN };

  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd >= 0)
    self->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  event.data.fd = self->timer_fd;
  if (self->timer_fd >= 0
      && epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->timer_fd, &event) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               "making a descriptor for a main context: %s", g_strerror (errno));
  return FALSE;
}

/**
 * buildq_poller_new:
 * @context: (nullable): a main context; %NULL for the thread-default one
 * @error: `CONFLICT` when another thread runs @context, `G_IO_ERROR` when there are no
 *   descriptors left
 *
 * Takes a context over, to be run from a loop that is not GLib's.
 *
 * Returns: (transfer full): a new poller
 *
 * Since: 0.1
 */
BuildqPoller *
buildq_poller_new (GMainContext *context, GError **error)
{
  g_autoptr (GMainContext) own = context != NULL ? g_main_context_ref (context)
                                                 : g_main_context_ref_thread_default ();
  g_autoptr (BuildqPoller) self = g_object_new (BUILDQ_TYPE_POLLER, NULL);

  if (!open_epoll (self, error))
    return NULL;
  if (!g_main_context_acquire (own))
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT,
                           "the main context is run by another thread");
      return NULL;
    }
  self->context = g_steal_pointer (&own);
  _buildq_process_note (self);
  prepare (self);
  return g_steal_pointer (&self);
}

/**
 * buildq_poller_get_fd:
 * @self: a poller
 *
 * Returns: the descriptor to watch; it belongs to the poller, and is not to be read or
 *   closed
 *
 * Since: 0.1
 */
int
buildq_poller_get_fd (BuildqPoller *self)
{
  g_return_val_if_fail (BUILDQ_IS_POLLER (self), -1);

  return self->epoll_fd;
}

/**
 * buildq_poller_dispatch:
 * @self: a poller
 *
 * Dispatches what is ready, without waiting for anything. Of a context that always has
 * more to do it does a part, and the descriptor stays readable.
 *
 * Returns: how often the context had something to dispatch; 0 if nothing was ready
 *
 * Since: 0.1
 */
guint
buildq_poller_dispatch (BuildqPoller *self)
{
  g_autoptr (GError) error = NULL;
  guint rounds = 0;

  g_return_val_if_fail (BUILDQ_IS_POLLER (self), 0);
  g_return_val_if_fail (g_main_context_is_owner (self->context), 0);

  /* The epoll is shared with the parent, who would lose its descriptors. */
  if (!_buildq_process_check (self, &error))
    {
      g_log (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "%s", error->message);
      return 0;
    }
  /* A callback may drop the poller. */
  g_object_ref (self);
  while (rounds < MAX_ROUNDS && g_main_context_iteration (self->context, FALSE))
    rounds++;
  prepare (self);
  g_object_unref (self);
  return rounds;
}
