/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Nothing happens when the library is loaded: no thread, no file, no signal handler. This
 * program links nothing of ours, nor GLib, so that it sees what loading alone does.
 */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int
count_entries (const char *folder)
{
  DIR *dir = opendir (folder);
  int n = 0;

  if (dir == NULL)
    return -1;
  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

/* Signals that somebody handles, or ignores. */
static int
count_handlers (void)
{
  int n = 0;

  for (int number = 1; number < NSIG; number++)
    {
      struct sigaction action;

      if (sigaction (number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
        n++;
    }
  return n;
}

static int
count_variables (void)
{
  int n = 0;

  while (environ[n] != NULL)
    n++;
  return n;
}

static int
check (int number, const char *what, int before, int after)
{
  int good = before == after;

  printf ("%s %d - loading makes no %s\n", good ? "ok" : "not ok", number, what);
  if (!good)
    printf ("#   %d before, %d after\n", before, after);
  return good;
}

int
main (void)
{
  const char *build = getenv ("top_builddir");
  char path[4096];
  int threads = count_entries ("/proc/self/task");
  int files = count_entries ("/proc/self/fd");
  int handlers = count_handlers ();
  int variables = count_variables ();
  int good = 1;

  snprintf (path, sizeof path, "%s/lib/.libs/libbuildq-1.so.0",
            build != NULL ? build : ".");
  printf ("1..5\n");
  if (dlopen (path, RTLD_NOW | RTLD_LOCAL) == NULL)
    {
      printf ("Bail out! %s\n", dlerror ());
      return 1;
    }
  good &= check (1, "thread", threads, count_entries ("/proc/self/task"));
  good &= check (2, "file descriptor", files, count_entries ("/proc/self/fd"));
  good &= check (3, "signal handler", handlers, count_handlers ());
  good &= check (4, "child", -1, waitpid (-1, NULL, WNOHANG));
  good &= check (5, "variable of the environment", variables, count_variables ());
  return good ? 0 : 1;
}
