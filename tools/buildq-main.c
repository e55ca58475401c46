/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

static const ToolCommand commands[] = {
  { "farm", "run a whole farm on this machine: queue and workers in one process",
    tool_cmd_farm },
  { "serve", "run the queue of a farm, for workers and submitters to connect to",
    tool_cmd_serve },
  { "work", "run a worker: fetch jobs from a queue and build them", tool_cmd_work },
  { "submit", "submit the jobs of a file, and wait for them", tool_cmd_submit },
  { "status", "show jobs, requests and workers", tool_cmd_status },
  { "log", "print or follow the log of a job", tool_cmd_log },
  { "cancel", "withdraw a request", tool_cmd_cancel },
  { "retry", "try again what did not succeed", tool_cmd_retry },
  { "fetch", "fetch what was built from the mirrors, and verify it", tool_cmd_fetch },
  { "token", "add, list and remove those who may use a queue", tool_cmd_token },
  { "key", "make and show signing keys", tool_cmd_key },
  { "journal", "back up and check the journal of a queue", tool_cmd_journal },
  { "nar", "write, read and hash archives in the NAR format", tool_cmd_nar },
  { "narinfo", "show and verify the records that mirrors keep", tool_cmd_narinfo },
};

static const char footer[]
    = "Environment:\n"
      "  BUILDQ_URI         the queue to talk to (default: " TOOL_DEFAULT_URI ")\n"
      "  BUILDQ_TOKEN_FILE  a file with the token that the queue asks for\n"
      "  BUILDQ_STATE       where serve, work, farm and token keep their files "
      "(default:\n"
      "                     /var/lib/buildq as root, else $XDG_STATE_HOME/buildq)\n"
      "\n"
      "Exit status: 0 success; 1 failure, also of a job; 2 wrong usage.\n"
      "\n"
      "Try it, with nothing running yet:\n"
      "  echo '{\"jobs\": [{\"key\": \"hello\", \"argv\": [\"sh\", \"-c\", \"echo hello "
      "> $out\"],\n"
      "         \"outputs\": [\"out\"]}]}' > hello.json\n"
      "  buildq farm hello.json\n"
      "\n"
      "'buildq COMMAND --help' says more about each command.\n";

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
  return tool_run_commands (
      "buildq",
      "A build farm whose machines fetch their work from a queue, and their\n"
      "inputs from a network of mirrors.",
      commands, G_N_ELEMENTS (commands), footer, argc, argv);
}
