/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "netutil/buildq-http-client.h"

#include <buildq/buildq-error.h>
#include <string.h>

#include "core/buildq-thread.h"
#include "netutil/buildq-http-body.h"
#include "netutil/buildq-http-request.h"

#define BODY_TRIES 3 /* of a small body that breaks off */
#define IDLE_SECONDS 15
#define PATIENCE_OF_IDLE 4 /* how many times as long a slow server may take to get on */
#define DEADLINE_US (120 * G_USEC_PER_SEC) /* after it nothing is tried again */
#define MAX_CONNECTIONS 64
#define MAX_CONNECTIONS_PER_HOST 32
#define CHUNK_BYTES (64 * 1024)

BuildqHttpClient *
_buildq_http_client_new (void)
{
  BuildqHttpClient *self = g_atomic_rc_box_new0 (BuildqHttpClient);

  self->session = soup_session_new_with_options (
      "user-agent", "libbuildq/" PACKAGE_VERSION, "timeout", IDLE_SECONDS, "idle-timeout",
      60, "max-conns", MAX_CONNECTIONS, "max-conns-per-host", MAX_CONNECTIONS_PER_HOST,
      NULL);
  self->deadline_us = DEADLINE_US;
  self->patience_us = PATIENCE_OF_IDLE * IDLE_SECONDS * G_USEC_PER_SEC;
  g_mutex_init (&self->mutex);
  self->silent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  /* Archives are compressed by themselves. */
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  return self;
}

void
_buildq_http_client_set_limits (BuildqHttpClient *self,
                                guint idle_seconds,
                                gint64 deadline_us)
{
  g_object_set (self->session, "timeout", idle_seconds, NULL);
  self->deadline_us = deadline_us;
  self->patience_us = (gint64) PATIENCE_OF_IDLE * idle_seconds * G_USEC_PER_SEC;
}

BuildqHttpClient *
_buildq_http_client_ref (BuildqHttpClient *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
client_clear (gpointer data)
{
  BuildqHttpClient *self = data;

  g_object_unref (self->session);
  g_hash_table_unref (self->silent);
  g_mutex_clear (&self->mutex);
}

void
_buildq_http_client_unref (BuildqHttpClient *self)
{
  g_atomic_rc_box_release_full (self, client_clear);
}

/* --- reading --- */

/* Reads and forgets @offset bytes, of what a server sent that does not know ranges. */
static gboolean
skip_to (const BuildqHttpRequest *request, GInputStream *body, GError **error)
{
  gint64 left = request->offset;

  while (left > 0)
    {
      gssize skipped = g_input_stream_skip (body, MIN (left, CHUNK_BYTES),
                                            request->cancellable, error);

      if (skipped < 0)
        return FALSE;
      if (skipped == 0)
        {
          g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
                               "it is shorter than it was");
          return FALSE;
        }
      left -= skipped;
    }
  return TRUE;
}

/* Makes sure that @body starts at the offset that was asked for. */
static gboolean
seek (const BuildqHttpRequest *request,
      SoupMessage *message,
      GInputStream *body,
      GError **error)
{
  goffset start = -1;
  goffset end, total;

  if (request->offset == 0)
    return TRUE;
  if (soup_message_get_status (message) != SOUP_STATUS_PARTIAL_CONTENT)
    return skip_to (request, body, error);
  if (soup_message_headers_get_content_range (soup_message_get_response_headers (message),
                                              &start, &end, &total)
      && start == request->offset)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_PROTOCOL,
               "asked for what follows byte %" G_GINT64_FORMAT
               ", it sent what follows byte %" G_GINT64_FORMAT,
               request->offset, (gint64) start);
  return FALSE;
}

/* @body, with its end known, if the server told it, and not for ever. */
static GInputStream *
bound (BuildqHttpClient *self, SoupMessage *message, GInputStream *body)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  guint64 size = BUILDQ_HTTP_BODY_OPEN_END;

  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH)
    size = soup_message_headers_get_content_length (headers);
  return _buildq_http_body_new (body, size, self->patience_us);
}

static GInputStream *
open_body (const BuildqHttpRequest *request, GError **error)
{
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) raw = _buildq_http_request_send (request, &message, error);
  g_autoptr (GInputStream) body = NULL;
  g_autofree char *what = _buildq_http_request_describe (request);
  GError *local = NULL;

  if (raw == NULL)
    return NULL;
  body = bound (request->client, message, raw);
  if (seek (request, message, body, &local))
    return g_steal_pointer (&body);
  if (local->domain == BUILDQ_ERROR)
    g_propagate_prefixed_error (error, local, "%s: ", what);
  else
    _buildq_http_request_set_error (request, local, error);
  return NULL;
}

GInputStream *
_buildq_http_client_open (BuildqHttpClient *self,
                          const char *uri,
                          gint64 offset,
                          GCancellable *cancellable,
                          GError **error)
{
  const BuildqHttpRequest request
      = { .client = self,
          .method = SOUP_METHOD_GET,
          .uri = uri,
          .offset = offset,
          .deadline = _buildq_clock_now () + self->deadline_us,
          .cancellable = cancellable };

  return open_body (&request, error);
}

/* The bytes of @body; those of the errors that are not ours come from the connection. */
static GBytes *
read_small (const BuildqHttpRequest *request,
            GInputStream *body,
            gsize max_bytes,
            GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 chunk[4096];
  gssize count;

  while ((count
          = g_input_stream_read (body, chunk, sizeof chunk, request->cancellable, error))
         > 0)
    {
      if (bytes->len + (gsize) count > max_bytes)
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                       "it is longer than %" G_GSIZE_FORMAT " bytes", max_bytes);
          return NULL;
        }
      if (_buildq_clock_now () >= request->deadline)
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                       "it sent only %u bytes in %" G_GINT64_FORMAT " s", bytes->len,
                       request->client->deadline_us / G_USEC_PER_SEC);
          return NULL;
        }
      g_byte_array_append (bytes, chunk, count);
    }
  return count == 0 ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes)) : NULL;
}

GBytes *
_buildq_http_client_get (BuildqHttpClient *self,
                         const char *uri,
                         gsize max_bytes,
                         GCancellable *cancellable,
                         GError **error)
{
  const BuildqHttpRequest request
      = { .client = self,
          .method = SOUP_METHOD_GET,
          .uri = uri,
          .deadline = _buildq_clock_now () + self->deadline_us,
          .cancellable = cancellable };

  for (guint i = 1;; i++)
    {
      g_autoptr (GInputStream) body = open_body (&request, error);
      g_autofree char *what = _buildq_http_request_describe (&request);
      GError *local = NULL;
      GBytes *bytes;

      if (body == NULL)
        return NULL;
      bytes = read_small (&request, body, max_bytes, &local);
      if (bytes != NULL)
        return bytes;
      if (local->domain == BUILDQ_ERROR)
        {
          g_propagate_prefixed_error (error, local, "%s: ", what);
          return NULL;
        }
      if (i == BODY_TRIES || g_cancellable_is_cancelled (cancellable)
          || _buildq_clock_now () >= request.deadline)
        {
          _buildq_http_request_set_error (&request, local, error);
          return NULL;
        }
      g_error_free (local);
    }
}

gboolean
_buildq_http_client_head (BuildqHttpClient *self,
                          const char *uri,
                          gint64 *size,
                          GCancellable *cancellable,
                          GError **error)
{
  const BuildqHttpRequest request
      = { .client = self,
          .method = SOUP_METHOD_HEAD,
          .uri = uri,
          .deadline = _buildq_clock_now () + self->deadline_us,
          .cancellable = cancellable };
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = _buildq_http_request_send (&request, &message, error);
  SoupMessageHeaders *headers;

  if (body == NULL)
    return FALSE;
  headers = soup_message_get_response_headers (message);
  *size = soup_message_headers_get_one (headers, "Content-Length") != NULL
              ? soup_message_headers_get_content_length (headers)
              : -1;
  return TRUE;
}

/* --- writing --- */

static gboolean
send_put (const BuildqHttpRequest *request, GError **error)
{
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = _buildq_http_request_send (request, &message, error);

  if (body == NULL)
    return FALSE;
  _buildq_http_request_drain (request, body);
  return TRUE;
}

gboolean
_buildq_http_client_put_file (BuildqHttpClient *self,
                              const char *uri,
                              const char *path,
                              const char *content_type,
                              GCancellable *cancellable,
                              GError **error)
{
  const BuildqHttpRequest request
      = { .client = self,
          .method = SOUP_METHOD_PUT,
          .uri = uri,
          .path = path,
          .content_type = content_type,
          .deadline = _buildq_clock_now () + self->deadline_us,
          .cancellable = cancellable };

  return send_put (&request, error);
}

gboolean
_buildq_http_client_put (BuildqHttpClient *self,
                         const char *uri,
                         GBytes *bytes,
                         const char *content_type,
                         GCancellable *cancellable,
                         GError **error)
{
  const BuildqHttpRequest request
      = { .client = self,
          .method = SOUP_METHOD_PUT,
          .uri = uri,
          .bytes = bytes,
          .content_type = content_type,
          .deadline = _buildq_clock_now () + self->deadline_us,
          .cancellable = cancellable };

  return send_put (&request, error);
}
