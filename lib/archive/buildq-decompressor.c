/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "archive/buildq-compression.h"

#include <archive_entry.h>
#include <buildq/buildq-error.h>

struct _BuildqDecompressor
{
  const BuildqFilter *filter;
  struct archive *archive; /* NULL: what comes passes as it is */
  BuildqSourceFunc source;
  gpointer next;
  guint8 *buffer;
  GError *failed; /* what the source said, or what is wrong from the start */
  gboolean opened;
  gboolean at_end;
};

static la_ssize_t
read_in (struct archive *archive, void *data, const void **buffer)
{
  BuildqDecompressor *self = data;

  if (self->failed != NULL)
    return -1;
  *buffer = self->buffer;
  return self->source (self->next, self->buffer, BUILDQ_CHUNK_BYTES, &self->failed);
}

static gssize
fail (BuildqDecompressor *self, GError **error)
{
  const char *message = archive_error_string (self->archive);

  if (self->failed != NULL)
    g_propagate_error (error, g_error_copy (self->failed));
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM, "not good %s data: %s",
                 self->filter->name, message != NULL ? message : "it cannot be read");
  return -1;
}

BuildqDecompressor *
_buildq_decompressor_new (const char *compression,
                          BuildqSourceFunc source,
                          gpointer next,
                          GError **error)
{
  const BuildqFilter *filter = _buildq_filter_find (compression, error);
  g_autoptr (BuildqDecompressor) self = NULL;

  if (filter == NULL)
    return NULL;

  self = g_new0 (BuildqDecompressor, 1);
  self->filter = filter;
  self->source = source;
  self->next = next;
  if (filter->code == ARCHIVE_FILTER_NONE)
    return g_steal_pointer (&self);

  self->archive = archive_read_new ();
  self->buffer = g_malloc (BUILDQ_CHUNK_BYTES);
  /* Only this filter: some of the others run programs. ARCHIVE_WARN would mean that this
   * one does. */
  if (filter->add_reader (self->archive) != ARCHIVE_OK
      || archive_read_support_format_raw (self->archive) != ARCHIVE_OK
      || archive_read_support_format_empty (self->archive) != ARCHIVE_OK)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                   "this libarchive cannot read %s", filter->name);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/* Opening looks at the first bytes, so it waits for the first read. libarchive would pass
 * on what is not compressed as it is, and unpack twice what was compressed twice: so the
 * filters that it chose are compared with the one that was asked for. */
static gboolean
open_archive (BuildqDecompressor *self, GError **error)
{
  struct archive_entry *entry;
  int status;

  self->opened = TRUE;
  if (archive_read_open (self->archive, self, NULL, read_in, NULL) != ARCHIVE_OK
      || self->failed != NULL)
    return fail (self, error) == 0;
  if (archive_filter_count (self->archive) != 2
      || archive_filter_code (self->archive, 0) != self->filter->code)
    {
      g_set_error (&self->failed, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
                   "the data is not in the form %s", self->filter->name);
      return fail (self, error) == 0;
    }
  /* The format "empty" also takes a stream that broke before its first byte. */
  if (archive_errno (self->archive) != 0)
    return fail (self, error) == 0;
  status = archive_read_next_header (self->archive, &entry);
  self->at_end = status == ARCHIVE_EOF;
  return status == ARCHIVE_OK || status == ARCHIVE_EOF || fail (self, error) == 0;
}

gssize
_buildq_decompressor_source (gpointer decompressor,
                             void *buffer,
                             gsize size,
                             GError **error)
{
  BuildqDecompressor *self = decompressor;
  la_ssize_t got;

  if (self->archive == NULL)
    return self->source (self->next, buffer, size, error);
  if (self->failed != NULL)
    return fail (self, error);
  if (!self->opened && !open_archive (self, error))
    return -1;
  if (self->at_end)
    return 0;
  got = archive_read_data (self->archive, buffer, size);
  return got >= 0 ? got : fail (self, error);
}

void
_buildq_decompressor_free (BuildqDecompressor *self)
{
  if (self->archive != NULL)
    archive_read_free (self->archive);
  g_clear_error (&self->failed);
  g_free (self->buffer);
  g_free (self);
}
