/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <unistd.h>

static int
run_dump (gconstpointer options, char **arguments)
{
  g_autoptr (GError) error = NULL;

  if (isatty (STDOUT_FILENO))
    return tool_usage_error ("a NAR is no text: send it into a file or a pipe");
  if (!buildq_nar_dump (arguments[0], STDOUT_FILENO, NULL, &error))
    return tool_fail (error);
  return TOOL_OK;
}

static int
run_restore (gconstpointer options, char **arguments)
{
  g_autoptr (GError) error = NULL;

  if (!buildq_nar_restore (STDIN_FILENO, arguments[0], NULL, &error))
    return tool_fail (error);
  return TOOL_OK;
}

static int
run_hash (gconstpointer options, char **arguments)
{
  gint64 size;
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = buildq_nar_hash (arguments[0], &size, NULL, &error);

  if (hash == NULL)
    return tool_fail (error);
  tool_say ("%s %" G_GINT64_FORMAT, hash, size);
  return TOOL_OK;
}

static const ToolCommand dump_command = {
  .name = "dump",
  .summary = "write a file or folder as a NAR",
  .arguments = "PATH",
  .description = "Writes a file or a folder to standard output, as a NAR.",
  .notes = "Example:\n"
           "  buildq nar dump result | zstd > result.nar.zst",
  .min_arguments = 1,
  .max_arguments = 1,
  .run = run_dump,
};

static const ToolCommand restore_command = {
  .name = "restore",
  .summary = "unpack a NAR",
  .arguments = "PATH",
  .description = "Unpacks a NAR from standard input to PATH, where nothing may be yet.",
  .notes = "Example:\n"
           "  zstdcat result.nar.zst | buildq nar restore result",
  .min_arguments = 1,
  .max_arguments = 1,
  .run = run_restore,
};

static const ToolCommand hash_command = {
  .name = "hash",
  .summary = "print the hash and size of a NAR",
  .arguments = "PATH",
  .description = "Prints the SHA-256 of the NAR of a file or a folder, as records have "
                 "it, and its size "
                 "in\n"
                 "bytes.",
  .notes = "Example:\n"
           "  buildq nar hash result",
  .min_arguments = 1,
  .max_arguments = 1,
  .run = run_hash,
};

static const ToolCommand *const commands[]
    = { &dump_command, &restore_command, &hash_command, NULL };

const ToolCommand tool_nar_command = {
  .name = "nar",
  .summary = "write, read and hash archives in the NAR format",
  .description = "Writes, reads and hashes archives in the NAR format of Nix and Guix:\n"
                 "equal trees give equal bytes.",
  .commands = commands,
};
