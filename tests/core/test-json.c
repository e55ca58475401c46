/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-value.h"

#include <buildq/buildq-error.h>
#include <string.h>

static const char *const good[] = {
  "{}",
  " \t\r\n[ ] \n",
  "[1,-1,0,-0,1.5,-0.5e10,1E+5,1e-5]",
  "[9223372036854775807,-9223372036854775808]",
  "[true,false,null,\"\"]",
  "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
  "{\"\":{\"a\":[{}]}}",
  "\"\303\244\177\"",
};

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = _buildq_json_parse (good[i], -1, &error);

      g_assert_no_error (error);
      g_assert_nonnull (node);
    }
}

static const char *const bad[] = {
  "",
  " ",
  "\357\273\277{}", /* a byte order mark */
  "{",
  "[",
  "[1",
  "[1,",
  "[1,]",
  "[,1]",
  "[1 2]",
  "{\"a\"}",
  "{\"a\":}",
  "{\"a\":1,}",
  "{\"a\" 1}",
  "{a:1}",
  "{1:1}",
  "{'a':1}",
  "{}{}",
  "{} x",
  "[]]",
  "[}",
  "tru",
  "truex",
  "nul",
  "NaN",
  "[Infinity]",
  "[+1]",
  "[01]",
  "[-]",
  "[- 1]",
  "[.5]",
  "[1.]",
  "[1e]",
  "[1e+]",
  "[0x10]",
  "[9223372036854775808]",
  "[-9223372036854775809]",
  "[99999999999999999999999999999999999]",
  "/**/{}",
  "[1] // no",
  "\"",
  "\"\\\"",
  "\"\\",
  "\"\\q\"",
  "\"\\101\"",
  "\"\\u\"",
  "\"\\u12\"",
  "\"\\u123",
  "\"\\u0000\"",
  "\"\\ud800\"",
  "\"\\ud800x\"",
  "\"\\ud800\\u0041\"",
  "\"\\udc00\"",
  "\"a\nb\"",
  "\"a\tb\"",
  "\"\377\"",
  "\"\300\200\"",
};

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (_buildq_json_parse (bad[i], -1, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
    }
}

/* The text may be a part of a larger buffer, and stops where it is said to. */
static void
test_length (void)
{
  static const char text[] = "[1]2";
  static const char nul[] = "[1]\0";
  g_autoptr (JsonNode) node = _buildq_json_parse (text, 3, NULL);

  g_assert_nonnull (node);
  for (gsize i = 0; i < 3; i++)
    {
      /* A copy of just that size, for the sanitizers. */
      g_autofree char *part = g_memdup2 (text, MAX (i, 1));

      g_assert_null (_buildq_json_parse (part, i, NULL));
    }
  g_assert_null (_buildq_json_parse (nul, 4, NULL));
}

static void
test_depth (void)
{
  for (guint depth = BUILDQ_JSON_MAX_DEPTH - 1; depth < BUILDQ_JSON_MAX_DEPTH + 2;
       depth++)
    {
      g_autofree char *open = g_strnfill (depth, '[');
      g_autofree char *close = g_strnfill (depth, ']');
      g_autofree char *text = g_strconcat (open, close, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = _buildq_json_parse (text, -1, &error);

      if (depth <= BUILDQ_JSON_MAX_DEPTH)
        g_assert_no_error (error);
      else
        {
          g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
          g_assert_cmpstr (error->message, ==, "JSON is nested deeper than 32");
        }
    }
}

/* So deep that anything that recurses without limit would crash. */
static void
test_very_deep (void)
{
  g_autofree char *text = g_strnfill (10 * 1024 * 1024, '[');
  g_autoptr (GError) error = NULL;

  g_assert_null (_buildq_json_parse (text, -1, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
}

static void
test_size (void)
{
  g_autofree char *text = g_strnfill (BUILDQ_JSON_MAX_BYTES + 1, ' ');
  g_autoptr (GError) error = NULL;

  g_assert_null (_buildq_json_parse (text, -1, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
}

static void
test_strings (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GString) all = g_string_new (NULL);
  g_autoptr (GString) written = g_string_new ("[");
  g_autoptr (JsonNode) node = NULL;

  _buildq_json_append_string (out, "a\"\\/\n\t\r\b\001\037\177\303\244");
  g_assert_cmpstr (out->str, ==,
                   "\"a\\\"\\\\/\\n\\t\\u000d\\u0008\\u0001\\u001f\\u007f\303\244\"");

  for (gunichar c = 1; c < 0x11000; c += c < 0x300 ? 1 : 97)
    if (g_unichar_validate (c))
      g_string_append_unichar (all, c);
  _buildq_json_append_string (written, all->str);
  g_string_append_c (written, ']');
  node = _buildq_json_parse (written->str, written->len, NULL);
  g_assert_nonnull (node);
  g_assert_cmpstr (json_array_get_string_element (json_node_get_array (node), 0), ==,
                   all->str);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/good", test_good);
  g_test_add_func ("/json/bad", test_bad);
  g_test_add_func ("/json/length", test_length);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/very-deep", test_very_deep);
  g_test_add_func ("/json/size", test_size);
  g_test_add_func ("/json/strings", test_strings);
  return g_test_run ();
}
