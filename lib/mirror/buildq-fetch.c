/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * One artifact, from the network into the store:
 *
 *   location ─▶ hash of the file ─▶ decompressor ─▶ hash of the NAR ─▶ tree ─▶ store
 */
#include "config.h"

#include "mirror/buildq-fetch.h"

#include <buildq/buildq-artifact.h>
#include <string.h>

#include "archive/buildq-nar-private.h"
#include "core/buildq-values.h"
#include "mirror/buildq-mirror-private.h"
#include "store/buildq-store-private.h"

#define RESUMES 3 /* of a connection that breaks in the middle, if it … */
#define PROGRESS_BYTES (1024 * 1024) /* … did not bring at least this since */

void
_buildq_fetch_errors_init (BuildqFetchErrors *self)
{
  *self = (BuildqFetchErrors){ .text = g_string_new (NULL), .missing = TRUE };
}

void
_buildq_fetch_errors_clear (BuildqFetchErrors *self)
{
  g_string_free (self->text, TRUE);
}

/* Of several errors, the worst news wins: bytes that lie, then doubt, then absence. */
static guint
weight (GQuark domain, int code)
{
  if (domain != BUILDQ_ERROR)
    return 2;
  switch (code)
    {
    case BUILDQ_ERROR_CHECKSUM:
      return 5;
    case BUILDQ_ERROR_UNAUTHORIZED:
      return 4;
    case BUILDQ_ERROR_UNAVAILABLE:
      return 3;
    case BUILDQ_ERROR_NOT_FOUND:
      return 1;
    default:
      return 2;
    }
}

void
_buildq_fetch_errors_add (BuildqFetchErrors *self, const char *place, const GError *error)
{
  if (self->text->len > 0)
    g_string_append (self->text, "; ");
  if (place != NULL && strstr (error->message, place) == NULL)
    g_string_append_printf (self->text, "%s: ", place);
  g_string_append (self->text, error->message);
  if (!g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    self->missing = FALSE;
  if (self->domain == 0
      || weight (error->domain, error->code) > weight (self->domain, self->code))
    {
      self->domain = error->domain;
      self->code = error->code;
    }
}

GError *
_buildq_fetch_errors_make (BuildqFetchErrors *self, const char *store_path)
{
  if (self->domain == 0)
    return g_error_new (BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                        "%s: no location and no mirror is known", store_path);
  return g_error_new (self->domain, self->code, "%s: %s", store_path, self->text->str);
}

/* --- a location, which goes on where the connection broke --- */

typedef struct
{
  BuildqMirror *mirror;
  const char *uri;
  BuildqStreamLink link;
  GCancellable *cancellable;
  guint resumes;
  gint64 resumed_at; /* bytes */
} Download;

static gboolean
download_open (Download *self, gint64 offset, GError **error)
{
  g_clear_object (&self->link.stream);
  self->link.stream
      = _buildq_mirror_open (self->mirror, self->uri, offset, self->cancellable, error);
  self->link.cancellable = self->cancellable;
  return self->link.stream != NULL;
}

static gssize
download_read (gpointer data, void *buffer, gsize size, GError **error)
{
  Download *self = data;

  for (;;)
    {
      g_autoptr (GError) local = NULL;
      gssize count = _buildq_stream_source (&self->link, buffer, size, &local);

      if (count >= 0)
        return count;
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return -1;
        }
      if (self->link.size - self->resumed_at >= PROGRESS_BYTES)
        self->resumes = 0;
      if (self->resumes == RESUMES)
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                       "it broke off after %" G_GINT64_FORMAT " bytes: %s",
                       self->link.size, local->message);
          return -1;
        }
      self->resumes++;
      self->resumed_at = self->link.size;
      if (!download_open (self, self->link.size, error))
        return -1;
    }
}

static BuildqMirror *
mirror_of (GPtrArray *mirrors, const char *uri)
{
  for (guint i = 0; i < mirrors->len; i++)
    if (_buildq_mirror_covers (mirrors->pdata[i], uri))
      return mirrors->pdata[i];
  return NULL;
}

/* --- verification --- */

static gboolean
check_hash (BuildqHash *hash, const char *expected, const char *what, GError **error)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  guint8 wanted[BUILDQ_HASH_BYTES];
  g_autofree char *text = NULL;

  _buildq_hash_finish (hash, digest);
  if (!_buildq_hash_parse (expected, wanted, error))
    return FALSE;
  if (memcmp (digest, wanted, sizeof digest) == 0)
    return TRUE;
  text = _buildq_hash_format (digest);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
               "the hash of the %s is %s instead of %s", what, text, expected);
  return FALSE;
}

static gboolean
check_size (gint64 size, gint64 expected, const char *what, GError **error)
{
  if (expected == 0 || size == expected)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
               "the %s has %" G_GINT64_FORMAT " bytes instead of %" G_GINT64_FORMAT, what,
               size, expected);
  return FALSE;
}

/* The decoder stops at the end of what it understands: what follows is read as well. */
static gboolean
read_to_end (BuildqHashLink *file, GError **error)
{
  g_autofree char *chunk = g_malloc (BUILDQ_CHUNK_BYTES);
  gssize count;

  while ((count = _buildq_hash_source (file, chunk, BUILDQ_CHUNK_BYTES, error)) > 0)
    ;
  return count == 0;
}

static gboolean
check_all (BuildqArtifact *artifact,
           BuildqLocation *location,
           BuildqHashLink *file,
           BuildqHashLink *nar,
           GError **error)
{
  if (location->file_hash != NULL || location->file_size != 0)
    if (!read_to_end (file, error)
        || !check_size (file->size, location->file_size, "file", error)
        || (location->file_hash != NULL
            && !check_hash (file->hash, location->file_hash, "file", error)))
      return FALSE;
  return check_size (nar->size, artifact->nar_size, "NAR", error)
         && check_hash (nar->hash, artifact->nar_hash, "NAR", error);
}

/* An error that is not the location's fault. */
static gboolean
is_local (const GError *error)
{
  return error->domain == G_IO_ERROR;
}

/* How long a file can be at most: what a server sends may have no end. */
static gint64
max_file_size (BuildqArtifact *artifact, BuildqLocation *location)
{
  if (location->file_size > 0 || artifact->nar_size > G_MAXINT64 / 2)
    return location->file_size;
  /* No compression makes anything much longer. */
  return artifact->nar_size > 0 ? artifact->nar_size + artifact->nar_size / 8 + 65536 : 0;
}

static gboolean
unpack (BuildqArtifact *artifact,
        BuildqLocation *location,
        Download *download,
        const char *staged,
        gint64 *fetched_bytes,
        GError **error)
{
  g_autoptr (BuildqHash) file_hash = _buildq_hash_new ();
  g_autoptr (BuildqHash) nar_hash = _buildq_hash_new ();
  BuildqHashLink file = { .hash = file_hash,
                          .max_size = max_file_size (artifact, location),
                          .source = download_read,
                          .next = download };
  g_autoptr (BuildqDecompressor) decompressor = _buildq_decompressor_new (
      location->compression, _buildq_hash_source, &file, error);
  BuildqHashLink nar = { .hash = nar_hash,
                         .max_size = artifact->nar_size,
                         .source = _buildq_decompressor_source,
                         .next = decompressor };
  gboolean ok = decompressor != NULL
                && _buildq_nar_read (_buildq_hash_source, &nar, staged, TRUE,
                                     download->cancellable, error)
                && check_all (artifact, location, &file, &nar, error);

  *fetched_bytes += file.size;
  if (ok)
    return TRUE;
  _buildq_tree_remove (staged, NULL);
  /* What is too long, or not an archive at all, is not what was promised. */
  if (error != NULL && *error != NULL
      && (g_error_matches (*error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID)
          || g_error_matches (*error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE)))
    (*error)->code = BUILDQ_ERROR_CHECKSUM;
  return FALSE;
}

static gboolean
fetch_from (BuildqArtifact *artifact,
            BuildqLocation *location,
            BuildqStore *store,
            GPtrArray *mirrors,
            gint64 *fetched_bytes,
            GCancellable *cancellable,
            GError **error)
{
  Download download = { .mirror = mirror_of (mirrors, location->uri),
                        .uri = location->uri,
                        .cancellable = cancellable };
  g_autofree char *staged = NULL;
  gboolean ok;

  if (!download_open (&download, 0, error))
    return FALSE;
  staged = _buildq_store_make_staging_path (store, artifact->store_path, error);
  ok = staged != NULL
       && unpack (artifact, location, &download, staged, fetched_bytes, error)
       && _buildq_store_commit_staged (store, staged, artifact, error);
  g_clear_object (&download.link.stream);
  return ok;
}

gboolean
_buildq_fetch (BuildqArtifact *artifact,
               BuildqStore *store,
               GPtrArray *mirrors,
               BuildqFetchErrors *errors,
               gint64 *fetched_bytes,
               GCancellable *cancellable,
               GError **error)
{
  for (guint i = 0; i < artifact->locations->len; i++)
    {
      BuildqLocation *location = artifact->locations->pdata[i];
      g_autoptr (GError) local = NULL;

      if (fetch_from (artifact, location, store, mirrors, fetched_bytes, cancellable,
                      &local))
        return TRUE;
      if (is_local (local))
        {
          g_propagate_prefixed_error (error, g_steal_pointer (&local),
                                      "%s: ", artifact->store_path);
          return FALSE;
        }
      _buildq_fetch_errors_add (errors, location->uri, local);
    }
  return FALSE;
}
