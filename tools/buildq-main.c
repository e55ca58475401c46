/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

static const ToolCommand *const commands[] = {
  &tool_farm_command,   &tool_serve_command,
  &tool_work_command,   &tool_submit_command,
  &tool_status_command, &tool_log_command,
  &tool_cancel_command, &tool_retry_command,
  &tool_fetch_command,  &tool_token_command,
  &tool_key_command,    &tool_journal_command,
  &tool_nar_command,    &tool_narinfo_command,
  &tool_config_command, NULL,
};

const ToolCommand tool_buildq = {
  .name = "buildq",
  .description = "A build farm whose machines fetch their work from a queue, and their\n"
                 "inputs from a network of mirrors.",
  .notes
  = "Environment, where the command line says nothing else:\n"
    "  BUILDQ_URI         the queue to talk to\n"
    "  BUILDQ_TOKEN_FILE  a file with the token that the queue asks for\n"
    "  BUILDQ_STATE       where serve, work, farm and token keep their files\n"
    "  BUILDQ_CONFIG      the config file; 'buildq config show' tells what counts\n"
    "\n"
    "Exit status: 0 success; 1 failure, also of a job; 2 wrong usage or config.\n"
    "\n"
    "Try it, with nothing running yet:\n"
    "  echo '{\"jobs\": [{\"key\": \"hello\", \"argv\": [\"sh\", \"-c\", "
    "\"echo hello > $out\"],\n"
    "         \"outputs\": [\"out\"]}]}' > hello.json\n"
    "  buildq farm hello.json",
  .commands = commands,
};

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
