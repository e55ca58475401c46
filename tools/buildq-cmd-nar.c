/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <unistd.h>

static const ToolUsage dump_usage = {
  "PATH",
  "Writes a file or a folder to standard output, as a NAR.",
  "Example:\n"
  "  buildq nar dump result | zstd > result.nar.zst",
  1,
  1,
};

static const ToolUsage restore_usage = {
  "PATH",
  "Unpacks a NAR from standard input to PATH, where nothing may be yet.",
  "Example:\n"
  "  zstdcat result.nar.zst | buildq nar restore result",
  1,
  1,
};

static const ToolUsage hash_usage = {
  "PATH",
  "Prints the SHA-256 of the NAR of a file or a folder, as records have it, and its size "
  "in\n"
  "bytes.",
  "Example:\n"
  "  buildq nar hash result",
  1,
  1,
};

static int
run_dump (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  if (!tool_parse (&dump_usage, NULL, &argc, &argv, &status))
    return status;
  if (isatty (STDOUT_FILENO))
    return tool_usage_error ("a NAR is no text: send it into a file or a pipe");
  if (!buildq_nar_dump (argv[1], STDOUT_FILENO, NULL, &error))
    return tool_fail (error);
  return TOOL_OK;
}

static int
run_restore (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  if (!tool_parse (&restore_usage, NULL, &argc, &argv, &status))
    return status;
  if (!buildq_nar_restore (STDIN_FILENO, argv[1], NULL, &error))
    return tool_fail (error);
  return TOOL_OK;
}

static int
run_hash (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = NULL;
  gint64 size;
  int status;

  if (!tool_parse (&hash_usage, NULL, &argc, &argv, &status))
    return status;
  hash = buildq_nar_hash (argv[1], &size, NULL, &error);
  if (hash == NULL)
    return tool_fail (error);
  tool_say ("%s %" G_GINT64_FORMAT, hash, size);
  return TOOL_OK;
}

int
tool_cmd_nar (int argc, char **argv)
{
  static const ToolCommand commands[] = {
    { "dump", "write a file or folder as a NAR", run_dump },
    { "restore", "unpack a NAR", run_restore },
    { "hash", "print the hash and size of a NAR", run_hash },
  };

  return tool_run_commands (
      "buildq nar",
      "Writes, reads and hashes archives in the NAR format of Nix and Guix:\n"
      "equal trees give equal bytes.",
      commands, G_N_ELEMENTS (commands), "'buildq nar COMMAND --help' says more.\n", argc,
      argv);
}
