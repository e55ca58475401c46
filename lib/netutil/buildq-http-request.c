/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "netutil/buildq-http-request.h"

#include <buildq/buildq-error.h>
#include <string.h>

#include "core/buildq-thread.h"
#include "netutil/buildq-http-watch.h"

#define TRIES 4
#define FIRST_DELAY_MS 200
#define MAX_DELAY_MS 10000
#define MAX_REDIRECTS 8
#define CHUNK_BYTES (64 * 1024)
#define ASK_FIRST_BYTES                                                                  \
  (1024 * 1024) /* from here on it is asked whether it may be sent */
#define SILENCE_US (10 * G_USEC_PER_SEC) /* how long a server counts as not answering */

/* Where a request goes, which a redirection changes. */
typedef struct
{
  GUri *uri;           /* without user and password */
  char *authorization; /* or NULL */
  gboolean ask_first;  /* before a big file is sent */
} Target;

/* How a try failed. */
typedef struct
{
  gint64 delay_ms; /* how long to wait at least before the next; -1: there is no use */
  gboolean silent; /* there was no answer at all */
} Failure;

/* --- URIs --- */

static GUri *
parse_uri (const char *uri, GError **error)
{
  GUri *parsed = g_uri_parse (uri, SOUP_HTTP_URI_FLAGS, NULL);
  g_autofree char *hidden = NULL;

  if (parsed != NULL && g_uri_get_host (parsed) != NULL
      && *g_uri_get_host (parsed) != '\0'
      && (g_str_equal (g_uri_get_scheme (parsed), "http")
          || g_str_equal (g_uri_get_scheme (parsed), "https")))
    return parsed;
  g_clear_pointer (&parsed, g_uri_unref);
  /* What GLib says of it could quote the password. */
  hidden = _buildq_http_uri_hide_password (uri);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "'%s' is not an HTTP URL",
               hidden);
  return NULL;
}

static GUri *
without_user (GUri *uri)
{
  return g_uri_build (g_uri_get_flags (uri), g_uri_get_scheme (uri), NULL,
                      g_uri_get_host (uri), g_uri_get_port (uri), g_uri_get_path (uri),
                      g_uri_get_query (uri), NULL);
}

/* By the text, so that nothing else of it changes. In what is no URI, a password could be
 * anywhere before an "@". */
char *
_buildq_http_uri_hide_password (const char *uri)
{
  const char *start = strstr (uri, "://");
  const char *at = strrchr (uri, '@');

  if (start == NULL || at == NULL || at < start)
    return g_strdup (uri);
  start += strlen ("://");
  if (g_uri_is_valid (uri, SOUP_HTTP_URI_FLAGS, NULL))
    at = g_strrstr_len (start, strcspn (start, "/?#"), "@");
  return at == NULL ? g_strdup (uri)
                    : g_strdup_printf ("%.*s%s", (int) (start - uri), uri, at + 1);
}

/* --- one try --- */

static void
target_clear (Target *self)
{
  g_clear_pointer (&self->uri, g_uri_unref);
  g_clear_pointer (&self->authorization, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Target, target_clear)

static char *
make_authorization (GUri *uri)
{
  const char *password = g_uri_get_password (uri);
  g_autofree char *pair = NULL;
  g_autofree char *encoded = NULL;

  if (g_uri_get_user (uri) == NULL)
    return NULL;
  pair
      = g_strdup_printf ("%s:%s", g_uri_get_user (uri), password != NULL ? password : "");
  encoded = g_base64_encode ((const guchar *) pair, strlen (pair));
  return g_strconcat ("Basic ", encoded, NULL);
}

static gboolean
target_init (Target *self, const char *uri, GError **error)
{
  g_autoptr (GUri) parsed = parse_uri (uri, error);

  if (parsed == NULL)
    return FALSE;
  self->uri = without_user (parsed);
  self->authorization = make_authorization (parsed);
  return TRUE;
}

static gboolean
same_server (GUri *a, GUri *b)
{
  return g_str_equal (g_uri_get_scheme (a), g_uri_get_scheme (b))
         && g_ascii_strcasecmp (g_uri_get_host (a), g_uri_get_host (b)) == 0
         && g_uri_get_port (a) == g_uri_get_port (b);
}

/* Redirections are followed here, as libsoup would show the password to any server. */
static gboolean
target_redirect (Target *self, const char *location, GError **error)
{
  g_autoptr (GUri) next
      = g_uri_parse_relative (self->uri, location, SOUP_HTTP_URI_FLAGS, NULL);
  gboolean secure = g_str_equal (g_uri_get_scheme (self->uri), "https");
  const char *scheme = next != NULL ? g_uri_get_scheme (next) : "";

  if (!g_str_equal (scheme, "https") && (secure || !g_str_equal (scheme, "http")))
    {
      g_autofree char *hidden = _buildq_http_uri_hide_password (location);

      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_PROTOCOL,
                   "it redirects to '%s', which is not followed", hidden);
      return FALSE;
    }
  if (!same_server (self->uri, next))
    g_clear_pointer (&self->authorization, g_free);
  g_uri_unref (self->uri);
  self->uri = without_user (next);
  return TRUE;
}

/* A server that refuses a file need not be sent it. One that does not know the question
 * keeps silent, and is not asked again. */
static gboolean
set_body (const BuildqHttpRequest *request,
          const Target *target,
          SoupMessage *message,
          GError **error)
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
  if (target->ask_first && g_file_info_get_size (info) >= ASK_FIRST_BYTES)
    soup_message_headers_set_expectations (soup_message_get_request_headers (message),
                                           SOUP_EXPECTATION_CONTINUE);
  return TRUE;
}

/* libsoup takes HTTP/2 where it can, and is six times slower by it with big files. */
static void
network_event (SoupMessage *message,
               GSocketClientEvent event,
               GIOStream *connection,
               gpointer data)
{
  const char *const only[] = { "http/1.1", NULL };

  if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING && G_IS_TLS_CONNECTION (connection))
    g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (connection), only);
}

static SoupMessage *
make_message (const BuildqHttpRequest *request, const Target *target, GError **error)
{
  g_autoptr (SoupMessage) message
      = soup_message_new_from_uri (request->method, target->uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_add_flags (message,
                          SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  if (target->authorization != NULL)
    soup_message_headers_replace (headers, "Authorization", target->authorization);
  if (request->offset > 0)
    soup_message_headers_set_range (headers, request->offset, -1);
  if (!set_body (request, target, message, error))
    return NULL;
  g_signal_connect (message, "network-event", G_CALLBACK (network_event), NULL);
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
    case SOUP_STATUS_METHOD_NOT_ALLOWED:
      return BUILDQ_ERROR_NOT_SUPPORTED;
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

char *
_buildq_http_request_describe (const BuildqHttpRequest *request)
{
  g_autofree char *uri = _buildq_http_uri_hide_password (request->uri);

  return g_strdup_printf ("%s %s", request->method, uri);
}

void
_buildq_http_request_set_error (const BuildqHttpRequest *request,
                                GError *local,
                                GError **error)
{
  g_autofree char *what = _buildq_http_request_describe (request);

  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, local);
      return;
    }
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE, "%s: %s", what,
               local->message);
  g_error_free (local);
}

void
_buildq_http_request_drain (const BuildqHttpRequest *request, GInputStream *body)
{
  gsize left = CHUNK_BYTES;
  gssize count;

  while (left > 0 && _buildq_clock_now () < request->deadline
         && (count = g_input_stream_skip (body, left, request->cancellable, NULL)) > 0)
    left -= count;
}

static gint64
retry_after_ms (SoupMessage *message)
{
  const char *value = soup_message_headers_get_one (
      soup_message_get_response_headers (message), "Retry-After");
  gint64 seconds = value != NULL ? g_ascii_strtoll (value, NULL, 10) : 0;

  return CLAMP (seconds, 0, MAX_DELAY_MS / 1000) * 1000;
}

/* --- servers that do not answer --- */

static char *
name_server (const BuildqHttpRequest *request)
{
  g_autoptr (GUri) uri = parse_uri (request->uri, NULL);

  return uri != NULL
             ? g_strdup_printf ("%s:%d", g_uri_get_host (uri), g_uri_get_port (uri))
             : g_strdup ("");
}

static void
note_silence (const BuildqHttpRequest *request, gboolean silent)
{
  BuildqHttpClient *client = request->client;
  g_autofree char *server = name_server (request);
  gint64 until = _buildq_clock_now () + SILENCE_US;

  g_mutex_lock (&client->mutex);
  if (silent)
    g_hash_table_replace (client->silent, g_steal_pointer (&server),
                          g_memdup2 (&until, sizeof until));
  else
    g_hash_table_remove (client->silent, server);
  g_mutex_unlock (&client->mutex);
}

/* Whether the server was just tried in vain: a dead mirror must not hold up each of many
 * look-ups for as long as the first. It is still asked, but once. */
static gboolean
is_silent (const BuildqHttpRequest *request)
{
  BuildqHttpClient *client = request->client;
  g_autofree char *server = name_server (request);
  gboolean silent;
  gint64 *until;

  g_mutex_lock (&client->mutex);
  until = g_hash_table_lookup (client->silent, server);
  silent = until != NULL && _buildq_clock_now () < *until;
  g_mutex_unlock (&client->mutex);
  return silent;
}

/* --- the exchange --- */

/* Sends it to @target. NULL when there was no answer at all. */
static GInputStream *
ask (const BuildqHttpRequest *request,
     const Target *target,
     SoupMessage **message,
     Failure *failure,
     GError **error)
{
  GInputStream *body;
  BuildqHttpWatch watch;
  gboolean is_late;
  GError *local = NULL;

  *message = make_message (request, target, error);
  if (*message == NULL)
    return NULL;
  _buildq_http_watch_begin (&watch, *message, request->client->patience_us,
                            request->cancellable);
  body
      = soup_session_send (request->client->session, *message, watch.cancellable, &local);
  is_late = _buildq_http_watch_end (&watch);
  if (body != NULL)
    return body;
  if (!g_cancellable_is_cancelled (request->cancellable))
    {
      failure->silent = TRUE;
      if (is_late || local->domain == G_IO_ERROR)
        failure->delay_ms = 0;
      if (is_late)
        {
          g_clear_error (&local);
          local = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                               "no answer in %" G_GINT64_FORMAT " s",
                               request->client->patience_us / G_USEC_PER_SEC);
        }
    }
  _buildq_http_request_set_error (request, local, error);
  return NULL;
}

/* Where the answer sends us to; NULL: nowhere. What is written is not sent elsewhere. */
static const char *
get_redirection (const BuildqHttpRequest *request, SoupMessage *message)
{
  guint status = soup_message_get_status (message);

  if (request->path != NULL || request->bytes != NULL
      || !(SOUP_STATUS_IS_REDIRECTION (status)) || status == SOUP_STATUS_NOT_MODIFIED)
    return NULL;
  return soup_message_headers_get_one (soup_message_get_response_headers (message),
                                       "Location");
}

/* One try. NULL with @error and @failure. */
static GInputStream *
try_once (const BuildqHttpRequest *request,
          gboolean ask_first,
          SoupMessage **answered,
          Failure *failure,
          GError **error)
{
  g_auto (Target) target = { 0 };
  g_autofree char *what = _buildq_http_request_describe (request);

  *failure = (Failure){ .delay_ms = -1 };
  if (!target_init (&target, request->uri, error))
    return NULL;
  target.ask_first = ask_first;
  for (guint hops = 0;; hops++)
    {
      g_autoptr (SoupMessage) message = NULL;
      g_autoptr (GInputStream) body = ask (request, &target, &message, failure, error);
      const char *location;
      guint status;

      if (body == NULL)
        return NULL;
      status = soup_message_get_status (message);
      if (SOUP_STATUS_IS_SUCCESSFUL (status))
        {
          *answered = g_steal_pointer (&message);
          return g_steal_pointer (&body);
        }
      _buildq_http_request_drain (request, body);
      location = get_redirection (request, message);
      if (location == NULL)
        {
          g_set_error (error, BUILDQ_ERROR, code_of_status (status), "%s: %u %s", what,
                       status, soup_status_get_phrase (status));
          if (status_may_pass (status))
            failure->delay_ms = retry_after_ms (message);
          return NULL;
        }
      if (hops == MAX_REDIRECTS)
        g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_PROTOCOL,
                             "it redirects without end");
      if (hops == MAX_REDIRECTS || !target_redirect (&target, location, error))
        {
          g_prefix_error (error, "%s: ", what);
          return NULL;
        }
    }
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

/* Waits before the next try. FALSE when there is none. */
static gboolean
wait_for_next (const BuildqHttpRequest *request, const Failure *failure, gint64 *back_off)
{
  gint64 ms = *back_off / 2 + g_random_int_range (0, *back_off / 2 + 1);

  ms = MAX (ms, failure->delay_ms);
  *back_off *= 3;
  return failure->delay_ms >= 0 && _buildq_clock_now () + ms * 1000 < request->deadline
         && wait_ms (ms, request->cancellable);
}

GInputStream *
_buildq_http_request_send (const BuildqHttpRequest *request,
                           SoupMessage **answered,
                           GError **error)
{
  gboolean is_upload = request->path != NULL || request->bytes != NULL;
  guint tries = !is_upload && is_silent (request) ? 1 : TRIES;
  gint64 back_off = FIRST_DELAY_MS;

  for (guint i = 1;; i++)
    {
      g_autoptr (GError) local = NULL;
      Failure failure;
      GInputStream *body = try_once (request, i == 1, answered, &failure, &local);

      if (body == NULL && i < tries && wait_for_next (request, &failure, &back_off))
        continue;
      if (g_cancellable_set_error_if_cancelled (request->cancellable, error))
        {
          g_clear_object (&body);
          g_clear_object (answered);
          return NULL;
        }
      note_silence (request, body == NULL && failure.silent);
      if (body == NULL)
        g_propagate_error (error, g_steal_pointer (&local));
      return body;
    }
}
