/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * buildq-generate NAME: prints a file that is made from the table of options. NAME is
 * buildq.1, buildq-COMMAND.1, buildq.conf.5, buildq.conf or buildq.bash.
 */
#include "config.h"

#include "buildq-generate.h"

#include <stdio.h>
#include <string.h>

/* A key of the config files is the same wherever a command reads it. */
static void
check_option (const ToolOption *option, gboolean shared, gpointer user_data)
{
  gboolean *ok = user_data;
  g_autoptr (GPtrArray) options = NULL;

  if (option->group == NULL || option->type == TOOL_MIRRORS)
    return;
  options = tool_options_of_group (option->group);
  for (guint i = 0; i < options->len; i++)
    {
      const ToolOption *other = options->pdata[i];

      if (!g_str_equal (other->name, option->name))
        continue;
      if (other->type == option->type && other->min == option->min
          && other->max == option->max && other->check == option->check
          && other->choices == option->choices
          && g_strcmp0 (other->value, option->value) == 0
          && g_strcmp0 (other->variable, option->variable) == 0)
        continue;
      tool_warn ("--%s of [%s] is not the same everywhere", option->name, option->group);
      *ok = FALSE;
    }
}

static void
add_comment (GString *out, const char *text)
{
  g_autofree char *folded = tool_fold (text, 78);
  g_auto (GStrv) lines = g_strsplit (folded, "\n", -1);

  for (char **p = lines; *p != NULL; p++)
    g_string_append_printf (out, "# %s\n", *p);
}

static void
add_example_key (GString *out, const ToolOption *option)
{
  g_autofree char *text = tool_option_describe (option);

  g_string_append_c (out, '\n');
  add_comment (out, text);
  g_string_append_printf (out, option->value == NULL ? "#%s =\n" : "#%s = %s\n",
                          option->name, option->value);
}

void
generate_example (GString *out)
{
  g_autoptr (GPtrArray) groups = tool_config_groups ();
  g_autoptr (GPtrArray) mirror = tool_options_of_group ("mirror ");

  add_comment (out, "An example of a config file of buildq, with all keys and their "
                    "defaults. " TOOL_SYSTEM_CONFIG " is read first, then "
                    "~/.config/buildq/buildq.conf. See buildq.conf(5); 'buildq config "
                    "check' finds mistakes, 'buildq config show' tells what counts.");
  for (guint i = 0; i < groups->len; i++)
    {
      g_autoptr (GPtrArray) options = tool_options_of_group (groups->pdata[i]);

      g_string_append_printf (out, "\n[%s]\n", (const char *) groups->pdata[i]);
      for (guint j = 0; j < options->len; j++)
        add_example_key (out, options->pdata[j]);
    }
  g_string_append_c (out, '\n');
  add_comment (out, "Mirrors, in the order in which they are asked; the names are yours. "
                    "Results go into all of them.");
  g_string_append (out, "#[mirror lan]\n");
  for (guint i = 0; i < mirror->len; i++)
    add_example_key (out, mirror->pdata[i]);
}

static gboolean
generate (const char *name, GString *out)
{
  g_autofree char *page = NULL;

  if (g_str_equal (name, "buildq.conf.5"))
    generate_man_of_config (out);
  else if (g_str_equal (name, "buildq.conf"))
    generate_example (out);
  else if (g_str_equal (name, "buildq.bash"))
    generate_bash (out);
  else if (g_str_equal (name, "buildq.1"))
    generate_man (&tool_buildq, out);
  else
    for (const ToolCommand *const *p = tool_buildq.commands; *p != NULL; p++)
      {
        g_autofree char *of_command = g_strdup_printf ("buildq-%s.1", (*p)->name);

        if (g_str_equal (name, of_command))
          generate_man (*p, out);
      }
  return out->len > 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean ok = TRUE;

  tool_foreach_option (check_option, &ok);
  if (!ok)
    return TOOL_FAILED;
  if (argc != 2 || !generate (argv[1], out))
    return tool_usage_error ("say which file to make, such as buildq.1");
  fputs (out->str, stdout);
  return fflush (stdout) == 0 ? TOOL_OK : TOOL_FAILED;
}
