/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-remote-queue-private.h"

#include <string.h>

#include "core/buildq-process.h"

#define FIRST_DELAY_MS 500
#define MAX_CONNECTIONS 8

/**
 * BuildqRemoteQueue:
 *
 * A queue somewhere else, behind a [class@Buildq.Server].
 *
 * Sessions speak through one WebSocket, that is opened with the first message. When it
 * breaks, messages that are under way fail with `UNAVAILABLE`, and it is opened again
 * after a random time that grows up to half a minute; sessions are then told by
 * [signal@Buildq.Queue::pushed] to attach again. Where no WebSocket gets through, each
 * message is a request of its own.
 *
 * Errors of the other side arrive with their code and message. What cannot be reached is
 * `UNAVAILABLE`, what does not answer in time `TIMED_OUT`.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqRemoteQueue,
                               buildq_remote_queue,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_QUEUE,
                                                      _buildq_remote_queue_iface_init))

static void
buildq_remote_queue_dispose (GObject *object)
{
  BuildqRemoteQueue *self = BUILDQ_REMOTE_QUEUE (object);

  if (!_buildq_process_is_own (self))
    {
      /* Its connections are the parent's. */
      G_OBJECT_CLASS (buildq_remote_queue_parent_class)->dispose (object);
      return;
    }
  _buildq_remote_wire_close (self);
  g_clear_object (&self->soup);

  G_OBJECT_CLASS (buildq_remote_queue_parent_class)->dispose (object);
}

static void
buildq_remote_queue_finalize (GObject *object)
{
  BuildqRemoteQueue *self = BUILDQ_REMOTE_QUEUE (object);

  g_hash_table_unref (self->sessions);
  g_main_context_unref (self->context);
  g_free (self->uri);
  g_free (self->authorization);

  G_OBJECT_CLASS (buildq_remote_queue_parent_class)->finalize (object);
}

static void
buildq_remote_queue_class_init (BuildqRemoteQueueClass *class)
{
  G_OBJECT_CLASS (class)->dispose = buildq_remote_queue_dispose;
  G_OBJECT_CLASS (class)->finalize = buildq_remote_queue_finalize;
}

static void
buildq_remote_queue_init (BuildqRemoteQueue *self)
{
  _buildq_process_note (self);
  self->context = g_main_context_ref_thread_default ();
  self->use_websocket = TRUE;
  self->first_delay_ms = FIRST_DELAY_MS;
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->soup = g_object_new (SOUP_TYPE_SESSION, "timeout", ANSWER_TIMEOUT_S, "max-conns",
                             MAX_CONNECTIONS, "max-conns-per-host", MAX_CONNECTIONS,
                             "user-agent", PACKAGE_NAME "/" PACKAGE_VERSION, NULL);
}

static char *
check_uri (const char *text, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GUri) uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, &local);
  const char *wrong = NULL;
  char *clean;

  if (uri == NULL)
    wrong = local->message;
  else if (strcmp (g_uri_get_scheme (uri), "http") != 0
           && strcmp (g_uri_get_scheme (uri), "https") != 0)
    wrong = "neither http nor https";
  else if (g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0')
    wrong = "no host";
  else if (g_uri_get_userinfo (uri) != NULL)
    wrong = "a name or password in it";
  else if (g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    wrong = "a query or fragment in it";
  if (wrong != NULL)
    {
      /* Not the URI itself: there may be a password in it. */
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "not the URI of a queue: %s", wrong);
      return NULL;
    }
  clean = g_uri_to_string (uri);
  while (g_str_has_suffix (clean, "/"))
    clean[strlen (clean) - 1] = '\0';
  return clean;
}

static gboolean
check_token (const char *token, GError **error)
{
  if (token[0] != '\0'
      && strspn (token, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~+/=")
             == strlen (token))
    return TRUE;
  g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                       "the token has characters that no token has");
  return FALSE;
}

/**
 * buildq_remote_queue_new:
 * @uri: where it is: `http://` or `https://`, with a path when a proxy puts it below one.
 *    The port is that of HTTP when it is not given
 * @token: (nullable): what shows who asks; %NULL when the server asks for none
 * @error: `INVALID` for the URI or the token
 *
 * Nothing is connected yet.
 *
 * Returns: (transfer full): a new queue
 *
 * Since: 0.1
 */
BuildqRemoteQueue *
buildq_remote_queue_new (const char *uri, const char *token, GError **error)
{
  g_autofree char *clean = NULL;
  BuildqRemoteQueue *self;

  g_return_val_if_fail (uri != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  clean = check_uri (uri, error);
  if (clean == NULL || (token != NULL && !check_token (token, error)))
    return NULL;
  self = g_object_new (BUILDQ_TYPE_REMOTE_QUEUE, NULL);
  self->uri = g_steal_pointer (&clean);
  self->authorization = token != NULL ? g_strconcat ("Bearer ", token, NULL) : NULL;
  return self;
}

/**
 * buildq_remote_queue_get_uri:
 * @self: a remote queue
 *
 * Returns: (transfer none): where it is, without a slash at its end
 *
 * Since: 0.1
 */
const char *
buildq_remote_queue_get_uri (BuildqRemoteQueue *self)
{
  g_return_val_if_fail (BUILDQ_IS_REMOTE_QUEUE (self), NULL);
  return self->uri;
}

/**
 * buildq_remote_queue_set_use_websocket:
 * @self: a remote queue
 * @use_websocket: whether sessions speak through a WebSocket, as by default
 *
 * Without, each message is a request of its own, and the queue cannot push: for proxies
 * that accept a WebSocket and then do not carry it.
 *
 * Since: 0.1
 */
void
buildq_remote_queue_set_use_websocket (BuildqRemoteQueue *self, gboolean use_websocket)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (BUILDQ_IS_REMOTE_QUEUE (self));

  use_websocket = !!use_websocket;
  if (self->use_websocket == use_websocket)
    return;
  self->use_websocket = use_websocket;
  if (self->state == WIRE_CLOSED)
    return;
  error = g_error_new_literal (BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                               "the WebSocket is not to be used any more");
  _buildq_remote_wire_break (self, error);
}

void
_buildq_remote_queue_set_first_delay (BuildqRemoteQueue *self, gint64 ms)
{
  g_return_if_fail (BUILDQ_IS_REMOTE_QUEUE (self));
  self->first_delay_ms = ms;
}
