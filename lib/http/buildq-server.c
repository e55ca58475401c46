/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-server-private.h"

#include "core/buildq-thread.h"
#include "core/buildq-process.h"

#include <sys/socket.h>

#define DEFAULT_SESSIONS 512
#define PING_S 20
#define SILENCE_MS 60000

/**
 * BuildqServer:
 *
 * Puts a queue on HTTP, for [class@Buildq.RemoteQueue] and for everything else that
 * speaks the protocol of `doc/protocol.md`.
 *
 * The queue can be any [iface@Buildq.Queue]. Who may do what is told by a
 * [class@Buildq.Authority]; without one everybody may do everything, and the server
 * listens on loopback only.
 *
 * A server belongs to the thread-default main context of the thread that made it, and
 * serves as long as that runs.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (BuildqServer, buildq_server, G_TYPE_OBJECT)

static void
buildq_server_dispose (GObject *object)
{
  BuildqServer *self = BUILDQ_SERVER (object);

  if (!_buildq_process_is_own (self))
    {
      /* Closing a WebSocket would say so to its peer, who speaks to the parent. */
      g_hash_table_steal_all (self->channels);
      g_hash_table_steal_all (self->sockets);
      self->soup = NULL;
    }
  buildq_server_stop (self);
  if (self->pushed_id != 0)
    g_signal_handler_disconnect (self->queue, self->pushed_id);
  self->pushed_id = 0;
  g_clear_object (&self->queue);
  g_clear_object (&self->authority);
  g_clear_object (&self->soup);

  G_OBJECT_CLASS (buildq_server_parent_class)->dispose (object);
}

static void
buildq_server_finalize (GObject *object)
{
  BuildqServer *self = BUILDQ_SERVER (object);

  g_hash_table_unref (self->channels);
  g_hash_table_unref (self->sessions);
  g_hash_table_unref (self->exchanges);
  g_hash_table_unref (self->sockets);
  g_main_context_unref (self->context);
  g_free (self->uri);
  g_free (self->instance);
  g_free (self->counts);

  G_OBJECT_CLASS (buildq_server_parent_class)->finalize (object);
}

static void
buildq_server_class_init (BuildqServerClass *class)
{
  G_OBJECT_CLASS (class)->dispose = buildq_server_dispose;
  G_OBJECT_CLASS (class)->finalize = buildq_server_finalize;
}

/* Paths stay as they are sent, so that a "%2F" in a key is not taken for a separator. */
static SoupServer *
make_soup (BuildqServer *self)
{
  SoupServer *soup = g_object_new (SOUP_TYPE_SERVER, "raw-paths", TRUE, "server-header",
                                   PACKAGE_NAME "/" PACKAGE_VERSION, NULL);

  /* Compressing small frames costs memory for each connection. */
  soup_server_remove_websocket_extension (soup, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);

  soup_server_add_early_handler (soup, NULL, _buildq_exchange_early, self, NULL);
  soup_server_add_handler (soup, NULL, _buildq_exchange_handle, self, NULL);
  soup_server_add_early_handler (soup, "/v1/session", _buildq_exchange_early, self, NULL);
  soup_server_add_handler (soup, "/v1/session", _buildq_exchange_handle, self, NULL);
  soup_server_add_websocket_handler (soup, "/v1/session", NULL, NULL,
                                     _buildq_session_open, self, NULL);
  return soup;
}

static void
buildq_server_init (BuildqServer *self)
{
  _buildq_process_note (self);
  self->context = g_main_context_ref_thread_default ();
  self->max_channels = DEFAULT_SESSIONS;
  self->ping_s = PING_S;
  self->silence_us = SILENCE_MS * G_TIME_SPAN_MILLISECOND;
  self->channels = g_hash_table_new_full (NULL, NULL, _buildq_channel_unref, NULL);
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->exchanges = g_hash_table_new (NULL, NULL);
  self->made_us = _buildq_clock_now ();
  self->counts = g_new0 (RouteCount, _buildq_n_routes + 1);
  self->sockets = g_hash_table_new (NULL, NULL);
  self->soup = make_soup (self);
}

/**
 * buildq_server_new:
 * @queue: what to serve
 * @authority: (nullable): who may do what; %NULL: everybody may do everything
 *
 * Returns: (transfer full): a new server, which does not listen yet
 *
 * Since: 0.1
 */
BuildqServer *
buildq_server_new (BuildqQueue *queue, BuildqAuthority *authority)
{
  BuildqServer *self;

  g_return_val_if_fail (BUILDQ_IS_QUEUE (queue), NULL);
  g_return_val_if_fail (authority == NULL || BUILDQ_IS_AUTHORITY (authority), NULL);

  self = g_object_new (BUILDQ_TYPE_SERVER, NULL);
  self->queue = g_object_ref (queue);
  g_set_object (&self->authority, authority);
  self->pushed_id
      = g_signal_connect (queue, "pushed", G_CALLBACK (_buildq_session_pushed), self);
  return self;
}

/**
 * buildq_server_get_queue:
 * @self: a server
 *
 * Returns: (transfer none): what it serves
 *
 * Since: 0.1
 */
BuildqQueue *
buildq_server_get_queue (BuildqServer *self)
{
  g_return_val_if_fail (BUILDQ_IS_SERVER (self), NULL);
  return self->queue;
}

/**
 * buildq_server_set_max_sessions:
 * @self: a server
 * @max_sessions: how many WebSockets it takes, 512 by default
 *
 * Further ones are told to come again later. Those that are open stay.
 *
 * Each turn of the main loop looks at each connection, so that a server gets slower for
 * all as their number grows; a relay takes more machines than a larger number does.
 *
 * Since: 0.1
 */
void
buildq_server_set_max_sessions (BuildqServer *self, guint max_sessions)
{
  g_return_if_fail (BUILDQ_IS_SERVER (self));
  self->max_channels = max_sessions;
}

void
_buildq_server_set_patience (BuildqServer *self, guint ping_s, gint64 silence_ms)
{
  g_return_if_fail (BUILDQ_IS_SERVER (self));
  self->ping_s = ping_s;
  self->silence_us = silence_ms * G_TIME_SPAN_MILLISECOND;
}

static GInetAddress *
parse_address (const char *address, GError **error)
{
  GInetAddress *parsed;

  if (address == NULL || g_ascii_strcasecmp (address, "localhost") == 0)
    return g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  parsed = g_inet_address_new_from_string (address);
  if (parsed == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                 "'%s' is not the number of an address to listen on", address);
  return parsed;
}

/* Whoever reaches a server without tokens runs commands on the whole farm. */
static gboolean
check_exposure (BuildqServer *self, GInetAddress *address, GError **error)
{
  g_autofree char *text = g_inet_address_to_string (address);
  g_autoptr (GPtrArray) known = NULL;

  if (g_inet_address_get_is_loopback (address))
    return TRUE;
  if (self->authority != NULL)
    {
      known = buildq_authority_list (self->authority, error);
      if (known == NULL)
        return FALSE;
    }
  if (known != NULL && known->len > 0)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
               "not listening on %s: without tokens only on loopback, as 127.0.0.1",
               text);
  return FALSE;
}

static void
note_uri (BuildqServer *self)
{
  GSList *uris = soup_server_get_uris (self->soup);
  GUri *uri = uris != NULL ? uris->data : NULL;

  if (self->uri == NULL && uri != NULL)
    {
      const char *host = g_uri_get_host (uri);
      gboolean six = strchr (host, ':') != NULL;

      self->uri = g_strdup_printf ("http://%s%s%s:%d", six ? "[" : "", host,
                                   six ? "]" : "", g_uri_get_port (uri));
    }
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
}

/**
 * buildq_server_listen:
 * @self: a server
 * @address: (nullable): an address as a number, such as `::`, or `localhost`; %NULL:
 *    127.0.0.1
 * @port: the port, 0 for any that is free
 * @error: `UNAUTHORIZED` when others than this machine could reach a server that has no
 *    tokens, `INVALID` for the address, or an error of `G_IO_ERROR`
 *
 * Begins to serve. It can listen in several places.
 *
 * Returns: whether it listens
 *
 * Since: 0.1
 */
gboolean
buildq_server_listen (BuildqServer *self, const char *address, guint port, GError **error)
{
  g_autoptr (GInetAddress) parsed = NULL;
  g_autoptr (GSocketAddress) place = NULL;

  g_return_val_if_fail (BUILDQ_IS_SERVER (self), FALSE);
  g_return_val_if_fail (port <= G_MAXUINT16, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!_buildq_process_check (self, error))
    return FALSE;
  parsed = parse_address (address, error);
  if (parsed == NULL || !check_exposure (self, parsed, error))
    return FALSE;
  place = g_inet_socket_address_new (parsed, (guint16) port);
  if (!soup_server_listen (self->soup, place, 0, error))
    {
      g_prefix_error (error, "listening on port %u: ", port);
      return FALSE;
    }
  note_uri (self);
  return TRUE;
}

static GInetAddress *
address_of_fd (int fd, GError **error)
{
  struct sockaddr_storage native;
  socklen_t length = sizeof native;
  int listens = 0;
  socklen_t size = sizeof listens;
  g_autoptr (GSocketAddress) place = NULL;

  if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens
      || getsockname (fd, (struct sockaddr *) &native, &length) < 0
      || (native.ss_family != AF_INET && native.ss_family != AF_INET6))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "file descriptor %d is not a TCP socket that listens", fd);
      return NULL;
    }
  place = g_socket_address_new_from_native (&native, length);
  return g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (place)));
}

/**
 * buildq_server_listen_fd:
 * @self: a server
 * @fd: a TCP socket that listens, as a service manager hands it over; the server's from
 *    then on, but not after `INVALID` or `UNAUTHORIZED`
 * @error: `INVALID` when it is something else, or as for
 *    [method@Buildq.Server.listen]
 *
 * Begins to serve on a socket that is there already.
 *
 * Returns: whether it serves there
 *
 * Since: 0.1
 */
gboolean
buildq_server_listen_fd (BuildqServer *self, int fd, GError **error)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;

  g_return_val_if_fail (BUILDQ_IS_SERVER (self), FALSE);
  g_return_val_if_fail (fd >= 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  address = address_of_fd (fd, error);
  if (address == NULL || !check_exposure (self, address, error))
    return FALSE;
  socket = g_socket_new_from_fd (fd, error);
  if (socket == NULL || !soup_server_listen_socket (self->soup, socket, 0, error))
    {
      g_prefix_error (error, "listening on file descriptor %d: ", fd);
      return FALSE;
    }
  note_uri (self);
  return TRUE;
}

/**
 * buildq_server_get_uri:
 * @self: a server
 *
 * Returns: (transfer none) (nullable): the URI of the first place where it listens; %NULL
 *    when it does not
 *
 * Since: 0.1
 */
const char *
buildq_server_get_uri (BuildqServer *self)
{
  g_return_val_if_fail (BUILDQ_IS_SERVER (self), NULL);
  return self->uri;
}

/**
 * buildq_server_get_received_bytes:
 * @self: a server
 *
 * Returns: how many bytes came over its connections, as TCP counts them
 *
 * Since: 0.1
 */
gint64
buildq_server_get_received_bytes (BuildqServer *self)
{
  g_return_val_if_fail (BUILDQ_IS_SERVER (self), 0);
  _buildq_socket_count_all (self);
  return self->received_bytes;
}

/**
 * buildq_server_get_sent_bytes:
 * @self: a server
 *
 * Returns: how many bytes went over its connections, as TCP counts them
 *
 * Since: 0.1
 */
gint64
buildq_server_get_sent_bytes (BuildqServer *self)
{
  g_return_val_if_fail (BUILDQ_IS_SERVER (self), 0);
  _buildq_socket_count_all (self);
  return self->sent_bytes;
}

/**
 * buildq_server_stop:
 * @self: a server
 *
 * Stops to listen and closes all connections. Sessions are detached; their leases stay,
 * and they can attach again elsewhere. What is under way in the queue still happens.
 *
 * Since: 0.1
 */
void
buildq_server_stop (BuildqServer *self)
{
  GHashTableIter iter;
  gpointer exchange;

  g_return_if_fail (BUILDQ_IS_SERVER (self));

  if (self->soup == NULL || !_buildq_process_is_own (self))
    return;
  _buildq_session_stop (self);
  g_hash_table_iter_init (&iter, self->exchanges);
  while (g_hash_table_iter_next (&iter, &exchange, NULL))
    ((Exchange *) exchange)->server = NULL;
  g_hash_table_remove_all (self->exchanges);
  _buildq_socket_forget_all (self);
  soup_server_disconnect (self->soup);
  g_clear_pointer (&self->uri, g_free);
}
