/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Whatever happens in whatever order: no acknowledged job is lost, no attempt has two
 * leases, what is complete is so once, nothing is stuck.
 *
 * BUILDQ_TEST_SEED=N runs that history alone, and tells all of it.
 */
#include "config.h"

#include "history.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HISTORIES 1000
#else
#define HISTORIES 10000
#endif
#define LONG_HISTORIES 1000000

static guint32 running; /* the seed, for who looks at a crash */

static void
test_random (gconstpointer steps)
{
  const char *only = g_getenv ("BUILDQ_TEST_SEED");
  guint32 n = g_getenv ("BUILDQ_TEST_LONG") != NULL ? LONG_HISTORIES : HISTORIES;

  if (only != NULL)
    {
      history_run ((guint32) atoi (only), GPOINTER_TO_UINT (steps), TRUE);
      return;
    }
  for (running = 1; running <= n; running++)
    history_run (running, GPOINTER_TO_UINT (steps), FALSE);
}

/* An assertion failed: where. */
static void
say_seed (int signal_number)
{
  char text[80];
  int length
      = g_snprintf (text, sizeof text, "# to see it: BUILDQ_TEST_SEED=%u\n", running);

  if (write (STDERR_FILENO, text, (gsize) length) != length)
    _exit (2);
  signal (signal_number, SIG_DFL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  signal (SIGABRT, say_seed);

  g_test_add_data_func ("/history/random", GUINT_TO_POINTER (200), test_random);

  return g_test_run ();
}
