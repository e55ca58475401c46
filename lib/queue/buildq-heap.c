/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-heap.h"

#define ARITY 4

static guint *
place_of (BuildqHeap *self, gpointer element)
{
  return (guint *) ((char *) element + self->place_offset);
}

static void
put (BuildqHeap *self, guint index, BuildqHeapItem item)
{
  self->items[index] = item;
  *place_of (self, item.element) = index + 1;
}

static void
sift_up (BuildqHeap *self, guint index, BuildqHeapItem item)
{
  while (index > 0)
    {
      guint parent = (index - 1) / ARITY;

      if (self->items[parent].key <= item.key)
        break;
      put (self, index, self->items[parent]);
      index = parent;
    }
  put (self, index, item);
}

static void
sift_down (BuildqHeap *self, guint index, BuildqHeapItem item)
{
  for (;;)
    {
      guint first = index * ARITY + 1;
      guint least = first;

      if (first >= self->length)
        break;
      for (guint i = first + 1; i < first + ARITY && i < self->length; i++)
        if (self->items[i].key < self->items[least].key)
          least = i;
      if (item.key <= self->items[least].key)
        break;
      put (self, index, self->items[least]);
      index = least;
    }
  put (self, index, item);
}

void
_buildq_heap_init (BuildqHeap *self, gsize place_offset)
{
  *self = (BuildqHeap){ .place_offset = place_offset };
}

void
_buildq_heap_clear (BuildqHeap *self)
{
  for (guint i = 0; i < self->length; i++)
    *place_of (self, self->items[i].element) = 0;
  g_free (self->items);
  _buildq_heap_init (self, self->place_offset);
}

void
_buildq_heap_insert (BuildqHeap *self, guint64 key, gpointer element)
{
  g_assert (*place_of (self, element) == 0);

  if (self->length == self->room)
    {
      self->room = MAX (16, self->room * 2);
      self->items = g_renew (BuildqHeapItem, self->items, self->room);
    }
  self->length++;
  sift_up (self, self->length - 1, (BuildqHeapItem){ key, element });
}

void
_buildq_heap_remove (BuildqHeap *self, gpointer element)
{
  guint index = *place_of (self, element) - 1;
  BuildqHeapItem last;

  g_assert (_buildq_heap_contains (self, element));

  *place_of (self, element) = 0;
  last = self->items[--self->length];
  if (index == self->length)
    return;
  if (index > 0 && last.key < self->items[(index - 1) / ARITY].key)
    sift_up (self, index, last);
  else
    sift_down (self, index, last);
}

gboolean
_buildq_heap_contains (BuildqHeap *self, gpointer element)
{
  guint place = *place_of (self, element);

  return place > 0 && place <= self->length && self->items[place - 1].element == element;
}

gpointer
_buildq_heap_peek (BuildqHeap *self, guint64 *key)
{
  if (self->length == 0)
    return NULL;
  if (key != NULL)
    *key = self->items[0].key;
  return self->items[0].element;
}
