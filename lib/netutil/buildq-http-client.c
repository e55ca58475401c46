/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "netutil/buildq-http-client.h"

#include <buildq/buildq-error.h>
#include <libsoup/soup.h>
#include <string.h>

#include "core/buildq-thread.h"

#define TRIES 4
#define FIRST_DELAY_MS 200
#define MAX_DELAY_MS 10000
#define IDLE_SECONDS 15
#define MAX_CONNECTIONS 64
#define MAX_CONNECTIONS_PER_HOST 32
#define CHUNK_BYTES (64 * 1024)

struct _BuildqHttpClient
{
  SoupSession *session; /* which can be used from any thread by its blocking functions */
};

/* What one request is; made into a message anew for each try. */
typedef struct
{
  BuildqHttpClient *client;
  const char *method;
  const char *uri;
  gint64 offset;
  const char *path; /* PUT: a file, … */
  GBytes *bytes;    /* … or this */
  const char *content_type;
  GCancellable *cancellable;
} Request;

BuildqHttpClient *
_buildq_http_client_new (void)
{
  BuildqHttpClient *self = g_atomic_rc_box_new0 (BuildqHttpClient);

  self->session = soup_session_new_with_options (
      "user-agent", "libbuildq/" PACKAGE_VERSION, "timeout", IDLE_SECONDS, "idle-timeout",
      60, "max-conns", MAX_CONNECTIONS, "max-conns-per-host", MAX_CONNECTIONS_PER_HOST,
      NULL);
  /* Archives are compressed by themselves. */
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  return self;
}

BuildqHttpClient *
_buildq_http_client_ref (BuildqHttpClient *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
client_clear (gpointer data)
{
  g_object_unref (((BuildqHttpClient *) data)->session);
}

void
_buildq_http_client_unref (BuildqHttpClient *self)
{
  g_atomic_rc_box_release_full (self, client_clear);
}

/* --- URIs --- */

static GUri *
parse_uri (const char *uri, GError **error)
{
  g_autoptr (GError) local = NULL;
  GUri *parsed = g_uri_parse (uri, SOUP_HTTP_URI_FLAGS, &local);

  if (parsed != NULL && g_uri_get_host (parsed) != NULL
      && *g_uri_get_host (parsed) != '\0'
      && g_str_has_prefix (g_uri_get_scheme (parsed), "http"))
    return parsed;
  g_clear_pointer (&parsed, g_uri_unref);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "'%s' is not an HTTP URL%s%s",
               uri, local != NULL ? ": " : "", local != NULL ? local->message : "");
  return NULL;
}

static GUri *
without_user (GUri *uri)
{
  return g_uri_build (g_uri_get_flags (uri), g_uri_get_scheme (uri), NULL,
                      g_uri_get_host (uri), g_uri_get_port (uri), g_uri_get_path (uri),
                      g_uri_get_query (uri), NULL);
}

char *
_buildq_http_uri_hide_password (const char *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, SOUP_HTTP_URI_FLAGS, NULL);
  g_autoptr (GUri) bare = NULL;

  if (parsed == NULL || g_uri_get_userinfo (parsed) == NULL)
    return g_strdup (uri);
  bare = without_user (parsed);
  return g_uri_to_string (bare);
}

/* --- one try --- */

static void
set_password (SoupMessage *message, GUri *uri)
{
  g_autofree char *pair = NULL;
  g_autofree char *encoded = NULL;
  g_autofree char *value = NULL;

  if (g_uri_get_user (uri) == NULL)
    return;
  pair = g_strdup_printf ("%s:%s", g_uri_get_user (uri),
                          g_uri_get_password (uri) != NULL ? g_uri_get_password (uri)
                                                           : "");
  encoded = g_base64_encode ((const guchar *) pair, strlen (pair));
  value = g_strconcat ("Basic ", encoded, NULL);
  soup_message_headers_replace (soup_message_get_request_headers (message),
                                "Authorization", value);
}

static gboolean
set_body (const Request *request, SoupMessage *message, GError **error)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFileInputStream) stream = NULL;
  g_autoptr (GFileInfo) info = NULL;

  if (request->bytes != NULL)
    soup_message_set_request_body_from_bytes (message, request->content_type,
                                              request->bytes);
  if (request->path == NULL)
    return TRUE;
  file = g_file_new_for_path (request->path);
  stream = g_file_read (file, request->cancellable, error);
  if (stream == NULL)
    return FALSE;
  info = g_file_input_stream_query_info (stream, G_FILE_ATTRIBUTE_STANDARD_SIZE,
                                         request->cancellable, error);
  if (info == NULL)
    return FALSE;
  soup_message_set_request_body (message, request->content_type, G_INPUT_STREAM (stream),
                                 g_file_info_get_size (info));
  return TRUE;
}

static SoupMessage *
make_message (const Request *request, GError **error)
{
  g_autoptr (GUri) uri = parse_uri (request->uri, error);
  g_autoptr (GUri) bare = NULL;
  g_autoptr (SoupMessage) message = NULL;

  if (uri == NULL)
    return NULL;
  bare = without_user (uri);
  message = soup_message_new_from_uri (request->method, bare);
  soup_message_add_flags (message, SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  set_password (message, uri);
  if (request->offset > 0)
    soup_message_headers_set_range (soup_message_get_request_headers (message),
                                    request->offset, -1);
  if (!set_body (request, message, error))
    return NULL;
  return g_steal_pointer (&message);
}

static BuildqError
code_of_status (guint status)
{
  switch (status)
    {
    case SOUP_STATUS_UNAUTHORIZED:
    case SOUP_STATUS_FORBIDDEN:
    case SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED:
      return BUILDQ_ERROR_UNAUTHORIZED;
    case SOUP_STATUS_NOT_FOUND:
    case SOUP_STATUS_GONE:
      return BUILDQ_ERROR_NOT_FOUND;
    case SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE:
      return BUILDQ_ERROR_TOO_LARGE;
    default:
      return status >= 500 || status == 429 || status == SOUP_STATUS_REQUEST_TIMEOUT
                 ? BUILDQ_ERROR_UNAVAILABLE
                 : BUILDQ_ERROR_FAILED;
    }
}

static gboolean
status_may_pass (guint status)
{
  return status == 408 || status == 429
         || (status >= 500 && status != 501 && status != 505 && status != 507);
}

static char *
describe (const Request *request)
{
  g_autofree char *uri = _buildq_http_uri_hide_password (request->uri);

  return g_strdup_printf ("%s %s", request->method, uri);
}

/* Turns what went wrong on the way to the server into one of our errors. */
static void
set_transport_error (const Request *request, GError *local, GError **error)
{
  g_autofree char *what = describe (request);

  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || (local->domain == BUILDQ_ERROR && local->code == BUILDQ_ERROR_INVALID))
    {
      g_propagate_error (error, local);
      return;
    }
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE, "%s: %s", what,
               local->message);
  g_error_free (local);
}

/* One try. NULL with @error, and in @delay_ms how long to wait before the next; -1: none.
 */
static GInputStream *
try_once (const Request *request,
          SoupMessage **answered,
          gint64 *delay_ms,
          GError **error)
{
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = NULL;
  g_autofree char *what = NULL;
  const char *retry_after;
  GError *local = NULL;
  guint status;

  *delay_ms = -1;
  message = make_message (request, &local);
  if (message == NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  body = soup_session_send (request->client->session, message, request->cancellable,
                            &local);
  if (body == NULL)
    {
      if (local->domain == G_IO_ERROR && local->code != G_IO_ERROR_CANCELLED)
        *delay_ms = 0;
      set_transport_error (request, local, error);
      return NULL;
    }
  status = soup_message_get_status (message);
  if (SOUP_STATUS_IS_SUCCESSFUL (status))
    {
      *answered = g_steal_pointer (&message);
      return g_steal_pointer (&body);
    }

  what = describe (request);
  g_set_error (error, BUILDQ_ERROR, code_of_status (status), "%s: %u %s", what, status,
               soup_status_get_phrase (status));
  if (!status_may_pass (status))
    return NULL;
  retry_after = soup_message_headers_get_one (soup_message_get_response_headers (message),
                                              "Retry-After");
  *delay_ms = retry_after != NULL ? g_ascii_strtoll (retry_after, NULL, 10) * 1000 : 0;
  return NULL;
}

/* FALSE when the wait was cancelled. */
static gboolean
wait_ms (gint64 ms, GCancellable *cancellable)
{
  GPollFD fd;
  gboolean can_poll = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &fd);

  if (can_poll)
    {
      g_poll (&fd, 1, ms);
      g_cancellable_release_fd (cancellable);
    }
  else
    g_usleep (ms * 1000);
  return !g_cancellable_is_cancelled (cancellable);
}

static GInputStream *
send (const Request *request, SoupMessage **answered, GError **error)
{
  gint64 back_off = FIRST_DELAY_MS;

  for (guint i = 1;; i++)
    {
      g_autoptr (GError) local = NULL;
      gint64 delay;
      GInputStream *body = try_once (request, answered, &delay, &local);

      if (body != NULL)
        return body;
      if (delay < 0 || i == TRIES
          || !wait_ms (CLAMP (delay,
                              back_off / 2 + g_random_int_range (0, back_off / 2 + 1),
                              MAX_DELAY_MS),
                       request->cancellable))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      back_off *= 3;
    }
}

/* --- reading --- */

/* A server that does not know ranges sends all of it. */
static gboolean
skip_to (GInputStream *body, gint64 offset, GCancellable *cancellable, GError **error)
{
  while (offset > 0)
    {
      gssize skipped
          = g_input_stream_skip (body, MIN (offset, CHUNK_BYTES), cancellable, error);

      if (skipped < 0)
        return FALSE;
      if (skipped == 0)
        {
          g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
                               "it is shorter than it was");
          return FALSE;
        }
      offset -= skipped;
    }
  return TRUE;
}

GInputStream *
_buildq_http_client_open (BuildqHttpClient *self,
                          const char *uri,
                          gint64 offset,
                          GCancellable *cancellable,
                          GError **error)
{
  const Request request = { .client = self,
                            .method = SOUP_METHOD_GET,
                            .uri = uri,
                            .offset = offset,
                            .cancellable = cancellable };
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = send (&request, &message, error);

  if (body == NULL)
    return NULL;
  if (offset > 0 && soup_message_get_status (message) != SOUP_STATUS_PARTIAL_CONTENT
      && !skip_to (body, offset, cancellable, error))
    return NULL;
  return g_steal_pointer (&body);
}

GBytes *
_buildq_http_client_get (BuildqHttpClient *self,
                         const char *uri,
                         gsize max_bytes,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GInputStream) body
      = _buildq_http_client_open (self, uri, 0, cancellable, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *hidden = _buildq_http_uri_hide_password (uri);
  guint8 chunk[4096];
  gssize count;

  if (body == NULL)
    return NULL;
  while ((count = g_input_stream_read (body, chunk, sizeof chunk, cancellable, error))
         > 0)
    {
      if (bytes->len + (gsize) count > max_bytes)
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                       "GET %s: it is longer than %" G_GSIZE_FORMAT " bytes", hidden,
                       max_bytes);
          return NULL;
        }
      g_byte_array_append (bytes, chunk, count);
    }
  if (count < 0)
    {
      g_prefix_error (error, "GET %s: ", hidden);
      return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

gboolean
_buildq_http_client_head (BuildqHttpClient *self,
                          const char *uri,
                          gint64 *size,
                          GCancellable *cancellable,
                          GError **error)
{
  const Request request = {
    .client = self, .method = SOUP_METHOD_HEAD, .uri = uri, .cancellable = cancellable
  };
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = send (&request, &message, error);
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
send_put (const Request *request, GError **error)
{
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = send (request, &message, error);

  /* What it says does not matter, but the connection can be used again when it is read.
   */
  return body != NULL
         && (g_input_stream_skip (body, CHUNK_BYTES, request->cancellable, NULL), TRUE);
}

gboolean
_buildq_http_client_put_file (BuildqHttpClient *self,
                              const char *uri,
                              const char *path,
                              const char *content_type,
                              GCancellable *cancellable,
                              GError **error)
{
  const Request request = { .client = self,
                            .method = SOUP_METHOD_PUT,
                            .uri = uri,
                            .path = path,
                            .content_type = content_type,
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
  const Request request = { .client = self,
                            .method = SOUP_METHOD_PUT,
                            .uri = uri,
                            .bytes = bytes,
                            .content_type = content_type,
                            .cancellable = cancellable };

  return send_put (&request, error);
}
