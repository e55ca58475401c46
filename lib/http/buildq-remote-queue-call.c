/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-http-error.h"
#include "http/buildq-remote-queue-private.h"
#include "core/buildq-process.h"
#include "core/buildq-protocol.h"

#define READ_BYTES (64 * 1024)

/* One request. All its sources are on the context of the operation. */
typedef struct
{
  SoupMessage *msg;
  GInputStream *stream;
  GByteArray *body;
  CallDone done;
} Call;

static void
call_free (gpointer data)
{
  Call *self = data;

  g_clear_object (&self->msg);
  g_clear_object (&self->stream);
  g_byte_array_unref (self->body);
  g_free (self);
}

/* What the network says, in our words; cancellation stays what it is. */
GError *
_buildq_remote_translate (BuildqRemoteQueue *self, const GError *error)
{
  BuildqError code = BUILDQ_ERROR_PROTOCOL;

  if (error->domain == BUILDQ_ERROR
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_error_copy (error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    code = BUILDQ_ERROR_TIMED_OUT;
  else if (error->domain == G_IO_ERROR || error->domain == G_RESOLVER_ERROR)
    code = BUILDQ_ERROR_UNAVAILABLE;
  return g_error_new (BUILDQ_ERROR, code, "queue at %s: %s", self->uri, error->message);
}

static void
fail (GTask *task, const GError *error)
{
  g_task_return_error (task,
                       _buildq_remote_translate (g_task_get_source_object (task), error));
}

SoupMessage *
_buildq_remote_message (BuildqRemoteQueue *self, const char *method, const char *path)
{
  g_autofree char *uri = g_strconcat (self->uri, path, NULL);
  SoupMessage *msg = soup_message_new (method, uri);

  if (msg == NULL)
    return NULL;
  /* A redirection would carry the token elsewhere. */
  soup_message_add_flags (msg, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_headers_replace (soup_message_get_request_headers (msg),
                                BUILDQ_PROTOCOL_HEADER,
                                G_STRINGIFY (BUILDQ_PROTOCOL_VERSION));
  if (self->authorization != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (msg), "Authorization",
                                  self->authorization);
  return msg;
}

/* One that says nothing is older than this header, and speaks version 1. */
static gboolean
check_version (BuildqRemoteQueue *self, SoupMessage *msg, GError **error)
{
  static const char own[] = G_STRINGIFY (BUILDQ_PROTOCOL_VERSION);
  SoupMessageHeaders *headers = soup_message_get_response_headers (msg);
  const char *header = soup_message_headers_get_one (headers, BUILDQ_PROTOCOL_HEADER);
  g_auto (GStrv) spoken = g_strsplit (header != NULL ? header : own, " ", 16);

  if (g_strv_contains ((const char *const *) spoken, own))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "queue at %s: it speaks version %s of the protocol; this is %s %s, which "
               "speaks version %s",
               self->uri, header, PACKAGE_NAME, PACKAGE_VERSION, own);
  return FALSE;
}

static void
conclude (GTask *task, Call *call)
{
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  guint status = soup_message_get_status (call->msg);

  body = g_byte_array_free_to_bytes (g_steal_pointer (&call->body));
  call->body = g_byte_array_new ();
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!check_version (g_task_get_source_object (task), call->msg, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (status >= 200 && status < 300)
    {
      call->done (task, body);
      return;
    }
  error
      = _buildq_http_error_new (status, soup_message_get_reason_phrase (call->msg), body);
  g_task_return_error (task, g_steal_pointer (&error));
}

static void read_more (GTask *task);

static void
read_ready (GObject *stream, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (stream), result, &error);

  if (bytes == NULL)
    {
      fail (task, error);
      return;
    }
  if (g_bytes_get_size (bytes) == 0)
    {
      conclude (task, call);
      return;
    }
  if (call->body->len + g_bytes_get_size (bytes) > MAX_ANSWER_BYTES)
    {
      g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                               "the answer is larger than %d bytes", MAX_ANSWER_BYTES);
      return;
    }
  g_byte_array_append (call->body, g_bytes_get_data (bytes, NULL),
                       (guint) g_bytes_get_size (bytes));
  read_more (g_steal_pointer (&task));
}

/* Takes the task. */
static void
read_more (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (call->stream, READ_BYTES, g_task_get_priority (task),
                                   g_task_get_cancellable (task), read_ready, task);
}

static void
send_ready (GObject *soup, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  call->stream = soup_session_send_finish (SOUP_SESSION (soup), result, &error);
  if (call->stream == NULL)
    fail (task, error);
  else
    read_more (g_steal_pointer (&task));
}

void
_buildq_remote_call (BuildqRemoteQueue *self,
                     GTask *task,
                     const char *method,
                     const char *path,
                     GBytes *body,
                     CallDone done)
{
  g_autoptr (GTask) owned = task;
  g_autoptr (SoupMessage) msg = NULL;
  Call *call;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (!_buildq_process_check (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (path != NULL && self->soup != NULL)
    msg = _buildq_remote_message (self, method, path);
  if (msg == NULL)
    {
      g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                               "'', '.' and '..' cannot be asked for");
      return;
    }
  if (body != NULL)
    soup_message_set_request_body_from_bytes (msg, "application/json", body);

  call = g_new0 (Call, 1);
  call->msg = g_steal_pointer (&msg);
  call->body = g_byte_array_new ();
  call->done = done;
  g_task_set_task_data (task, call, call_free);
  soup_session_send_async (self->soup, call->msg, g_task_get_priority (task),
                           g_task_get_cancellable (task), send_ready,
                           g_steal_pointer (&owned));
}
