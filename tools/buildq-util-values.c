/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The values of options: from a text, wherever it was found, to what a command gets.
 */
#include "config.h"

#include "buildq-tool.h"

#include <math.h>
#include <string.h>

static gboolean
invalid (GError **error, const char *text, const char *what)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "'%s' is not %s", text, what);
  return FALSE;
}

static gboolean
has_range (const ToolOption *option)
{
  return option->min != 0 || option->max != 0;
}

static gboolean
parse_flag (const char *text, gboolean *value)
{
  *value = g_str_equal (text, "true") || g_str_equal (text, "yes");
  return *value || g_str_equal (text, "false") || g_str_equal (text, "no");
}

/* A number and K, M, G or T, powers of 1024. */
static gboolean
parse_size (const char *text, gint64 *value)
{
  static const char units[] = "KMGT";
  gsize length = strlen (text);
  const char *unit
      = length > 1 ? strchr (units, g_ascii_toupper (text[length - 1])) : NULL;
  g_autofree char *digits = g_strndup (text, unit == NULL ? length : length - 1);
  guint shift = unit == NULL ? 0 : 10 * (guint) (unit - units + 1);

  if (!g_ascii_string_to_signed (digits, 10, 0, G_MAXINT64 >> shift, value, NULL))
    return FALSE;
  *value <<= shift;
  return TRUE;
}

static gboolean
parse_double (const char *text, double *value)
{
  char *end;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*value);
}

static gboolean
check_number (const ToolOption *option, const char *text, GError **error)
{
  g_autofree char *what = NULL;
  const char *kind = option->type == TOOL_INT    ? "a whole number"
                     : option->type == TOOL_SIZE ? "a size, such as 500M or 5G,"
                                                 : "a number of seconds";
  gint64 whole = 0;
  double value = 0;
  gboolean ok;

  if (option->type == TOOL_SECONDS)
    ok = parse_double (text, &value);
  else
    {
      ok = option->type == TOOL_SIZE ? parse_size (text, &whole)
                                     : g_ascii_string_to_signed (
                                         text, 10, G_MININT64, G_MAXINT64, &whole, NULL);
      value = (double) whole;
    }
  if (ok && (!has_range (option) || (value >= option->min && value <= option->max)))
    return TRUE;
  what = has_range (option) ? g_strdup_printf ("%s between %.15g and %.15g", kind,
                                               option->min, option->max)
                            : g_strdup (kind);
  return invalid (error, text, what);
}

static gboolean
check_choice (const ToolOption *option, const char *text, GError **error)
{
  g_autofree char *list = NULL;
  const char *closest;

  if (g_strv_contains (option->choices, text))
    return TRUE;
  list = tool_choices_to_string (option->choices);
  closest = tool_closest (text, option->choices);
  if (closest == NULL)
    return invalid (error, text, list);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "'%s' is not %s; did you mean '%s'?", text, list, closest);
  return FALSE;
}

gboolean
tool_value_check (const ToolOption *option, const char *text, GError **error)
{
  gboolean flag;

  switch (option->type)
    {
    case TOOL_FLAG:
      return parse_flag (text, &flag) || invalid (error, text, "true or false");
    case TOOL_INT:
    case TOOL_SECONDS:
    case TOOL_SIZE:
      return check_number (option, text, error);
    case TOOL_STRING:
    case TOOL_PATH:
    case TOOL_STRINGS:
    case TOOL_MIRRORS:
    default:
      break;
    }
  if (*text == '\0')
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                           "the value is empty");
      return FALSE;
    }
  if (option->choices != NULL && !check_choice (option, text, error))
    return FALSE;
  return option->check == NULL || option->check (text, error);
}

void
tool_value_clear (const ToolOption *option, gpointer base)
{
  gpointer place = G_STRUCT_MEMBER_P (base, option->offset);

  if (option->type == TOOL_STRING || option->type == TOOL_PATH)
    g_clear_pointer ((char **) place, g_free);
  else if (option->type == TOOL_STRINGS || option->type == TOOL_MIRRORS)
    g_clear_pointer ((char ***) place, g_strfreev);
}

/* The last one counts, where there can be but one. */
void
tool_value_set (const ToolOption *option, gpointer base, const char *const *texts)
{
  gpointer place = G_STRUCT_MEMBER_P (base, option->offset);
  guint n = texts == NULL ? 0 : g_strv_length ((char **) texts);
  const char *text = n == 0 ? NULL : texts[n - 1];

  tool_value_clear (option, base);
  if (text == NULL)
    return;
  switch (option->type)
    {
    case TOOL_FLAG:
      parse_flag (text, place);
      break;
    case TOOL_INT:
      *(gint64 *) place = g_ascii_strtoll (text, NULL, 10);
      break;
    case TOOL_SIZE:
      parse_size (text, place);
      break;
    case TOOL_SECONDS:
      parse_double (text, place);
      break;
    case TOOL_PATH:
      *(char **) place = g_canonicalize_filename (text, NULL);
      break;
    case TOOL_STRINGS:
    case TOOL_MIRRORS:
      *(char ***) place = g_strdupv ((char **) texts);
      break;
    case TOOL_STRING:
    default:
      *(char **) place = g_strdup (text);
      break;
    }
}

char *
tool_choices_to_string (const char *const *choices)
{
  g_autoptr (GString) list = g_string_new (choices[0]);

  for (guint i = 1; choices[i] != NULL; i++)
    g_string_append_printf (list, "%s%s", choices[i + 1] == NULL ? " or " : ", ",
                            choices[i]);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

static const char *
describe_type (const ToolOption *option)
{
  switch (option->type)
    {
    case TOOL_FLAG:
      return "true or false";
    case TOOL_INT:
      return "a whole number";
    case TOOL_SECONDS:
      return "seconds";
    case TOOL_SIZE:
      return "bytes, with K, M, G or T for powers of 1024";
    case TOOL_PATH:
      return "an absolute path; ~/ is the home directory";
    case TOOL_STRINGS:
      return "a list, with ; in between";
    case TOOL_STRING:
    case TOOL_MIRRORS:
    default:
      return NULL;
    }
}

char *
tool_option_describe (const ToolOption *option)
{
  g_autoptr (GString) text = g_string_new (option->help);
  const char *type = describe_type (option);
  const char *standard = option->value != NULL ? option->value : option->otherwise;

  if (option->choices != NULL)
    {
      g_autofree char *list = tool_choices_to_string (option->choices);

      g_string_append_printf (text, ": %s", list);
    }
  else if (type != NULL)
    g_string_append_printf (text, ": %s", type);
  if (has_range (option))
    g_string_append_printf (text, " from %.15g to %.15g", option->min, option->max);
  if (standard != NULL)
    g_string_append_printf (text, " (default: %s)", standard);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
tool_option_help (const ToolOption *option)
{
  g_autoptr (GString) help = g_string_new (option->help);
  const char *value = option->value != NULL ? option->value : option->otherwise;

  if (option->choices != NULL)
    {
      g_autofree char *list = tool_choices_to_string (option->choices);

      g_string_append_printf (help, ": %s", list);
    }
  if (option->type == TOOL_STRINGS || option->type == TOOL_MIRRORS)
    g_string_append (help, "; can be repeated");
  if (value != NULL && option->variable != NULL)
    g_string_append_printf (help, " (default: %s, else %s)", option->variable, value);
  else if (value != NULL)
    g_string_append_printf (help, " (default: %s)", value);
  else if (option->variable != NULL)
    g_string_append_printf (help, " (default: %s)", option->variable);
  return g_string_free (g_steal_pointer (&help), FALSE);
}

char **
tool_lookup (ToolConfig *config, const ToolOption *option, char **origin, GError **error)
{
  const char *env = option->variable == NULL ? NULL : g_getenv (option->variable);
  const char *const defaults[] = { option->value, NULL };
  char **values;

  if (env != NULL && *env != '\0')
    {
      const char *const texts[] = { env, NULL };

      if (!tool_value_check (option, env, error))
        {
          g_prefix_error (error, "%s: ", option->variable);
          return NULL;
        }
      if (origin != NULL)
        *origin = g_strconcat ("environment ", option->variable, NULL);
      return g_strdupv ((char **) texts);
    }
  values = config == NULL ? NULL : tool_config_lookup (config, option, origin);
  if (values != NULL)
    return values;
  if (origin != NULL)
    *origin = g_strdup ("default");
  return option->value == NULL ? NULL : g_strdupv ((char **) defaults);
}
