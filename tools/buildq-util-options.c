/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Commands, options and their help.
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>
#include <string.h>

#define HELP_OF_HELP "print this help"
#define HELP_COLUMNS 90

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
print_variables (void)
{
  g_autoptr (GPtrArray) options = tool_options_with_variable ();

  puts ("\nEnvironment, where the command line says nothing else:");
  for (guint i = 0; i < options->len; i++)
    {
      const ToolOption *option = options->pdata[i];

      printf ("  %-17s  %s\n", option->variable, option->help);
    }
}

static void
print_commands (const ToolCommand *group, const char *prefix)
{
  int width = 0;

  printf ("Usage: %s COMMAND [OPTION…] [ARGUMENT…]\n\n%s\n\nCommands:\n", prefix,
          group->description);
  for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
    width = MAX (width, (int) strlen ((*p)->name));
  for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
    printf ("  %-*s  %s\n", width, (*p)->name, (*p)->summary);
  if (group == &tool_buildq)
    print_variables ();
  if (group->notes != NULL)
    printf ("\n%s\n", group->notes);
  printf ("\n'%s COMMAND --help' says more about each command.\n", prefix);
}

static int
unknown_command (const ToolCommand *group, const char *prefix, const char *name)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const char *closest;

  for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
    g_ptr_array_add (names, (char *) (*p)->name);
  g_ptr_array_add (names, NULL);
  closest = tool_closest (name, (const char *const *) names->pdata);
  if (closest != NULL)
    return tool_usage_error ("'%s' is no command; did you mean '%s %s'?", name, prefix,
                             closest);
  return tool_usage_error ("'%s' is no command", name);
}

void
tool_command_foreach (const ToolCommand *command, ToolOptionFunc func, gpointer user_data)
{
  for (const ToolOption *p = command->options; p != NULL && p->name != NULL; p++)
    func (p, FALSE, user_data);
  for (guint i = 0; i < G_N_ELEMENTS (command->shared); i++)
    for (const ToolOption *p = command->shared[i]; p != NULL && p->name != NULL; p++)
      func (p, TRUE, user_data);
  if (tool_command_has_config (command) && command->shared[0] != tool_config_options)
    for (const ToolOption *p = tool_config_options; p->name != NULL; p++)
      func (p, TRUE, user_data);
}

static void
foreach_below (const ToolCommand *command, ToolOptionFunc func, gpointer user_data)
{
  tool_command_foreach (command, func, user_data);
  for (const ToolCommand *const *p = command->commands; p != NULL && *p != NULL; p++)
    foreach_below (*p, func, user_data);
}

void
tool_foreach_option (ToolOptionFunc func, gpointer user_data)
{
  foreach_below (&tool_buildq, func, user_data);
}

gboolean
tool_command_has_config (const ToolCommand *command)
{
  for (const ToolOption *p = command->options; p != NULL && p->name != NULL; p++)
    if (p->group != NULL)
      return TRUE;
  return command->shared[0] != NULL;
}

/* What is read from the command line. */
typedef struct
{
  const ToolCommand *command;
  gpointer values;
  GHashTable *given; /* const ToolOption * → char ** */
  GArray *entries;   /* of GOptionEntry */
  GPtrArray *texts;  /* that the entries point to */
  ToolConfig *config;
  GError *error;
  gboolean help;
} Parse;

typedef struct
{
  const char *name;
  const ToolOption *option;
} Search;

static void
match_option (const ToolOption *option, gboolean shared, gpointer user_data)
{
  Search *search = user_data;

  if (search->name[0] == '-' && search->name[1] == '-'
          ? g_str_equal (option->name, search->name + 2)
          : option->letter == search->name[1])
    search->option = option;
}

static gboolean
on_option (const char *name, const char *value, gpointer user_data, GError **error)
{
  Parse *self = user_data;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  Search search = { name, NULL };
  const ToolOption *option;
  const char *text;
  char **before;

  tool_command_foreach (self->command, match_option, &search);
  option = search.option;
  text = option->type == TOOL_FLAG ? "true" : value;
  if (option->type != TOOL_PATH && !g_utf8_validate (text, -1, NULL))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "--%s: not UTF-8",
                   option->name);
      return FALSE;
    }
  if (!tool_value_check (option, text, error))
    {
      g_prefix_error (error, "--%s: ", option->name);
      return FALSE;
    }
  before = g_hash_table_lookup (self->given, option);
  if (before != NULL && (option->type == TOOL_STRINGS || option->type == TOOL_MIRRORS))
    g_strv_builder_addv (builder, (const char **) before);
  g_strv_builder_add (builder, text);
  g_hash_table_insert (self->given, (gpointer) option, g_strv_builder_end (builder));
  return TRUE;
}

static void
add_entry (const ToolOption *option, gboolean shared, gpointer user_data)
{
  Parse *self = user_data;
  GOptionEntry entry = {
    .long_name = option->name,
    .short_name = option->letter,
    .arg = G_OPTION_ARG_CALLBACK,
    /* GLib would take any text for one of the locale. */
    .flags = option->type == TOOL_FLAG ? G_OPTION_FLAG_NO_ARG : G_OPTION_FLAG_FILENAME,
    .arg_data = on_option,
    .description = tool_option_help (option),
    .arg_description = option->argument,
  };

  g_ptr_array_add (self->texts, (gpointer) entry.description);
  g_array_append_val (self->entries, entry);
}

/* Breaks a line where it has @width columns, with an indent from there on. */
static void
fold (GString *out, const char *line, glong indent, glong width)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  glong column = 0;

  for (char **p = words; *p != NULL; p++)
    {
      glong length = g_utf8_strlen (*p, -1);

      if (p > words && column + 1 + length > width && column > indent)
        {
          g_string_append_printf (out, "\n%*s", (int) indent, "");
          column = indent;
        }
      else if (p > words)
        {
          g_string_append_c (out, ' ');
          column++;
        }
      g_string_append (out, *p);
      column += length;
    }
  g_string_append_c (out, '\n');
}

char *
tool_fold (const char *text, glong width)
{
  g_autoptr (GString) out = g_string_new (NULL);

  fold (out, text, 0, width);
  g_string_truncate (out, out->len - 1);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* GLib does not fold what it says about options. */
static void
print_help (GOptionContext *context)
{
  g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);
  const char *last = strstr (help, HELP_OF_HELP);
  const char *start = last;
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;

  while (start != NULL && start > help && start[-1] != '\n')
    start--;
  g_strchomp (help);
  lines = g_strsplit (help, "\n", -1);
  for (char **p = lines; *p != NULL; p++)
    if (start != NULL && g_str_has_prefix (*p, "  -"))
      fold (out, *p, g_utf8_strlen (start, last - start), HELP_COLUMNS);
    else
      g_string_append_printf (out, "%s\n", *p);
  fputs (out->str, stdout);
}

static gboolean
on_help (const char *name, const char *value, gpointer user_data, GError **error)
{
  Parse *self = user_data;

  self->help = TRUE;
  return TRUE;
}

/* Leaves the arguments in @argv[1 … @argc - 1]. */
static gboolean
parse_line (Parse *self, int *argc, char ***argv, GError **error)
{
  const GOptionEntry help = {
    "help", 'h', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, on_help, HELP_OF_HELP, NULL,
  };
  const ToolCommand *command = self->command;
  g_autoptr (GOptionContext) context = g_option_context_new (command->arguments);
  GOptionGroup *group = g_option_group_new (NULL, NULL, NULL, self, NULL);

  g_option_context_set_summary (context, command->description);
  g_option_context_set_description (context, command->notes);
  tool_command_foreach (command, add_entry, self);
  g_array_append_val (self->entries, help);
  g_option_group_add_entries (group, (const GOptionEntry *) self->entries->data);
  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (self->help)
    print_help (context);
  /* "--" ends the options; GLib may leave it in its place. */
  if (*argc > 1 && g_str_equal ((*argv)[1], "--"))
    {
      memmove (*argv + 1, *argv + 2, sizeof (char *) * (gsize) (*argc - 1));
      (*argc)--;
    }
  return TRUE;
}

/* Cuts off the command that follows "--", before GLib sees it. */
static void
cut_command (int *argc, char **argv)
{
  for (int i = 1; i < *argc; i++)
    if (g_str_equal (argv[i], "--"))
      {
        tool_shared.command = argv + i + 1;
        argv[i] = NULL;
        *argc = i;
      }
}

static void
set_value (const ToolOption *option, gboolean shared, gpointer user_data)
{
  Parse *self = user_data;
  const char *const *given = g_hash_table_lookup (self->given, option);
  gpointer base = shared ? &tool_shared : self->values;
  g_auto (GStrv) texts = NULL;

  if (self->error != NULL)
    return;
  if (given == NULL)
    texts = tool_lookup (self->config, option, NULL, &self->error);
  if (self->error == NULL)
    tool_value_set (option, base, given != NULL ? given : (const char *const *) texts);
}

static gboolean
read_config (Parse *self, int *status)
{
  const ToolOption *option = &tool_config_options[0];
  char **given = g_hash_table_lookup (self->given, option);
  GPtrArray *errors;

  if (!tool_command_has_config (self->command))
    return TRUE;
  self->config = tool_config_read (given != NULL ? given[0] : NULL);
  errors = tool_config_get_errors (self->config);
  if (errors->len == 0 || self->command->heeds_no_errors)
    return TRUE;
  fprintf (stderr, "buildq: %s\n", (const char *) errors->pdata[0]);
  if (errors->len > 1)
    fprintf (stderr, "'buildq config check' lists all %u errors\n", errors->len);
  *status = TOOL_USAGE;
  return FALSE;
}

static gboolean
parse (Parse *self, int *argc, char ***argv, int *status)
{
  const ToolCommand *command = self->command;
  g_autoptr (GError) error = NULL;

  if (command->takes_command)
    cut_command (argc, *argv);
  if (!parse_line (self, argc, argv, &error))
    *status = tool_usage_error ("%s", error->message);
  else if (self->help)
    *status = TOOL_OK;
  else if (*argc - 1 < command->min_arguments)
    *status = tool_usage_error ("an argument is missing: %s", command->arguments);
  else if (command->max_arguments >= 0 && *argc - 1 > command->max_arguments)
    *status = tool_usage_error ("'%s' is one argument too many",
                                (*argv)[command->max_arguments + 1]);
  else if (read_config (self, status))
    {
      tool_command_foreach (command, set_value, self);
      if (self->error == NULL)
        return TRUE;
      *status = tool_usage_error ("%s", self->error->message);
    }
  return FALSE;
}

static void
clear_value (const ToolOption *option, gboolean shared, gpointer user_data)
{
  tool_value_clear (option, shared ? &tool_shared : user_data);
}

static int
run_command (const ToolCommand *command, int argc, char **argv)
{
  g_autofree gpointer values = g_malloc0 (MAX (1, command->size));
  g_autoptr (GHashTable) given
      = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_strfreev);
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  Parse self = {
    .command = command,
    .values = values,
    .given = given,
    .entries = entries,
    .texts = texts,
  };
  int status;

  if (parse (&self, &argc, &argv, &status))
    status = command->run (values, argv + 1);
  tool_command_foreach (command, clear_value, values);
  g_clear_pointer (&self.config, tool_config_free);
  g_clear_error (&self.error);
  return status;
}

static int
run_group (const ToolCommand *group, const char *prefix, int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : NULL;

  g_set_prgname (prefix);
  if (name == NULL)
    return tool_usage_error ("say what to do");
  /* `buildq help submit` is `buildq submit --help`. */
  if (argc > 2 && g_str_equal (name, "help"))
    {
      memmove (argv + 1, argv + 2, sizeof (char *) * (gsize) (argc - 2));
      argv[argc - 1] = (char *) "--help";
      return run_group (group, prefix, argc, argv);
    }
  if (g_str_equal (name, "--help") || g_str_equal (name, "-h")
      || g_str_equal (name, "help"))
    {
      print_commands (group, prefix);
      return TOOL_OK;
    }
  for (const ToolCommand *const *p = group->commands; *p != NULL; p++)
    {
      g_autofree char *longer = g_strconcat (prefix, " ", (*p)->name, NULL);

      if (!g_str_equal (name, (*p)->name))
        continue;
      if ((*p)->commands != NULL)
        return run_group (*p, longer, argc - 1, argv + 1);
      g_set_prgname (longer);
      return run_command (*p, argc - 1, argv + 1);
    }
  return unknown_command (group, prefix, name);
}

int
tool_run (int argc, char **argv)
{
  return run_group (&tool_buildq, tool_buildq.name, argc, argv);
}
