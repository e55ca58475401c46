/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-nar.h>

#include "archive/buildq-nar-private.h"

/**
 * buildq_nar_dump:
 * @path: (type filename): a file, a directory or a symbolic link
 * @fd: an open file descriptor to write to; it stays open
 * @cancellable: (nullable): to stop it
 * @error: `INVALID` for what a NAR cannot hold, such as a socket; a #GIOErrorEnum for
 *    files that cannot be read or written; the message names the entry
 *
 * Writes @path as a NAR, the archive format of Nix and Guix. Of the metadata only whether
 * a file is executable by its owner gets into it, so equal trees give equal bytes.
 * Blocks.
 *
 * Returns: whether all was written
 *
 * Since: 0.1
 */
gboolean
buildq_nar_dump (const char *path, int fd, GCancellable *cancellable, GError **error)
{
  BuildqFdLink out = { .fd = fd, .cancellable = cancellable };

  g_return_val_if_fail (path != NULL && fd >= 0, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return _buildq_nar_write (path, _buildq_fd_sink, &out, cancellable, error);
}

/**
 * buildq_nar_restore:
 * @fd: an open file descriptor to read from, up to its end; it stays open
 * @path: (type filename): where to put what is in the archive; nothing may be there yet,
 *    and the directory around it must be
 * @cancellable: (nullable): to stop it
 * @error: `INVALID` for a bad archive; a #GIOErrorEnum for files that cannot be read or
 *    written; the message names the entry
 *
 * Unpacks a NAR. The archive may come from anybody: nothing outside of @path is touched,
 * and only what [func@Buildq.nar_dump] could have written is taken. Files are made with
 * the modes 0644 and 0755, less the umask. After an error nothing is left at @path.
 * Blocks.
 *
 * Returns: whether all was unpacked
 *
 * Since: 0.1
 */
gboolean
buildq_nar_restore (int fd, const char *path, GCancellable *cancellable, GError **error)
{
  BuildqFdLink in = { .fd = fd, .cancellable = cancellable };

  g_return_val_if_fail (path != NULL && fd >= 0, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return _buildq_nar_read (_buildq_fd_source, &in, path, FALSE, cancellable, error);
}

/**
 * buildq_nar_hash:
 * @path: (type filename): a file, a directory or a symbolic link
 * @size: (out) (optional): the size of its NAR, in bytes
 * @cancellable: (nullable): to stop it
 * @error: as of [func@Buildq.nar_dump]
 *
 * Hashes what [func@Buildq.nar_dump] would write. Blocks.
 *
 * Returns: (transfer full): `sha256:` and Nix base32
 *
 * Since: 0.1
 */
char *
buildq_nar_hash (const char *path,
                 gint64 *size,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (BuildqHash) hash = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];
  BuildqHashLink link = { 0 };

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  link.hash = hash = _buildq_hash_new ();
  if (!_buildq_nar_write (path, _buildq_hash_sink, &link, cancellable, error))
    return NULL;
  _buildq_hash_finish (hash, digest);
  if (size != NULL)
    *size = link.size;
  return _buildq_hash_format (digest);
}
