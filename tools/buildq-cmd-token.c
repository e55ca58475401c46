/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>

#define STATE_HELP "the state directory of the queue (default: BUILDQ_STATE)"

static const ToolUsage add_usage = {
  "NAME [ROLE]",
  "Lets somebody use the queue of this machine, and prints the token that they show. It\n"
  "cannot be printed again.",
  "Roles: reader (may look), submitter (may also submit, and cancel what it submitted),\n"
  "worker (may fetch jobs, under the name of the token), relay (may do so for others), "
  "admin\n"
  "(may do everything).\n"
  "\n"
  "The first token makes an open queue a closed one: start 'buildq serve' again then. "
  "Later\n"
  "ones count at once.\n"
  "\n"
  "Examples:\n"
  "  buildq token add ant --role worker > ant.token\n"
  "  BUILDQ_TOKEN_FILE=ant.token buildq work --name ant --mirror /srv/mirror",
  1,
  2,
};

static const ToolUsage list_usage = {
  NULL,
  "Lists who may use the queue of this machine.",
  "Example:\n"
  "  buildq token list --state /srv/farm",
  0,
  0,
};

static const ToolUsage remove_usage = {
  "NAME",
  "Lets somebody use the queue of this machine no longer. That counts at once.",
  "Example:\n"
  "  buildq token remove ant",
  1,
  1,
};

static BuildqAuthority *
open_authority (const char *state_option, GError **error)
{
  g_autofree char *state = tool_state_dir (state_option);
  g_autofree char *path = g_build_filename (state, "tokens.json", NULL);

  if (!tool_make_dir (state, error))
    return NULL;
  return buildq_authority_new (path, error);
}

static int
add (const char *state, const char *name, const char *role_name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqAuthority) authority = NULL;
  g_autofree char *token = NULL;
  BuildqRole role;

  if (role_name == NULL)
    return tool_usage_error (
        "say the role: --role reader, submitter, worker, relay or admin");
  if (!buildq_role_from_string (role_name, &role, &error))
    return tool_usage_error ("%s; roles are reader, submitter, worker, relay and admin",
                             error->message);
  authority = open_authority (state, &error);
  if (authority == NULL)
    return tool_fail (error);
  token = buildq_authority_add_token (authority, name, role, &error);
  if (token == NULL)
    return tool_fail (error);
  tool_say ("%s", token);
  return TOOL_OK;
}

static int
run_add (int argc, char **argv)
{
  g_autofree char *state = NULL;
  g_autofree char *role = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "role", 'r', 0, G_OPTION_ARG_STRING, &role, "what they may do, see below", "ROLE" },
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &state, STATE_HELP, "DIR" },
    { NULL },
  };

  if (!tool_parse (&add_usage, entries, &argc, &argv, &status))
    return status;
  if (role != NULL && argc > 2)
    return tool_usage_error ("the role is there twice");
  return add (state, argv[1], argc > 2 ? argv[2] : role);
}

static int
run_list (int argc, char **argv)
{
  g_autofree char *state = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqAuthority) authority = NULL;
  g_autoptr (GPtrArray) principals = NULL;
  g_autoptr (ToolTable) table = tool_table_new ("NAME", "ROLE", NULL);
  int status;
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &state, STATE_HELP, "DIR" },
    { NULL },
  };

  if (!tool_parse (&list_usage, entries, &argc, &argv, &status))
    return status;
  authority = open_authority (state, &error);
  if (authority == NULL)
    return tool_fail (error);
  principals = buildq_authority_list (authority, &error);
  if (principals == NULL)
    return tool_fail (error);
  for (guint i = 0; i < principals->len; i++)
    tool_table_add (
        table, buildq_principal_get_name (principals->pdata[i]),
        buildq_role_to_string (buildq_principal_get_role (principals->pdata[i])), NULL);
  if (principals->len == 0)
    puts ("no tokens; 'buildq token add NAME --role ROLE' makes one");
  else
    tool_table_print (table);
  return TOOL_OK;
}

static int
run_remove (int argc, char **argv)
{
  g_autofree char *state = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqAuthority) authority = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &state, STATE_HELP, "DIR" },
    { NULL },
  };

  if (!tool_parse (&remove_usage, entries, &argc, &argv, &status))
    return status;
  authority = open_authority (state, &error);
  if (authority == NULL || !buildq_authority_remove (authority, argv[1], &error))
    return tool_fail (error);
  return TOOL_OK;
}

int
tool_cmd_token (int argc, char **argv)
{
  static const ToolCommand commands[] = {
    { "add", "let somebody in, and print their token", run_add },
    { "list", "list who may use the queue", run_list },
    { "remove", "let somebody in no longer", run_remove },
  };

  return tool_run_commands (
      "buildq token",
      "Manages those who may use the queue whose state directory is on this\n"
      "machine. Only hashes of tokens are kept.",
      commands, G_N_ELEMENTS (commands), "'buildq token COMMAND --help' says more.\n",
      argc, argv);
}
