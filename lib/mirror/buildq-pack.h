/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <gio/gio.h>

#include "core/buildq-hash.h"

G_BEGIN_DECLS

/* A temporary file that is ready to be put into a mirror. It has no name: @path is that
 * of its descriptor, and can be opened as often as need be. */
typedef struct
{
  int fd;
  char *path;
  guint8 nar_digest[BUILDQ_HASH_BYTES]; /* of what was packed, before it was compressed */
  gint64 nar_size;
  guint8 file_digest[BUILDQ_HASH_BYTES];
  gint64 file_size;
} BuildqPacked;

/* Packs the tree at @path as a NAR, or (@as_nar FALSE) takes the file as it is, and
 * compresses it. Blocks. */
BuildqPacked *_buildq_pack (const char *path,
                            gboolean as_nar,
                            const char *compression,
                            GCancellable *cancellable,
                            GError **error);
void _buildq_packed_free (BuildqPacked *self); /* and removes the file */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqPacked, _buildq_packed_free)

G_END_DECLS
