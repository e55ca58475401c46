/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

/* Run where it was built, the tool uses the supervisor that was built with it: it is at
 * tools/.libs/buildq then. */
static void
find_supervisor (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = NULL;
  g_autofree char *program = NULL;

  if (folder == NULL || !g_str_has_suffix (folder, "/tools/.libs"))
    return;
  beside = g_canonicalize_filename ("../../lib/worker", folder);
  program = g_build_filename (beside, "buildq-supervise", NULL);
  if (g_file_test (program, G_FILE_TEST_IS_EXECUTABLE))
    g_setenv ("BUILDQ_LIBEXECDIR", beside, FALSE);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  find_supervisor ();
  /* A reader that goes away, such as `head`, is an error of write(), not the end of us.
   */
  signal (SIGPIPE, SIG_IGN);

  if (argc > 1 && (g_str_equal (argv[1], "--version") || g_str_equal (argv[1], "-V")))
    {
      tool_say ("buildq %s", PACKAGE_VERSION);
      return TOOL_OK;
    }
  return tool_run (argc, argv);
}
