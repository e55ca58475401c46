/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-value-private.h"

#include <buildq/buildq-error.h>
#include <string.h>

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
            PLACE (copy, field, gpointer)
                = _buildq_value_ref (PEEK (value, field, gpointer));
          break;
        case BUILDQ_FIELD_VALUES:
          g_ptr_array_extend (PLACE (copy, field, GPtrArray *),
                              PEEK (value, field, GPtrArray *), copy_ref, NULL);
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
    if (_buildq_value_first_difference (field->info, a->pdata[i], b->pdata[i], spec_only)
        != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
fields_equal (const BuildqField *field,
              gconstpointer a,
              gconstpointer b,
              gboolean spec_only)
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
      return lists_equal (field, PEEK (a, field, GPtrArray *),
                          PEEK (b, field, GPtrArray *), spec_only);
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

/* Whether nothing was set. */
gboolean
_buildq_field_is_empty (const BuildqField *field, gconstpointer value)
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

/* --- checking --- */

gboolean
_buildq_field_check_size (const BuildqValueInfo *info,
                          const BuildqField *field,
                          gint64 size,
                          GError **error)
{
  gint64 max = field->max;

  if (max == 0 && field->kind == BUILDQ_FIELD_INT)
    max = G_MAXINT64;
  else if (max == 0)
    max = field->kind == BUILDQ_FIELD_VALUES ? BUILDQ_MAX_ITEMS : BUILDQ_MAX_TEXT;
  if (size <= max)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
               "%s of %s %s: %" G_GINT64_FORMAT " is over the limit of %" G_GINT64_FORMAT,
               field->name, A_VALUE (info), size, max);
  return FALSE;
}

static gboolean
check_string (const BuildqValueInfo *info,
              const BuildqField *field,
              const char *s,
              GError **error)
{
  if (!_buildq_field_check_size (info, field, strlen (s), error))
    return FALSE;
  if (g_utf8_validate (s, -1, NULL))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s of %s %s is not UTF-8",
               field->name, A_VALUE (info));
  return FALSE;
}

/* How many strings a list may have; its field says how long each may be. */
gboolean
_buildq_field_check_count (const BuildqValueInfo *info,
                           const BuildqField *field,
                           guint count,
                           GError **error)
{
  if (count <= BUILDQ_MAX_ITEMS)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
               "%s of %s %s: %u entries are over the limit of %d", field->name,
               A_VALUE (info), count, BUILDQ_MAX_ITEMS);
  return FALSE;
}

static gboolean
check_strv (const BuildqValueInfo *info,
            const BuildqField *field,
            char **strv,
            GError **error)
{
  if (!_buildq_field_check_count (info, field, g_strv_length (strv), error))
    return FALSE;
  for (char **p = strv; *p != NULL; p++)
    if (!check_string (info, field, *p, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_field (const BuildqValueInfo *info,
             const BuildqField *field,
             gconstpointer value,
             GError **error)
{
  if ((field->flags & BUILDQ_FIELD_REQUIRED)
      && (_buildq_field_is_empty (field, value)
          || (field->kind == BUILDQ_FIELD_STRING
              && PEEK (value, field, char *)[0] == '\0')))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s %s needs '%s'",
                   A_VALUE (info), field->name);
      return FALSE;
    }

  if (field->kind == BUILDQ_FIELD_STRING)
    return PEEK (value, field, char *) == NULL
           || check_string (info, field, PEEK (value, field, char *), error);
  if (field->kind == BUILDQ_FIELD_VALUES)
    return _buildq_field_check_size (info, field, PEEK (value, field, GPtrArray *)->len,
                                     error);
  if (field->kind == BUILDQ_FIELD_INT)
    {
      gint64 number = PEEK (value, field, gint64);

      if (number < 0 && !(field->flags & BUILDQ_FIELD_SIGNED))
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                       "%s of %s %s: %" G_GINT64_FORMAT " is negative", field->name,
                       A_VALUE (info), number);
          return FALSE;
        }
      return _buildq_field_check_size (info, field, number, error);
    }
  if (field->kind == BUILDQ_FIELD_STRV)
    return check_strv (info, field, PEEK (value, field, char **), error);
  return TRUE;
}

gboolean
_buildq_value_check_own (const BuildqValueInfo *info, gconstpointer value, GError **error)
{
  for (guint i = 0; i < info->n_fields; i++)
    if (!check_field (info, &info->fields[i], value, error))
      return FALSE;
  return info->validate == NULL || info->validate (value, error);
}

void
_buildq_value_prefix_label (const BuildqValueInfo *info,
                            gconstpointer value,
                            GError **error)
{
  for (guint i = 0; info->label != NULL && i < info->n_fields; i++)
    {
      const BuildqField *field = &info->fields[i];
      const char *label;

      if (!g_str_equal (field->name, info->label))
        continue;
      label = PEEK (value, field, char *);
      if (label != NULL && label[0] != '\0' && strlen (label) <= BUILDQ_MAX_KEY
          && g_utf8_validate (label, -1, NULL))
        g_prefix_error (error, "%s '%s': ", info->name, label);
      return;
    }
}

static gboolean
check_nested (const BuildqField *field, gconstpointer value, GError **error)
{
  if (value == NULL || _buildq_value_validate (field->info, value, error))
    return TRUE;
  _buildq_value_prefix_label (field->info, value, error);
  return FALSE;
}

/* Whether @value keeps what its table and its type demand. Nested values are looked at,
 * too: most _new functions check nothing. */
gboolean
_buildq_value_validate (const BuildqValueInfo *info, gconstpointer value, GError **error)
{
  for (guint i = 0; i < info->n_fields; i++)
    {
      const BuildqField *field = &info->fields[i];

      if (field->kind == BUILDQ_FIELD_VALUE
          && !check_nested (field, PEEK (value, field, gpointer), error))
        {
          g_prefix_error (error, "%s: ", field->name);
          return FALSE;
        }
      for (guint n = 0; field->kind == BUILDQ_FIELD_VALUES
                        && n < PEEK (value, field, GPtrArray *)->len;
           n++)
        if (!check_nested (field, PEEK (value, field, GPtrArray *)->pdata[n], error))
          {
            g_prefix_error (error, "%s[%u]: ", field->name, n);
            return FALSE;
          }
    }
  return _buildq_value_check_own (info, value, error);
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

gboolean
_buildq_inside_check (const char *what, const char *path, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  gboolean inside = parts[0] != NULL;

  for (char **p = parts; *p != NULL; p++)
    if (**p == '\0' || g_str_equal (*p, ".") || g_str_equal (*p, ".."))
      inside = FALSE;
  if (!inside)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                 "%s '%s' is not a relative path inside the build directory", what, path);
  return inside;
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
