/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Man pages from the table of options.
 */
#include "config.h"

#include "buildq-generate.h"

#include <string.h>

/* Text as roff takes it, on any locale. */
static void
add_text (GString *out, const char *text)
{
  if (*text == '.' || *text == '\'')
    g_string_append (out, "\\&");
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\\')
        g_string_append (out, "\\e");
      else if (c == '-')
        g_string_append (out, "\\-");
      else if (c == '\'')
        g_string_append (out, "\\(aq");
      else if (c == '^')
        g_string_append (out, "\\(ha");
      else if (c == '~')
        g_string_append (out, "\\(ti");
      else if (c == '`')
        g_string_append (out, "\\(ga");
      else if (c > 126)
        g_string_append_printf (out, "\\[u%04X]", c);
      else
        g_string_append_c (out, (char) c);
    }
}

static void
add_line (GString *out, const char *request, const char *text)
{
  g_string_append (out, request);
  add_text (out, text);
  g_string_append_c (out, '\n');
}

static void
add_heading (GString *out, const char *text)
{
  g_autofree char *upper = g_ascii_strup (text, -1);

  g_string_append (out, ".SH \"");
  add_text (out, upper);
  g_string_append (out, "\"\n");
}

/* Text as --help has it: paragraphs; lines with an indent stay as they are. */
static void
add_paragraph (GString *out, const char *paragraph)
{
  g_auto (GStrv) lines = g_strsplit (paragraph, "\n", -1);
  gboolean verbatim = FALSE;

  for (char **p = lines; *p != NULL; p++)
    {
      gboolean indented = g_str_has_prefix (*p, "  ");

      if (indented != verbatim)
        g_string_append (out, indented ? ".RS 4\n.nf\n" : ".fi\n.RE\n");
      verbatim = indented;
      add_line (out, "", indented ? *p + 2 : *p);
    }
  if (verbatim)
    g_string_append (out, ".fi\n.RE\n");
}

static void
add_paragraphs (GString *out, const char *text)
{
  g_auto (GStrv) paragraphs = g_strsplit (text == NULL ? "" : text, "\n\n", -1);

  for (char **p = paragraphs; *p != NULL; p++)
    {
      g_string_append (out, ".PP\n");
      add_paragraph (out, *p);
    }
}

/* "B" bold, "I" italic */
static void
add_styled (GString *out, char style, const char *text)
{
  g_string_append_printf (out, "\\f%c", style);
  add_text (out, text);
  g_string_append (out, "\\fR");
}

static void
add_option (const ToolOption *option, gboolean shared, gpointer user_data)
{
  GString *out = user_data;
  g_autofree char *name = g_strconcat ("--", option->name, NULL);
  g_autofree char *help = tool_option_help (option);
  g_autofree char *sentence = g_strconcat (help, ".", NULL);

  g_string_append (out, ".TP\n");
  if (option->letter != 0)
    {
      const char letter[] = { '-', option->letter, '\0' };

      add_styled (out, 'B', letter);
      g_string_append (out, ", ");
    }
  add_styled (out, 'B', name);
  if (option->argument != NULL)
    {
      g_string_append_c (out, '=');
      add_styled (out, 'I', option->argument);
    }
  g_string_append_c (out, '\n');
  add_line (out, "", sentence);
  if (option->type == TOOL_MIRRORS || option->group == NULL)
    return;
  g_string_append (out, "In config files: ");
  add_styled (out, 'B', option->name);
  g_string_append_printf (out, " in [%s].\n", option->group);
}

static void
add_synopsis (GString *out, const ToolCommand *command, const char *name)
{
  g_string_append (out, ".PP\n");
  add_styled (out, 'B', name);
  g_string_append (out, command->commands != NULL ? " \\fICOMMAND\\fR" : "");
  g_string_append (out, " [\\fIOPTION\\fR\\[u2026]]");
  if (command->arguments != NULL)
    {
      g_string_append_c (out, ' ');
      add_text (out, command->arguments);
    }
  g_string_append_c (out, '\n');
}

static void
add_command (GString *out, const ToolCommand *command)
{
  add_paragraphs (out, command->description);
  g_string_append (out, ".SS Options\n");
  tool_command_foreach (command, add_option, out);
  g_string_append (out, ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint a help.\n");
  if (command->notes != NULL)
    g_string_append (out, ".SS Notes\n");
  add_paragraphs (out, command->notes);
}

static void
add_subcommands (GString *out, const ToolCommand *group, const char *prefix)
{
  for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
    {
      g_autofree char *name = g_strconcat (prefix, " ", (*p)->name, NULL);

      add_heading (out, name);
      add_synopsis (out, *p, name);
      add_command (out, *p);
    }
}

static void
add_variables (GString *out)
{
  g_autoptr (GPtrArray) options = tool_options_with_variable ();

  add_heading (out, "environment");
  g_string_append (out, "They count where the command line says nothing else.\n");
  for (guint i = 0; i < options->len; i++)
    {
      const ToolOption *option = options->pdata[i];

      g_string_append (out, ".TP\n");
      add_styled (out, 'B', option->variable);
      g_string_append (out, "\n");
      add_line (out, "", option->help);
    }
}

static void
add_index (GString *out)
{
  add_heading (out, "commands");
  for (const ToolCommand *const *p = tool_buildq.commands; *p != NULL; p++)
    {
      g_autofree char *page = g_strconcat ("buildq-", (*p)->name, NULL);

      g_string_append (out, ".TP\n");
      add_styled (out, 'B', page);
      g_string_append (out, "(1)\n");
      add_line (out, "", (*p)->summary);
    }
  add_variables (out);
}

static void
add_title (GString *out, const char *name, int section, const char *summary)
{
  g_autofree char *upper = g_ascii_strup (name, -1);

  g_string_append (out, ".\\\" Made from the table of options of buildq.\n.TH \"");
  add_text (out, upper);
  g_string_append_printf (out, "\" %d \"\" \"buildq %s\" buildq\n.SH NAME\n", section,
                          PACKAGE_VERSION);
  add_text (out, name);
  g_string_append (out, " \\- ");
  add_line (out, "", summary);
}

void
generate_man (const ToolCommand *command, GString *out)
{
  gboolean root = command == &tool_buildq;
  g_autofree char *page
      = root ? g_strdup ("buildq") : g_strconcat ("buildq-", command->name, NULL);
  g_autofree char *name
      = root ? g_strdup ("buildq") : g_strconcat ("buildq ", command->name, NULL);

  add_title (out, page, 1, root ? "a build farm" : command->summary);
  add_heading (out, "synopsis");
  add_synopsis (out, command, name);
  add_heading (out, "description");
  if (command->commands == NULL)
    add_command (out, command);
  else
    add_paragraphs (out, command->description);
  if (root)
    {
      add_index (out);
      add_heading (out, "notes");
      add_paragraphs (out, command->notes);
    }
  else if (command->commands != NULL)
    add_subcommands (out, command, name);
  add_heading (out, "see also");
  g_string_append (out, root ? "\\fBbuildq.conf\\fR(5)\n"
                             : "\\fBbuildq\\fR(1), \\fBbuildq.conf\\fR(5)\n");
}

static void
add_keys (GString *out, const char *group)
{
  g_autoptr (GPtrArray) options = tool_options_of_group (group);

  for (guint i = 0; i < options->len; i++)
    {
      const ToolOption *option = options->pdata[i];
      g_autofree char *text = tool_option_describe (option);

      g_string_append (out, ".TP\n");
      add_styled (out, 'B', option->name);
      g_string_append_c (out, '\n');
      add_line (out, "", text);
    }
}

static const char config_description[]
    = "A config file says what the commands of buildq would else be told by options. "
      "Each key\n"
      "has the name of an option. The command line goes before the environment, the\n"
      "environment before the config files, and these before the defaults.\n"
      "\n"
      "It is a text in UTF-8 with lines of the form KEY = VALUE in groups that begin "
      "with "
      "a\n"
      "line [GROUP]. Comments are lines that begin with #. In a value, \\s is a space, "
      "\\n\n"
      "a new line, \\t a tab, \\\\ a backslash, and \\; a semicolon in a list.\n"
      "\n"
      "What is unknown, wrong or there twice is an error, and no command goes on then:\n"
      "'buildq config check' finds it all. 'buildq config show' tells what counts, and\n"
      "where it comes from.\n"
      "\n"
      "Tokens and keys are never in a config file, only the names of their files.";

void
generate_man_of_config (GString *out)
{
  g_autoptr (GPtrArray) groups = tool_config_groups ();

  add_title (out, "buildq.conf", 5, "the config files of buildq");
  add_heading (out, "synopsis");
  add_line (out, "", TOOL_SYSTEM_CONFIG);
  add_line (out, ".PP\n", "$XDG_CONFIG_HOME/buildq/buildq.conf, ~/.config by default");
  g_string_append (out, ".PP\nBoth are read, and the second goes before the first. ");
  g_string_append (out,
                   "BUILDQ_CONFIG or \\-\\-config names one that is read instead.\n");
  add_heading (out, "description");
  add_paragraphs (out, config_description);
  for (guint i = 0; i < groups->len; i++)
    {
      g_autofree char *heading = g_strdup_printf ("[%s]", (char *) groups->pdata[i]);

      add_heading (out, heading);
      add_keys (out, groups->pdata[i]);
    }
  g_string_append (out, ".SH \"[mirror NAME]\"\n");
  add_line (out, "",
            "A mirror, where inputs are and results go; its name is yours. Mirrors "
            "are asked in the order of the file.");
  add_keys (out, "mirror ");
  add_heading (out, "see also");
  g_string_append (out, "\\fBbuildq\\fR(1), \\fBbuildq\\-config\\fR(1)\n");
}
