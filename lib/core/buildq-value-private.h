/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the two halves of the codec share: values, and values as JSON.
 */
#pragma once

#include "core/buildq-value.h"

#include <string.h>

G_BEGIN_DECLS

#define PLACE(value, field, Type) (*(Type *) ((char *) (value) + (field)->offset))
#define PEEK(value, field, Type)                                                         \
  (*(Type const *) ((const char *) (value) + (field)->offset))

/* The article and the name of a value, for "%s %s" in messages. */
#define A_VALUE(info) strchr ("aeiou", (info)->name[0]) != NULL ? "an" : "a", (info)->name

gboolean _buildq_field_is_empty (const BuildqField *field, gconstpointer value);
gboolean _buildq_field_check_size (const BuildqValueInfo *info,
                                   const BuildqField *field,
                                   gint64 size,
                                   GError **error);
gboolean _buildq_field_check_count (const BuildqValueInfo *info,
                                    const BuildqField *field,
                                    guint count,
                                    GError **error);
/* As _buildq_value_validate, of a value whose nested values are known to be good. */
gboolean _buildq_value_check_own (const BuildqValueInfo *info,
                                  gconstpointer value,
                                  GError **error);
/* Puts the name of the thing in front of @error, as in "job 'zlib': …". */
void _buildq_value_prefix_label (const BuildqValueInfo *info,
                                 gconstpointer value,
                                 GError **error);

G_END_DECLS
