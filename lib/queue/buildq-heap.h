/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A heap with four children a node and the keys inside, least key first. An element knows
 * its place, so that it can be removed: it has a guint at the offset that is given to
 * _buildq_heap_init, which is 0 while it is in no heap. The heap owns no element. */
typedef struct
{
  guint64 key;
  gpointer element;
} BuildqHeapItem;

typedef struct
{
  BuildqHeapItem *items;
  guint length;
  guint room;
  gsize place_offset;
} BuildqHeap;

void _buildq_heap_init (BuildqHeap *self, gsize place_offset);
void _buildq_heap_clear (BuildqHeap *self);
void _buildq_heap_insert (BuildqHeap *self, guint64 key, gpointer element);
void _buildq_heap_remove (BuildqHeap *self, gpointer element);
gboolean _buildq_heap_contains (BuildqHeap *self, gpointer element);
gpointer _buildq_heap_peek (BuildqHeap *self, guint64 *key); /* NULL when empty */

G_END_DECLS
