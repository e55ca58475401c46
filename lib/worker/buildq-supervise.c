/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * buildq-supervise COMMAND [ARGUMENT…]
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum
{
  CONTROL_FD = 3,
  STATUS_FD = 4,
  ENVIRONMENT_FD = 5
};

#define GRACE_MS 2000
#define RETRY_MS 20 /* between two rounds of killing */

extern char **environ;

static pid_t command;
static int command_status;
static int command_ended;

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

/* What the command finds is the same whatever the worker ignored or blocked. */
static void
reset_signals (void)
{
  sigset_t none;

  for (int number = 1; number < NSIG; number++)
    signal (number, SIG_DFL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

static void
run_command (char **argv, int failed_fd, pid_t parent)
{
  setpgid (0, 0);
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
  int failed[2], number = 0;
  pid_t parent = getpid ();

  if (pipe2 (failed, O_CLOEXEC) < 0)
    fault (errno);
  command = fork ();
  if (command < 0)
    fault (errno);
  if (command == 0)
    run_command (argv, failed[1], parent);
  setpgid (command, command); /* also here, so that it is done whoever comes first */
  close (failed[1]);
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

/* Until the command ended, or is to be stopped and had its time. */
static void
wait_for_command (int signals)
{
  struct pollfd fds[2] = { { signals, POLLIN, 0 }, { CONTROL_FD, POLLIN, 0 } };
  struct signalfd_siginfo info;
  long deadline = -1;

  while (reap () && !command_ended)
    {
      int stop = 0;
      long left = deadline < 0 ? -1 : deadline - now_ms ();

      if (deadline >= 0 && left <= 0)
        return;
      if (poll (fds, deadline < 0 ? 2 : 1, left) < 0 && errno != EINTR)
        return;
      stop = deadline < 0 && fds[1].revents != 0;
      while (read (signals, &info, sizeof info) == sizeof info)
        stop |= info.ssi_signo != SIGCHLD;
      if (!stop || deadline >= 0)
        continue;
      deadline = now_ms () + GRACE_MS;
      kill (-command, SIGTERM);
      kill (-command, SIGCONT);
    }
}

int
main (int argc, char **argv)
{
  sigset_t watched;
  int signals;

  if (argc < 2)
    {
      fprintf (stderr, "usage: buildq-supervise COMMAND [ARGUMENT…]\n");
      return 2;
    }
  signal (SIGPIPE, SIG_IGN);
  signal (SIGCHLD, SIG_DFL);
  fcntl (CONTROL_FD, F_SETFD, FD_CLOEXEC);
  fcntl (STATUS_FD, F_SETFD, FD_CLOEXEC);
#ifdef HAVE_CLOSE_RANGE
  close_range (ENVIRONMENT_FD + 1, ~0U,
               0); /* there are none, if the caller did its part */
#endif
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
  start_command (argv + 1);
  wait_for_command (signals);
  while (reap ())
    {
      kill_children ();
      poll (NULL, 0, RETRY_MS);
    }
  if (WIFSIGNALED (command_status))
    report ("signal", WTERMSIG (command_status));
  else
    report ("exit", WEXITSTATUS (command_status));
  return 0;
}
