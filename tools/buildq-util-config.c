/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The config files. Their grammar is that of GKeyFile, which gets them line by line: so
 * all that is wrong is found at once, each with its line, and what is there twice is
 * seen, where GKeyFile would take the last one.
 */
#include "config.h"

#include "buildq-tool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE_BYTES (256 * 1024)
#define MAX_ERRORS 100

struct _ToolConfig
{
  GPtrArray *entries; /* of Entry, in the order of the files */
  GPtrArray *errors;
  GPtrArray *files;
};

typedef struct
{
  char *group; /* "worker", or "mirror NAME" */
  char *key;
  char **values;
  char *file;
  guint line;
} Entry;

/* One file while it is read. */
typedef struct
{
  ToolConfig *config;
  const char *path;
  guint line;
  char *group; /* NULL before the first, "" in one that is unknown */
  guint group_line;
  GHashTable *lines; /* "group" or "group\nkey" → line */
} Reader;

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_free (self->group);
  g_free (self->key);
  g_strfreev (self->values);
  g_free (self->file);
  g_free (self);
}

static void complain (Reader *self, guint line, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static void
complain (Reader *self, guint line, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (self->config->errors->len >= MAX_ERRORS)
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (self->config->errors,
                   line == 0 ? g_strdup_printf ("%s: %s", self->path, message)
                             : g_strdup_printf ("%s:%u: %s", self->path, line, message));
}

/* --- what there can be --- */

static void
add_group (const ToolOption *option, gboolean shared, gpointer user_data)
{
  GPtrArray *groups = user_data;

  if (option->group != NULL && option->type != TOOL_MIRRORS
      && !g_ptr_array_find_with_equal_func (groups, option->group, g_str_equal, NULL))
    g_ptr_array_add (groups, (gpointer) option->group);
}

GPtrArray *
tool_config_groups (void)
{
  GPtrArray *groups = g_ptr_array_new ();

  tool_foreach_option (add_group, groups);
  return groups;
}

typedef struct
{
  const char *group; /* NULL: those that have a variable */
  GPtrArray *options;
} Collect;

static gboolean
has_same_name (gconstpointer a, gconstpointer b)
{
  return g_str_equal (((const ToolOption *) a)->name, ((const ToolOption *) b)->name);
}

static void
collect_option (const ToolOption *option, gboolean shared, gpointer user_data)
{
  Collect *self = user_data;
  gboolean wanted = self->group == NULL ? option->variable != NULL
                                        : g_strcmp0 (option->group, self->group) == 0
                                              && option->type != TOOL_MIRRORS;

  if (wanted
      && !g_ptr_array_find_with_equal_func (self->options, option, has_same_name, NULL))
    g_ptr_array_add (self->options, (gpointer) option);
}

GPtrArray *
tool_options_with_variable (void)
{
  Collect self = { NULL, g_ptr_array_new () };

  tool_foreach_option (collect_option, &self);
  return self.options;
}

/* The name of a mirror does not matter for what it can have. */
GPtrArray *
tool_options_of_group (const char *group)
{
  gboolean mirror = g_str_has_prefix (group, "mirror ");
  Collect self = { mirror ? "mirror" : group, g_ptr_array_new () };

  tool_foreach_option (collect_option, &self);
  for (const ToolOption *p = tool_mirror_keys; p->name != NULL; p++)
    collect_option (p, FALSE, &self);
  return self.options;
}

/* An option of a group; else what was probably meant is in @closest, or NULL. */
static const ToolOption *
find_in_group (const char *group, const char *key, const char **closest)
{
  g_autoptr (GPtrArray) options = tool_options_of_group (group);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < options->len; i++)
    {
      const ToolOption *option = options->pdata[i];

      if (g_str_equal (option->name, key))
        return option;
      g_ptr_array_add (names, (gpointer) option->name);
    }
  g_ptr_array_add (names, NULL);
  *closest = tool_closest (key, (const char *const *) names->pdata);
  return NULL;
}

/* A group that has the key, as it is written. */
static const char *
group_with (const char *key)
{
  g_autoptr (GPtrArray) groups = tool_config_groups ();
  const char *closest;

  for (guint i = 0; i < groups->len; i++)
    if (find_in_group (groups->pdata[i], key, &closest) != NULL)
      return groups->pdata[i];
  return find_in_group ("mirror ", key, &closest) != NULL ? "mirror NAME" : NULL;
}

/* --- reading --- */

static gboolean
is_known_group (Reader *self, const char *name)
{
  g_autoptr (GPtrArray) groups = NULL;
  const char *closest;

  if (g_str_equal (name, "mirror") || g_str_equal (name, "mirror "))
    {
      complain (self, self->line, "[mirror] needs a name of yours, such as [mirror lan]");
      return FALSE;
    }
  if (g_str_equal (name, "hook") || g_str_has_prefix (name, "hook "))
    {
      complain (self, self->line, "[%s]: buildq %s has no hooks yet", name,
                PACKAGE_VERSION);
      return FALSE;
    }
  groups = tool_config_groups ();
  g_ptr_array_add (groups, (gpointer) "mirror");
  g_ptr_array_add (groups, NULL);
  if (g_str_has_prefix (name, "mirror ")
      || g_strv_contains ((const char *const *) groups->pdata, name))
    return TRUE;
  closest = tool_closest (name, (const char *const *) groups->pdata);
  if (closest != NULL)
    complain (self, self->line, "unknown group [%s]; did you mean [%s]?", name, closest);
  else
    complain (self, self->line, "unknown group [%s]", name);
  return FALSE;
}

/* Each thing has one place. */
static gboolean
is_first (Reader *self, const char *what, char *id)
{
  guint before = GPOINTER_TO_UINT (g_hash_table_lookup (self->lines, id));

  if (before == 0)
    return g_hash_table_insert (self->lines, id, GUINT_TO_POINTER (self->line));
  g_free (id);
  complain (self, self->line, "%s is in line %u already", what, before);
  return FALSE;
}

/* A mirror is nothing without its place. */
static void
end_group (Reader *self)
{
  g_autofree char *id = NULL;

  if (self->group == NULL || !g_str_has_prefix (self->group, "mirror "))
    return;
  id = g_strconcat (self->group, "\nuri", NULL);
  if (!g_hash_table_contains (self->lines, id))
    complain (self, self->group_line, "[%s] has no uri", self->group);
}

static void
begin_group (Reader *self, const char *name)
{
  g_autofree char *what = g_strdup_printf ("[%s]", name);

  end_group (self);
  g_free (self->group);
  self->group = g_strdup (is_known_group (self, name) ? name : "");
  self->group_line = self->line;
  if (*self->group != '\0')
    is_first (self, what, g_strdup (name));
}

static void
add_entry (Reader *self, const char *key, char **values)
{
  GPtrArray *entries = self->config->entries;
  Entry *entry = NULL;

  for (guint i = 0; i < entries->len && entry == NULL; i++)
    {
      Entry *other = entries->pdata[i];

      if (g_str_equal (other->group, self->group) && g_str_equal (other->key, key))
        entry = other;
    }
  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->group = g_strdup (self->group);
      entry->key = g_strdup (key);
      g_ptr_array_add (entries, entry);
    }
  g_strfreev (entry->values);
  g_free (entry->file);
  entry->values = g_strdupv (values);
  entry->file = g_strdup (self->path);
  entry->line = self->line;
}

/* A value, or what is said about it: an error. "~/" is the home directory. */
static char *
check_value (const ToolOption *option, const char *value, GError **error)
{
  g_autofree char *text = g_str_has_prefix (value, "~/")
                              ? g_build_filename (g_get_home_dir (), value + 2, NULL)
                              : g_strdup (value);

  if (g_regex_match_simple ("^[a-z0-9+.-]+://[^/?#@]*:[^/?#@]*@", text, G_REGEX_CASELESS,
                            0))
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                           "a password does not belong here: this file can be read");
      return NULL;
    }
  if (option->type == TOOL_PATH && !g_path_is_absolute (text))
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                 "'%s' is not an absolute path", text);
  else if (tool_value_check (option, text, error))
    return g_steal_pointer (&text);
  if (strstr (text, " #") != NULL)
    g_prefix_error (error, "a comment needs a line of its own: ");
  return NULL;
}

static void
read_values (Reader *self, const ToolOption *option, char **values)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;
  gboolean ok = TRUE;

  for (char **p = values; *p != NULL; p++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = check_value (option, g_strstrip (*p), &error);

      if (text != NULL)
        g_strv_builder_add (builder, text);
      else
        complain (self, self->line, "[%s] %s: %s", self->group, option->name,
                  error->message);
      ok = ok && text != NULL;
    }
  texts = g_strv_builder_end (builder);
  if (texts[0] != NULL && ok)
    add_entry (self, option->name, texts);
  else if (ok)
    complain (self, self->line, "[%s] %s: the value is empty", self->group, option->name);
}

static const ToolOption *
find_option (Reader *self, const char *key)
{
  const char *closest = NULL;
  const ToolOption *option = find_in_group (self->group, key, &closest);
  const char *other = option == NULL ? group_with (key) : NULL;

  if (option != NULL)
    return option;
  if (other != NULL)
    complain (self, self->line, "unknown key '%s' in [%s]; it belongs to [%s]", key,
              self->group, other);
  else if (closest != NULL)
    complain (self, self->line, "unknown key '%s' in [%s]; did you mean '%s'?", key,
              self->group, closest);
  else
    complain (self, self->line, "unknown key '%s' in [%s]", key, self->group);
  return NULL;
}

static void
read_key (Reader *self, GKeyFile *line, const char *group, const char *key)
{
  g_autofree char *what = g_strdup_printf ("'%s'", key);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) values = NULL;
  const ToolOption *option;

  if (self->group == NULL)
    {
      complain (self, self->line, "'%s' is in no group, such as [worker]", key);
      return;
    }
  if (*self->group == '\0')
    return; /* that is said already */
  option = find_option (self, key);
  if (option == NULL
      || !is_first (self, what, g_strconcat (self->group, "\n", key, NULL)))
    return;
  if (option->type == TOOL_STRINGS)
    values = g_key_file_get_string_list (line, group, key, NULL, &error);
  else
    {
      values = g_new0 (char *, 2);
      values[0] = g_key_file_get_string (line, group, key, &error);
    }
  if (error != NULL)
    complain (self, self->line,
              "[%s] %s: what follows a backslash is not known; write \\\\ for one",
              self->group, key);
  else
    read_values (self, option, values);
}

static void
read_line (Reader *self, const char *text)
{
  static const char group[] = "the group that this line is in";
  g_autofree char *block = g_strdup_printf ("[%s]\n%s", group, text);
  g_autofree char *shown = g_strndup (text, 60);
  g_autoptr (GKeyFile) line = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  g_auto (GStrv) keys = NULL;

  if (!g_key_file_load_from_data (line, block, (gsize) -1, G_KEY_FILE_KEEP_TRANSLATIONS,
                                  NULL))
    {
      g_autofree char *valid = g_utf8_make_valid (shown, -1);

      complain (self, self->line, "'%s' is no [group], no KEY = VALUE and no # comment",
                valid);
      return;
    }
  groups = g_key_file_get_groups (line, NULL);
  keys = g_key_file_get_keys (line, group, NULL, NULL);
  if (groups[1] != NULL)
    begin_group (self, groups[1]);
  else if (keys[0] != NULL)
    read_key (self, line, group, keys[0]);
}

/* Returns the text without what editors of other systems put in, or NULL. */
static const char *
check_text (Reader *self, char *text)
{
  const char *bad;
  guint line = 1;

  if (g_str_has_prefix (text, "\xef\xbb\xbf"))
    text += 3;
  if (g_utf8_validate (text, -1, &bad))
    return text;
  for (const char *p = text; p < bad; p++)
    line += *p == '\n';
  complain (self, line, "this is not UTF-8");
  return NULL;
}

static void
read_file (ToolConfig *config, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = tool_read_file (path, MAX_FILE_BYTES, &error);
  g_autoptr (GHashTable) lines
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reader self = { .config = config, .path = path, .lines = lines };
  g_auto (GStrv) split = NULL;
  const char *text;

  if (bytes == NULL)
    {
      g_ptr_array_add (config->errors, g_strdup (error->message));
      return;
    }
  g_ptr_array_add (config->files, g_strdup (path));
  text = check_text (&self, bytes);
  if (text == NULL)
    return;
  split = g_strsplit (text, "\n", -1);
  for (char **p = split; *p != NULL; p++)
    {
      self.line++;
      read_line (&self, g_strchomp (*p));
    }
  end_group (&self);
  g_free (self.group);
}

static void
read_if_there (ToolConfig *config, const char *path)
{
  /* What cannot be looked at is there, and is complained about. */
  if (access (path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
    read_file (config, path);
}

char **
tool_config_default_paths (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *user
      = g_build_filename (g_get_user_config_dir (), "buildq", "buildq.conf", NULL);

  g_strv_builder_add (builder, TOOL_SYSTEM_CONFIG);
  g_strv_builder_add (builder, user);
  return g_strv_builder_end (builder);
}

ToolConfig *
tool_config_read (const char *path)
{
  ToolConfig *self = g_new0 (ToolConfig, 1);
  const char *env = g_getenv ("BUILDQ_CONFIG");
  g_auto (GStrv) paths = NULL;

  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->errors = g_ptr_array_new_with_free_func (g_free);
  self->files = g_ptr_array_new_with_free_func (g_free);
  if (path == NULL && env != NULL && *env != '\0')
    path = env;
  if (path != NULL)
    {
      read_file (self, path);
      return self;
    }
  paths = tool_config_default_paths ();
  for (char **p = paths; *p != NULL; p++)
    read_if_there (self, *p);
  return self;
}

void
tool_config_free (ToolConfig *self)
{
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->errors);
  g_ptr_array_unref (self->files);
  g_free (self);
}

GPtrArray *
tool_config_get_errors (ToolConfig *self)
{
  return self->errors;
}

GPtrArray *
tool_config_get_files (ToolConfig *self)
{
  return self->files;
}

static gboolean
entry_is_for (const Entry *entry, const ToolOption *option)
{
  if (option->type == TOOL_MIRRORS)
    return g_str_has_prefix (entry->group, "mirror ") && g_str_equal (entry->key, "uri");
  return option->group != NULL && g_str_equal (entry->group, option->group)
         && g_str_equal (entry->key, option->name);
}

char **
tool_config_lookup (ToolConfig *self, const ToolOption *option, char **origin)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const Entry *first = NULL;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = self->entries->pdata[i];

      if (!entry_is_for (entry, option))
        continue;
      g_strv_builder_addv (builder, (const char **) entry->values);
      first = first == NULL ? entry : first;
    }
  if (first == NULL)
    return NULL;
  if (origin != NULL)
    *origin = g_strdup_printf ("%s:%u", first->file, first->line);
  return g_strv_builder_end (builder);
}

void
tool_config_foreach_mirror (ToolConfig *self, ToolMirrorFunc func, gpointer user_data)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = self->entries->pdata[i];

      if (g_str_has_prefix (entry->group, "mirror "))
        func (entry->group, entry->key, entry->values[0], entry->file, entry->line,
              user_data);
    }
}
