/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib/gstdio.h>
#include <string.h>

static const ToolUsage generate_usage = {
  "NAME",
  "Makes a key that signs what a farm builds, in the form of Nix. The secret half can "
  "be\n"
  "read by its owner only; files that are there are never written over. It prints the\n"
  "public half.",
  "By custom a name is that of the farm and the number of the key.\n"
  "\n"
  "Example:\n"
  "  buildq key generate farm.example.org-1 --secret farm.sec --public farm.pub\n"
  "\n"
  "Next: buildq serve --key FILE; buildq fetch --key FILE",
  1,
  1,
};

static const ToolUsage show_usage = {
  "FILE",
  "Prints the public half of a key, be it secret or public.",
  "Example:\n"
  "  buildq key show farm.sec",
  1,
  1,
};

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
run_generate (int argc, char **argv)
{
  g_autofree char *secret_path = NULL;
  g_autofree char *public_path = NULL;
  g_autofree char *public = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqKey) key = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "secret", 0, 0, G_OPTION_ARG_FILENAME, &secret_path,
      "where the secret half goes (default: NAME.sec)", "FILE" },
    { "public", 0, 0, G_OPTION_ARG_FILENAME, &public_path,
      "where the public half goes (default: NAME.pub)", "FILE" },
    { NULL },
  };

  if (!tool_parse (&generate_usage, entries, &argc, &argv, &status))
    return status;
  key = buildq_key_generate (argv[1], &error);
  if (key == NULL)
    return tool_fail (error);
  if ((secret_path == NULL || public_path == NULL) && strchr (argv[1], '/') != NULL)
    return tool_usage_error ("a name with '/' needs --secret and --public");
  if (secret_path == NULL)
    secret_path = g_strconcat (argv[1], ".sec", NULL);
  if (public_path == NULL)
    public_path = g_strconcat (argv[1], ".pub", NULL);

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
run_show (int argc, char **argv)
{
  g_autofree char *public = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqKey) key = NULL;
  int status;

  if (!tool_parse (&show_usage, NULL, &argc, &argv, &status))
    return status;
  key = buildq_key_new_from_file (argv[1], &error);
  if (key == NULL)
    return tool_fail (error);
  public = buildq_key_to_public_string (key);
  tool_say ("%s", public);
  return TOOL_OK;
}

int
tool_cmd_key (int argc, char **argv)
{
  static const ToolCommand commands[] = {
    { "generate", "make a key", run_generate },
    { "show", "print the public half of a key", run_show },
  };

  return tool_run_commands (
      "buildq key", "Makes and shows keys, Ed25519 in the form of Nix.", commands,
      G_N_ELEMENTS (commands), "'buildq key COMMAND --help' says more.\n", argc, argv);
}
