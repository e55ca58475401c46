/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "archive/buildq-compression.h"

#include <archive_entry.h>
#include <buildq/buildq-error.h>

static const BuildqFilter filters[] = {
  { "none", "", ARCHIVE_FILTER_NONE, NULL, archive_write_add_filter_none,
    archive_read_support_filter_none },
  { "gzip", ".gz", ARCHIVE_FILTER_GZIP, NULL, archive_write_add_filter_gzip,
    archive_read_support_filter_gzip },
  { "zstd", ".zst", ARCHIVE_FILTER_ZSTD, "3", archive_write_add_filter_zstd,
    archive_read_support_filter_zstd },
  { "xz", ".xz", ARCHIVE_FILTER_XZ, "3", archive_write_add_filter_xz,
    archive_read_support_filter_xz },
  { "lzip", ".lz", ARCHIVE_FILTER_LZIP, "3", archive_write_add_filter_lzip,
    archive_read_support_filter_lzip },
  { "bzip2", ".bz2", ARCHIVE_FILTER_BZIP2, NULL, NULL,
    archive_read_support_filter_bzip2 },
  { "lz4", ".lz4", ARCHIVE_FILTER_LZ4, NULL, NULL, archive_read_support_filter_lz4 },
  { "lzma", ".lzma", ARCHIVE_FILTER_LZMA, NULL, NULL, archive_read_support_filter_lzma },
};

const BuildqFilter *
_buildq_filter_find (const char *compression, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    if (g_str_equal (filters[i].name, compression != NULL ? compression : "none"))
      return &filters[i];
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "compression '%s' is none of none, gzip, zstd, xz, lzip, bzip2, lz4, lzma",
               compression);
  return NULL;
}

const char *
_buildq_compression_suffix (const char *compression)
{
  const BuildqFilter *filter = _buildq_filter_find (compression, NULL);

  g_return_val_if_fail (filter != NULL, "");
  return filter->suffix;
}

gboolean
_buildq_compression_is_known (const char *compression, GError **error)
{
  return _buildq_filter_find (compression, error) != NULL;
}

static const BuildqFilter *
find_writer (const char *compression, GError **error)
{
  const BuildqFilter *filter = _buildq_filter_find (compression, error);

  if (filter == NULL || filter->add_writer != NULL)
    return filter;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "compression '%s' is only read, never written", filter->name);
  return NULL;
}

gboolean
_buildq_compression_is_written (const char *compression, GError **error)
{
  return find_writer (compression, error) != NULL;
}

struct _BuildqCompressor
{
  const BuildqFilter *filter;
  struct archive *archive; /* NULL: what comes passes as it is */
  BuildqSinkFunc sink;
  gpointer next;
  GError *failed; /* what the sink said */
  gboolean dropped;
};

/* Never fails: after an error libarchive would leak what its filters hold. What comes
 * after an error of the sink, or when nobody wants it any more, is thrown away. */
static la_ssize_t
write_out (struct archive *archive, void *data, const void *buffer, size_t size)
{
  BuildqCompressor *self = data;

  if (self->failed == NULL && !self->dropped)
    (void) self->sink (self->next, buffer, size, &self->failed);
  return size;
}

/* The error of the sink, when that is what went wrong, or else that of libarchive. */
static gboolean
fail (BuildqCompressor *self, GError **error)
{
  if (self->failed != NULL)
    g_propagate_error (error, g_error_copy (self->failed));
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED, "compressing with %s: %s",
                 self->filter->name, archive_error_string (self->archive));
  return FALSE;
}

static gboolean
open_archive (BuildqCompressor *self, GError **error)
{
  struct archive_entry *entry;
  gboolean ok;

  self->archive = archive_write_new ();
  /* ARCHIVE_WARN would mean that an external program does it. */
  if (self->filter->add_writer (self->archive) != ARCHIVE_OK)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                   "this libarchive cannot write %s", self->filter->name);
      return FALSE;
    }
  /* No time stamp: the same bytes each time. */
  if (self->filter->code == ARCHIVE_FILTER_GZIP)
    archive_write_set_filter_option (self->archive, "gzip", "timestamp", NULL);
  /* xz and lzip take 8 times the dictionary: at this level it has 4 MiB, at the 6 that is
   * the default 94 MiB are needed. */
  if (self->filter->level != NULL)
    archive_write_set_filter_option (self->archive, self->filter->name,
                                     "compression-level", self->filter->level);

  entry = archive_entry_new ();
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_pathname (entry, "data");
  ok = archive_write_set_format_raw (self->archive) == ARCHIVE_OK
       && archive_write_set_bytes_per_block (self->archive, 0) == ARCHIVE_OK
       && archive_write_open (self->archive, self, NULL, write_out, NULL) == ARCHIVE_OK
       && archive_write_header (self->archive, entry) == ARCHIVE_OK;
  archive_entry_free (entry);
  return ok || fail (self, error);
}

BuildqCompressor *
_buildq_compressor_new (const char *compression,
                        BuildqSinkFunc sink,
                        gpointer next,
                        GError **error)
{
  const BuildqFilter *filter = find_writer (compression, error);
  g_autoptr (BuildqCompressor) self = NULL;

  if (filter == NULL)
    return NULL;

  self = g_new0 (BuildqCompressor, 1);
  self->filter = filter;
  self->sink = sink;
  self->next = next;
  if (filter->code != ARCHIVE_FILTER_NONE && !open_archive (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
_buildq_compressor_sink (gpointer compressor,
                         const void *data,
                         gsize size,
                         GError **error)
{
  BuildqCompressor *self = compressor;
  const char *rest = data;

  if (self->archive == NULL)
    return self->sink (self->next, data, size, error);
  while (size > 0)
    {
      la_ssize_t written = archive_write_data (self->archive, rest, size);

      if (written <= 0 || self->failed != NULL)
        return fail (self, error);
      rest += written;
      size -= written;
    }
  return TRUE;
}

/* Pushes out what is left; nothing may follow. */
gboolean
_buildq_compressor_finish (BuildqCompressor *self, GError **error)
{
  if (self->archive == NULL)
    return TRUE;
  return (archive_write_close (self->archive) == ARCHIVE_OK && self->failed == NULL)
         || fail (self, error);
}

/* Without a finish before, nothing more is pushed to the sink. */
void
_buildq_compressor_free (BuildqCompressor *self)
{
  self->dropped = TRUE;
  if (self->archive != NULL)
    archive_write_free (self->archive);
  g_clear_error (&self->failed);
  g_free (self);
}
