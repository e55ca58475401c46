/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-id-map.h"

#define PAGE_SLOTS 1024

typedef struct
{
  guint used;
  gpointer slots[PAGE_SLOTS];
} Page;

void
_buildq_id_map_init (BuildqIdMap *self)
{
  self->pages = g_ptr_array_new_with_free_func (g_free);
}

void
_buildq_id_map_clear (BuildqIdMap *self)
{
  g_clear_pointer (&self->pages, g_ptr_array_unref);
}

static Page *
get_page (BuildqIdMap *self, guint64 number)
{
  return number < self->pages->len ? self->pages->pdata[number] : NULL;
}

gpointer
_buildq_id_map_lookup (BuildqIdMap *self, guint64 id)
{
  Page *page = get_page (self, id / PAGE_SLOTS);

  return page != NULL ? page->slots[id % PAGE_SLOTS] : NULL;
}

void
_buildq_id_map_insert (BuildqIdMap *self, guint64 id, gpointer element)
{
  guint64 number = id / PAGE_SLOTS;
  Page *page = get_page (self, number);

  g_return_if_fail (element != NULL && number < G_MAXINT);
  if (number >= self->pages->len)
    g_ptr_array_set_size (self->pages, (int) number + 1);
  if (page == NULL)
    self->pages->pdata[number] = page = g_new0 (Page, 1);
  if (page->slots[id % PAGE_SLOTS] == NULL)
    page->used++;
  page->slots[id % PAGE_SLOTS] = element;
}

void
_buildq_id_map_remove (BuildqIdMap *self, guint64 id)
{
  Page *page = get_page (self, id / PAGE_SLOTS);

  if (page == NULL || page->slots[id % PAGE_SLOTS] == NULL)
    return;
  page->slots[id % PAGE_SLOTS] = NULL;
  if (--page->used == 0)
    g_clear_pointer (&self->pages->pdata[id / PAGE_SLOTS], g_free);
}

gpointer
_buildq_id_map_next (BuildqIdMap *self, guint64 id)
{
  guint slot = (id + 1) % PAGE_SLOTS;

  for (guint64 number = (id + 1) / PAGE_SLOTS; number < self->pages->len; number++)
    {
      Page *page = self->pages->pdata[number];

      for (; page != NULL && slot < PAGE_SLOTS; slot++)
        if (page->slots[slot] != NULL)
          return page->slots[slot];
      slot = 0;
    }
  return NULL;
}
