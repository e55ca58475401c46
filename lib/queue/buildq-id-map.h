/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From numbers that are given out one after the other to pointers, in their order. Pages
 * whose elements are all gone take no room. Owns no element. */
typedef struct
{
  GPtrArray *pages;
} BuildqIdMap;

void _buildq_id_map_init (BuildqIdMap *self);
void _buildq_id_map_clear (BuildqIdMap *self);
void _buildq_id_map_insert (BuildqIdMap *self, guint64 id, gpointer element);
void _buildq_id_map_remove (BuildqIdMap *self, guint64 id);
gpointer _buildq_id_map_lookup (BuildqIdMap *self, guint64 id); /* or NULL */
/* The element with the least number greater than @id, or NULL. */
gpointer _buildq_id_map_next (BuildqIdMap *self, guint64 id);

G_END_DECLS
