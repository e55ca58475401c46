/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>

typedef struct
{
  char *role;
} AddOptions;

static BuildqAuthority *
open_authority (GError **error)
{
  g_autofree char *state = tool_state_dir ();
  g_autofree char *path = g_build_filename (state, "tokens.json", NULL);

  if (!tool_make_dir (state, error) || !tool_be_owner_of (state, error))
    return NULL;
  return buildq_authority_new (path, error);
}

static int
add (const char *name, const char *role_name)
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
  authority = open_authority (&error);
  if (authority == NULL)
    return tool_fail (error);
  token = buildq_authority_add_token (authority, name, role, &error);
  if (token == NULL)
    return tool_fail (error);
  tool_say ("%s", token);
  return TOOL_OK;
}

static int
run_add (gconstpointer data, char **arguments)
{
  const AddOptions *options = data;

  if (options->role != NULL && arguments[1] != NULL)
    return tool_usage_error ("the role is there twice");
  return add (arguments[0], arguments[1] != NULL ? arguments[1] : options->role);
}

static const char *const roles[]
    = { "reader", "submitter", "worker", "relay", "admin", NULL };

/* clang-format off */
static const ToolOption add_options[] = {
  { "role", 'r', TOOL_STRING, offsetof (AddOptions, role), "ROLE", "what they may do",
    .choices = roles },
  { NULL },
};
/* clang-format on */

static const ToolCommand add_command = {
  .name = "add",
  .summary = "let somebody in, and print their token",
  .arguments = "NAME [ROLE]",
  .description = "Lets somebody use the queue of this machine, and prints the token that "
                 "they show. It\n"
                 "cannot be printed again.",
  .notes
  = "Roles: reader (may look), submitter (may also submit, and cancel what it "
    "submitted),\n"
    "worker (may fetch jobs, under the name of the token), relay (may do so for others), "
    "admin\n"
    "(may do everything).\n"
    "\n"
    "The first token makes an open queue a closed one: start 'buildq serve' again then. "
    "Later\n"
    "ones count at once.\n"
    "\n"
    "Examples:\n"
    "  (umask 077; buildq token add ant --role worker > ant.token)\n"
    "  BUILDQ_TOKEN_FILE=ant.token buildq work --name ant --mirror /srv/mirror",
  .min_arguments = 1,
  .max_arguments = 2,
  .options = add_options,
  .shared = { tool_server_state_options },
  .size = sizeof (AddOptions),
  .run = run_add,
};

static int
run_list (gconstpointer options, char **arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqAuthority) authority = NULL;
  g_autoptr (GPtrArray) principals = NULL;
  g_autoptr (ToolTable) table = tool_table_new ("NAME", "ROLE", NULL);

  authority = open_authority (&error);
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

static const ToolCommand list_command = {
  .name = "list",
  .summary = "list who may use the queue",
  .description = "Lists who may use the queue of this machine.",
  .notes = "Example:\n"
           "  buildq token list --state /srv/farm",
  .shared = { tool_server_state_options },
  .run = run_list,
};

static int
run_remove (gconstpointer options, char **arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqAuthority) authority = open_authority (&error);

  if (authority == NULL || !buildq_authority_remove (authority, arguments[0], &error))
    return tool_fail (error);
  return TOOL_OK;
}

static const ToolCommand remove_command = {
  .name = "remove",
  .summary = "let somebody in no longer",
  .arguments = "NAME",
  .description
  = "Lets somebody use the queue of this machine no longer. That counts at once.",
  .notes = "Example:\n"
           "  buildq token remove ant",
  .min_arguments = 1,
  .max_arguments = 1,
  .shared = { tool_server_state_options },
  .run = run_remove,
};

static const ToolCommand *const commands[]
    = { &add_command, &list_command, &remove_command, NULL };

const ToolCommand tool_token_command = {
  .name = "token",
  .summary = "add, list and remove those who may use a queue",
  .description = "Manages those who may use the queue whose state directory is on this\n"
                 "machine. Only hashes of tokens are kept.",
  .commands = commands,
};
