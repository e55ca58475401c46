/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * buildq-supervise [--keep MS BYTES] -- COMMAND [ARGUMENT…]
 *
 * Runs a command and sees to it that nothing of it survives: when the command ends, when
 * the control pipe is closed (so also when the worker is killed) or on SIGTERM, all its
 * descendants die, also those that made themselves sessions of their own.
 *
 * fd 3: the control pipe; its end means stop. SIGTERM goes to the process group of the
 *       command, and SIGKILL to all that is left when the command is gone or 2 s are
 * over. fd 4: how it ended, one line: "exit STATUS", "signal NUMBER", "exec ERRNO" (the
 * command could not be executed) or "fault ERRNO" (this program could not do its work).
 * fd 5: the environment of the command, each NAME=VALUE ended by a zero byte. It comes in
 * a file as arguments can be seen by everybody, and as it must not change this program.
 *
 * With --keep the command outlives the worker for MS milliseconds, in which another can
 * take its place:
 * fd 3: a stream socket, to the worker. Its end means that the worker is gone; then the
 *       next who connects to fd 6 is the worker. What it says, a byte, means stop. A byte
 *       goes back when there is more in the log; its end means that all is over.
 * fd 4: the file for how it ended. It stays empty when it was stopped, because the worker
 *       or a signal said so, or nobody came in time: then the job has not come to its
 * end. fd 6: a listening socket; closed when the time is over. As long as there is a
 * worker, who connects has to wait, so that there never are two. fd 7: the log, where
 * what the command writes goes, BYTES of it at most; then the command waits for what the
 * worker says.
 *
 * This program is a child subreaper: orphans become its children. It only ever signals
 * its own children, whose numbers cannot be taken by others before it has waited for
 * them; the children of a killed child become its own, and are next.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum
{
  CONTROL_FD = 3,
  STATUS_FD = 4,
  ENVIRONMENT_FD = 5,
  LISTEN_FD = 6,
  LOG_FD = 7
};

#define GRACE_MS 2000
#define RETRY_MS 20 /* between two rounds of killing */

extern char **environ;

static pid_t command;
static int command_status;
static int command_ended;

static int keep;
static long keep_ms;
static long long log_left;
static int control = CONTROL_FD; /* -1: there is no worker now */
static int output = -1;          /* what the command writes, to be copied to the log */
static int log_errno;
static int disowned; /* stopped for no reason of the job's */

static void
report (const char *what, int number)
{
  if (dprintf (STATUS_FD, "%s %d\n", what, number) < 0)
    _exit (1); /* the worker is gone */
}

static void
fault (int number)
{
  report ("fault", number);
  exit (1);
}

static long
now_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
read_environment (void)
{
  struct stat info;
  size_t size, done = 0, n = 0;
  char *text;

  if (fstat (ENVIRONMENT_FD, &info) < 0)
    fault (errno);
  size = info.st_size;
  text = malloc (size + 1);
  environ = calloc (size / 2 + 2, sizeof (char *)); /* an entry has two bytes at least */
  if (text == NULL || environ == NULL)
    fault (ENOMEM);
  while (done < size)
    {
      ssize_t got = pread (ENVIRONMENT_FD, text + done, size - done, done);

      if (got <= 0)
        fault (got < 0 ? errno : EIO);
      done += got;
    }
  text[size] = '\0';
  for (char *p = text; p < text + size; p += strlen (p) + 1)
    if (*p != '\0')
      environ[n++] = p;
  close (ENVIRONMENT_FD);
}

/* What the command finds is the same whatever the worker ignored or blocked. Past the C
 * library, which keeps two signals to itself, and does not see that somebody before us
 * ignored them. */
static void
reset_signals (void)
{
  static const unsigned long defaults[16]; /* the kernel's struct; SIG_DFL is 0 */
  sigset_t none;

  for (int number = 1; number < NSIG; number++)
    syscall (SYS_rt_sigaction, number, defaults, NULL, (NSIG + 6) / 8);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

static void
run_command (char **argv, int failed_fd, int output_fd, pid_t parent)
{
  setpgid (0, 0);
  if (keep && (dup2 (output_fd, 1) < 0 || dup2 (output_fd, 2) < 0))
    _exit (127);
  umask (022);
  /* If this program is killed, at least the command goes. */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (127);
  /* A program of another user could not be killed. */
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  reset_signals ();
  execvp (argv[0], argv);
  if (write (failed_fd, &errno, sizeof errno) < 0)
    _exit (126);
  _exit (127);
}

static void
start_command (char **argv)
{
  int failed[2], written[2] = { -1, -1 }, number = 0;
  pid_t parent = getpid ();

  if (pipe2 (failed, O_CLOEXEC) < 0 || (keep && pipe2 (written, O_CLOEXEC) < 0))
    fault (errno);
  command = fork ();
  if (command < 0)
    fault (errno);
  if (command == 0)
    run_command (argv, failed[1], written[1], parent);
  setpgid (command, command); /* also here, so that it is done whoever comes first */
  close (failed[1]);
  output = written[0];
  if (keep)
    {
      close (written[1]);
      fcntl (output, F_SETFL, O_NONBLOCK);
    }
  if (read (failed[0], &number, sizeof number) == sizeof number)
    {
      waitpid (command, NULL, 0);
      report ("exec", number);
      exit (0);
    }
  close (failed[0]);
}

/* Waits for all that ended; whether there is a child left. */
static int
reap (void)
{
  pid_t pid;
  int status;

  while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
    if (pid == command)
      {
        command_status = status;
        command_ended = 1;
      }
  return pid == 0;
}

static int
parent_of (const char *pid)
{
  char path[64], text[512], *end;
  ssize_t size;
  int fd, parent = -1;

  snprintf (path, sizeof path, "/proc/%.16s/stat", pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  size = read (fd, text, sizeof text - 1);
  close (fd);
  text[size > 0 ? size : 0] = '\0';
  end = strrchr (text, ')'); /* the name of a program may hold anything */
  if (end == NULL || sscanf (end, ") %*c %d", &parent) != 1)
    return -1;
  return parent;
}

static void
kill_children (void)
{
  DIR *proc = opendir ("/proc");
  struct dirent *entry;

  if (proc == NULL)
    return;
  while ((entry = readdir (proc)) != NULL)
    if (isdigit ((unsigned char) entry->d_name[0])
        && parent_of (entry->d_name) == getpid ())
      kill (atoi (entry->d_name), SIGKILL);
  closedir (proc);
}

/* --- a command that may outlive the worker --- */

/* Whether there may be more now. */
static int
copy_output (void)
{
  char block[64 * 1024];
  size_t wanted = log_left < (long long) sizeof block ? (size_t) log_left : sizeof block;
  ssize_t size = read (output, block, wanted), done = 0;

  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return errno == EINTR;
  if (size <= 0)
    {
      close (output);
      output = -1;
      return 0;
    }
  log_left -= size;
  while (done < size && log_errno == 0)
    {
      ssize_t now = write (LOG_FD, block + done, size - done);

      if (now < 0 && errno != EINTR)
        log_errno = errno;
      done += now > 0 ? now : 0;
    }
  if (control >= 0)
    send (control, "l", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  return log_left > 0;
}

/* Whether the worker wants the command to be stopped. One that is gone is given up for
 * the next, until @gone. */
static int
heed_worker (long *gone)
{
  char byte;
  ssize_t size;

  if (!keep)
    return 1;
  if (control < 0)
    {
      control = accept4 (LISTEN_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (control >= 0)
        *gone = -1;
      /* That the log is full was said to nobody. */
      if (control >= 0 && log_left <= 0)
        send (control, "l", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
      return 0;
    }
  size = recv (control, &byte, 1, MSG_DONTWAIT);
  if (size > 0)
    {
      disowned = 1; /* why, only this worker knows */
      return 1;
    }
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return 0;
  close (control);
  control = -1;
  *gone = now_ms () + keep_ms;
  return 0;
}

/* --- */

static int
heed_signals (int signals)
{
  struct signalfd_siginfo info;
  int stop = 0;

  while (read (signals, &info, sizeof info) == sizeof info)
    stop |= info.ssi_signo != SIGCHLD;
  disowned |= stop;
  return stop;
}

static void
stop_command (void)
{
  kill (-command, SIGTERM);
  kill (-command, SIGCONT);
}

/* Nobody may think any more that the command can be taken over. */
static int
is_over (long gone)
{
  if (gone < 0 || now_ms () < gone)
    return 0;
  close (LISTEN_FD);
  disowned = 1;
  return 1;
}

/* Until the command ended, or is to be stopped and had its time. */
static void
wait_for_command (int signals)
{
  long deadline = -1, gone = -1;

  while (reap () && !command_ended)
    {
      struct pollfd fds[3] = { { signals, POLLIN, 0 },
                               { log_left > 0 ? output : -1, POLLIN, 0 },
                               { control >= 0 ? control : LISTEN_FD, POLLIN, 0 } };
      long until = deadline >= 0 ? deadline : gone;
      long left = until < 0 ? -1 : until - now_ms ();
      int stop;

      if (deadline >= 0 && left <= 0)
        return;
      if (poll (fds, deadline < 0 ? 3 : 2, left < 0 && until >= 0 ? 0 : left) < 0
          && errno != EINTR)
        return;
      stop = heed_signals (signals);
      if (fds[1].revents != 0)
        copy_output ();
      if (deadline >= 0)
        continue;
      if (fds[2].revents != 0)
        stop |= heed_worker (&gone);
      if (!stop && !is_over (gone) && log_errno == 0)
        continue;
      deadline = now_ms () + GRACE_MS;
      stop_command ();
    }
}

static void
report_end (void)
{
  while (output >= 0 && log_left > 0 && copy_output ())
    ;
  if (keep && disowned)
    return;
  if (log_errno != 0)
    report ("fault", log_errno);
  else if (WIFSIGNALED (command_status))
    report ("signal", WTERMSIG (command_status));
  else
    report ("exit", WEXITSTATUS (command_status));
  if (keep)
    fdatasync (STATUS_FD);
}

/* Returns where the command begins. */
static char **
read_options (int argc, char **argv)
{
  if (argc > 5 && strcmp (argv[1], "--keep") == 0 && strcmp (argv[4], "--") == 0)
    {
      keep = 1;
      keep_ms = atol (argv[2]);
      log_left = atoll (argv[3]);
      return argv + 5;
    }
  if (argc > 2 && strcmp (argv[1], "--") == 0)
    return argv + 2;
  fprintf (stderr, "usage: buildq-supervise [--keep MS BYTES] -- COMMAND [ARGUMENT…]\n");
  exit (2);
}

static void
close_on_exec (void)
{
  int last = keep ? LOG_FD : ENVIRONMENT_FD;

  for (int fd = CONTROL_FD; fd <= last; fd++)
    fcntl (fd, F_SETFD, FD_CLOEXEC);
#ifdef HAVE_CLOSE_RANGE
  close_range (last + 1, ~0U, 0); /* there are none, if the caller did its part */
#endif
}

int
main (int argc, char **argv)
{
  char **line = read_options (argc, argv);
  sigset_t watched;
  int signals;

  signal (SIGPIPE, SIG_IGN);
  signal (SIGCHLD, SIG_DFL);
  close_on_exec ();
  sigemptyset (&watched);
  sigaddset (&watched, SIGCHLD);
  sigaddset (&watched, SIGTERM);
  sigaddset (&watched, SIGINT);
  sigaddset (&watched, SIGHUP);
  sigprocmask (SIG_SETMASK, &watched, NULL);
  signals = signalfd (-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0 || prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0
      || access ("/proc/self/stat", R_OK) < 0)
    fault (errno);
  read_environment ();
  setsid ();
  start_command (line);
  wait_for_command (signals);
  while (reap ())
    {
      kill_children ();
      poll (NULL, 0, RETRY_MS);
    }
  report_end ();
  return 0;
}
