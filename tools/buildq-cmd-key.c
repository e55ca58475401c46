/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  char *secret;
  char *public;
} GenerateOptions;

static gboolean
write_key (const char *path, const char *text, int mode, GError **error)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  return tool_write_new (path, line, mode, error);
}

/* The secret is in memory that is overwritten before it is given back. */
static gboolean
write_secret (BuildqKey *key, const char *path, GError **error)
{
  char *secret = buildq_key_to_secret_string (key);
  gsize length = strlen (secret);
  g_autofree char *line = g_malloc0 (length + 2);
  gboolean ok;

  memcpy (line, secret, length);
  line[length] = '\n';
  ok = tool_write_new (path, line, 0600, error);
  explicit_bzero (line, length);
  explicit_bzero (secret, length);
  g_free (secret);
  return ok;
}

static int
generate (const char *name, const char *secret_path, const char *public_path)
{
  g_autofree char *public = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqKey) key = buildq_key_generate (name, &error);

  if (key == NULL)
    return tool_fail (error);
  public = buildq_key_to_public_string (key);
  if (!write_secret (key, secret_path, &error))
    return tool_fail (error);
  if (!write_key (public_path, public, 0644, &error))
    {
      g_unlink (secret_path);
      return tool_fail (error);
    }
  tool_say ("%s", public);
  return TOOL_OK;
}

static int
run_generate (gconstpointer data, char **arguments)
{
  const GenerateOptions *options = data;
  const char *name = arguments[0];
  g_autofree char *secret = g_strconcat (name, ".sec", NULL);
  g_autofree char *public = g_strconcat (name, ".pub", NULL);

  if ((options->secret == NULL || options->public == NULL) && strchr (name, '/') != NULL)
    return tool_usage_error ("a name with '/' needs --secret and --public");
  return generate (name, options->secret != NULL ? options->secret : secret,
                   options->public != NULL ? options->public : public);
}

/* clang-format off */
static const ToolOption generate_options[] = {
  { "secret", 0, TOOL_PATH, offsetof (GenerateOptions, secret), "FILE",
    "where the secret half goes", .otherwise = "NAME.sec" },
  { "public", 0, TOOL_PATH, offsetof (GenerateOptions, public), "FILE",
    "where the public half goes", .otherwise = "NAME.pub" },
  { NULL },
};
/* clang-format on */

static const ToolCommand generate_command = {
  .name = "generate",
  .summary = "make a key",
  .arguments = "NAME",
  .description
  = "Makes a key that signs what a farm builds, in the form of Nix. The secret half can "
    "be\n"
    "read by its owner only; files that are there are never written over. It prints the\n"
    "public half.",
  .notes
  = "By custom a name is that of the farm and the number of the key.\n"
    "\n"
    "Example:\n"
    "  buildq key generate farm.example.org-1 --secret farm.sec --public farm.pub\n"
    "\n"
    "Next: buildq serve --key FILE; buildq fetch --key FILE",
  .min_arguments = 1,
  .max_arguments = 1,
  .options = generate_options,
  .size = sizeof (GenerateOptions),
  .run = run_generate,
};

static int
run_show (gconstpointer options, char **arguments)
{
  g_autofree char *public = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqKey) key = buildq_key_new_from_file (arguments[0], &error);

  if (key == NULL)
    return tool_fail (error);
  public = buildq_key_to_public_string (key);
  tool_say ("%s", public);
  return TOOL_OK;
}

static const ToolCommand show_command = {
  .name = "show",
  .summary = "print the public half of a key",
  .arguments = "FILE",
  .description = "Prints the public half of a key, be it secret or public.",
  .notes = "Example:\n"
           "  buildq key show farm.sec",
  .min_arguments = 1,
  .max_arguments = 1,
  .run = run_show,
};

static const ToolCommand *const commands[] = { &generate_command, &show_command, NULL };

const ToolCommand tool_key_command = {
  .name = "key",
  .summary = "make and show signing keys",
  .description = "Makes and shows keys, Ed25519 in the form of Nix.",
  .commands = commands,
};
