/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Fetches a whole log from where it is kept. Logs are text for people: unlike artifacts
 * they are not verified.
 */
#include "config.h"

#include "buildq-tool.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <libsoup/soup.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_S 30

typedef struct
{
  GInputStream *stream;
  GError *error;
  guint8 buffer[65536];
} Source;

static GInputStream *
open_http (SoupSession *session, const char *uri, GError **error)
{
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, uri);
  g_autoptr (GInputStream) stream = NULL;

  if (message == NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "'%s' is not a URI", uri);
      return NULL;
    }
  stream = soup_session_send (session, message, NULL, error);
  if (stream == NULL || soup_message_get_status (message) == SOUP_STATUS_OK)
    return g_steal_pointer (&stream);
  g_set_error (error, BUILDQ_ERROR,
               soup_message_get_status (message) == SOUP_STATUS_NOT_FOUND
                   ? BUILDQ_ERROR_NOT_FOUND
                   : BUILDQ_ERROR_UNAVAILABLE,
               "%u %s", soup_message_get_status (message),
               soup_message_get_reason_phrase (message));
  return NULL;
}

static GInputStream *
open_uri (SoupSession *session, const char *uri, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (uri);

  if (g_strcmp0 (scheme, "file") == 0)
    {
      g_autoptr (GFile) file = g_file_new_for_uri (uri);

      return (GInputStream *) g_file_read (file, NULL, error);
    }
  if (g_strcmp0 (scheme, "http") == 0 || g_strcmp0 (scheme, "https") == 0)
    return open_http (session, uri, error);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "logs cannot be read from '%s'", uri);
  return NULL;
}

static gboolean
write_all (int fd, const guint8 *data, gsize size, GError **error)
{
  while (size > 0)
    {
      ssize_t n = write (fd, data, size);

      if (n < 0 && errno != EINTR)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                       "writing the log: %s", g_strerror (errno));
          return FALSE;
        }
      if (n > 0)
        {
          data += n;
          size -= (gsize) n;
        }
    }
  return TRUE;
}

static la_ssize_t
on_read (struct archive *archive, void *user_data, const void **buffer)
{
  Source *self = user_data;

  *buffer = self->buffer;
  return g_input_stream_read (self->stream, self->buffer, sizeof self->buffer, NULL,
                              &self->error);
}

static gboolean
fail (Source *source, struct archive *archive, GError **error)
{
  if (source->error != NULL)
    g_propagate_error (error, g_steal_pointer (&source->error));
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s",
                 archive_error_string (archive));
  return FALSE;
}

/* libarchive finds out by itself how it is compressed, if it is. */
static gboolean
copy (Source *source, struct archive *archive, gint64 skip, int fd, GError **error)
{
  struct archive_entry *entry;
  guint8 buffer[65536];
  la_ssize_t n;
  int result;

  archive_read_support_filter_all (archive);
  archive_read_support_format_raw (archive);
  archive_read_support_format_empty (archive);
  if (archive_read_open (archive, source, NULL, on_read, NULL) != ARCHIVE_OK)
    return fail (source, archive, error);
  result = archive_read_next_header (archive, &entry);
  if (result == ARCHIVE_EOF)
    return TRUE;
  if (result != ARCHIVE_OK)
    return fail (source, archive, error);
  while ((n = archive_read_data (archive, buffer, sizeof buffer)) > 0)
    {
      gsize skipped = (gsize) MIN (skip, (gint64) n);

      skip -= (gint64) skipped;
      if (!write_all (fd, buffer + skipped, (gsize) n - skipped, error))
        return FALSE;
    }
  return n == 0 ? TRUE : fail (source, archive, error);
}

gboolean
tool_fetch_log (BuildqLocation *location, gint64 offset, int fd, GError **error)
{
  const char *uri = buildq_location_get_uri (location);
  g_autoptr (SoupSession) session
      = soup_session_new_with_options ("timeout", TIMEOUT_S, NULL);
  g_autoptr (GInputStream) stream = open_uri (session, uri, error);
  g_autofree Source *source = g_new0 (Source, 1);
  struct archive *archive;
  gboolean ok;

  if (stream == NULL)
    {
      g_prefix_error (error, "fetching the log from %s: ", uri);
      return FALSE;
    }
  source->stream = stream;
  archive = archive_read_new ();
  ok = copy (source, archive, offset, fd, error);
  archive_read_free (archive);
  g_clear_error (&source->error);
  if (!ok)
    g_prefix_error (error, "fetching the log from %s: ", uri);
  return ok;
}
