/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Copies the tree at @from to @to, which must not be there yet; links stay links. On an
 * error nothing is left at @to. Blocks. */
gboolean _buildq_store_tree_copy (const char *from,
                                  const char *to,
                                  GCancellable *cancellable,
                                  GError **error);

/* Copies the tree at @from to @at, a relative path in the directory @top ("." is that
 * itself), so that it can be changed. Directories that are there already are added to;
 * anything else that is there is an error. All files have the same time, so that none
 * looks older than what was made from it. Blocks. */
gboolean _buildq_store_tree_place (const char *from,
                                   const char *top,
                                   const char *at,
                                   GCancellable *cancellable,
                                   GError **error);

/* Makes a tree what the store wants it to be: ours, 0555 and 0444, mtime 1, and with no
 * file that somebody could still change by another name. Sockets and the like are
 * INVALID. Blocks. */
gboolean _buildq_store_tree_canonicalise (const char *path,
                                          GCancellable *cancellable,
                                          GError **error);

/* Moves a tree inside one file system, also one with a read-only root. FALSE with errno.
 */
gboolean _buildq_store_tree_rename (const char *from, const char *to);

G_END_DECLS
