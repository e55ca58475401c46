/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Bytes that flow through a chain in one worker thread: a sink is pushed to, a source is
 * pulled from. Each link is a function and its data, so that links compose:
 *
 *   tree ─▶ nar ─▶ hash, references ─▶ compressor ─▶ hash ─▶ file
 *   file ─▶ decompressor ─▶ hash ─▶ nar ─▶ tree
 */
#pragma once

#include <gio/gio.h>

#include "core/buildq-hash.h"

G_BEGIN_DECLS

#define BUILDQ_CHUNK_BYTES (256 * 1024)

typedef gboolean (*BuildqSinkFunc) (gpointer sink,
                                    const void *data,
                                    gsize size,
                                    GError **error);
/* Returns the number of bytes read, 0 at the end, -1 with @error. May be short. */
typedef gssize (*BuildqSourceFunc) (gpointer source,
                                    void *buffer,
                                    gsize size,
                                    GError **error);

/* --- ends of a chain; the data is a pointer to the struct --- */

typedef struct
{
  int fd;
  GCancellable *cancellable; /* or NULL */
  gint64 size;               /* bytes that passed so far */
} BuildqFdLink;

gboolean _buildq_fd_sink (gpointer fd_link, const void *data, gsize size, GError **error);
gssize _buildq_fd_source (gpointer fd_link, void *buffer, gsize size, GError **error);

typedef struct
{
  GInputStream *stream;
  GCancellable *cancellable;
  gint64 size;
} BuildqStreamLink;

gssize _buildq_stream_source (gpointer stream_link,
                              void *buffer,
                              gsize size,
                              GError **error);

/* --- a link that hashes and counts what passes; @next may be NULL --- */

typedef struct
{
  BuildqHash *hash;
  gint64 size;
  gint64 max_size; /* over it: TOO_LARGE; 0 for no limit */
  BuildqSinkFunc sink;
  BuildqSourceFunc source;
  gpointer next;
} BuildqHashLink;

gboolean _buildq_hash_sink (gpointer hash_link,
                            const void *data,
                            gsize size,
                            GError **error);
gssize _buildq_hash_source (gpointer hash_link, void *buffer, gsize size, GError **error);

/* --- a link that looks for the hash parts of store paths in what passes --- */

typedef struct _BuildqScanner BuildqScanner;

BuildqScanner *_buildq_scanner_new (
    const char *const *candidates, /* base names of store paths */
    BuildqSinkFunc sink,
    gpointer next);
gboolean _buildq_scanner_sink (gpointer scanner,
                               const void *data,
                               gsize size,
                               GError **error);
char **_buildq_scanner_found (
    BuildqScanner *self); /* the candidates that were seen, sorted, each once */
void _buildq_scanner_free (BuildqScanner *self);

/* --- compression, by libarchive's filters; none, gzip, zstd, xz, lzip (reading: bzip2,
 * lz4, lzma too) --- */

typedef struct _BuildqCompressor BuildqCompressor;
typedef struct _BuildqDecompressor BuildqDecompressor;

BuildqCompressor *_buildq_compressor_new (const char *compression, /* NULL means "none" */
                                          BuildqSinkFunc sink,
                                          gpointer next,
                                          GError **error);
gboolean _buildq_compressor_sink (gpointer compressor,
                                  const void *data,
                                  gsize size,
                                  GError **error);
gboolean _buildq_compressor_finish (BuildqCompressor *self, GError **error);
void _buildq_compressor_free (BuildqCompressor *self);

BuildqDecompressor *_buildq_decompressor_new (const char *compression,
                                              BuildqSourceFunc source,
                                              gpointer next,
                                              GError **error);
gssize _buildq_decompressor_source (gpointer decompressor,
                                    void *buffer,
                                    gsize size,
                                    GError **error);
void _buildq_decompressor_free (BuildqDecompressor *self);

const char *_buildq_compression_suffix (
    const char *compression); /* "", ".gz", ".zst", ".xz", ".lz" */
gboolean _buildq_compression_is_known (const char *compression, GError **error);
gboolean _buildq_compression_is_written (const char *compression, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqScanner, _buildq_scanner_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqCompressor, _buildq_compressor_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqDecompressor, _buildq_decompressor_free)

G_END_DECLS
