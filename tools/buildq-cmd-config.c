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
  JsonBuilder *json; /* or NULL */
} Show;

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

static gboolean
show_option (Show *self, const ToolOption *option, GError **error)
{
  g_autofree char *origin = NULL;
  g_autoptr (GError) local = NULL;
  g_auto (GStrv) values = tool_lookup (self->config, option, &origin, &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (self->json != NULL)
    add_json (self, option->group, option, values, origin);
  else
    print_value (option->name, values, option->otherwise, origin);
  return TRUE;
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

static gboolean
show_all (Show *self, GError **error)
{
  g_autoptr (GPtrArray) groups = tool_config_groups ();

  for (guint i = 0; i < groups->len; i++)
    {
      g_autoptr (GPtrArray) options = tool_options_of_group (groups->pdata[i]);

      if (self->json == NULL)
        printf ("%s[%s]\n", i == 0 ? "" : "\n", (const char *) groups->pdata[i]);
      for (guint j = 0; j < options->len; j++)
        if (!show_option (self, options->pdata[j], error))
          return FALSE;
    }
  tool_config_foreach_mirror (self->config, show_mirror, self);
  return TRUE;
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
  g_autoptr (JsonBuilder) json = options->json ? json_builder_new () : NULL;
  g_autoptr (GError) error = NULL;

  if (json != NULL)
    json_builder_begin_array (json);
  if (!show_all (&(Show){ config, json }, &error))
    return tool_usage_error ("%s", error->message);
  if (json == NULL)
    return TOOL_OK;
  json_builder_end_array (json);
  print_json (json);
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
