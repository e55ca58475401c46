/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Commands, options and their help.
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>
#include <string.h>

/* How many letters must be added, dropped or changed. Words are short. */
static guint
distance (const char *a, const char *b)
{
  gsize columns = strlen (b) + 1;
  g_autofree guint *row = g_new (guint, columns);

  for (gsize j = 0; j < columns; j++)
    row[j] = (guint) j;
  for (; *a != '\0'; a++)
    {
      guint diagonal = row[0]++;

      for (gsize j = 1; j < columns; j++)
        {
          guint change = diagonal + (*a == b[j - 1] ? 0 : 1);

          diagonal = row[j];
          row[j] = MIN (change, MIN (row[j - 1], row[j]) + 1);
        }
    }
  return row[columns - 1];
}

/* The candidate that was probably meant, or NULL. */
const char *
tool_closest (const char *word, const char *const *candidates)
{
  const char *best = NULL;
  guint best_distance = MAX (2, (guint) strlen (word) / 3) + 1;

  for (const char *const *p = candidates; *p != NULL; p++)
    {
      guint d
          = strlen (word) >= 3 && g_str_has_prefix (*p, word) ? 1 : distance (word, *p);

      if (d >= best_distance || d >= strlen (*p))
        continue;
      best = *p;
      best_distance = d;
    }
  return best;
}

static void
print_help (const char *prefix,
            const char *summary,
            const ToolCommand *commands,
            gsize n_commands,
            const char *footer)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text,
                          "Usage: %s COMMAND [OPTION…] [ARGUMENT…]\n\n%s\n\nCommands:\n",
                          prefix, summary);
  for (gsize i = 0; i < n_commands; i++)
    g_string_append_printf (text, "  %-9s %s\n", commands[i].name, commands[i].summary);
  g_string_append_printf (text, "\n%s", footer);
  fputs (text->str, stdout);
}

static int
unknown_command (const char *prefix,
                 const ToolCommand *commands,
                 gsize n_commands,
                 const char *name)
{
  g_autofree const char **names = g_new0 (const char *, n_commands + 1);
  const char *closest;

  for (gsize i = 0; i < n_commands; i++)
    names[i] = commands[i].name;
  closest = tool_closest (name, names);
  g_set_prgname (prefix);
  if (closest != NULL)
    return tool_usage_error ("'%s' is no command; did you mean '%s %s'?", name, prefix,
                             closest);
  return tool_usage_error ("'%s' is no command", name);
}

int
tool_run_commands (const char *prefix,
                   const char *summary,
                   const ToolCommand *commands,
                   gsize n_commands,
                   const char *footer,
                   int argc,
                   char **argv)
{
  const char *name = argc > 1 ? argv[1] : NULL;
  gboolean help;

  help = name != NULL
         && (g_str_equal (name, "--help") || g_str_equal (name, "-h")
             || g_str_equal (name, "help"));
  /* `buildq help submit` is `buildq submit --help`. */
  if (help && argc > 2 && g_str_equal (name, "help"))
    {
      argv[1] = argv[2];
      argv[2] = (char *) "--help";
      return tool_run_commands (prefix, summary, commands, n_commands, footer, 3, argv);
    }
  if (help)
    {
      print_help (prefix, summary, commands, n_commands, footer);
      return TOOL_OK;
    }
  if (name == NULL)
    {
      g_set_prgname (prefix);
      return tool_usage_error ("say what to do");
    }
  for (gsize i = 0; i < n_commands; i++)
    if (g_str_equal (name, commands[i].name))
      {
        g_autofree char *prgname = g_strdup_printf ("%s %s", prefix, name);

        g_set_prgname (prgname);
        return commands[i].run (argc - 1, argv + 1);
      }
  return unknown_command (prefix, commands, n_commands, name);
}

gboolean
tool_parse (const ToolUsage *usage,
            const GOptionEntry *entries,
            int *argc,
            char ***argv,
            int *status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (usage->arguments);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, usage->summary);
  g_option_context_set_description (context, usage->description);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, NULL);
  *status = TOOL_USAGE;
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      *status = tool_usage_error ("%s", error->message);
      return FALSE;
    }
  /* "--" ends the options; GLib leaves it in its place. */
  if (*argc > 1 && g_str_equal ((*argv)[1], "--"))
    {
      memmove (*argv + 1, *argv + 2, sizeof (char *) * (gsize) (*argc - 1));
      (*argc)--;
    }
  if (*argc - 1 < usage->min_arguments)
    *status = tool_usage_error ("an argument is missing: %s", usage->arguments);
  else if (usage->max_arguments >= 0 && *argc - 1 > usage->max_arguments)
    *status = tool_usage_error ("'%s' is one argument too many",
                                (*argv)[usage->max_arguments + 1]);
  else
    return TRUE;
  return FALSE;
}
