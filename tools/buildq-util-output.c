/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What people read: messages, times, tables.
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>
#include <string.h>

/* What to type next, where the kind of failure says it. */
static char *
hint_for (const GError *error)
{
  const char *role = tool_connected_role ();

  if (g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED) && role != NULL)
    return g_strdup_printf (
        "the queue asks for a token that allows this: on its machine, type\n"
        "  buildq token add NAME --role %s\n"
        "put what it prints into a file, and name that file in "
        "BUILDQ_TOKEN_FILE\n",
        role);
  if (g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED))
    return g_strdup ("'buildq token add NAME --role ROLE' makes the first token\n");
  if (g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE) && role != NULL)
    return g_strdup (
        "is the queue running there? 'buildq serve' runs one; BUILDQ_URI says "
        "where it is\n");
  return g_strdup ("");
}

int
tool_fail (const GError *error)
{
  g_autofree char *hint = hint_for (error);

  fflush (stdout);
  fprintf (stderr, "buildq: %s\n%s", error->message, hint);
  return TOOL_FAILED;
}

int
tool_usage_error (const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  fprintf (stderr, "buildq: %s\nsee '%s --help'\n", message, g_get_prgname ());
  return TOOL_USAGE;
}

void
tool_warn (const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  fprintf (stderr, "buildq: %s\n", message);
}

void
tool_say (const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  fputs (message, stdout);
  fputc ('\n', stdout);
  fflush (stdout);
}

char *
tool_printable (const char *text)
{
  char *copy = g_utf8_make_valid (text, -1);

  g_strdelimit (copy, "\r", ' ');
  for (char *p = copy; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p) && *p != '\t')
      *p = '?';
  return g_strchomp (copy);
}

char *
tool_shell_word (const char *text)
{
  gsize plain = strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_./+:@%,=");

  return *text != '\0' && *text != '-' && text[plain] == '\0' ? g_strdup (text)
                                                              : g_shell_quote (text);
}

char *
tool_format_us (gint64 us)
{
  gint64 s = us / G_USEC_PER_SEC;

  if (us < 0)
    return g_strdup ("-");
  if (s < 60)
    return g_strdup_printf ("%.1f s", (double) us / G_USEC_PER_SEC);
  if (s < 3600)
    return g_strdup_printf ("%d min %02d s", (int) (s / 60), (int) (s % 60));
  if (s < 48 * 3600)
    return g_strdup_printf ("%d h %02d min", (int) (s / 3600), (int) (s / 60 % 60));
  return g_strdup_printf ("%" G_GINT64_FORMAT " days", s / 86400);
}

char *
tool_format_ago (gint64 time_us)
{
  g_autofree char *span = NULL;

  if (time_us == 0)
    return g_strdup ("never");
  span = tool_format_us (MAX (0, g_get_real_time () - time_us));
  return g_strconcat (span, " ago", NULL);
}

struct _ToolTable
{
  GPtrArray *rows; /* of char **; the first has the headings */
};

static char **
collect_cells (const char *first, va_list args)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (const char *cell = first; cell != NULL; cell = va_arg (args, const char *))
    g_strv_builder_add (builder, cell);
  return g_strv_builder_end (builder);
}

ToolTable *
tool_table_new (const char *first_heading, ...)
{
  ToolTable *self = g_new0 (ToolTable, 1);
  va_list args;

  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  va_start (args, first_heading);
  g_ptr_array_add (self->rows, collect_cells (first_heading, args));
  va_end (args);
  return self;
}

void
tool_table_add (ToolTable *self, const char *first_cell, ...)
{
  va_list args;

  va_start (args, first_cell);
  g_ptr_array_add (self->rows, collect_cells (first_cell, args));
  va_end (args);
}

static int
column_width (ToolTable *self, guint column)
{
  glong width = 0;

  for (guint i = 0; i < self->rows->len; i++)
    width = MAX (width, g_utf8_strlen (((char **) self->rows->pdata[i])[column], -1));
  return (int) width;
}

void
tool_table_print (ToolTable *self)
{
  guint n_columns = g_strv_length (self->rows->pdata[0]);
  g_autofree int *widths = g_new (int, n_columns);

  for (guint j = 0; j < n_columns; j++)
    widths[j] = column_width (self, j);
  for (guint i = 0; i < self->rows->len; i++)
    {
      char **cells = self->rows->pdata[i];
      g_autoptr (GString) line = g_string_new (NULL);

      for (guint j = 0; j < n_columns; j++)
        {
          int padding = widths[j] - (int) g_utf8_strlen (cells[j], -1);

          g_string_append_printf (line, "%s%*s", cells[j], padding + 2, "");
        }
      g_strchomp (line->str);
      puts (line->str);
    }
  fflush (stdout);
}

void
tool_table_free (ToolTable *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}
