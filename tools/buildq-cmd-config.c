/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean json;
} ShowOptions;

/* --- check --- */

static int
run_check (gconstpointer options, char **arguments)
{
  const char *path = arguments[0] != NULL ? arguments[0] : tool_shared.config;
  g_autoptr (ToolConfig) config = tool_config_read (path);
  GPtrArray *errors = tool_config_get_errors (config);
  GPtrArray *files = tool_config_get_files (config);
  g_auto (GStrv) paths = tool_config_default_paths ();

  for (guint i = 0; i < errors->len; i++)
    tool_warn ("%s", (const char *) errors->pdata[i]);
  if (errors->len > 0)
    return TOOL_FAILED;
  for (guint i = 0; i < files->len; i++)
    tool_say ("%s: good", (const char *) files->pdata[i]);
  if (files->len == 0)
    tool_say ("no config file: neither %s nor %s is there", paths[0], paths[1]);
  return TOOL_OK;
}

/* --- show --- */

typedef struct
{
  ToolConfig *config;
  const char *group;
  GPtrArray *groups; /* the names of all, in the order of the commands */
  GHashTable *seen;  /* keys of the group */
  JsonBuilder *json; /* or NULL */
  GError *error;
} Show;

static void
collect_group (const ToolOption *option, gboolean shared, gpointer user_data)
{
  Show *self = user_data;

  if (option->group != NULL && option->type != TOOL_MIRRORS
      && !g_ptr_array_find_with_equal_func (self->groups, option->group, g_str_equal,
                                            NULL))
    g_ptr_array_add (self->groups, (gpointer) option->group);
}

static void
foreach_command (const ToolCommand *command, ToolOptionFunc func, gpointer user_data)
{
  tool_command_foreach (command, func, user_data);
  for (const ToolCommand *const *p = command->commands; p != NULL && *p != NULL; p++)
    foreach_command (*p, func, user_data);
}

static void
print_value (const char *key, char **values, const char *otherwise, const char *origin)
{
  g_autofree char *joined = values == NULL ? NULL : g_strjoinv (";", values);
  g_autofree char *text = joined == NULL ? NULL : g_strescape (joined, "\"");
  g_autofree char *line = NULL;

  if (text == NULL)
    line = g_strdup_printf ("# %s: %s", key, otherwise == NULL ? "none" : otherwise);
  else
    line = g_strdup_printf ("%s = %s", key, text);
  printf ("%s   # %s\n", line, origin);
}

static void
add_json_value (JsonBuilder *json, const ToolOption *option, char **values)
{
  json_builder_set_member_name (json, "value");
  if (values == NULL)
    json_builder_add_null_value (json);
  else if (option->type == TOOL_FLAG)
    {
      gboolean value = FALSE;

      tool_value_set (&(ToolOption){ .type = TOOL_FLAG }, &value,
                      (const char *const *) values);
      json_builder_add_boolean_value (json, value);
    }
  else if (option->type == TOOL_INT || option->type == TOOL_SIZE)
    {
      gint64 value = 0;

      tool_value_set (&(ToolOption){ .type = option->type }, &value,
                      (const char *const *) values);
      json_builder_add_int_value (json, value);
    }
  else if (option->type == TOOL_SECONDS)
    json_builder_add_double_value (json, g_ascii_strtod (values[0], NULL));
  else if (option->type == TOOL_STRINGS)
    {
      json_builder_begin_array (json);
      for (char **p = values; *p != NULL; p++)
        json_builder_add_string_value (json, *p);
      json_builder_end_array (json);
    }
  else
    json_builder_add_string_value (json, values[0]);
}

static void
add_json (Show *self,
          const char *group,
          const ToolOption *option,
          char **values,
          const char *origin)
{
  json_builder_begin_object (self->json);
  json_builder_set_member_name (self->json, "group");
  json_builder_add_string_value (self->json, group);
  json_builder_set_member_name (self->json, "key");
  json_builder_add_string_value (self->json, option->name);
  add_json_value (self->json, option, values);
  json_builder_set_member_name (self->json, "origin");
  json_builder_add_string_value (self->json, origin);
  json_builder_end_object (self->json);
}

static void
show_option (const ToolOption *option, gboolean shared, gpointer user_data)
{
  Show *self = user_data;
  g_autofree char *origin = NULL;
  g_auto (GStrv) values = NULL;

  if (self->error != NULL || g_strcmp0 (option->group, self->group) != 0
      || option->type == TOOL_MIRRORS
      || !g_hash_table_add (self->seen, (gpointer) option->name))
    return;
  values = tool_lookup (self->config, option, &origin, &self->error);
  if (self->error != NULL)
    return;
  if (self->json != NULL)
    add_json (self, self->group, option, values, origin);
  else
    print_value (option->name, values, option->otherwise, origin);
}

static void
show_mirror (const char *group,
             const char *key,
             const char *value,
             const char *file,
             guint line,
             gpointer user_data)
{
  Show *self = user_data;
  g_autofree char *origin = g_strdup_printf ("%s:%u", file, line);
  char *values[] = { (char *) value, NULL };

  if (self->json != NULL)
    add_json (self, group, &(ToolOption){ .name = key, .type = TOOL_STRING }, values,
              origin);
  else
    {
      printf ("\n[%s]\n", group);
      print_value (key, values, NULL, origin);
    }
}

static void
show_all (Show *self)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      self->group = self->groups->pdata[i];
      g_hash_table_remove_all (self->seen);
      if (self->json == NULL)
        printf ("%s[%s]\n", i == 0 ? "" : "\n", self->group);
      foreach_command (&tool_buildq, show_option, self);
    }
  tool_config_foreach_mirror (self->config, show_mirror, self);
}

static void
print_json (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, TRUE);

  tool_say ("%s", text);
}

static int
run_show (gconstpointer data, char **arguments)
{
  const ShowOptions *options = data;
  g_autoptr (ToolConfig) config = tool_config_read (tool_shared.config);
  g_autoptr (GPtrArray) groups = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (JsonBuilder) json = options->json ? json_builder_new () : NULL;
  Show self = { .config = config, .groups = groups, .seen = seen, .json = json };

  foreach_command (&tool_buildq, collect_group, &self);
  if (json != NULL)
    json_builder_begin_array (json);
  show_all (&self);
  if (self.error != NULL)
    {
      int status = tool_usage_error ("%s", self.error->message);

      g_error_free (self.error);
      return status;
    }
  if (json != NULL)
    {
      json_builder_end_array (json);
      print_json (json);
    }
  return TOOL_OK;
}

/* clang-format off */
static const ToolOption show_options[] = {
  { "json", 0, TOOL_FLAG, offsetof (ShowOptions, json), NULL,
    "print JSON: an array of group, key, value and origin" },
  { NULL },
};
/* clang-format on */

static const ToolCommand check_command = {
  .name = "check",
  .summary = "find what is wrong in the config files",
  .arguments = "[FILE]",
  .description
  = "Reads the config files, or FILE, and prints all that is wrong, each with its line.",
  .notes = "Example:\n"
           "  buildq config check ./buildq.conf && cp buildq.conf /etc/buildq/\n"
           "\n"
           "Exit status: 0 if all is good, 1 if not.",
  .max_arguments = 1,
  .shared = { tool_config_options },
  .heeds_no_errors = TRUE,
  .run = run_check,
};

static const ToolCommand show_command = {
  .name = "show",
  .summary = "print what counts, and where it comes from",
  .description = "Prints each value that the config can set as it counts now, and where "
                 "it comes from:\n"
                 "a line of a file, a variable of the environment, or the default. What "
                 "is given on\n"
                 "the command line of a command goes before.",
  .notes = "Examples:\n"
           "  buildq config show\n"
           "  buildq config show --json | jq '.[] | select (.origin != \"default\")'",
  .options = show_options,
  .shared = { tool_config_options },
  .size = sizeof (ShowOptions),
  .run = run_show,
};

static const ToolCommand *const commands[] = { &check_command, &show_command, NULL };

const ToolCommand tool_config_command = {
  .name = "config",
  .summary = "check and show the configuration",
  .description = "Checks and shows the configuration: " TOOL_SYSTEM_CONFIG ",\n"
                 "then buildq/buildq.conf in the user's directory of config files.",
  .commands = commands,
};
