/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A main context is run by poll () on one descriptor.
 */
#include <buildq/buildq.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000

typedef struct
{
  GMainContext *context;
  BuildqPoller *poller;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->context = g_main_context_new ();
  g_main_context_push_thread_default (fixture->context);
  fixture->poller = buildq_poller_new (NULL, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->poller);
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
}

static gboolean
is_readable (Fixture *fixture, int timeout_ms)
{
  struct pollfd fd = { .fd = buildq_poller_get_fd (fixture->poller), .events = POLLIN };

  return poll (&fd, 1, timeout_ms) == 1;
}

/* The program's own loop. */
static void
run_until (Fixture *fixture, const gboolean *done)
{
  while (!*done)
    {
      g_assert_true (is_readable (fixture, DEADLINE_MS));
      buildq_poller_dispatch (fixture->poller);
    }
}

static gboolean
set_true (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
attach (Fixture *fixture, GSource *source, GSourceFunc func, gpointer data)
{
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, fixture->context);
  g_source_unref (source);
}

static void
test_timer (Fixture *fixture, gconstpointer data)
{
  gboolean done = FALSE;

  g_assert_false (is_readable (fixture, 0));
  attach (fixture, g_timeout_source_new (30), set_true, &done);
  g_assert_cmpuint (buildq_poller_dispatch (fixture->poller), ==, 0);
  g_assert_false (is_readable (fixture, 0));
  run_until (fixture, &done);
  g_assert_false (is_readable (fixture, 0));
}

static void
test_own_thread (Fixture *fixture, gconstpointer data)
{
  gboolean done = FALSE;

  attach (fixture, g_idle_source_new (), set_true, &done);
  g_assert_cmpuint (buildq_poller_dispatch (fixture->poller), ==, 1);
  g_assert_true (done);
  g_assert_false (is_readable (fixture, 0));
}

static gpointer
hand_over (gpointer data)
{
  Fixture *fixture = ((gpointer *) data)[0];

  g_main_context_invoke (fixture->context, set_true, ((gpointer *) data)[1]);
  return NULL;
}

static void
test_other_thread (Fixture *fixture, gconstpointer data)
{
  gboolean done = FALSE;
  gpointer both[] = { fixture, &done };
  GThread *thread = g_thread_new ("other", hand_over, both);

  run_until (fixture, &done);
  g_thread_join (thread);
}

typedef struct
{
  Fixture *fixture;
  int fds[2];
  guint left;
  gboolean done;
} Pipe;

static void watch_pipe (Pipe *self);

/* Each time the pipe is closed, and another one, with the same numbers, is watched. */
static gboolean
pipe_readable (int fd, GIOCondition condition, gpointer data)
{
  Pipe *self = data;
  char byte = 0;

  g_assert_cmpint (fd, ==, self->fds[0]);
  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
  close (self->fds[0]);
  close (self->fds[1]);
  if (--self->left > 0)
    watch_pipe (self);
  else
    self->done = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
write_byte (gpointer data)
{
  Pipe *self = data;

  g_assert_cmpint (write (self->fds[1], "x", 1), ==, 1);
  return G_SOURCE_REMOVE;
}

static void
watch_pipe (Pipe *self)
{
  GSource *source = NULL;
  int before = self->fds[0];

  g_assert_true (g_unix_open_pipe (self->fds, FD_CLOEXEC, NULL));
  g_assert_true (before == 0 || before == self->fds[0]);
  source = g_unix_fd_source_new (self->fds[0], G_IO_IN);
  attach (self->fixture, source, G_SOURCE_FUNC (pipe_readable), self);
  attach (self->fixture, g_timeout_source_new (1), write_byte, self);
}

static void
test_descriptor (Fixture *fixture, gconstpointer data)
{
  Pipe self = { .fixture = fixture, .left = 5 };

  watch_pipe (&self);
  buildq_poller_dispatch (fixture->poller);
  run_until (fixture, &self.done);
  g_assert_false (is_readable (fixture, 0));
}

static gboolean
file_readable (int fd, GIOCondition condition, gpointer data)
{
  return set_true (data);
}

/* The kernel watches no plain files. */
static void
test_plain_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = NULL;
  int fd = g_file_open_tmp ("buildq-poller-XXXXXX", &name, NULL);
  gboolean done = FALSE;

  g_assert_cmpint (fd, >=, 0);
  attach (fixture, g_unix_fd_source_new (fd, G_IO_IN), G_SOURCE_FUNC (file_readable),
          &done);
  buildq_poller_dispatch (fixture->poller);
  run_until (fixture, &done);
  close (fd);
  unlink (name);
}

static gboolean
count (gpointer data)
{
  return ++*(guint *) data < 100000;
}

static void
test_busy (Fixture *fixture, gconstpointer data)
{
  guint counted = 0;

  attach (fixture, g_idle_source_new (), count, &counted);
  g_assert_cmpuint (buildq_poller_dispatch (fixture->poller), >, 0);
  g_assert_cmpuint (counted, <, 1000);
  g_assert_true (is_readable (fixture, 0));
}

static gboolean
drop (gpointer data)
{
  Fixture *fixture = data;

  g_clear_object (&fixture->poller);
  return G_SOURCE_REMOVE;
}

static void
test_dropped (Fixture *fixture, gconstpointer data)
{
  attach (fixture, g_idle_source_new (), drop, fixture);
  buildq_poller_dispatch (fixture->poller);
  g_assert_null (fixture->poller);
}

static gpointer
take_over (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_poller_new (data, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT);
  return NULL;
}

static void
test_owned (Fixture *fixture, gconstpointer data)
{
  g_thread_join (g_thread_new ("other", take_over, fixture->context));
}

static void
submitted (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_submit_finish (BUILDQ_QUEUE (queue), result, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (buildq_request_status_get_id (status), ==, "r");
  *(gboolean *) data = TRUE;
}

static void
test_queue (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("buildq-poller-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "journal.db", NULL);
  g_autoptr (BuildqQueue) queue = buildq_queue_new_for_uri (path, NULL, &error);
  g_autoptr (BuildqRequest) request = NULL;
  gboolean done = FALSE;

  g_assert_no_error (error);
  g_assert_true (BUILDQ_IS_LOCAL_QUEUE (queue));
  request = buildq_request_new_from_json (
      "{\"id\": \"r\", \"jobs\": [{\"key\": \"a\", "
      "\"kind\": \"command\", \"system\": \"any\", \"argv\": [\"true\"]}]}",
      &error);
  g_assert_no_error (error);
  buildq_queue_submit_async (queue, request, 0, NULL, submitted, &done);
  buildq_poller_dispatch (fixture->poller);
  run_until (fixture, &done);
}

static void
test_fork (Fixture *fixture, gconstpointer data)
{
  int status = 0;
  pid_t child = fork ();

  if (child == 0)
    {
      g_test_expect_message ("Buildq", G_LOG_LEVEL_CRITICAL,
                             "BuildqPoller was opened in*");
      buildq_poller_dispatch (fixture->poller);
      g_test_assert_expected_messages ();
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/poller/timer", test_timer);
  ADD ("/poller/own-thread", test_own_thread);
  ADD ("/poller/other-thread", test_other_thread);
  ADD ("/poller/descriptor", test_descriptor);
  ADD ("/poller/plain-file", test_plain_file);
  ADD ("/poller/busy", test_busy);
  ADD ("/poller/dropped", test_dropped);
  ADD ("/poller/owned", test_owned);
  ADD ("/poller/queue", test_queue);
  ADD ("/poller/fork", test_fork);
#undef ADD
  return g_test_run ();
}
