/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-heap.h"

#include <locale.h>

typedef struct
{
  guint place;
  guint64 key;
} Element;

static void
test_empty (void)
{
  BuildqHeap heap;
  Element element = { 0, 7 };

  _buildq_heap_init (&heap, G_STRUCT_OFFSET (Element, place));
  g_assert_null (_buildq_heap_peek (&heap, NULL));
  g_assert_false (_buildq_heap_contains (&heap, &element));
  _buildq_heap_insert (&heap, element.key, &element);
  g_assert_true (_buildq_heap_contains (&heap, &element));
  _buildq_heap_remove (&heap, &element);
  g_assert_false (_buildq_heap_contains (&heap, &element));
  g_assert_null (_buildq_heap_peek (&heap, NULL));
  _buildq_heap_clear (&heap);
}

static guint64
least (Element *elements, guint count)
{
  guint64 key = G_MAXUINT64;

  for (guint i = 0; i < count; i++)
    if (elements[i].place != 0)
      key = MIN (key, elements[i].key);
  return key;
}

/* Random insertions and removals, against a look at all elements. */
static void
test_random (void)
{
  enum
  {
    COUNT = 300
  };
  BuildqHeap heap;
  Element elements[COUNT] = { { 0 } };

  _buildq_heap_init (&heap, G_STRUCT_OFFSET (Element, place));
  for (guint step = 0; step < 20000; step++)
    {
      Element *element = &elements[g_test_rand_int_range (0, COUNT)];
      guint64 key = G_MAXUINT64;

      if (element->place != 0)
        _buildq_heap_remove (&heap, element);
      else
        {
          element->key = g_test_rand_int_range (0, 1000);
          _buildq_heap_insert (&heap, element->key, element);
        }
      if (_buildq_heap_peek (&heap, &key) != NULL)
        g_assert_true (_buildq_heap_contains (&heap, _buildq_heap_peek (&heap, NULL)));
      g_assert_cmpuint (key, ==, least (elements, COUNT));
    }
  _buildq_heap_clear (&heap);
  for (guint i = 0; i < COUNT; i++)
    g_assert_cmpuint (elements[i].place, ==, 0);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/heap/empty", test_empty);
  g_test_add_func ("/heap/random", test_random);
  return g_test_run ();
}
