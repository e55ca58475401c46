/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-http-error.h"
#include "http/buildq-server-private.h"

#include <buildq/buildq-principal.h>

#include <string.h>

#define RETRY_AFTER_S 5

static GQuark
exchange_quark (void)
{
  return g_quark_from_static_string ("buildq-server-exchange");
}

static void
exchange_free (gpointer data)
{
  Exchange *self = data;

  if (self->server != NULL)
    g_hash_table_remove (self->server->exchanges, self);
  g_clear_pointer (&self->who, buildq_principal_unref);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_free (self->arg);
  g_free (self->request);
  g_free (self->token);
  g_free (self);
}

/* The message has been answered, or its peer is gone. */
static void
on_over (SoupServerMessage *msg, Exchange *self)
{
  gint64 sent = soup_server_message_get_response_body (msg)->length;

  if (self->server != NULL && !self->over)
    _buildq_server_count_answer (self->server, self->route,
                                 soup_server_message_get_status (msg),
                                 (gint64) self->seen, sent);
  self->over = TRUE;
  if (self->server != NULL && soup_server_message_get_socket (msg) != NULL)
    _buildq_socket_count (self->server, soup_server_message_get_socket (msg));
}

static Exchange *
exchange_new (BuildqServer *server, SoupServerMessage *msg)
{
  Exchange *self = g_new0 (Exchange, 1);

  self->server = server;
  self->msg = msg;
  g_hash_table_add (server->exchanges, self);
  g_object_set_qdata_full (G_OBJECT (msg), exchange_quark (), self, exchange_free);
  g_signal_connect (msg, "finished", G_CALLBACK (on_over), self);
  g_signal_connect (msg, "disconnected", G_CALLBACK (on_over), self);
  return self;
}

Exchange *
_buildq_exchange_get (SoupServerMessage *msg)
{
  return g_object_get_qdata (G_OBJECT (msg), exchange_quark ());
}

gpointer
_buildq_exchange_pause (Exchange *self)
{
  self->paused = TRUE;
  soup_server_message_pause (self->msg);
  return g_object_ref (self->msg);
}

Exchange *
_buildq_exchange_resume (gpointer msg)
{
  return _buildq_exchange_get (msg);
}

/* --- answering --- */

void
_buildq_exchange_send (Exchange *self, guint status, const char *type, GBytes *bytes)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->msg);
  SoupMessageBody *body = soup_server_message_get_response_body (self->msg);

  if (self->over)
    return;
  soup_server_message_set_status (self->msg, status, NULL);
  soup_message_headers_set_content_type (headers, type, NULL);
  soup_message_headers_replace (headers, BUILDQ_PROTOCOL_HEADER,
                                G_STRINGIFY (BUILDQ_PROTOCOL_VERSION));
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_body_append_bytes (body, bytes);
  soup_message_body_complete (body);
  if (self->paused)
    soup_server_message_unpause (self->msg);
  self->paused = FALSE;
}

void
_buildq_exchange_answer (Exchange *self, guint status, char *json)
{
  GString *text = g_string_new (json);
  g_autoptr (GBytes) bytes = NULL;

  g_free (json);
  g_string_append_c (text, '\n');
  bytes = g_string_free_to_bytes (text);
  _buildq_exchange_send (self, status, "application/json", bytes);
}

void
_buildq_exchange_answer_bytes (Exchange *self, GBytes *bytes)
{
  _buildq_exchange_send (self, 200, "application/octet-stream", bytes);
}

void
_buildq_exchange_refuse (Exchange *self, guint status, const GError *error)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->msg);

  if (status == 0)
    status = _buildq_http_status (error);
  if (self->over)
    return;
  if (status == 401)
    soup_message_headers_replace (
        headers, "WWW-Authenticate",
        self->route != NULL && self->route->handle == _buildq_handle_page
            ? "Basic realm=\"buildq: any name, and a token as the password\""
            : "Bearer");
  if (status == 503)
    {
      g_autofree char *after
          = g_strdup_printf ("%d", RETRY_AFTER_S + g_random_int_range (0, 5));

      soup_message_headers_replace (headers, "Retry-After", after);
    }
  _buildq_exchange_answer (self, status, _buildq_http_error_json (error, NULL, 0));
}

void
_buildq_exchange_conclude (gpointer msg, guint status, char *json, const GError *error)
{
  g_autoptr (SoupServerMessage) owned = msg;
  Exchange *self = _buildq_exchange_resume (msg);

  if (error != NULL)
    _buildq_exchange_refuse (self, 0, error);
  else
    _buildq_exchange_answer (self, status, json);
}

/* --- the path --- */

/* Whether @path is that of @route, and if so which segment stands for its "*". */
static gboolean
match_path (const Route *route, const char *path, char **arg)
{
  const char *star = strchr (route->path, '*');
  gsize before, after, length = strlen (path);

  if (star == NULL)
    return strcmp (route->path, path) == 0;
  before = star - route->path;
  after = strlen (star + 1);
  if (length <= before + after || strncmp (path, route->path, before) != 0
      || strcmp (path + length - after, star + 1) != 0
      || memchr (path + before, '/', length - before - after) != NULL)
    return FALSE;
  *arg = g_strndup (path + before, length - before - after);
  return TRUE;
}

static gboolean
has_method (const Route *route, const char *method)
{
  return strcmp (route->method, method) == 0
         || (strcmp (route->method, "GET") == 0 && strcmp (method, "HEAD") == 0);
}

static gboolean
decode_arg (Exchange *self, GError **error)
{
  g_autofree char *raw = g_steal_pointer (&self->arg);

  if (raw == NULL)
    return TRUE;
  self->arg = g_uri_unescape_string (raw, NULL);
  if (self->arg != NULL && g_utf8_validate (self->arg, -1, NULL))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "path segment '%s' is not well-formed", raw);
  return FALSE;
}

/* Who asks for another version, by the path or in the header, is told of both. */
static gboolean
check_version (Exchange *self, const char *path, GError **error)
{
  static const char own[] = G_STRINGIFY (BUILDQ_PROTOCOL_VERSION);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->msg);
  const char *header = soup_message_headers_get_one (headers, BUILDQ_PROTOCOL_HEADER);
  g_auto (GStrv) spoken = g_strsplit (header != NULL ? header : own, " ", 16);
  g_autofree char *asked = NULL;

  if (g_str_has_prefix (path, "/v") && g_ascii_isdigit (path[2]))
    asked = g_strndup (path + 2, strspn (path + 2, "0123456789"));
  if (asked != NULL && strcmp (asked, own) == 0)
    g_clear_pointer (&asked, g_free);
  if (asked == NULL && !g_strv_contains ((const char *const *) spoken, own))
    asked = g_strdup (header);
  if (asked == NULL)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "version %s of the protocol is asked for; this is %s %s, which speaks "
               "version %s",
               asked, PACKAGE_NAME, PACKAGE_VERSION, own);
  return FALSE;
}

static const Route *
find_route (Exchange *self, const char *path, guint *status, GError **error)
{
  const char *method = soup_server_message_get_method (self->msg);
  g_autoptr (GString) allowed = g_string_new (NULL);

  for (guint i = 0; i < _buildq_n_routes; i++)
    {
      const Route *route = &_buildq_routes[i];

      g_clear_pointer (&self->arg, g_free);
      if (!match_path (route, path, &self->arg))
        continue;
      if (has_method (route, method))
        return decode_arg (self, error) ? route : NULL;
      g_string_append_printf (allowed, "%s%s", allowed->len > 0 ? ", " : "",
                              route->method);
    }

  if (allowed->len == 0)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                   "there is nothing at '%s'", path);
      return NULL;
    }
  *status = 405;
  soup_message_headers_replace (soup_server_message_get_response_headers (self->msg),
                                "Allow", allowed->str);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "'%s' cannot be used with '%s'", method, path);
  return NULL;
}

/* --- the body --- */

static void
set_too_large (const Route *route, GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
               "the body is larger than %" G_GSIZE_FORMAT " bytes", route->limit);
}

/* What is refused, or too much, is dropped as it comes, so that the peer gets to read the
 * answer; up to a point. */
static void
on_chunk (SoupServerMessage *msg, GBytes *chunk, Exchange *self)
{
  gsize limit = self->route != NULL ? self->route->limit : MAX_OTHER_BYTES;
  GSocket *socket = soup_server_message_get_socket (msg);

  self->seen += g_bytes_get_size (chunk);
  if (self->body != NULL && self->seen <= limit)
    {
      g_byte_array_append (self->body, g_bytes_get_data (chunk, NULL),
                           (guint) g_bytes_get_size (chunk));
      return;
    }

  g_clear_pointer (&self->body, g_byte_array_unref);
  if (self->seen / 2 > limit && socket != NULL)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

/* Whether the request may go on: what can be told before its body is there. */
static gboolean
check_early (Exchange *self, const char *path, guint *status, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->msg);
  const Route *route
      = check_version (self, path, error) ? find_route (self, path, status, error) : NULL;

  if (route == NULL)
    return FALSE;
  self->route = route;
  if (!_buildq_access_check_peer (self, error))
    {
      *status = 403;
      return FALSE;
    }
  if (!_buildq_access_identify (self, status, error))
    return FALSE;
  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
      && soup_message_headers_get_content_length (headers) > (goffset) route->limit)
    {
      set_too_large (route, error);
      return FALSE;
    }
  return route->handle != NULL || _buildq_session_admit (self, error);
}

void
_buildq_exchange_early (SoupServer *soup,
                        SoupServerMessage *msg,
                        const char *path,
                        GHashTable *query,
                        gpointer data)
{
  BuildqServer *server = data;
  g_autoptr (GError) error = NULL;
  Exchange *self;
  guint status = 0;

  /* Before anything else: else libsoup keeps the body, however large it is, also when the
   * request is refused. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (msg), FALSE);

  _buildq_socket_watch (server, soup_server_message_get_socket (msg));
  self = exchange_new (server, msg);
  g_signal_connect (msg, "got-chunk", G_CALLBACK (on_chunk), self);
  if (check_early (self, path, &status, &error))
    self->body = g_byte_array_new ();
  else
    _buildq_exchange_refuse (self, status, error);
}

void
_buildq_exchange_handle (SoupServer *soup,
                         SoupServerMessage *msg,
                         const char *path,
                         GHashTable *query,
                         gpointer data)
{
  Exchange *self = _buildq_exchange_get (msg);
  g_autoptr (GError) error = NULL;

  if (self->body == NULL)
    {
      set_too_large (self->route, &error);
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  /* Without a handler it is the WebSocket's: libsoup goes on with the handshake. */
  if (self->route->handle != NULL)
    self->route->handle (self);
}
