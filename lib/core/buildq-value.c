/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-value.h"

#include <buildq/buildq-error.h>
#include <string.h>

#define PLACE(value, field, Type) (*(Type *) ((char *) (value) + (field)->offset))
#define PEEK(value, field, Type) (*(Type const *) ((const char *) (value) + (field)->offset))

/* GPtrArray takes a free function without data, so each list remembers its info here. */
typedef struct
{
  const BuildqValueInfo *info;
} ValueHeader;

#define HEADER_SIZE 16 /* keeps the value aligned */

static ValueHeader *
header_of (gpointer value)
{
  return (ValueHeader *) ((char *) value - HEADER_SIZE);
}

/* A new value, all zero but for its lists, which are empty. */
gpointer
_buildq_value_new (const BuildqValueInfo *info)
{
  char *block = g_atomic_rc_box_alloc0 (HEADER_SIZE + info->size);
  gpointer value = block + HEADER_SIZE;

  ((ValueHeader *) block)->info = info;
  for (guint i = 0; i < info->n_fields; i++)
    {
      const BuildqField *field = &info->fields[i];

      if (field->kind == BUILDQ_FIELD_STRV)
        PLACE (value, field, char **) = g_new0 (char *, 1);
      else if (field->kind == BUILDQ_FIELD_VALUES)
        PLACE (value, field, GPtrArray *) = _buildq_values_new (field->info);
    }
  return value;
}

gpointer
_buildq_value_ref (gpointer value)
{
  g_atomic_rc_box_acquire ((char *) value - HEADER_SIZE);
  return value;
}

static void
value_clear (gpointer block)
{
  gpointer value = (char *) block + HEADER_SIZE;
  const BuildqValueInfo *info = ((ValueHeader *) block)->info;

  for (guint i = 0; i < info->n_fields; i++)
    {
      const BuildqField *field = &info->fields[i];

      switch (field->kind)
        {
        case BUILDQ_FIELD_STRING:
          g_free (PLACE (value, field, char *));
          break;
        case BUILDQ_FIELD_STRV:
          g_strfreev (PLACE (value, field, char **));
          break;
        case BUILDQ_FIELD_VALUE:
          if (PLACE (value, field, gpointer) != NULL)
            _buildq_value_unref (field->info, PLACE (value, field, gpointer));
          break;
        case BUILDQ_FIELD_VALUES:
          g_clear_pointer (&PLACE (value, field, GPtrArray *), g_ptr_array_unref);
          break;
        case BUILDQ_FIELD_INT:
        case BUILDQ_FIELD_BOOL:
        case BUILDQ_FIELD_ENUM:
          break;
        }
    }
}

void
_buildq_value_unref (const BuildqValueInfo *info, gpointer value)
{
  g_assert (header_of (value)->info == info);
  g_atomic_rc_box_release_full (header_of (value), value_clear);
}

static void
value_unref_any (gpointer value)
{
  _buildq_value_unref (header_of (value)->info, value);
}

/* A list for values of @info. */
GPtrArray *
_buildq_values_new (const BuildqValueInfo *info)
{
  return g_ptr_array_new_with_free_func (value_unref_any);
}

static gpointer
copy_ref (gconstpointer value, gpointer data)
{
  return _buildq_value_ref ((gpointer) value);
}

/* A copy that shares nested values, which are immutable. */
gpointer
_buildq_value_copy (const BuildqValueInfo *info, gconstpointer value)
{
  gpointer copy = _buildq_value_new (info);

  for (guint i = 0; i < info->n_fields; i++)
    {
      const BuildqField *field = &info->fields[i];

      switch (field->kind)
        {
        case BUILDQ_FIELD_STRING:
          PLACE (copy, field, char *) = g_strdup (PEEK (value, field, char *));
          break;
        case BUILDQ_FIELD_STRV:
          g_strfreev (PLACE (copy, field, char **));
          PLACE (copy, field, char **) = g_strdupv (PEEK (value, field, char **));
          break;
        case BUILDQ_FIELD_INT:
          PLACE (copy, field, gint64) = PEEK (value, field, gint64);
          break;
        case BUILDQ_FIELD_BOOL:
        case BUILDQ_FIELD_ENUM:
          PLACE (copy, field, int) = PEEK (value, field, int);
          break;
        case BUILDQ_FIELD_VALUE:
          if (PEEK (value, field, gpointer) != NULL)
            PLACE (copy, field, gpointer) = _buildq_value_ref (PEEK (value, field, gpointer));
          break;
        case BUILDQ_FIELD_VALUES:
          g_ptr_array_extend (PLACE (copy, field, GPtrArray *), PEEK (value, field, GPtrArray *),
                              copy_ref, NULL);
          break;
        }
    }
  return copy;
}

static gboolean
lists_equal (const BuildqField *field, GPtrArray *a, GPtrArray *b, gboolean spec_only)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (_buildq_value_first_difference (field->info, a->pdata[i], b->pdata[i], spec_only) != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
fields_equal (const BuildqField *field, gconstpointer a, gconstpointer b, gboolean spec_only)
{
  switch (field->kind)
    {
    case BUILDQ_FIELD_STRING:
      return g_strcmp0 (PEEK (a, field, char *), PEEK (b, field, char *)) == 0;
    case BUILDQ_FIELD_STRV:
      return g_strv_equal (PEEK (a, field, const char *const *),
                           PEEK (b, field, const char *const *));
    case BUILDQ_FIELD_INT:
      return PEEK (a, field, gint64) == PEEK (b, field, gint64);
    case BUILDQ_FIELD_BOOL:
      return !PEEK (a, field, gboolean) == !PEEK (b, field, gboolean);
    case BUILDQ_FIELD_ENUM:
      return PEEK (a, field, int) == PEEK (b, field, int);
    case BUILDQ_FIELD_VALUE:
      {
        gpointer x = PEEK (a, field, gpointer);
        gpointer y = PEEK (b, field, gpointer);

        if (x == NULL || y == NULL)
          return x == y;
        return _buildq_value_first_difference (field->info, x, y, spec_only) == NULL;
      }
    case BUILDQ_FIELD_VALUES:
      return lists_equal (field, PEEK (a, field, GPtrArray *), PEEK (b, field, GPtrArray *),
                          spec_only);
    }
  g_return_val_if_reached (FALSE);
}

/* The name of the first field in which @a and @b differ, or NULL. With @spec_only,
 * fields that say nothing about the work itself are passed over. */
const char *
_buildq_value_first_difference (const BuildqValueInfo *info,
                                gconstpointer a,
                                gconstpointer b,
                                gboolean spec_only)
{
  for (guint i = 0; i < info->n_fields && a != b; i++)
    {
      const BuildqField *field = &info->fields[i];

      if (spec_only && (field->flags & BUILDQ_FIELD_NOT_SPEC))
        continue;
      if (!fields_equal (field, a, b, spec_only))
        return field->name;
    }
  return NULL;
}

/* --- writing --- */

void
_buildq_json_append_string (GString *out, const char *string)
{
  const char *start = string;

  g_string_append_c (out, '"');
  for (const char *p = string; *p != '\0'; p++)
    {
      guchar c = *p;

      if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
        continue;
      g_string_append_len (out, start, p - start);
      start = p + 1;
      switch (c)
        {
        case '"':
        case '\\':
          g_string_append_c (out, '\\');
          g_string_append_c (out, c);
          break;
        case '\n':
          g_string_append (out, "\\n");
          break;
        case '\t':
          g_string_append (out, "\\t");
          break;
        default:
          g_string_append_printf (out, "\\u%04x", c);
        }
    }
  g_string_append (out, start);
  g_string_append_c (out, '"');
}

static gboolean
field_is_empty (const BuildqField *field, gconstpointer value)
{
  switch (field->kind)
    {
    case BUILDQ_FIELD_STRING:
      return PEEK (value, field, char *) == NULL;
    case BUILDQ_FIELD_STRV:
      return PEEK (value, field, char **)[0] == NULL;
    case BUILDQ_FIELD_INT:
      return PEEK (value, field, gint64) == 0;
    case BUILDQ_FIELD_BOOL:
    case BUILDQ_FIELD_ENUM:
      return PEEK (value, field, int) == 0;
    case BUILDQ_FIELD_VALUE:
      return PEEK (value, field, gpointer) == NULL;
    case BUILDQ_FIELD_VALUES:
      return PEEK (value, field, GPtrArray *)->len == 0;
    }
  g_return_val_if_reached (TRUE);
}

static void
append_strv (GString *out, char **strv)
{
  g_string_append_c (out, '[');
  for (guint i = 0; strv[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      _buildq_json_append_string (out, strv[i]);
    }
  g_string_append_c (out, ']');
}

static void
append_values (GString *out, const BuildqField *field, GPtrArray *values, gboolean spec_only)
{
  g_string_append_c (out, '[');
  for (guint i = 0; i < values->len; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      _buildq_value_append_json (field->info, values->pdata[i], spec_only, out);
    }
  g_string_append_c (out, ']');
}

static void
append_field (GString *out, const BuildqField *field, gconstpointer value, gboolean spec_only)
{
  switch (field->kind)
    {
    case BUILDQ_FIELD_STRING:
      _buildq_json_append_string (out, PEEK (value, field, char *));
      break;
    case BUILDQ_FIELD_STRV:
      append_strv (out, PEEK (value, field, char **));
      break;
    case BUILDQ_FIELD_INT:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, PEEK (value, field, gint64));
      break;
    case BUILDQ_FIELD_BOOL:
      g_string_append (out, PEEK (value, field, gboolean) ? "true" : "false");
      break;
    case BUILDQ_FIELD_ENUM:
      _buildq_json_append_string (
          out, _buildq_enum_to_string (field->enum_type (), PEEK (value, field, int)));
      break;
    case BUILDQ_FIELD_VALUE:
      _buildq_value_append_json (field->info, PEEK (value, field, gpointer), spec_only, out);
      break;
    case BUILDQ_FIELD_VALUES:
      append_values (out, field, PEEK (value, field, GPtrArray *), spec_only);
      break;
    }
}

/* Always the same bytes for equal values: the order is that of the table, and what is
 * empty is left out. */
void
_buildq_value_append_json (const BuildqValueInfo *info,
                           gconstpointer value,
                           gboolean spec_only,
                           GString *out)
{
  gboolean first = TRUE;

  g_string_append_c (out, '{');
  for (guint i = 0; i < info->n_fields; i++)
    {
      const BuildqField *field = &info->fields[i];

      if (spec_only && (field->flags & BUILDQ_FIELD_NOT_SPEC))
        continue;
      if (!(field->flags & BUILDQ_FIELD_ALWAYS) && field_is_empty (field, value))
        continue;
      if (!first)
        g_string_append_c (out, ',');
      first = FALSE;
      g_string_append_c (out, '"');
      g_string_append (out, field->name);
      g_string_append (out, "\":");
      append_field (out, field, value, spec_only);
    }
  g_string_append_c (out, '}');
}

char *
_buildq_value_to_json (const BuildqValueInfo *info, gconstpointer value)
{
  GString *out = g_string_sized_new (512);

  _buildq_value_append_json (info, value, FALSE, out);
  return g_string_free (out, FALSE);
}

/* --- checking --- */

static gboolean
check_size (const BuildqValueInfo *info, const BuildqField *field, gint64 size, GError **error)
{
  gint64 max = field->max;

  if (max == 0 && field->kind == BUILDQ_FIELD_INT)
    max = G_MAXINT64;
  else if (max == 0)
    max = field->kind == BUILDQ_FIELD_VALUES ? BUILDQ_MAX_ITEMS : BUILDQ_MAX_TEXT;
  if (size <= max)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
               "%s of a %s: %" G_GINT64_FORMAT " is over the limit of %" G_GINT64_FORMAT,
               field->name, info->name, size, max);
  return FALSE;
}

static gboolean
check_string (const BuildqValueInfo *info, const BuildqField *field, const char *s, GError **error)
{
  if (!check_size (info, field, strlen (s), error))
    return FALSE;
  if (g_utf8_validate (s, -1, NULL))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s of a %s is not UTF-8", field->name,
               info->name);
  return FALSE;
}

static gboolean
check_field (const BuildqValueInfo *info,
             const BuildqField *field,
             gconstpointer value,
             GError **error)
{
  if ((field->flags & BUILDQ_FIELD_REQUIRED)
      && (field_is_empty (field, value)
          || (field->kind == BUILDQ_FIELD_STRING && PEEK (value, field, char *)[0] == '\0')))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "a %s needs '%s'", info->name,
                   field->name);
      return FALSE;
    }

  if (field->kind == BUILDQ_FIELD_STRING)
    return PEEK (value, field, char *) == NULL
           || check_string (info, field, PEEK (value, field, char *), error);
  if (field->kind == BUILDQ_FIELD_VALUES)
    return check_size (info, field, PEEK (value, field, GPtrArray *)->len, error);
  if (field->kind == BUILDQ_FIELD_INT)
    {
      gint64 number = PEEK (value, field, gint64);

      if (number < 0 && !(field->flags & BUILDQ_FIELD_SIGNED))
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                       "%s of a %s: %" G_GINT64_FORMAT " is negative", field->name, info->name,
                       number);
          return FALSE;
        }
      return check_size (info, field, number, error);
    }
  if (field->kind == BUILDQ_FIELD_STRV)
    for (char **p = PEEK (value, field, char **); *p != NULL; p++)
      if (!check_string (info, field, *p, error))
        return FALSE;
  return TRUE;
}

/* Whether @value keeps what its table and its type demand; nested values have been
 * checked when they were made. */
gboolean
_buildq_value_validate (const BuildqValueInfo *info, gconstpointer value, GError **error)
{
  for (guint i = 0; i < info->n_fields; i++)
    if (!check_field (info, &info->fields[i], value, error))
      return FALSE;
  return info->validate == NULL || info->validate (value, error);
}

/* The names of inputs and outputs become environment variables. */
gboolean
_buildq_name_check (const char *what, const char *name, GError **error)
{
  if (g_ascii_isalpha (name[0]) && strlen (name) <= BUILDQ_MAX_NAME
      && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z "0123456789_") == strlen (name))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "%s '%s' is not a letter followed by letters, digits and '_'", what, name);
  return FALSE;
}

/* --- reading --- */

static gboolean
wrong_type (const BuildqValueInfo *info, const BuildqField *field, const char *what, GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s of a %s is not %s", field->name,
               info->name, what);
  return FALSE;
}

static gboolean
node_is (JsonNode *node, GType type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

static gboolean
read_strv (const BuildqValueInfo *info,
           const BuildqField *field,
           JsonNode *node,
           gpointer value,
           GError **error)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return wrong_type (info, field, "a list of strings", error);
  array = json_node_get_array (node);
  if (json_array_get_length (array) > BUILDQ_MAX_ITEMS)
    return wrong_type (info, field, "a list of reasonable length", error);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (!node_is (element, G_TYPE_STRING))
        return wrong_type (info, field, "a list of strings", error);
      g_ptr_array_add (strings, g_strdup (json_node_get_string (element)));
    }
  g_ptr_array_add (strings, NULL);
  g_strfreev (PLACE (value, field, char **));
  PLACE (value, field, char **) = (char **) g_ptr_array_free (g_steal_pointer (&strings), FALSE);
  return TRUE;
}

static gboolean
read_values (const BuildqValueInfo *info,
             const BuildqField *field,
             JsonNode *node,
             gpointer value,
             GError **error)
{
  GPtrArray *values = PLACE (value, field, GPtrArray *);
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return wrong_type (info, field, "a list", error);
  array = json_node_get_array (node);
  if (!check_size (info, field, json_array_get_length (array), error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      gpointer item = _buildq_value_from_node (field->info, json_array_get_element (array, i), error);

      if (item == NULL)
        {
          g_prefix_error (error, "%s[%u]: ", field->name, i);
          return FALSE;
        }
      g_ptr_array_add (values, item);
    }
  return TRUE;
}

static gboolean
read_enum (const BuildqValueInfo *info,
           const BuildqField *field,
           JsonNode *node,
           gpointer value,
           GError **error)
{
  if (!node_is (node, G_TYPE_STRING))
    return wrong_type (info, field, "a string", error);
  if (_buildq_enum_from_string (field->enum_type (), json_node_get_string (node),
                                &PLACE (value, field, int)))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s of a %s: '%s' is not known",
               field->name, info->name, json_node_get_string (node));
  return FALSE;
}

static gboolean
read_field (const BuildqValueInfo *info,
            const BuildqField *field,
            JsonNode *node,
            gpointer value,
            GError **error)
{
  switch (field->kind)
    {
    case BUILDQ_FIELD_STRING:
      if (!node_is (node, G_TYPE_STRING))
        return wrong_type (info, field, "a string", error);
      PLACE (value, field, char *) = g_strdup (json_node_get_string (node));
      return TRUE;
    case BUILDQ_FIELD_STRV:
      return read_strv (info, field, node, value, error);
    case BUILDQ_FIELD_INT:
      if (!node_is (node, G_TYPE_INT64))
        return wrong_type (info, field, "a whole number", error);
      PLACE (value, field, gint64) = json_node_get_int (node);
      return TRUE;
    case BUILDQ_FIELD_BOOL:
      if (!node_is (node, G_TYPE_BOOLEAN))
        return wrong_type (info, field, "true or false", error);
      PLACE (value, field, gboolean) = json_node_get_boolean (node);
      return TRUE;
    case BUILDQ_FIELD_ENUM:
      return read_enum (info, field, node, value, error);
    case BUILDQ_FIELD_VALUE:
      PLACE (value, field, gpointer) = _buildq_value_from_node (field->info, node, error);
      if (PLACE (value, field, gpointer) != NULL)
        return TRUE;
      g_prefix_error (error, "%s: ", field->name);
      return FALSE;
    case BUILDQ_FIELD_VALUES:
      return read_values (info, field, node, value, error);
    }
  g_return_val_if_reached (FALSE);
}

/* Puts the name of the thing in front of @error, as in "job 'zlib': …". */
static void
prefix_label (const BuildqValueInfo *info, gconstpointer value, GError **error)
{
  for (guint i = 0; info->label != NULL && i < info->n_fields; i++)
    {
      const BuildqField *field = &info->fields[i];
      const char *label;

      if (!g_str_equal (field->name, info->label))
        continue;
      label = PEEK (value, field, char *);
      if (label != NULL && label[0] != '\0' && strlen (label) <= BUILDQ_MAX_KEY)
        g_prefix_error (error, "%s '%s': ", info->name, label);
      return;
    }
}

/* Members that the table does not know are passed over: the other side may be newer. */
gpointer
_buildq_value_from_node (const BuildqValueInfo *info, JsonNode *node, GError **error)
{
  gpointer value;
  JsonObject *object;
  gboolean ok = TRUE;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "a %s is not an object", info->name);
      return NULL;
    }

  value = _buildq_value_new (info);
  object = json_node_get_object (node);
  for (guint i = 0; i < info->n_fields && ok; i++)
    {
      JsonNode *member = json_object_get_member (object, info->fields[i].name);

      if (member != NULL && !JSON_NODE_HOLDS_NULL (member))
        ok = read_field (info, &info->fields[i], member, value, error);
    }
  if (ok && _buildq_value_validate (info, value, error))
    return value;
  prefix_label (info, value, error);
  _buildq_value_unref (info, value);
  return NULL;
}

/* json-glib recurses, and takes comments and other extensions: so the depth and the
 * characters outside of strings are looked at before it is called. */
static gboolean
check_shape (const char *json, gsize length, GError **error)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (in_string)
        {
          if (json[i] == '\\')
            i++;
          else if (json[i] == '"')
            in_string = FALSE;
          continue;
        }
      if (json[i] == '\0' || strchr ("{}[]:,\" \t\r\n+-.0123456789eEtrufalsn", json[i]) == NULL)
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                       "not JSON: character 0x%02x at byte %" G_GSIZE_FORMAT, (guchar) json[i], i);
          return FALSE;
        }
      if (json[i] == '"')
        in_string = TRUE;
      else if (json[i] == '{' || json[i] == '[')
        depth++;
      else if ((json[i] == '}' || json[i] == ']') && depth > 0)
        depth--;
      if (depth > BUILDQ_JSON_MAX_DEPTH)
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                       "JSON is nested deeper than %d", BUILDQ_JSON_MAX_DEPTH);
          return FALSE;
        }
    }
  return TRUE;
}

JsonNode *
_buildq_json_parse (const char *json, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) local = NULL;
  gsize size = length >= 0 ? (gsize) length : strlen (json);
  JsonNode *root;

  if (size > BUILDQ_JSON_MAX_BYTES)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "JSON of %" G_GSIZE_FORMAT " bytes is over the limit of %d", size,
                   BUILDQ_JSON_MAX_BYTES);
      return NULL;
    }
  if (!g_utf8_validate (json, size, NULL))
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "JSON is not UTF-8");
      return NULL;
    }
  if (!check_shape (json, size, error))
    return NULL;

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, json, size, &local))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "not JSON: %s", local->message);
      return NULL;
    }
  root = json_parser_steal_root (parser);
  if (root == NULL)
    g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "not JSON: it is empty");
  return root;
}

gpointer
_buildq_value_from_json (const BuildqValueInfo *info,
                         const char *json,
                         gssize length,
                         GError **error)
{
  g_autoptr (JsonNode) root = _buildq_json_parse (json, length, error);

  return root != NULL ? _buildq_value_from_node (info, root, error) : NULL;
}

/* --- for builders --- */

void
_buildq_set_string (char **place, const char *value)
{
  char *copy = g_strdup (value);

  g_free (*place);
  *place = copy;
}

void
_buildq_strv_add (char ***place, const char *value)
{
  guint length = g_strv_length (*place);

  *place = g_renew (char *, *place, length + 2);
  (*place)[length] = g_strdup (value);
  (*place)[length + 1] = NULL;
}
