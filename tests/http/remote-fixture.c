/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "remote-fixture.h"

#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>

BuildqQueue *
open_queue (const char *uri, const char *token)
{
  g_autoptr (GError) error = NULL;
  BuildqRemoteQueue *queue = buildq_remote_queue_new (uri, token, &error);

  g_assert_no_error (error);
  _buildq_remote_queue_set_first_delay (queue, 20);
  return BUILDQ_QUEUE (queue);
}

BuildqQueue *
open_fixture (Fixture *f)
{
  return open_queue (buildq_server_get_uri (f->server), NULL);
}

BuildqSyncMessage *
make_sync (const char *session, gint64 seq, BuildqSessionStep step)
{
  BuildqSyncMessage *message = _buildq_value_new (&_buildq_sync_message_info);

  message->session = g_strdup (session);
  message->name = g_strconcat ("name-", session, NULL);
  message->seq = seq;
  message->step = step;
  message->push = TRUE;
  return message;
}

BuildqSyncReply *
sync_with (BuildqQueue *queue,
           const char *session,
           gint64 seq,
           BuildqSessionStep step,
           GError **out)
{
  g_autoptr (BuildqSyncMessage) message = make_sync (session, seq, step);
  g_autoptr (GError) error = NULL;
  BuildqSyncReply *reply = CALL (queue, sync, message, );

  if (error != NULL)
    g_propagate_error (out, g_steal_pointer (&error));
  return reply;
}

void
assert_sync (BuildqQueue *queue, const char *session, gint64 seq, BuildqSessionStep step)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncReply) reply = sync_with (queue, session, seq, step, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (reply->session, ==, session);
  g_assert_cmpint (reply->ack, ==, seq);
}

void
assert_sync_fails (BuildqQueue *queue, const char *session, gint64 seq, BuildqError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sync_with (queue, session, seq, BUILDQ_SESSION_STEP_CONTINUE, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
}

void
on_pushed (BuildqQueue *queue, const char *session, BuildqSyncReply *reply, Pushed *self)
{
  g_assert_cmpstr (session, ==, reply->session);
  self->count++;
  self->attach = reply->attach;
  self->seq = reply->seq;
  _buildq_set_string (&self->session, session);
}
