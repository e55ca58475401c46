/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What went over the wire, as TCP counts it: with HTTP headers, WebSocket frames and
 * pings, which no layer above sees.
 */
#include "config.h"

#include "http/buildq-server-private.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

typedef struct
{
  gint64 received;
  gint64 sent;
} Count;

static GQuark
count_quark (void)
{
  return g_quark_from_static_string ("buildq-server-count");
}

/* What TCP has of a connection. Bytes that wait to be sent count: the server has handed
 * them over. Those that were sent again do not. */
static gboolean
read_count (GSocket *socket, Count *count)
{
  struct tcp_info info = { 0 };
  socklen_t size = sizeof info;
  int fd = g_socket_get_fd (socket);

  if (fd < 0 || getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0
      || size < G_STRUCT_OFFSET (struct tcp_info, tcpi_bytes_retrans)
                    + sizeof info.tcpi_bytes_retrans)
    return FALSE;
  count->received = (gint64) info.tcpi_bytes_received;
  count->sent = (gint64) info.tcpi_bytes_sent - (gint64) info.tcpi_bytes_retrans
                + (gint64) info.tcpi_notsent_bytes;
  return TRUE;
}

/* The last moment to look at a socket is when its last reference goes. */
static void
socket_gone (gpointer data, GObject *socket)
{
  BuildqServer *server = data;

  _buildq_socket_count (server, (GSocket *) socket);
  g_hash_table_remove (server->sockets, socket);
}

void
_buildq_socket_watch (BuildqServer *server, GSocket *socket)
{
  if (socket == NULL || !g_hash_table_add (server->sockets, socket))
    return;
  g_object_set_qdata_full (G_OBJECT (socket), count_quark (), g_new0 (Count, 1), g_free);
  g_object_weak_ref (G_OBJECT (socket), socket_gone, server);
}

void
_buildq_socket_count (BuildqServer *server, GSocket *socket)
{
  Count *last = g_object_get_qdata (G_OBJECT (socket), count_quark ());
  Count now;

  if (last == NULL || !read_count (socket, &now))
    return;
  server->received_bytes += MAX (now.received - last->received, 0);
  server->sent_bytes += MAX (now.sent - last->sent, 0);
  last->received = MAX (now.received, last->received);
  last->sent = MAX (now.sent, last->sent);
}

void
_buildq_socket_count_all (BuildqServer *server)
{
  GHashTableIter iter;
  gpointer socket;

  g_hash_table_iter_init (&iter, server->sockets);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    _buildq_socket_count (server, socket);
}

void
_buildq_socket_forget_all (BuildqServer *server)
{
  GHashTableIter iter;
  gpointer socket;

  _buildq_socket_count_all (server);
  g_hash_table_iter_init (&iter, server->sockets);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    {
      g_object_weak_unref (G_OBJECT (socket), socket_gone, server);
      g_object_set_qdata (G_OBJECT (socket), count_quark (), NULL);
    }
  g_hash_table_remove_all (server->sockets);
}
