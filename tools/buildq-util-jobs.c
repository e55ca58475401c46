/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Job files: what people write, made into the strict form that queues take. On the wire
 * unknown members are passed over; in a file they are typing errors.
 */
#include "config.h"

#include "buildq-tool.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define MAX_JOB_FILE_BYTES (64 * 1024 * 1024)
#define MAX_DEPTH 32
#define JSON_SPACE " \t\r\n"

/* clang-format off */
static const char *const file_members[] = {
  "$schema", "defaults", "group", "id", "jobs", "priority", "rebuild", "submitter", "wanted", NULL
};
static const char *const job_members[] = {
  "key", "kind", "name", "system", "features", "depends", "inputs", "outputs", "argv", "env",
  "payload", "texts", "cores", "memory_bytes", "timeout_s", "silent_timeout_s",
  "log_limit_bytes", NULL
};
static const char *const default_members[] = {
  "kind", "system", "features", "outputs", "argv", "env", "cores", "memory_bytes",
  "timeout_s", "silent_timeout_s", "log_limit_bytes", NULL
};
static const char *const input_members[] = {
  "name", "job", "output", "artifact", "path", "file", "at", NULL
};
static const char *const output_members[] = { "name", "path", NULL };
/* clang-format on */

static gboolean fail (GError **error, const char *where, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
fail (GError **error, const char *where, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s%s%s", where,
               *where == '\0' ? "" : ": ", message);
  return FALSE;
}

static gboolean
check_members (JsonObject *object,
               const char *const *allowed,
               const char *where,
               GError **error)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *l = members; l != NULL; l = l->next)
    {
      const char *closest;

      if (g_strv_contains (allowed, l->data))
        continue;
      closest = tool_closest (l->data, allowed);
      if (closest != NULL)
        return fail (error, where, "unknown member '%s'; did you mean '%s'?",
                     (char *) l->data, closest);
      return fail (error, where, "unknown member '%s'", (char *) l->data);
    }
  return TRUE;
}

/* A member that is a string; else NULL. */
static const char *
get_text (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node)
                                                      : NULL;
}

/* --- inputs and outputs --- */

static gboolean
expand_input (JsonObject *input, const char *folder, const char *where, GError **error)
{
  const char *file;
  g_autofree char *path = NULL;

  if (!check_members (input, input_members, where, error))
    return FALSE;
  if (!json_object_has_member (input, "file"))
    return TRUE;
  file = get_text (input, "file");
  if (file == NULL || *file == '\0')
    return fail (error, where, "'file' is not the name of a file");
  path = g_canonicalize_filename (file, folder);
  if (!tool_exists (path))
    return fail (error, where, "there is no file '%s'", path);
  json_object_set_string_member (input, "file", path);
  return TRUE;
}

/* {"src": {"file": "x"}} → [{"name": "src", "file": "x"}] */
static gboolean
inputs_from_object (JsonObject *inputs,
                    JsonArray *list,
                    const char *where,
                    GError **error)
{
  g_autoptr (GList) names = json_object_get_members (inputs);

  for (GList *l = names; l != NULL; l = l->next)
    {
      JsonNode *node = json_object_get_member (inputs, l->data);
      JsonObject *input;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        return fail (error, where,
                     "input '%s' is not an object such as {\"file\": \"x.tar\"}",
                     (char *) l->data);
      input = json_node_get_object (node);
      if (json_object_has_member (input, "name"))
        return fail (error, where, "input '%s' has its name twice", (char *) l->data);
      json_object_set_string_member (input, "name", l->data);
      json_array_add_object_element (list, json_object_ref (input));
    }
  return TRUE;
}

static JsonNode *
expand_inputs (JsonNode *node, const char *folder, const char *where, GError **error)
{
  g_autoptr (JsonArray) list = NULL;
  JsonNode *expanded;

  if (JSON_NODE_HOLDS_ARRAY (node))
    list = json_array_ref (json_node_get_array (node));
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      list = json_array_new ();
      if (!inputs_from_object (json_node_get_object (node), list, where, error))
        return NULL;
    }
  else
    {
      fail (error, where, "'inputs' is neither an object nor a list");
      return NULL;
    }

  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonNode *element = json_array_get_element (list, i);
      g_autofree char *at = NULL;
      const char *name = NULL;

      if (JSON_NODE_HOLDS_OBJECT (element))
        name = get_text (json_node_get_object (element), "name");
      at = name != NULL ? g_strdup_printf ("%s: input '%s'", where, name)
                        : g_strdup_printf ("%s: inputs[%u]", where, i);
      if (!JSON_NODE_HOLDS_OBJECT (element))
        {
          fail (error, at, "not an object");
          return NULL;
        }
      if (!expand_input (json_node_get_object (element), folder, at, error))
        return NULL;
    }
  expanded = json_node_alloc ();
  return json_node_init_array (expanded, list);
}

/* ["out"] → [{"name": "out"}] */
static JsonNode *
expand_outputs (JsonNode *node, const char *where, GError **error)
{
  g_autoptr (JsonArray) list = json_array_new ();
  JsonArray *outputs;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    {
      fail (error, where, "'outputs' is not a list such as [\"out\"]");
      return NULL;
    }
  outputs = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (outputs); i++)
    {
      JsonNode *element = json_array_get_element (outputs, i);
      g_autofree char *at = g_strdup_printf ("%s: outputs[%u]", where, i);
      JsonObject *output;

      if (JSON_NODE_HOLDS_OBJECT (element))
        output = json_object_ref (json_node_get_object (element));
      else
        {
          output = json_object_new ();
          if (JSON_NODE_HOLDS_VALUE (element) && json_node_get_string (element) != NULL)
            json_object_set_string_member (output, "name",
                                           json_node_get_string (element));
        }
      json_array_add_object_element (list, output);
      if (!check_members (output, output_members, at, error))
        return NULL;
    }
  return json_node_init_array (json_node_alloc (), list);
}

/* --- environments --- */

/* Adds {"A": "b"} or ["A=b"] to a table of names and values. */
static gboolean
collect_env (JsonNode *node, GHashTable *table, const char *where, GError **error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr (GList) names = object == NULL ? NULL : json_object_get_members (object);
  JsonArray *list = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (object == NULL && list == NULL)
    return fail (error, where, "'env' is neither an object nor a list of NAME=VALUE");
  for (GList *l = names; l != NULL; l = l->next)
    {
      JsonNode *value = json_object_get_member (object, l->data);

      if (json_node_get_value_type (value) != G_TYPE_STRING)
        return fail (error, where, "'%s' in 'env' is not a string", (char *) l->data);
      g_hash_table_replace (table, g_strdup (l->data),
                            g_strdup (json_node_get_string (value)));
    }
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      JsonNode *element = json_array_get_element (list, i);
      const char *text = NULL;
      const char *equals;

      if (json_node_get_value_type (element) == G_TYPE_STRING)
        text = json_node_get_string (element);
      equals = text == NULL ? NULL : strchr (text, '=');
      if (equals == NULL || equals == text)
        return fail (error, where, "env[%u] is not NAME=VALUE", i);
      g_hash_table_replace (table, g_strndup (text, (gsize) (equals - text)),
                            g_strdup (equals + 1));
    }
  return TRUE;
}

/* What the job says goes over what the defaults say, variable by variable. */
static JsonNode *
merge_env (JsonNode *defaults, JsonNode *own, const char *where, GError **error)
{
  g_autoptr (GHashTable) table
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (JsonArray) list = json_array_new ();
  g_autoptr (GList) names = NULL;

  if ((defaults != NULL && !collect_env (defaults, table, "defaults", error))
      || (own != NULL && !collect_env (own, table, where, error)))
    return NULL;
  names = g_list_sort (g_hash_table_get_keys (table), (GCompareFunc) strcmp);
  for (GList *l = names; l != NULL; l = l->next)
    {
      const char *value = g_hash_table_lookup (table, l->data);
      g_autofree char *entry = g_strconcat (l->data, "=", value, NULL);

      json_array_add_string_element (list, entry);
    }
  return json_node_init_array (json_node_alloc (), list);
}

/* --- jobs --- */

static gboolean
expand_lists (JsonObject *job, const char *folder, const char *where, GError **error)
{
  JsonNode *node = json_object_get_member (job, "inputs");

  if (node != NULL)
    {
      node = expand_inputs (node, folder, where, error);
      if (node == NULL)
        return FALSE;
      json_object_set_member (job, "inputs", node);
    }
  node = json_object_get_member (job, "outputs");
  if (node != NULL)
    {
      node = expand_outputs (node, where, error);
      if (node == NULL)
        return FALSE;
      json_object_set_member (job, "outputs", node);
    }
  return TRUE;
}

static gboolean
apply_defaults (JsonObject *job, JsonObject *defaults, const char *where, GError **error)
{
  g_autoptr (GList) members = json_object_get_members (defaults);
  JsonNode *default_env = json_object_get_member (defaults, "env");
  JsonNode *own_env = json_object_get_member (job, "env");

  for (GList *l = members; l != NULL; l = l->next)
    if (!json_object_has_member (job, l->data))
      json_object_set_member (
          job, l->data, json_node_copy (json_object_get_member (defaults, l->data)));
  if (default_env != NULL || own_env != NULL)
    {
      JsonNode *env = merge_env (default_env, own_env, where, error);

      if (env == NULL)
        return FALSE;
      json_object_set_member (job, "env", env);
    }
  if (!json_object_has_member (job, "kind"))
    json_object_set_string_member (job, "kind", "command");
  if (!json_object_has_member (job, "system"))
    json_object_set_string_member (job, "system", tool_system ());
  return TRUE;
}

static gboolean
expand_job (
    JsonNode *node, guint index, JsonObject *defaults, const char *folder, GError **error)
{
  g_autofree char *where = g_strdup_printf ("jobs[%u]", index);
  JsonNode *key;
  JsonObject *job;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, where, "a job is not an object");
  job = json_node_get_object (node);
  key = json_object_get_member (job, "key");
  if (key == NULL)
    return fail (error, where, "the job needs a 'key', the name by which others find it");
  if (json_node_get_value_type (key) == G_TYPE_STRING)
    {
      g_free (where);
      where = g_strdup_printf ("job '%s'", json_node_get_string (key));
    }
  return check_members (job, job_members, where, error)
         && apply_defaults (job, defaults, where, error)
         && expand_lists (job, folder, where, error);
}

static gboolean
expand_file (JsonObject *file, const char *folder, GError **error)
{
  g_autoptr (JsonObject) defaults = json_object_new ();
  JsonNode *node = json_object_get_member (file, "defaults");
  JsonArray *jobs;

  if (!check_members (file, file_members, "", error))
    return FALSE;
  if (node != NULL)
    {
      if (!JSON_NODE_HOLDS_OBJECT (node))
        return fail (error, "", "'defaults' is not an object");
      json_object_unref (defaults);
      defaults = json_object_ref (json_node_get_object (node));
    }
  if (!check_members (defaults, default_members, "defaults", error))
    return FALSE;
  node = json_object_get_member (file, "jobs");
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return fail (error, "",
                 node == NULL ? "there is no list 'jobs'" : "'jobs' is not a list");
  jobs = json_node_get_array (node);
  if (json_array_get_length (jobs) == 0)
    return fail (error, "", "'jobs' is empty");
  for (guint i = 0; i < json_array_get_length (jobs); i++)
    if (!expand_job (json_array_get_element (jobs, i), i, defaults, folder, error))
      return FALSE;
  json_object_remove_member (file, "defaults");
  json_object_remove_member (file, "$schema");
  return TRUE;
}

/* From the quote before a string to the one after it, or to the end of the text. */
/* The number of \uXXXX at @p, or -1. */
static int
read_escape (const char *p)
{
  int code = 0;

  if (p[0] != '\\' || p[1] != 'u')
    return -1;
  for (guint i = 2; i < 6; i++)
    if (!g_ascii_isxdigit (p[i]))
      return -1;
    else
      code = code << 4 | g_ascii_xdigit_value (p[i]);
  return code;
}

/* How long the escape at @p is; 0 if it is none, or none that json-glib can read without
 * a leak. */
static gsize
escape_length (const char *p)
{
  int code = read_escape (p);

  if (code < 0)
    return p[1] != '\0' && strchr ("\"\\/bfnrt", p[1]) != NULL ? 2 : 0;
  if (code >= 0xd800 && code <= 0xdbff)
    {
      code = read_escape (p + 6);
      return code >= 0xdc00 && code <= 0xdfff ? 12 : 0;
    }
  return code > 0 && (code < 0xdc00 || code > 0xdfff) ? 6 : 0;
}

/* Returns the end of the string, or the escape in it that is wrong. */
static const char *
skip_string (const char *p)
{
  p++;
  while (*p != '\0' && *p != '"')
    {
      gsize length = *p == '\\' ? escape_length (p) : 1;

      if (length == 0)
        break;
      p += length;
    }
  return p;
}

/* Whether the text is one object. The parser of json-glib recurses without limit, so
 * nesting is counted before it. It also takes comments, in which brackets would confuse
 * the count, and several texts in a row, of which it leaks the first. */
static gboolean
check_nesting (const char *text, GError **error)
{
  const char *p = text + strspn (text, JSON_SPACE);
  guint depth = 0;

  if (*p != '{')
    return fail (error, "", "not an object such as {\"jobs\": […]}");
  for (; *p != '\0'; p++)
    {
      if (*p == '[' || *p == '{')
        depth++;
      else if (*p == ']' || *p == '}')
        depth--;
      else if (*p == '/' || *p == '#' || *p == '\'')
        return fail (error, "", "not JSON: there is a %c outside of a string", *p);
      else if (*p == '"' && *(p = skip_string (p)) != '"')
        return *p == '\0'
               || fail (error, "",
                        "not JSON: byte %" G_GSIZE_FORMAT " begins no good escape",
                        (gsize) (p - text + 1));
      if (depth > MAX_DEPTH)
        return fail (error, "", "nested deeper than %d", MAX_DEPTH);
      if (depth == 0)
        return p[1 + strspn (p + 1, JSON_SPACE)] == '\0'
               || fail (error, "", "not JSON: something follows after the last bracket");
    }
  return TRUE;
}

BuildqRequest *
tool_job_file_parse (const char *text, const char *folder, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *strict = NULL;
  JsonNode *root;

  if (!check_nesting (text, error)
      || !json_parser_load_from_data (parser, text, -1, error))
    return NULL;
  root = json_parser_get_root (parser);
  if (!expand_file (json_node_get_object (root), folder, error))
    return NULL;
  strict = json_to_string (root, FALSE);
  return buildq_request_new_from_json (strict, error);
}

BuildqRequest *
tool_job_file_read (const char *path, GError **error)
{
  gboolean from_stdin = g_str_equal (path, "-");
  g_autofree char *text = tool_read_file (path, MAX_JOB_FILE_BYTES, error);
  g_autofree char *folder = from_stdin ? g_get_current_dir () : g_path_get_dirname (path);
  g_autofree char *absolute_folder = g_canonicalize_filename (folder, NULL);
  g_autoptr (GError) local_error = NULL;
  BuildqRequest *request;
  const char *name = from_stdin ? "standard input" : path;
  const char *message;

  if (text == NULL)
    return NULL;
  request = tool_job_file_parse (text, absolute_folder, &local_error);
  if (request != NULL)
    return request;
  /* The parser of json-glib says "<data>:LINE:COLUMN: …". */
  message = local_error->message;
  if (g_str_has_prefix (message, "<data>:"))
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s:%s", name,
                 message + strlen ("<data>:"));
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s: %s", name, message);
  return NULL;
}
