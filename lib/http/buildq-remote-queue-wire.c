/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The WebSocket of a remote queue. It lives on the context of construction, as it
 * outlasts the messages that need it.
 */
#include "config.h"

#include "http/buildq-http-error.h"
#include "http/buildq-remote-queue-private.h"

#include "core/buildq-thread.h"

#include <stdlib.h>

#define MAX_DELAY_MS 30000
#define MAX_RETRY_AFTER_S 600
#define POST_AFTER_REFUSAL_US (10 * 60 * G_USEC_PER_SEC)
#define PING_S 20
#define TICK_S 5
#define SILENCE_US (60 * G_USEC_PER_SEC)

typedef struct
{
  GWeakRef queue;
  SoupMessage *msg;
  GCancellable *cancellable; /* when it is cancelled, nobody waits any more */
} Opening;

static void
opening_free (Opening *self)
{
  g_weak_ref_clear (&self->queue);
  g_object_unref (self->msg);
  g_object_unref (self->cancellable);
  g_free (self);
}

gboolean
_buildq_remote_wire_wanted (BuildqRemoteQueue *self)
{
  return self->use_websocket && _buildq_clock_now () >= self->post_until_us;
}

/* --- when to open it again --- */

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
set_source (BuildqRemoteQueue *self, GSource **place, GSource *source, GSourceFunc func)
{
  clear_source (place);
  *place = source;
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

/* Half of it is random, so that the machines of a farm do not all come back at once. */
static void
back_off (BuildqRemoteQueue *self, gint64 at_least_ms)
{
  gint64 delay = MIN (self->first_delay_ms << MIN (self->failures, 10), MAX_DELAY_MS);

  self->failures++;
  delay = delay / 2 + g_random_int_range (0, (gint32) (delay / 2 + 1));
  self->not_before_us
      = _buildq_clock_now () + MAX (delay, at_least_ms) * G_TIME_SPAN_MILLISECOND;
}

/* Someone waits for it, or for what is pushed. */
static gboolean
is_needed (BuildqRemoteQueue *self)
{
  return _buildq_remote_wire_wanted (self)
         && (!g_queue_is_empty (&self->syncs) || g_hash_table_size (self->sessions) > 0);
}

/* --- closing --- */

static void
on_released (SoupWebsocketConnection *connection, gpointer data)
{
  g_signal_handlers_disconnect_by_func (connection, on_released, data);
  g_object_unref (connection);
}

/* The closing handshake takes a moment, for which the connection is kept. */
static void
release_connection (BuildqRemoteQueue *self)
{
  g_autoptr (SoupWebsocketConnection) connection = g_steal_pointer (&self->connection);

  clear_source (&self->tick);
  if (connection == NULL)
    return;
  g_signal_handlers_disconnect_by_data (connection, self);
  if (soup_websocket_connection_get_state (connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  g_signal_connect (g_object_ref (connection), "closed", G_CALLBACK (on_released), NULL);
  soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
}

/* It is not there any more, or did not come to be. */
static void
give_up (BuildqRemoteQueue *self, const GError *error, gint64 at_least_ms)
{
  g_autoptr (BuildqRemoteQueue) kept = g_object_ref (self);

  release_connection (self);
  g_clear_object (&self->connecting);
  self->state = WIRE_CLOSED;
  back_off (self, at_least_ms);
  _buildq_remote_sync_fail_all (self, error);
  if (is_needed (self))
    _buildq_remote_wire_open (self);
}

void
_buildq_remote_wire_break (BuildqRemoteQueue *self, const GError *error)
{
  if (self->connecting != NULL)
    g_cancellable_cancel (self->connecting);
  give_up (self, error, 0);
}

void
_buildq_remote_wire_close (BuildqRemoteQueue *self)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED,
                                                  "the queue is not used any more");

  if (self->connecting != NULL)
    g_cancellable_cancel (self->connecting);
  g_clear_object (&self->connecting);
  release_connection (self);
  clear_source (&self->timer);
  self->state = WIRE_CLOSED;
  _buildq_remote_sync_fail_all (self, error);
}

/* --- while it is open --- */

static void
on_message (SoupWebsocketConnection *connection,
            SoupWebsocketDataType type,
            GBytes *bytes,
            BuildqRemoteQueue *self)
{
  g_autoptr (BuildqRemoteQueue) kept = g_object_ref (self);
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *json = g_bytes_get_data (bytes, &size);

  self->heard_us = _buildq_clock_now ();
  self->failures = 0;
  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    {
      _buildq_remote_sync_frame (self, size > 0 ? json : "", (gssize) size);
      return;
    }
  error = g_error_new (BUILDQ_ERROR, BUILDQ_ERROR_PROTOCOL,
                       "queue at %s: sends binary frames", self->uri);
  _buildq_remote_wire_break (self, error);
}

static void
on_pong (SoupWebsocketConnection *connection, GBytes *bytes, BuildqRemoteQueue *self)
{
  self->heard_us = _buildq_clock_now ();
}

static void
on_closed (SoupWebsocketConnection *connection, BuildqRemoteQueue *self)
{
  gushort code = soup_websocket_connection_get_close_code (connection);
  const char *why = soup_websocket_connection_get_close_data (connection);
  g_autoptr (GError) error = NULL;

  error = g_error_new (BUILDQ_ERROR,
                       code == SOUP_WEBSOCKET_CLOSE_TOO_BIG ? BUILDQ_ERROR_TOO_LARGE
                                                            : BUILDQ_ERROR_UNAVAILABLE,
                       "queue at %s: the connection broke (%u%s%s)", self->uri, code,
                       why != NULL ? ", " : "", why != NULL ? why : "");
  _buildq_remote_wire_break (self, error);
}

static gboolean
on_tick (gpointer data)
{
  BuildqRemoteQueue *self = data;
  g_autoptr (GError) error = NULL;
  const char *what = NULL;

  if (_buildq_clock_now () - self->heard_us > SILENCE_US)
    what = "nothing was heard of it";
  else if (_buildq_remote_sync_is_late (self))
    what = "a message was not answered in time";
  if (what == NULL)
    return G_SOURCE_CONTINUE;
  error = g_error_new (BUILDQ_ERROR, BUILDQ_ERROR_TIMED_OUT, "queue at %s: %s", self->uri,
                       what);
  _buildq_remote_wire_break (self, error);
  return G_SOURCE_REMOVE;
}

static void
take_connection (BuildqRemoteQueue *self, SoupWebsocketConnection *connection)
{
  g_clear_object (&self->connecting);
  self->connection = connection;
  self->state = WIRE_OPEN;
  self->heard_us = _buildq_clock_now ();
  soup_websocket_connection_set_max_incoming_payload_size (connection, MAX_ANSWER_BYTES);
  soup_websocket_connection_set_keepalive_interval (connection, PING_S);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  set_source (self, &self->tick, g_timeout_source_new_seconds (TICK_S), on_tick);
  _buildq_remote_sync_attach_all (self);
  _buildq_remote_sync_start (self);
}

/* --- opening --- */

static gint64
get_retry_after_ms (SoupMessage *msg)
{
  const char *text = soup_message_headers_get_one (
      soup_message_get_response_headers (msg), "Retry-After");
  guint64 seconds = 0;

  if (text != NULL)
    g_ascii_string_to_unsigned (text, 10, 0, MAX_RETRY_AFTER_S, &seconds, NULL);
  return (gint64) seconds * 1000;
}

/* Something answered, but no WebSocket came of it. What a server says of the caller, or
 * of its own state, holds for POST as well; anything else is taken for a proxy that knows
 * no WebSocket. */
static void
take_refusal (BuildqRemoteQueue *self, SoupMessage *msg)
{
  guint status = soup_message_get_status (msg);
  g_autoptr (GError) error = NULL;

  if (status != 401 && status != 403 && status != 407 && status != 429
      && (status < 500 || status == 501))
    {
      g_info ("queue at %s: no WebSocket (%u), asking by POST", self->uri, status);
      g_clear_object (&self->connecting);
      self->state = WIRE_CLOSED;
      self->post_until_us = _buildq_clock_now () + POST_AFTER_REFUSAL_US;
      _buildq_remote_sync_start (self);
      return;
    }
  error = _buildq_http_error_new (status, soup_message_get_reason_phrase (msg), NULL);
  g_prefix_error (&error, "queue at %s: ", self->uri);
  give_up (self, error, get_retry_after_ms (msg));
}

static void
connect_ready (GObject *soup, GAsyncResult *result, gpointer data)
{
  Opening *opening = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) connection
      = soup_session_websocket_connect_finish (SOUP_SESSION (soup), result, &error);
  g_autoptr (BuildqRemoteQueue) self = g_weak_ref_get (&opening->queue);
  g_autoptr (SoupMessage) msg = g_object_ref (opening->msg);
  gboolean cancelled = g_cancellable_is_cancelled (opening->cancellable);

  opening_free (opening);
  if (self == NULL || cancelled)
    return; /* whoever cancelled it has done the rest */
  if (connection != NULL)
    take_connection (self, g_steal_pointer (&connection));
  else if (error->domain == SOUP_WEBSOCKET_ERROR)
    take_refusal (self, msg);
  else
    {
      g_autoptr (GError) translated = _buildq_remote_translate (self, error);

      give_up (self, translated, 0);
    }
}

static void
open_now (BuildqRemoteQueue *self)
{
  Opening *opening = g_new0 (Opening, 1);

  clear_source (&self->timer);
  self->state = WIRE_CONNECTING;
  self->connecting = g_cancellable_new ();
  opening->msg = _buildq_remote_message (self, "GET", "/v1/session");
  soup_message_disable_feature (opening->msg, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  opening->cancellable = g_object_ref (self->connecting);
  g_weak_ref_init (&opening->queue, self);

  g_main_context_push_thread_default (self->context);
  soup_session_websocket_connect_async (self->soup, opening->msg, NULL, NULL,
                                        G_PRIORITY_DEFAULT, self->connecting,
                                        connect_ready, opening);
  g_main_context_pop_thread_default (self->context);
}

static gboolean
on_timer (gpointer data)
{
  BuildqRemoteQueue *self = data;

  clear_source (&self->timer);
  if (is_needed (self))
    open_now (self);
  return G_SOURCE_REMOVE;
}

void
_buildq_remote_wire_open (BuildqRemoteQueue *self)
{
  gint64 wait_us = self->not_before_us - _buildq_clock_now ();

  if (self->state != WIRE_CLOSED || self->timer != NULL || self->soup == NULL)
    return;
  if (wait_us <= 0)
    open_now (self);
  else
    set_source (self, &self->timer,
                g_timeout_source_new ((guint) (wait_us / G_TIME_SPAN_MILLISECOND + 1)),
                on_timer);
}
