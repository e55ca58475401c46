/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-command.h"

#include <buildq/buildq-error.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BLOCK_BYTES (64 * 1024)
#define BLOCKS_A_TURN 4 /* then others have theirs */
#define PIPE_BYTES (256 * 1024)

/* What buildq-supervise finds where. */
enum
{
  CONTROL_FD = 3,
  STATUS_FD = 4,
  ENVIRONMENT_FD = 5,
  LISTEN_FD = 6,
  LOG_FD = 7
};

#define CONTROL_NAME "control"
#define STATUS_NAME "status"

struct _BuildqCommand
{
  GSubprocess *process;
  int control_fd;
  int status_fd;
  int output_fd;
  GSource *output_source;
  gboolean keep;
  GSource *control_source; /* with keep: how things go on, and that they are over */
  BuildqCommandOutputFunc output;
  BuildqCommandEndFunc end;
  gpointer user_data;
};

static void
clear_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

/* Whether there may be more now. */
static gboolean
read_block (BuildqCommand *self)
{
  char block[BLOCK_BYTES];
  gssize size;

  errno = 0; /* for the caller, at the end of the pipe */
  size = read (self->output_fd, block, sizeof block);
  if (size > 0)
    self->output (block, size, self->user_data);
  return size > 0 || (size < 0 && errno == EINTR);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
_buildq_command_mute (BuildqCommand *self)
{
  clear_source (&self->output_source);
}

static gboolean
output_ready (int fd, GIOCondition condition, gpointer data)
{
  BuildqCommand *self = data;

  for (int i = 0; i < BLOCKS_A_TURN; i++)
    {
      if (!read_block (self))
        {
          /* Nothing now, or never again: the source would be called without end. */
          if (errno != EAGAIN)
            _buildq_command_mute (self);
          return G_SOURCE_CONTINUE;
        }
      if (self->output_source == NULL)
        return G_SOURCE_REMOVE; /* muted by what it was given to */
    }
  return G_SOURCE_CONTINUE;
}

static BuildqCommandEnd
read_end (BuildqCommand *self, int *number)
{
  static const char *const words[] = { "exit ", "signal ", "exec ", "fault " };
  char line[64] = "";
  gssize size = read (self->status_fd, line, sizeof line - 1);

  *number = 0;
  line[MAX (size, 0)] = '\0';
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (line, words[i]))
      {
        *number = atoi (line + strlen (words[i]));
        return (BuildqCommandEnd) i;
      }
  return BUILDQ_COMMAND_FAULT;
}

static void
process_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  BuildqCommand *self = data;
  BuildqCommandEnd end;
  int number;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  /* All that could write is dead, so that all it wrote is here. */
  while (self->output_source != NULL && read_block (self))
    ;
  _buildq_command_mute (self);
  end = read_end (self, &number);
  self->end (end, number, self->user_data);
}

/* --- a command that outlives this process --- */

/* Nothing of it is left. */
static gboolean
kept_ended (gpointer data)
{
  BuildqCommand *self = data;
  BuildqCommandEnd end;
  int number;

  clear_source (&self->control_source);
  self->output (NULL, 0, self->user_data);
  end = read_end (self, &number);
  self->end (end, number, self->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
control_ready (int fd, GIOCondition condition, gpointer data)
{
  BuildqCommand *self = data;
  char bytes[1024];
  gssize size = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT);

  if (size > 0)
    self->output (NULL, size, self->user_data);
  else if (size == 0 || (errno != EAGAIN && errno != EINTR))
    return kept_ended (self);
  return G_SOURCE_CONTINUE;
}

static void
watch_control (BuildqCommand *self)
{
  self->control_source = g_unix_fd_source_new (self->control_fd, G_IO_IN | G_IO_HUP);
  g_source_set_static_name (self->control_source, "[buildq] supervisor of a job");
  g_source_set_callback (self->control_source, G_SOURCE_FUNC (control_ready), self, NULL);
  g_source_attach (self->control_source, g_main_context_get_thread_default ());
}

/* A socket may be deeper down than a name of one can be long. */
static int
open_socket (const char *dir, struct sockaddr_un *address, int *dir_fd)
{
  *dir_fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (*dir_fd < 0)
    return -1;
  memset (address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  g_snprintf (address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *dir_fd,
              CONTROL_NAME);
  return socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
listen_in (const char *dir)
{
  struct sockaddr_un address;
  int dir_fd = -1, fd = open_socket (dir, &address, &dir_fd);

  if (fd >= 0
      && (bind (fd, (struct sockaddr *) &address, sizeof address) < 0
          || listen (fd, 1) < 0))
    clear_fd (&fd);
  clear_fd (&dir_fd);
  return fd;
}

static int
connect_in (const char *dir)
{
  struct sockaddr_un address;
  int dir_fd = -1, fd = open_socket (dir, &address, &dir_fd);

  if (fd >= 0 && connect (fd, (struct sockaddr *) &address, sizeof address) < 0)
    clear_fd (&fd);
  clear_fd (&dir_fd);
  return fd;
}

static gboolean
take (GSubprocessLauncher *launcher, int fd, int target, const char *what, GError **error)
{
  if (fd >= 0)
    {
      g_subprocess_launcher_take_fd (launcher, fd, target);
      return TRUE;
    }
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "making %s: %s", what,
               g_strerror (errno));
  return FALSE;
}

static gboolean
connect_kept (BuildqCommand *self,
              GSubprocessLauncher *launcher,
              const BuildqCommandKeep *keep,
              GError **error)
{
  g_autofree char *status = g_build_filename (keep->dir, STATUS_NAME, NULL);
  int control[2] = { -1, -1 };

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) == 0)
    self->control_fd = control[0];
  g_subprocess_launcher_set_flags (launcher, G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                                 | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  if (!take (launcher, control[1], CONTROL_FD, "a pair of sockets", error)
      || !take (launcher, open (status, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
                STATUS_FD, "the file for the status", error)
      || !take (launcher, listen_in (keep->dir), LISTEN_FD, "a listening socket", error)
      || !take (launcher, fcntl (keep->log_fd, F_DUPFD_CLOEXEC, 3), LOG_FD,
                "a copy of the log", error))
    return FALSE;
  self->status_fd = open (status, O_RDONLY | O_CLOEXEC);
  return TRUE;
}

/* Whether the file has a whole line. */
static gboolean
has_status (int fd)
{
  char line[64];
  gssize size = pread (fd, line, sizeof line, 0);

  return size > 0 && line[size - 1] == '\n';
}

BuildqCommand *
_buildq_command_resume (const char *dir,
                        BuildqCommandOutputFunc output,
                        BuildqCommandEndFunc end,
                        gpointer user_data,
                        GError **error)
{
  g_autoptr (BuildqCommand) self = g_new0 (BuildqCommand, 1);
  g_autofree char *status = g_build_filename (dir, STATUS_NAME, NULL);

  self->keep = TRUE;
  self->output_fd = -1;
  self->output = output;
  self->end = end;
  self->user_data = user_data;
  self->status_fd = open (status, O_RDONLY | O_CLOEXEC);
  self->control_fd = connect_in (dir);
  if (self->control_fd >= 0)
    watch_control (self);
  else if (self->status_fd >= 0 && has_status (self->status_fd))
    {
      self->control_source = g_idle_source_new ();
      g_source_set_callback (self->control_source, kept_ended, self, NULL);
      g_source_attach (self->control_source, g_main_context_get_thread_default ());
    }
  else
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                   "nothing of it runs any more");
      return NULL;
    }
  return g_steal_pointer (&self);
}

/* --- */

static int
make_environment (const char *const *env, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int fd, number;
  gsize done = 0;

  for (gsize i = 0; env[i] != NULL; i++)
    g_string_append_len (text, env[i], strlen (env[i]) + 1);
  fd = memfd_create ("buildq-environment", MFD_CLOEXEC);
  while (fd >= 0 && done < text->len)
    {
      gssize size = write (fd, text->str + done, text->len - done);

      if (size < 0 && errno != EINTR)
        break;
      done += MAX (size, 0);
    }
  if (fd >= 0 && done == text->len)
    return fd;
  number = errno;
  clear_fd (&fd);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number),
               "making an environment: %s", g_strerror (number));
  return -1;
}

static char *
find_supervisor (void)
{
  const char *dir = g_getenv ("BUILDQ_LIBEXECDIR");

  return g_build_filename (dir != NULL ? dir : BUILDQ_PKGLIBEXECDIR, "buildq-supervise",
                           NULL);
}

/* The ends of the pipes that stay here go to @self, the others to @launcher. */
static gboolean
connect_pipes (BuildqCommand *self, GSubprocessLauncher *launcher, GError **error)
{
  int control[2], status[2], output[2], again;

  if (!g_unix_open_pipe (control, FD_CLOEXEC, error))
    return FALSE;
  self->control_fd = control[1];
  g_subprocess_launcher_take_fd (launcher, control[0], CONTROL_FD);
  if (!g_unix_open_pipe (status, FD_CLOEXEC, error))
    return FALSE;
  self->status_fd = status[0];
  g_subprocess_launcher_take_fd (launcher, status[1], STATUS_FD);
  if (!g_unix_open_pipe (output, FD_CLOEXEC, error))
    return FALSE;
  self->output_fd = output[0];
  g_subprocess_launcher_take_stdout_fd (launcher, output[1]);
  again = fcntl (output[1], F_DUPFD_CLOEXEC, 3);
  if (again < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "duplicating a pipe: %s", g_strerror (errno));
      return FALSE;
    }
  g_subprocess_launcher_take_stderr_fd (launcher, again);
  fcntl (output[0], F_SETPIPE_SZ, PIPE_BYTES); /* may be refused; it is only faster */
  return g_unix_set_fd_nonblocking (output[0], TRUE, error)
         && g_unix_set_fd_nonblocking (status[0], TRUE, error);
}

static char **
make_line (const char *const *argv, const BuildqCommandKeep *keep)
{
  g_autoptr (GStrvBuilder) line = g_strv_builder_new ();
  g_autofree char *supervisor = find_supervisor ();

  g_strv_builder_add (line, supervisor);
  if (keep != NULL)
    {
      g_autofree char *ms
          = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) keep->keep_s * 1000);
      g_autofree char *bytes = g_strdup_printf (
          "%" G_GINT64_FORMAT, MIN (keep->log_limit, G_MAXINT64 - 1) + 1);

      g_strv_builder_add_many (line, "--keep", ms, bytes, NULL);
    }
  g_strv_builder_add (line, "--");
  g_strv_builder_addv (line, (const char **) argv);
  return g_strv_builder_end (line);
}

static void
watch_output (BuildqCommand *self)
{
  self->output_source = g_unix_fd_source_new (self->output_fd, G_IO_IN | G_IO_HUP);
  g_source_set_static_name (self->output_source, "[buildq] output of a job");
  g_source_set_callback (self->output_source, G_SOURCE_FUNC (output_ready), self, NULL);
  g_source_attach (self->output_source, g_main_context_get_thread_default ());
}

BuildqCommand *
_buildq_command_start (const char *const *argv,
                       const char *const *env,
                       const char *cwd,
                       const BuildqCommandKeep *keep,
                       BuildqCommandOutputFunc output,
                       BuildqCommandEndFunc end,
                       gpointer user_data,
                       GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (BuildqCommand) self = g_new0 (BuildqCommand, 1);
  g_auto (GStrv) line = make_line (argv, keep);
  int environment = make_environment (env, error);

  self->control_fd = self->status_fd = self->output_fd = -1;
  self->output = output;
  self->end = end;
  self->user_data = user_data;
  self->keep = keep != NULL;
  if (environment < 0)
    return NULL;
  g_subprocess_launcher_take_fd (launcher, environment, ENVIRONMENT_FD);
  if (self->keep ? !connect_kept (self, launcher, keep, error)
                 : !connect_pipes (self, launcher, error))
    return NULL;
  g_subprocess_launcher_set_cwd (launcher, cwd);
  self->process
      = g_subprocess_launcher_spawnv (launcher, (const char *const *) line, error);
  if (self->process == NULL)
    return NULL;
  g_subprocess_launcher_close (launcher);
  if (self->keep)
    watch_control (self);
  else
    {
      watch_output (self);
      g_subprocess_wait_async (self->process, NULL, process_ended, self);
    }
  return g_steal_pointer (&self);
}

void
_buildq_command_stop (BuildqCommand *self)
{
  if (!self->keep)
    clear_fd (&self->control_fd);
  else if (self->control_fd >= 0)
    send (self->control_fd, "s", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
_buildq_command_free (BuildqCommand *self)
{
  _buildq_command_mute (self);
  clear_source (&self->control_source);
  clear_fd (&self->control_fd);
  clear_fd (&self->status_fd);
  clear_fd (&self->output_fd);
  g_clear_object (&self->process);
  g_free (self);
}

static const char *
signal_name (int number)
{
  switch (number)
    {
    case SIGHUP:
      return "SIGHUP";
    case SIGINT:
      return "SIGINT";
    case SIGQUIT:
      return "SIGQUIT";
    case SIGILL:
      return "SIGILL";
    case SIGTRAP:
      return "SIGTRAP";
    case SIGABRT:
      return "SIGABRT";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGKILL:
      return "SIGKILL";
    case SIGSEGV:
      return "SIGSEGV";
    case SIGPIPE:
      return "SIGPIPE";
    case SIGALRM:
      return "SIGALRM";
    case SIGTERM:
      return "SIGTERM";
    case SIGXCPU:
      return "SIGXCPU";
    case SIGXFSZ:
      return "SIGXFSZ";
    case SIGSYS:
      return "SIGSYS";
    default:
      return g_strsignal (number);
    }
}

char *
_buildq_command_describe (BuildqCommandEnd end, int number, const char *program)
{
  switch (end)
    {
    case BUILDQ_COMMAND_EXITED:
      return g_strdup_printf ("exited with status %d", number);
    case BUILDQ_COMMAND_KILLED:
      return g_strdup_printf ("killed by signal %d (%s)", number, signal_name (number));
    case BUILDQ_COMMAND_NOT_EXECUTED:
      return g_strdup_printf ("'%s' cannot be executed: %s", program,
                              g_strerror (number));
    case BUILDQ_COMMAND_FAULT:
    default:
      if (number != 0)
        return g_strdup_printf ("supervising '%s': %s", program, g_strerror (number));
      return g_strdup_printf ("the supervisor of '%s' ended without a word", program);
    }
}
