/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The real queue behind the real server, with agents that speak through remote queues.
 */
#include "config.h"

#include <buildq/buildq-agent.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-local-queue.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-remote-queue.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-result-builder.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-server.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

typedef struct
{
  BuildqLocalQueue *queue;
  BuildqServer *server;
  BuildqQueue *remote;
  BuildqAgent *agent;
  guint port;
  char *dir; /* of the journal, with one */
  char *journal;
  guint lost;
} Fixture;

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

#define wait_until(condition)                                                            \
  G_STMT_START                                                                           \
  {                                                                                      \
    gint64 deadline_ = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;                    \
    guint waker_ = g_timeout_add (20, tick, NULL);                                       \
    while (!(condition))                                                                 \
      {                                                                                  \
        g_main_context_iteration (NULL, TRUE);                                           \
        g_assert_cmpint (g_get_monotonic_time (), <, deadline_);                         \
      }                                                                                  \
    g_source_remove (waker_);                                                            \
  }                                                                                      \
  G_STMT_END

static void
keep_result (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

static void
listen_again (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  const char *uri;

  f->server = buildq_server_new (BUILDQ_QUEUE (f->queue), NULL);
  g_assert_true (buildq_server_listen (f->server, NULL, f->port, &error));
  g_assert_no_error (error);
  uri = buildq_server_get_uri (f->server);
  f->port = (guint) g_ascii_strtoull (strrchr (uri, ':') + 1, NULL, 10);
}

static void
open_queue (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->queue = buildq_local_queue_new (f->journal, &error);
  g_assert_no_error (error);
}

static void
on_lost (BuildqAgent *agent, const char *token, Fixture *f)
{
  f->lost++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqOffer) offer = NULL;

  if (g_strcmp0 (data, "journal") == 0)
    {
      f->dir = g_dir_make_tmp ("buildq-test-XXXXXX", &error);
      g_assert_no_error (error);
      f->journal = g_build_filename (f->dir, "journal.db", NULL);
    }
  open_queue (f);
  listen_again (f);
  f->remote = BUILDQ_QUEUE (
      buildq_remote_queue_new (buildq_server_get_uri (f->server), NULL, &error));
  g_assert_no_error (error);
  buildq_remote_queue_set_use_websocket (BUILDQ_REMOTE_QUEUE (f->remote),
                                         g_strcmp0 (data, "post") != 0);
  f->agent = buildq_agent_new (f->remote, "build-1");
  offer = buildq_offer_new_from_json (
      "{\"groups\":[{\"systems\":[\"s\"],\"kinds\":[\"command\"],\"slots\":2}]}", &error);
  g_assert_no_error (error);
  g_signal_connect (f->agent, "lost", G_CALLBACK (on_lost), f);
  buildq_agent_set_offer (f->agent, offer);
  buildq_agent_start (f->agent);
  wait_until (buildq_agent_is_attached (f->agent));
}

static void
remove_journal (Fixture *f)
{
  g_autoptr (GDir) dir = g_dir_open (f->dir, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->dir, name, NULL);

      g_assert_no_errno (g_unlink (path));
    }
  g_assert_no_errno (g_rmdir (f->dir));
  g_clear_pointer (&f->dir, g_free);
  g_clear_pointer (&f->journal, g_free);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  buildq_agent_leave_async (f->agent, NULL, keep_result, &result);
  wait_until (result != NULL);
  g_assert_true (buildq_agent_leave_finish (f->agent, result, &error));
  g_assert_no_error (error);
  g_clear_object (&result);
  g_assert_finalize_object (f->agent);
  g_assert_finalize_object (f->remote);
  g_assert_finalize_object (f->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->queue);
  if (f->dir != NULL)
    remove_journal (f);
}

static void
submit (Fixture *f, const char *key)
{
  g_autofree char *json
      = g_strdup_printf ("{\"id\":\"%s\",\"jobs\":[{\"key\":\"%s\",\"kind\":\"command\","
                         "\"system\":\"s\",\"argv\":[\"true\"]}]}",
                         key, key);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = buildq_request_new_from_json (json, &error);
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  g_assert_no_error (error);
  buildq_queue_submit_async (f->remote, request, 0, NULL, keep_result, &result);
  wait_until (result != NULL);
  status = buildq_queue_submit_finish (f->remote, result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_request_status_get_state (status), ==,
                   BUILDQ_REQUEST_STATE_ACTIVE);
}

static BuildqGrant *
next (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  BuildqGrant *grant;

  buildq_agent_next_async (f->agent, NULL, keep_result, &result);
  wait_until (result != NULL);
  grant = buildq_agent_next_finish (f->agent, result, &error);
  g_assert_no_error (error);
  return grant;
}

static void
start_complete (Fixture *f, BuildqGrant *grant, GAsyncResult **result)
{
  g_autofree char *json
      = g_strdup_printf ("{\"token\":\"%s\",\"attempt\":1,\"outcome\":\"succeeded\"}",
                         buildq_grant_get_token (grant));
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqResult) outcome = buildq_result_new_from_json (json, &error);

  g_assert_no_error (error);
  buildq_agent_complete_async (f->agent, buildq_grant_get_token (grant), outcome, NULL,
                               keep_result, result);
}

static void
assert_accepted (Fixture *f, GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqReceipt) receipt = NULL;

  wait_until (*result != NULL);
  receipt = buildq_agent_complete_finish (f->agent, *result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_receipt_get_verdict (receipt), ==, BUILDQ_VERDICT_ACCEPTED);
  g_clear_object (result);
}

static void
assert_request (Fixture *f, const char *id, BuildqRequestState state)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;

  buildq_queue_get_request_async (f->remote, id, 0, NULL, keep_result, &result);
  wait_until (result != NULL);
  status = buildq_queue_get_request_finish (f->remote, result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_request_status_get_state (status), ==, state);
}

/* Work reaches an agent that waits, without its asking again when it can be pushed to. */
static void
test_work (Fixture *f, gconstpointer by_post)
{
  GAsyncResult *done = NULL;
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *key = g_strdup_printf ("job/%u", i);
      g_autoptr (BuildqGrant) grant = NULL;

      submit (f, key);
      grant = next (f);
      g_assert_cmpstr (buildq_job_get_key (buildq_grant_get_job (grant)), ==, key);
      start_complete (f, grant, &done);
      assert_accepted (f, &done);
      assert_request (f, key, BUILDQ_REQUEST_STATE_SUCCEEDED);
    }
  if (by_post == NULL)
    g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
}

/* A server that is gone for a while costs nothing: what was held is held, and a result
 * that came to be meanwhile counts. */
static void
test_server_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqGrant) one = NULL;
  g_autoptr (BuildqGrant) two = NULL;
  GAsyncResult *done = NULL;
  GAsyncResult *later = NULL;

  submit (f, "one");
  submit (f, "two");
  one = next (f);
  two = next (f);
  buildq_server_stop (f->server);
  g_clear_object (&f->server);
  start_complete (f, one, &done);
  wait_until (!buildq_agent_is_attached (f->agent));
  g_assert_null (done);

  listen_again (f);
  assert_accepted (f, &done);
  wait_until (buildq_agent_is_attached (f->agent));
  start_complete (f, two, &later);
  assert_accepted (f, &later);
  assert_request (f, "one", BUILDQ_REQUEST_STATE_SUCCEEDED);
  assert_request (f, "two", BUILDQ_REQUEST_STATE_SUCCEEDED);
}

static gint64
get_attempt (Fixture *f, const char *key)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobStatus) status = NULL;

  buildq_queue_get_job_async (f->remote, key, 0, NULL, keep_result, &result);
  wait_until (result != NULL);
  status = buildq_queue_get_job_finish (f->remote, result, &error);
  g_assert_no_error (error);
  return buildq_job_status_get_attempt (status);
}

/* A queue that is started anew in the middle cancels nothing, and has nothing done twice:
 * not what still runs, nor what ended while it was away. */
static void
test_queue_restarted (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqGrant) one = NULL;
  g_autoptr (BuildqGrant) two = NULL;
  GAsyncResult *done = NULL;
  GAsyncResult *later = NULL;

  submit (f, "one");
  submit (f, "two");
  one = next (f);
  two = next (f);
  buildq_server_stop (f->server);
  g_clear_object (&f->server);
  wait_until (!buildq_agent_is_attached (f->agent));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->queue);
  start_complete (f, one, &done);

  open_queue (f);
  listen_again (f);
  assert_accepted (f, &done);
  wait_until (buildq_agent_is_attached (f->agent));
  start_complete (f, two, &later);
  assert_accepted (f, &later);
  g_assert_cmpuint (f->lost, ==, 0);
  g_assert_cmpint (get_attempt (f, "one"), ==, 1);
  g_assert_cmpint (get_attempt (f, "two"), ==, 1);
  assert_request (f, "one", BUILDQ_REQUEST_STATE_SUCCEEDED);
  assert_request (f, "two", BUILDQ_REQUEST_STATE_SUCCEEDED);
}

/* An agent that has nothing to say when the connection breaks attaches again all the
 * same, and is pushed to. */
static void
test_idle_break (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = NULL;
  GAsyncResult *done = NULL;

  buildq_server_stop (f->server);
  g_clear_object (&f->server);
  listen_again (f);
  submit (f, "after");
  grant = next (f);
  start_complete (f, grant, &done);
  assert_accepted (f, &done);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, func) g_test_add (name, Fixture, data, set_up, func, tear_down)
  ADD ("/remote-agent/work/websocket", NULL, test_work);
  ADD ("/remote-agent/work/post", "post", test_work);
  ADD ("/remote-agent/server-gone", NULL, test_server_gone);
  ADD ("/remote-agent/queue-restarted", "journal", test_queue_restarted);
  ADD ("/remote-agent/idle-break", NULL, test_idle_break);

  return g_test_run ();
}
