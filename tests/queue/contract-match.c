/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "contract-match.h"

#include <string.h>

static JsonNode *
fill_object (JsonObject *object, GHashTable *saved)
{
  g_autoptr (JsonObject) filled = json_object_new ();
  g_autoptr (GList) names = json_object_get_members (object);
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  for (GList *l = names; l != NULL; l = l->next)
    json_object_set_member (
        filled, l->data, contract_fill (json_object_get_member (object, l->data), saved));
  json_node_set_object (node, filled);
  return node;
}

static JsonNode *
fill_array (JsonArray *array, GHashTable *saved)
{
  g_autoptr (JsonArray) filled = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (guint i = 0; i < json_array_get_length (array); i++)
    json_array_add_element (filled,
                            contract_fill (json_array_get_element (array, i), saved));
  json_node_set_array (node, filled);
  return node;
}

JsonNode *
contract_fill (JsonNode *node, GHashTable *saved)
{
  const char *text = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node))
    return fill_object (json_node_get_object (node), saved);
  if (JSON_NODE_HOLDS_ARRAY (node))
    return fill_array (json_node_get_array (node), saved);
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    text = json_node_get_string (node);
  if (text != NULL && text[0] == '$')
    {
      const char *value = g_hash_table_lookup (saved, text + 1);

      if (value == NULL)
        g_test_fail_printf ("nothing was saved as '%s'", text + 1);
      return json_node_init_string (json_node_alloc (), value != NULL ? value : "");
    }
  return json_node_copy (node);
}

static char *
match_array (JsonArray *expected, JsonArray *actual, const char *where)
{
  if (json_array_get_length (expected) != json_array_get_length (actual))
    return g_strdup_printf ("%s: %u elements instead of %u", where,
                            json_array_get_length (actual),
                            json_array_get_length (expected));
  for (guint i = 0; i < json_array_get_length (expected); i++)
    {
      g_autofree char *here = g_strdup_printf ("%s[%u]", where, i);
      char *wrong = contract_match (json_array_get_element (expected, i),
                                    json_array_get_element (actual, i), here);

      if (wrong != NULL)
        return wrong;
    }
  return NULL;
}

static char *
match_object (JsonObject *expected, JsonObject *actual, const char *where)
{
  g_autoptr (GList) names = json_object_get_members (expected);

  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *here = g_strdup_printf ("%s.%s", where, (char *) l->data);
      JsonNode *wanted = json_object_get_member (expected, l->data);
      JsonNode *found = json_object_get_member (actual, l->data);
      char *wrong;

      if (JSON_NODE_HOLDS_NULL (wanted) && found == NULL)
        continue;
      if (found == NULL)
        return g_strdup_printf ("%s is not there", here);
      wrong = contract_match (wanted, found, here);
      if (wrong != NULL)
        return wrong;
    }
  return NULL;
}

static gboolean
match_text (const char *expected, JsonNode *actual)
{
  const char *text;

  if (g_str_equal (expected, "*"))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (actual)
      || json_node_get_value_type (actual) != G_TYPE_STRING)
    return FALSE;
  text = json_node_get_string (actual);
  return expected[0] == '~' ? strstr (text, expected + 1) != NULL
                            : g_str_equal (expected, text);
}

char *
contract_match (JsonNode *expected, JsonNode *actual, const char *where)
{
  g_autofree char *got = NULL;
  g_autofree char *want = NULL;

  if (JSON_NODE_HOLDS_OBJECT (expected) && JSON_NODE_HOLDS_OBJECT (actual))
    return match_object (json_node_get_object (expected), json_node_get_object (actual),
                         where);
  if (JSON_NODE_HOLDS_ARRAY (expected) && JSON_NODE_HOLDS_ARRAY (actual))
    return match_array (json_node_get_array (expected), json_node_get_array (actual),
                        where);
  if (JSON_NODE_HOLDS_VALUE (expected)
      && json_node_get_value_type (expected) == G_TYPE_STRING)
    {
      if (match_text (json_node_get_string (expected), actual))
        return NULL;
    }
  else if (json_node_equal (expected, actual))
    return NULL;
  got = json_to_string (actual, FALSE);
  want = json_to_string (expected, FALSE);
  return g_strdup_printf ("%s is %s instead of %s", where, got, want);
}

JsonNode *
contract_find (JsonNode *node, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);

  for (char **p = parts; *p != NULL && node != NULL; p++)
    {
      if (JSON_NODE_HOLDS_ARRAY (node))
        {
          JsonArray *array = json_node_get_array (node);
          guint64 index = g_ascii_strtoull (*p, NULL, 10);

          node = index < json_array_get_length (array)
                     ? json_array_get_element (array, index)
                     : NULL;
        }
      else
        node = JSON_NODE_HOLDS_OBJECT (node)
                   ? json_object_get_member (json_node_get_object (node), *p)
                   : NULL;
    }
  return node;
}
