/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include "archive/buildq-stream.h"

G_BEGIN_DECLS

/* Writes the file, link or directory at @path as a NAR. Blocks. */
gboolean _buildq_nar_write (const char *path,
                            BuildqSinkFunc sink,
                            gpointer next,
                            GCancellable *cancellable,
                            GError **error);

/* Reads a NAR and makes its tree at @path, which must not be there yet. Reads up to the
 * end of the source, where nothing may follow. Nothing outside of @path is ever touched;
 * on an error what was made is removed again. Strict: see doc/archives.md. Modes 0555 and
 * 0444, mtime 1 with @canonical, else 0755 and 0644. Blocks. */
gboolean _buildq_nar_read (BuildqSourceFunc source,
                           gpointer next,
                           const char *path,
                           gboolean canonical,
                           GCancellable *cancellable,
                           GError **error);

/* Removes a tree, also one with read-only directories; links are not followed. */
gboolean _buildq_tree_remove (const char *path, GError **error);
gboolean _buildq_tree_remove_at (int dir_fd, const char *name, GError **error);

G_END_DECLS
