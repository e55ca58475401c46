/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "server-fixture.h"

#include "http/buildq-http-error.h"

#include <string.h>

const char *const fixture_names[] = { "rita", "sue", "build-1", "relay-1", "root" };

void
answer_clear (Answer *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_object (&self->msg);
}

void
set_up (Fixture *f, gconstpointer with_tokens)
{
  g_autoptr (GError) error = NULL;

  f->queue = fake_queue_new ();
  if (with_tokens != NULL)
    {
      f->authority = buildq_authority_new (NULL, &error);
      for (guint role = 0; role <= BUILDQ_ROLE_ADMIN; role++)
        f->tokens[role] = buildq_authority_add_token (f->authority, fixture_names[role],
                                                      role, &error);
      g_assert_no_error (error);
    }
  f->server = buildq_server_new (BUILDQ_QUEUE (f->queue), f->authority);
  g_assert_null (buildq_server_get_uri (f->server));
  g_assert_true (buildq_server_listen (f->server, NULL, 0, &error));
  g_assert_no_error (error);
  f->soup = soup_session_new ();
}

void
tear_down (Fixture *f, gconstpointer data)
{
  soup_session_abort (f->soup);
  g_assert_finalize_object (f->soup);
  g_assert_finalize_object (f->server);
  while (g_main_context_iteration (NULL, FALSE))
    ; /* answers that nobody waits for keep the queue */
  g_clear_object (&f->authority);
  g_assert_finalize_object (f->queue);
  for (guint i = 0; i < G_N_ELEMENTS (f->tokens); i++)
    g_free (f->tokens[i]);
}

SoupMessage *
make_message (
    Fixture *f, const char *method, const char *path, const char *body, const char *token)
{
  g_autofree char *uri = g_strconcat (buildq_server_get_uri (f->server), path, NULL);
  SoupMessage *msg = soup_message_new (method, uri);

  g_assert_nonnull (msg);
  if (token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (msg),
                                    "Authorization", value);
    }
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

      soup_message_set_request_body_from_bytes (msg, "text/plain", bytes);
    }
  return msg;
}

Answer
send_message (Fixture *f, SoupMessage *msg)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  Answer answer = { 0 };

  soup_session_send_and_read_async (f->soup, msg, G_PRIORITY_DEFAULT, NULL, keep_result,
                                    &result);
  wait_until (result != NULL);
  bytes = soup_session_send_and_read_finish (f->soup, result, &error);
  g_assert_no_error (error);
  answer.status = soup_message_get_status (msg);
  answer.text = g_strdup_printf (
      "%.*s", (int) g_bytes_get_size (bytes),
      g_bytes_get_size (bytes) > 0 ? (const char *) g_bytes_get_data (bytes, NULL) : "");
  answer.msg = g_object_ref (msg);
  return answer;
}

Answer
ask_as (
    Fixture *f, const char *token, const char *method, const char *path, const char *body)
{
  g_autoptr (SoupMessage) msg = make_message (f, method, path, body, token);

  return send_message (f, msg);
}

Answer
ask (Fixture *f, const char *method, const char *path, const char *body)
{
  return ask_as (f, NULL, method, path, body);
}

const char *
get_header (Answer *answer, const char *name)
{
  return soup_message_headers_get_one (soup_message_get_response_headers (answer->msg),
                                       name);
}

void
assert_error (Answer answer, guint status, BuildqError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (answer.status, ==, status);
  g_assert_cmpstr (get_header (&answer, "Content-Type"), ==, "application/json");
  error = _buildq_http_error_read (answer.text, -1, NULL, NULL);
  g_assert_nonnull (error);
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  answer_clear (&answer);
}

void
assert_status (Answer answer, guint status)
{
  g_assert_cmpuint (answer.status, ==, status);
  answer_clear (&answer);
}
