/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "archive/buildq-stream.h"

#include <string.h>

#define HASH_LENGTH BUILDQ_STORE_HASH_LENGTH

struct _BuildqScanner
{
  char **candidates;
  GHashTable *wanted; /* hash parts; the keys are the candidates, of which HASH_LENGTH
                       * characters count; what was seen is taken out */
  guint8 tail[HASH_LENGTH - 1]; /* the end of what passed */
  gsize tail_size;
  BuildqSinkFunc sink;
  gpointer next;
};

/* Whether a byte can be part of a hash: the alphabet of Nix base32. */
static const gboolean in_hash[256] = {
  ['0' ... '9'] = TRUE, ['a' ... 'd'] = TRUE, ['f' ... 'n'] = TRUE,
  ['p' ... 's'] = TRUE, ['v' ... 'z'] = TRUE,
};

static guint
hash_part_hash (gconstpointer key)
{
  guint64 start;

  /* The parts are hashes themselves. */
  memcpy (&start, key, sizeof start);
  return (guint) (start ^ start >> 32) * 2654435761u;
}

static gboolean
hash_part_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, HASH_LENGTH) == 0;
}

BuildqScanner *
_buildq_scanner_new (const char *const *candidates, BuildqSinkFunc sink, gpointer next)
{
  BuildqScanner *self = g_new0 (BuildqScanner, 1);

  self->candidates = g_strdupv ((char **) candidates);
  self->wanted = g_hash_table_new (hash_part_hash, hash_part_equal);
  self->sink = sink;
  self->next = next;
  for (char **p = self->candidates; p != NULL && *p != NULL; p++)
    if (strlen (*p) >= HASH_LENGTH)
      g_hash_table_add (self->wanted, *p);
  return self;
}

void
_buildq_scanner_free (BuildqScanner *self)
{
  g_hash_table_unref (self->wanted);
  g_strfreev (self->candidates);
  g_free (self);
}

/* Looks at a window of HASH_LENGTH bytes from its end. A byte that can be in no hash
 * moves the window past it, so most bytes of ordinary data are never looked at, and none
 * twice. */
static void
search (BuildqScanner *self, const guint8 *data, gsize size)
{
  gsize start = 0;
  gsize known = 0; /* so many bytes at the start of the window can be in a hash */

  while (start + HASH_LENGTH <= size)
    {
      gsize i = HASH_LENGTH;

      while (i > known && in_hash[data[start + i - 1]])
        i--;
      if (i > known)
        {
          start += i;
          known = HASH_LENGTH - i;
          continue;
        }
      g_hash_table_remove (self->wanted, data + start);
      start++;
      known = HASH_LENGTH - 1;
    }
}

static void
keep_tail (BuildqScanner *self, const guint8 *data, gsize size)
{
  gsize kept;

  if (size >= sizeof self->tail)
    {
      memcpy (self->tail, data + size - sizeof self->tail, sizeof self->tail);
      self->tail_size = sizeof self->tail;
      return;
    }
  kept = MIN (self->tail_size, sizeof self->tail - size);
  memmove (self->tail, self->tail + self->tail_size - kept, kept);
  memcpy (self->tail + kept, data, size);
  self->tail_size = kept + size;
}

gboolean
_buildq_scanner_sink (gpointer scanner, const void *data, gsize size, GError **error)
{
  BuildqScanner *self = scanner;

  if (g_hash_table_size (self->wanted) > 0)
    {
      guint8 border[2 * sizeof self->tail];
      gsize begin = MIN (size, sizeof self->tail);

      memcpy (border, self->tail, self->tail_size);
      memcpy (border + self->tail_size, data, begin);
      search (self, border, self->tail_size + begin);
      search (self, data, size);
      keep_tail (self, data, size);
    }
  return self->sink == NULL || self->sink (self->next, data, size, error);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
_buildq_scanner_found (BuildqScanner *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *found = g_ptr_array_new ();

  for (char **p = self->candidates; p != NULL && *p != NULL; p++)
    if (strlen (*p) >= HASH_LENGTH && !g_hash_table_contains (self->wanted, *p)
        && g_hash_table_add (seen, *p))
      g_ptr_array_add (found, g_strdup (*p));
  g_ptr_array_sort (found, compare_strings);
  g_ptr_array_add (found, NULL);
  return (char **) g_ptr_array_free (found, FALSE);
}
