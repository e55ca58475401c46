/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "fault-server.h"

#include <string.h>

struct _FaultServer
{
  char *uri;
  GSocketListener *listener;
  GCancellable *cancellable; /* ends all threads */
  GThread *acceptor;
  GPtrArray *connections; /* of GThread; only the acceptor adds, until it was joined */

  GMutex lock; /* for what follows, which the connections and the test share */
  GHashTable *files;
  GPtrArray *plans;
  GPtrArray *log; /* "METHOD PATH" */
  GHashTable *headers;
  char *target;
};

typedef struct
{
  char *method;
  char *path;
  Fault fault;
  guint64 arg;
  guint times;
} Plan;

typedef struct
{
  FaultServer *server;
  GSocketConnection *connection;
} Connection;

typedef struct
{
  FaultServer *server;
  GDataInputStream *in;
  GOutputStream *out;
  char *method;
  char *path;
  GHashTable *headers; /* names in lower case */
  gint64 offset;       /* of a range; 0: none */
  gboolean fails;
  Fault fault;
  guint64 arg;
} Exchange;

static void
plan_free (gpointer data)
{
  Plan *plan = data;

  g_free (plan->method);
  g_free (plan->path);
  g_free (plan);
}

/* --- a request --- */

static gboolean
read_head (Exchange *self)
{
  GCancellable *cancellable = self->server->cancellable;
  g_autofree char *first
      = g_data_input_stream_read_line (self->in, NULL, cancellable, NULL);
  g_auto (GStrv) words = first != NULL ? g_strsplit (first, " ", 3) : NULL;

  if (words == NULL || g_strv_length (words) != 3)
    return FALSE;
  self->method = g_strdup (words[0]);
  self->path = g_strdup (words[1]);
  for (;;)
    {
      g_autofree char *line
          = g_data_input_stream_read_line (self->in, NULL, cancellable, NULL);
      char *colon = line != NULL ? strchr (line, ':') : NULL;

      if (line == NULL)
        return FALSE;
      if (*line == '\0')
        return TRUE;
      if (colon != NULL)
        g_hash_table_insert (self->headers, g_ascii_strdown (line, colon - line),
                             g_strdup (g_strstrip (colon + 1)));
    }
}

static gboolean
send (Exchange *self, gconstpointer data, gsize size)
{
  return g_output_stream_write_all (self->out, data, size, NULL,
                                    self->server->cancellable, NULL);
}

static gboolean G_GNUC_PRINTF (2, 3) send_head (Exchange *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  return send (self, "HTTP/1.1 ", 9) && send (self, text, strlen (text))
         && send (self, "Connection: close\r\n\r\n", 21);
}

static gboolean
has (Exchange *self, Fault fault)
{
  return self->fails && self->fault == fault;
}

static GBytes *
read_body (Exchange *self)
{
  const char *length = g_hash_table_lookup (self->headers, "content-length");
  gsize size = length != NULL ? g_ascii_strtoull (length, NULL, 10) : 0;
  g_autofree char *data = g_malloc (size + 1);

  if (g_hash_table_contains (self->headers, "expect") && !has (self, FAULT_WAIT))
    send (self, "HTTP/1.1 100 Continue\r\n\r\n", 25);
  if (!g_input_stream_read_all (G_INPUT_STREAM (self->in), data, size, &size,
                                self->server->cancellable, NULL))
    return NULL;
  return g_bytes_new (data, size);
}

static gboolean
fits (const char *pattern, const char *text)
{
  return pattern == NULL || g_str_equal (pattern, text);
}

/* Writes the request down, and looks for what shall become of it. */
static void
plan (Exchange *self)
{
  FaultServer *server = self->server;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->lock);

  g_ptr_array_add (server->log, g_strdup_printf ("%s %s", self->method, self->path));
  g_clear_pointer (&server->headers, g_hash_table_unref);
  server->headers = g_hash_table_ref (self->headers);
  for (guint i = 0; i < server->plans->len && !self->fails; i++)
    {
      Plan *candidate = server->plans->pdata[i];

      if (candidate->times == 0 || !fits (candidate->method, self->method)
          || !fits (candidate->path, self->path))
        continue;
      candidate->times--;
      self->fails = TRUE;
      self->fault = candidate->fault;
      self->arg = candidate->arg;
    }
}

/* --- an answer --- */

/* Until the other side gives up. */
static void
stall (Exchange *self)
{
  char byte;

  while (g_input_stream_read (G_INPUT_STREAM (self->in), &byte, 1,
                              self->server->cancellable, NULL)
         > 0)
    ;
}

/* A byte each time that the other side has said nothing for a while. */
static void
drip (Exchange *self)
{
  GPollFD fd = { .events = G_IO_IN };

  g_cancellable_make_pollfd (self->server->cancellable, &fd);
  while (g_poll (&fd, 1, 100) == 0 && send (self, "x", 1))
    ;
  g_cancellable_release_fd (self->server->cancellable);
}

static void
answer_headers (Exchange *self)
{
  g_autofree char *value = g_strnfill (1000, 'x');
  g_autofree char *line = g_strdup_printf ("X-Header: %s\r\n", value);

  if (send (self, "HTTP/1.1 200 OK\r\n", 17))
    while (send (self, line, strlen (line)))
      ;
}

/* What is at the path, if anything, and then zeros. */
static void
answer_endless (Exchange *self)
{
  g_autofree char *chunk = g_malloc0 (4096);
  g_autoptr (GBytes) bytes
      = has (self, FAULT_RUN_ON) ? fault_server_get (self->server, self->path) : NULL;

  if (send_head (self, "200 OK\r\n")
      && (bytes == NULL
          || send (self, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes))))
    while (send (self, chunk, 4096))
      ;
}

static void
answer_bytes (Exchange *self, GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *copy = g_memdup2 (data, size);
  gsize start = has (self, FAULT_NO_RANGE) ? 0 : self->offset;
  gsize end = size;

  if (has (self, FAULT_BAD_RANGE))
    start += self->arg;
  if (has (self, FAULT_CORRUPT))
    copy[self->arg] ^= 1;
  if (has (self, FAULT_CUT) || has (self, FAULT_STALL) || has (self, FAULT_DRIP))
    end = MIN (size, start + self->arg);
  if (start > size)
    {
      send_head (self, "416 Too Far\r\nContent-Length: 0\r\n");
      return;
    }
  if (start == 0)
    send_head (self, "200 OK\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n", size);
  else
    send_head (self,
               "206 Partial\r\nContent-Length: %" G_GSIZE_FORMAT
               "\r\nContent-Range: bytes %" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT
               "/%" G_GSIZE_FORMAT "\r\n",
               size - start, start, size - 1, size);
  if (!g_str_equal (self->method, "HEAD"))
    send (self, copy + start, end - start);
  if (has (self, FAULT_STALL))
    stall (self);
  if (has (self, FAULT_DRIP))
    drip (self);
}

static void
answer_file (Exchange *self)
{
  g_autoptr (GBytes) bytes = fault_server_get (self->server, self->path);

  if (bytes != NULL)
    answer_bytes (self, bytes);
  else
    send_head (self, "404 Not Found\r\nContent-Length: 0\r\n");
}

/* What is said without a look at what was asked for. */
static gboolean
answer_at_once (Exchange *self)
{
  if (has (self, FAULT_REFUSE))
    send_head (self, "%u Refused\r\nContent-Length: 0\r\n", (guint) self->arg);
  else if (has (self, FAULT_HEADERS))
    answer_headers (self);
  else if (has (self, FAULT_DRIP) && self->arg == 0)
    drip (self);
  else
    return has (self, FAULT_HANG_UP);
  return TRUE;
}

static void
answer (Exchange *self)
{
  gboolean is_put = g_str_equal (self->method, "PUT");
  g_autoptr (GBytes) body = NULL;

  if (answer_at_once (self))
    return;
  body = is_put ? read_body (self) : NULL;
  if (has (self, FAULT_STATUS))
    send_head (self, "%u Planned\r\n%sContent-Length: 0\r\n", (guint) self->arg,
               self->arg == 429 ? "Retry-After: 1\r\n" : "");
  else if (has (self, FAULT_LOOP))
    send_head (self, "302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n", self->path);
  else if (has (self, FAULT_MOVED))
    send_head (self, "307 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n",
               self->server->target);
  else if (has (self, FAULT_ENDLESS) || has (self, FAULT_RUN_ON))
    answer_endless (self);
  else if (has (self, FAULT_STALL) && self->arg == 0)
    stall (self);
  else if (!is_put)
    answer_file (self);
  else if (body != NULL)
    {
      fault_server_add (self->server, self->path, body);
      send_head (self, "201 Created\r\nContent-Length: 0\r\n");
    }
}

static gpointer
serve (gpointer data)
{
  g_autofree Connection *connection = data;
  g_autoptr (GSocketConnection) socket = connection->connection;
  GIOStream *stream = G_IO_STREAM (socket);
  g_autoptr (GDataInputStream) in
      = g_data_input_stream_new (g_io_stream_get_input_stream (stream));
  g_autoptr (GHashTable) headers
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Exchange exchange = { .server = connection->server,
                        .in = in,
                        .out = g_io_stream_get_output_stream (stream),
                        .headers = headers };
  const char *range;

  g_data_input_stream_set_newline_type (in, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  if (read_head (&exchange))
    {
      range = g_hash_table_lookup (headers, "range");
      if (range != NULL && g_str_has_prefix (range, "bytes="))
        exchange.offset = g_ascii_strtoll (range + strlen ("bytes="), NULL, 10);
      plan (&exchange);
      answer (&exchange);
    }
  g_io_stream_close (stream, NULL, NULL);
  g_free (exchange.method);
  g_free (exchange.path);
  return NULL;
}

static gpointer
accept_all (gpointer data)
{
  FaultServer *self = data;
  GSocketConnection *socket;

  while (
      (socket = g_socket_listener_accept (self->listener, NULL, self->cancellable, NULL))
      != NULL)
    {
      Connection *connection = g_new0 (Connection, 1);

      connection->server = self;
      connection->connection = socket;
      g_ptr_array_add (self->connections, g_thread_new ("connection", serve, connection));
    }
  return NULL;
}

/* --- the server --- */

FaultServer *
fault_server_new (void)
{
  FaultServer *self = g_new0 (FaultServer, 1);
  g_autoptr (GSocketAddress) wished
      = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->listener = g_socket_listener_new ();
  g_socket_listener_add_address (self->listener, wished, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  self->uri
      = g_strdup_printf ("http://127.0.0.1:%u", g_inet_socket_address_get_port (
                                                    G_INET_SOCKET_ADDRESS (address)));
  self->cancellable = g_cancellable_new ();
  self->connections = g_ptr_array_new ();
  g_mutex_init (&self->lock);
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                       (GDestroyNotify) g_bytes_unref);
  self->plans = g_ptr_array_new_with_free_func (plan_free);
  self->log = g_ptr_array_new_with_free_func (g_free);
  self->acceptor = g_thread_new ("fault-server", accept_all, self);
  return self;
}

void
fault_server_free (FaultServer *self)
{
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->acceptor);
  for (guint i = 0; i < self->connections->len; i++)
    g_thread_join (self->connections->pdata[i]);
  g_ptr_array_unref (self->connections);
  g_object_unref (self->listener);
  g_object_unref (self->cancellable);
  g_hash_table_unref (self->files);
  g_ptr_array_unref (self->plans);
  g_ptr_array_unref (self->log);
  g_clear_pointer (&self->headers, g_hash_table_unref);
  g_mutex_clear (&self->lock);
  g_free (self->target);
  g_free (self->uri);
  g_free (self);
}

const char *
fault_server_get_uri (FaultServer *self)
{
  return self->uri;
}

void
fault_server_add (FaultServer *self, const char *path, GBytes *bytes)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_hash_table_insert (self->files, g_strdup (path), g_bytes_ref (bytes));
}

void
fault_server_add_text (FaultServer *self, const char *path, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  fault_server_add (self, path, bytes);
}

GBytes *
fault_server_get (FaultServer *self, const char *path)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GBytes *bytes = g_hash_table_lookup (self->files, path);

  return bytes != NULL ? g_bytes_ref (bytes) : NULL;
}

void
fault_server_fail (FaultServer *self,
                   const char *method,
                   const char *path,
                   Fault fault,
                   guint64 arg,
                   guint times)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Plan *added = g_new0 (Plan, 1);

  added->method = g_strdup (method);
  added->path = g_strdup (path);
  added->fault = fault;
  added->arg = arg;
  added->times = times;
  g_ptr_array_add (self->plans, added);
}

/* Before the requests that shall be sent there. */
void
fault_server_set_target (FaultServer *self, const char *uri)
{
  g_free (self->target);
  self->target = g_strdup (uri);
}

guint
fault_server_count (FaultServer *self, const char *method, const char *path)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  guint count = 0;

  for (guint i = 0; i < self->log->len; i++)
    {
      g_auto (GStrv) words = g_strsplit (self->log->pdata[i], " ", 2);

      count += fits (method, words[0]) && fits (path, words[1]);
    }
  return count;
}

char *
fault_server_get_header (FaultServer *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return self->headers != NULL ? g_strdup (g_hash_table_lookup (self->headers, lower))
                               : NULL;
}
