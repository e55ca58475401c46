/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What is to be uploaded, in one pass and with little memory:
 *
 *   tree ─▶ NAR ─▶ hash ─▶ compressor ─▶ hash of the file ─▶ temporary file
 */
#include "config.h"

#include "mirror/buildq-pack.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "archive/buildq-nar-private.h"
#include "core/buildq-offload.h"

void
_buildq_packed_free (BuildqPacked *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self);
}

static gboolean
copy_file (const char *path,
           BuildqSinkFunc sink,
           gpointer next,
           GCancellable *cancellable,
           GError **error)
{
  BuildqFdLink from
      = { .fd = open (path, O_RDONLY | O_CLOEXEC), .cancellable = cancellable };
  g_autofree char *chunk = g_malloc (BUILDQ_CHUNK_BYTES);
  gssize count;

  if (from.fd < 0)
    return _buildq_set_errno (error, errno, "opening", path);
  while ((count = _buildq_fd_source (&from, chunk, BUILDQ_CHUNK_BYTES, error)) > 0)
    if (!sink (next, chunk, count, error))
      {
        close (from.fd);
        return FALSE;
      }
  close (from.fd);
  return count == 0;
}

static gboolean
pack_into (BuildqPacked *self,
           int fd,
           const char *path,
           gboolean as_nar,
           const char *compression,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (BuildqHash) nar_hash = _buildq_hash_new ();
  g_autoptr (BuildqHash) file_hash = _buildq_hash_new ();
  BuildqFdLink out = { .fd = fd, .cancellable = cancellable };
  BuildqHashLink file = { .hash = file_hash, .sink = _buildq_fd_sink, .next = &out };
  g_autoptr (BuildqCompressor) compressor
      = _buildq_compressor_new (compression, _buildq_hash_sink, &file, error);
  BuildqHashLink nar
      = { .hash = nar_hash, .sink = _buildq_compressor_sink, .next = compressor };
  gboolean ok;

  if (compressor == NULL)
    return FALSE;
  ok = as_nar ? _buildq_nar_write (path, _buildq_hash_sink, &nar, cancellable, error)
              : copy_file (path, _buildq_hash_sink, &nar, cancellable, error);
  if (!ok || !_buildq_compressor_finish (compressor, error))
    return FALSE;
  _buildq_hash_finish (nar_hash, self->nar_digest);
  _buildq_hash_finish (file_hash, self->file_digest);
  self->nar_size = nar.size;
  self->file_size = file.size;
  return TRUE;
}

/* It goes when we go, also when we are killed. Not every file system knows files that
 * never have a name. */
static int
open_nameless (GError **error)
{
  g_autofree char *place
      = g_build_filename (g_get_tmp_dir (), "buildq-upload-XXXXXX", NULL);
  int fd = open (g_get_tmp_dir (), O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

  if (fd >= 0)
    return fd;
  fd = g_mkstemp_full (place, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    g_unlink (place);
  else
    _buildq_set_errno (error, errno, "making", place);
  return fd;
}

BuildqPacked *
_buildq_pack (const char *path,
              gboolean as_nar,
              const char *compression,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (BuildqPacked) self = g_new0 (BuildqPacked, 1);

  self->fd = open_nameless (error);
  if (self->fd < 0)
    return NULL;
  self->path = g_strdup_printf ("/proc/self/fd/%d", self->fd);
  if (!pack_into (self, self->fd, path, as_nar, compression, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}
