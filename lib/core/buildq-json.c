/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-value.h"

#include <buildq/buildq-error.h>
#include <string.h>

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

/* json-glib takes much that is not JSON, such as octal numbers, two texts in a row or
 * unknown escapes, cuts strings at a NUL, lets large numbers wrap round, and recurses
 * without limit. So the text is checked against the grammar (RFC 8259) before it sees it.
 */
typedef struct
{
  const char *start;
  const char *p;
  const char *end;
  guint depth;
} Scan;

static gboolean scan_value (Scan *self, GError **error);

static gboolean
fail (Scan *self, const char *message, GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "not JSON: at byte %" G_GSIZE_FORMAT ": %s",
               (gsize) (self->p - self->start), message);
  return FALSE;
}

static char
peek (Scan *self)
{
  return self->p < self->end ? *self->p : '\0';
}

static gboolean
take (Scan *self, char c)
{
  if (peek (self) != c)
    return FALSE;
  self->p++;
  return TRUE;
}

static void
skip_space (Scan *self)
{
  while (self->p < self->end
         && (*self->p == ' ' || *self->p == '\n' || *self->p == '\t' || *self->p == '\r'))
    self->p++;
}

/* The code after "\u"; -1 when there are not four digits. */
static int
scan_code (Scan *self)
{
  int code = 0;

  for (guint i = 0; i < 4; i++, self->p++)
    {
      int digit = g_ascii_xdigit_value (peek (self));

      if (digit < 0)
        return -1;
      code = code << 4 | digit;
    }
  return code;
}

static gboolean
scan_escape (Scan *self, GError **error)
{
  int code;

  if (peek (self) != 'u')
    {
      if (peek (self) == '\0' || strchr ("\"\\/bfnrt", peek (self)) == NULL)
        return fail (self, "there is no such escape", error);
      self->p++;
      return TRUE;
    }
  self->p++;
  code = scan_code (self);
  if (code >= 0xd800 && code <= 0xdbff)
    {
      if (!take (self, '\\') || !take (self, 'u'))
        return fail (self, "half of a surrogate pair", error);
      code = scan_code (self);
      return (code >= 0xdc00 && code <= 0xdfff)
             || fail (self, "half of a surrogate pair", error);
    }
  if (code >= 0xdc00 && code <= 0xdfff)
    return fail (self, "half of a surrogate pair", error);
  if (code == 0)
    return fail (self, "a NUL in a string", error);
  return code > 0 || fail (self, "an escape of less than four digits", error);
}

static gboolean
scan_string (Scan *self, GError **error)
{
  if (!take (self, '"'))
    return fail (self, "a string is expected", error);
  while (self->p < self->end)
    {
      guchar c = *self->p++;

      if (c == '"')
        return TRUE;
      if (c < 0x20)
        return fail (self, "a control code in a string", error);
      if (c == '\\' && !scan_escape (self, error))
        return FALSE;
    }
  return fail (self, "the string does not end", error);
}

static gboolean
scan_digits (Scan *self, GError **error)
{
  if (!g_ascii_isdigit (peek (self)))
    return fail (self, "a digit is expected", error);
  while (g_ascii_isdigit (peek (self)))
    self->p++;
  return TRUE;
}

/* Whether the digits from @start on are a number that a gint64 can hold. */
static gboolean
check_range (Scan *self, const char *start, gboolean negative, GError **error)
{
  guint64 max = (guint64) G_MAXINT64 + negative;
  guint64 number = 0;

  for (const char *p = start; p < self->p; p++)
    {
      guint digit = *p - '0';

      if (number > (max - digit) / 10)
        return fail (self, "the number is too large", error);
      number = number * 10 + digit;
    }
  return TRUE;
}

static gboolean
scan_number (Scan *self, GError **error)
{
  gboolean negative = take (self, '-');
  const char *start = self->p;

  if (!take (self, '0') && !scan_digits (self, error))
    return FALSE;
  if (!check_range (self, start, negative, error))
    return FALSE;
  if (take (self, '.') && !scan_digits (self, error))
    return FALSE;
  if (take (self, 'e') || take (self, 'E'))
    {
      if (!take (self, '-'))
        take (self, '+');
      return scan_digits (self, error);
    }
  return TRUE;
}

static gboolean
scan_word (Scan *self, const char *word, GError **error)
{
  gsize length = strlen (word);

  if ((gsize) (self->end - self->p) < length || memcmp (self->p, word, length) != 0)
    return fail (self, "a value is expected", error);
  self->p += length;
  return TRUE;
}

static gboolean
scan_members (Scan *self, gboolean named, char close, GError **error)
{
  skip_space (self);
  if (take (self, close))
    return TRUE;
  while (TRUE)
    {
      skip_space (self);
      if (named)
        {
          if (!scan_string (self, error))
            return FALSE;
          skip_space (self);
          if (!take (self, ':'))
            return fail (self, "':' is expected", error);
          skip_space (self);
        }
      if (!scan_value (self, error))
        return FALSE;
      skip_space (self);
      if (take (self, close))
        return TRUE;
      if (!take (self, ','))
        return fail (self,
                     close == '}' ? "',' or '}' is expected" : "',' or ']' is expected",
                     error);
    }
}

static gboolean
scan_nested (Scan *self, GError **error)
{
  gboolean named = *self->p++ == '{';
  gboolean ok;

  if (self->depth == BUILDQ_JSON_MAX_DEPTH)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "JSON is nested deeper than %d", BUILDQ_JSON_MAX_DEPTH);
      return FALSE;
    }
  self->depth++;
  ok = scan_members (self, named, named ? '}' : ']', error);
  self->depth--;
  return ok;
}

static gboolean
scan_value (Scan *self, GError **error)
{
  switch (peek (self))
    {
    case '{':
    case '[':
      return scan_nested (self, error);
    case '"':
      return scan_string (self, error);
    case 't':
      return scan_word (self, "true", error);
    case 'f':
      return scan_word (self, "false", error);
    case 'n':
      return scan_word (self, "null", error);
    default:
      if (peek (self) == '-' || g_ascii_isdigit (peek (self)))
        return scan_number (self, error);
      return fail (self, "a value is expected", error);
    }
}

static gboolean
check_grammar (const char *json, gsize size, GError **error)
{
  Scan scan = { .start = json, .p = json, .end = json + size };

  skip_space (&scan);
  if (!scan_value (&scan, error))
    return FALSE;
  skip_space (&scan);
  return scan.p == scan.end || fail (&scan, "something follows after the end", error);
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
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                           "JSON is not UTF-8");
      return NULL;
    }
  if (!check_grammar (json, size, error))
    return NULL;

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, json, size, &local))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "not JSON: %s",
                   local->message);
      return NULL;
    }
  root = json_parser_steal_root (parser);
  if (root == NULL)
    g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                         "not JSON: it is empty");
  return root;
}
