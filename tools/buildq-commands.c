/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

static const ToolCommand *const commands[] = {
  &tool_farm_command,
  &tool_serve_command,
  &tool_work_command,
  &tool_submit_command,
  &tool_status_command,
  &tool_log_command,
  &tool_cancel_command,
  &tool_retry_command,
  &tool_fetch_command,
  &tool_token_command,
  &tool_worker_command,
  &tool_key_command,
  &tool_journal_command,
  &tool_nar_command,
  &tool_narinfo_command,
  &tool_config_command,
  NULL,
};

const ToolCommand tool_buildq = {
  .name = "buildq",
  .description = "A build farm whose machines fetch their work from a queue, and their\n"
                 "inputs from a network of mirrors.",
  .notes = "Exit status: 0 success; 1 failure, also of a job; 2 wrong usage or config.\n"
           "Config files: see 'buildq config --help' and buildq.conf(5).\n"
           "\n"
           "Try it, with nothing running yet:\n"
           "  echo '{\"jobs\": [{\"key\": \"hello\", \"argv\": [\"sh\", \"-c\", "
           "\"echo hello > $out\"],\n"
           "         \"outputs\": [\"out\"]}]}' > hello.json\n"
           "  buildq farm hello.json",
  .commands = commands,
};
