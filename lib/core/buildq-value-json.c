/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-value-private.h"

#include <buildq/buildq-error.h>

/* --- writing --- */

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
append_values (GString *out,
               const BuildqField *field,
               GPtrArray *values,
               gboolean spec_only)
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
append_field (GString *out,
              const BuildqField *field,
              gconstpointer value,
              gboolean spec_only)
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
      _buildq_value_append_json (field->info, PEEK (value, field, gpointer), spec_only,
                                 out);
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
      if (!(field->flags & BUILDQ_FIELD_ALWAYS) && _buildq_field_is_empty (field, value))
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

/* --- reading --- */

static gboolean
wrong_type (const BuildqValueInfo *info,
            const BuildqField *field,
            const char *what,
            GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s of %s %s is not %s",
               field->name, A_VALUE (info), what);
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
  if (!_buildq_field_check_count (info, field, json_array_get_length (array), error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (!node_is (element, G_TYPE_STRING))
        return wrong_type (info, field, "a list of strings", error);
      g_ptr_array_add (strings, g_strdup (json_node_get_string (element)));
    }
  g_ptr_array_add (strings, NULL);
  g_strfreev (PLACE (value, field, char **));
  PLACE (value, field, char **)
      = (char **) g_ptr_array_free (g_steal_pointer (&strings), FALSE);
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
  if (!_buildq_field_check_size (info, field, json_array_get_length (array), error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      gpointer item = _buildq_value_from_node (field->info,
                                               json_array_get_element (array, i), error);

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
  if (field->flags & BUILDQ_FIELD_OPEN)
    {
      PLACE (value, field, int) = (int) field->max;
      return TRUE;
    }
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "%s of %s %s: '%s' is not known", field->name, A_VALUE (info),
               json_node_get_string (node));
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

/* Members that the table does not know are passed over: the other side may be newer. */
gpointer
_buildq_value_from_node (const BuildqValueInfo *info, JsonNode *node, GError **error)
{
  gpointer value;
  JsonObject *object;
  gboolean ok = TRUE;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s %s is not an object",
                   A_VALUE (info));
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
  if (ok && _buildq_value_check_own (info, value, error))
    return value;
  _buildq_value_prefix_label (info, value, error);
  _buildq_value_unref (info, value);
  return NULL;
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
