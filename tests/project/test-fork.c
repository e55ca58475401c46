/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Objects are opened after fork. In a child of the process that opened them they fail
 * with an error that says so, and whatever the child does, the parent's go on.
 */
#include "config.h"

#include <buildq/buildq.h>

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH "/buildq/store/0c9y0xnkb5ymq5wyv1gvlr1h3k8xaj5f-hello"

typedef struct
{
  char *dir;
  BuildqLocalQueue *queue;
  BuildqServer *server;
  BuildqRemoteQueue *remote;
  BuildqAgent *agent;
  BuildqStore *store;
  BuildqWorker *worker;
  BuildqMirror *file_mirror;
  BuildqMirror *http_mirror;
  BuildqResolver *resolver;
  BuildqUploader *uploader;
} World;

static void
keep_result (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

static gboolean
out_of_time (gpointer data)
{
  g_error ("nothing happened in time");
  return G_SOURCE_REMOVE;
}

static GAsyncResult *
wait_for (GAsyncResult **place)
{
  GMainContext *context = g_main_context_get_thread_default ();
  g_autoptr (GSource) timer = g_timeout_source_new_seconds (20);

  g_source_set_callback (timer, out_of_time, NULL, NULL);
  g_source_attach (timer, context);
  while (*place == NULL)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timer);
  return *place;
}

static BuildqRequestStatus *
submit (BuildqQueue *queue, const char *id, GError **error)
{
  g_autofree char *json = g_strdup_printf (
      "{\"id\":\"%s\",\"jobs\":[{\"key\":\"%s\",\"kind\":\"k\",\"system\":\"s\"}]}", id,
      id);
  g_autoptr (BuildqRequest) request = buildq_request_new_from_json (json, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_submit_async (queue, request, G_PRIORITY_DEFAULT, NULL, keep_result,
                             &result);
  return buildq_queue_submit_finish (queue, wait_for (&result), error);
}

static void
assert_works (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = submit (BUILDQ_QUEUE (w->remote), id, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (buildq_request_status_get_id (status), ==, id);
}

static void
assert_fails (GError **error, const char *type)
{
  g_autofree char *words
      = g_strdup_printf ("%s was opened in process %d and is used in its child %d; "
                         "open it after fork",
                         type, getppid (), getpid ());

  g_assert_error (*error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED);
  g_assert_cmpstr ((*error)->message, ==, words);
  g_clear_error (error);
}

static void
set_up (World *w, gconstpointer data)
{
  g_autofree char *journal = NULL, *folder = NULL, *store = NULL;
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (GError) error = NULL;

  w->dir = g_dir_make_tmp ("buildq-fork-XXXXXX", &error);
  g_assert_no_error (error);
  journal = g_build_filename (w->dir, "journal.db", NULL);
  folder = g_build_filename (w->dir, "mirror", NULL);
  store = g_build_filename (w->dir, "store", NULL);
  w->queue = buildq_local_queue_new (journal, &error);
  g_assert_no_error (error);
  w->server = buildq_server_new (BUILDQ_QUEUE (w->queue), NULL);
  g_assert_true (buildq_server_listen (w->server, NULL, 0, &error));
  w->remote = buildq_remote_queue_new (buildq_server_get_uri (w->server), NULL, &error);
  g_assert_no_error (error);
  w->agent = buildq_agent_new (BUILDQ_QUEUE (w->remote), "agent");
  w->store = buildq_store_new_for_uri (store, NULL, &error);
  g_assert_no_error (error);
  w->worker = buildq_worker_new (BUILDQ_QUEUE (w->remote), "worker", w->store, w->dir);
  w->file_mirror = buildq_mirror_new_for_uri (folder, &error);
  g_assert_no_error (error);
  w->http_mirror = buildq_mirror_new_for_uri (buildq_server_get_uri (w->server), &error);
  g_assert_no_error (error);
  w->resolver = buildq_resolver_new (w->store, keyring);
  buildq_resolver_add_mirror (w->resolver, w->file_mirror);
  w->uploader = buildq_uploader_new (w->store);
  buildq_uploader_add_mirror (w->uploader, w->file_mirror);
}

static void
drop_all (World *w)
{
  g_clear_object (&w->uploader);
  g_clear_object (&w->resolver);
  g_clear_object (&w->http_mirror);
  g_clear_object (&w->file_mirror);
  g_clear_object (&w->worker);
  g_clear_object (&w->store);
  g_clear_object (&w->agent);
  g_clear_object (&w->remote);
  g_clear_object (&w->server);
  g_clear_object (&w->queue);
}

static void
tear_down (World *w, gconstpointer data)
{
  const char *const argv[] = { "rm", "-rf", w->dir, NULL };

  drop_all (w);
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                NULL, NULL);
  g_free (w->dir);
}

static void
try_queues (World *w)
{
  g_autoptr (GAsyncResult) first = NULL, second = NULL, third = NULL;
  g_autoptr (BuildqSyncMessage) message = buildq_sync_message_new_from_json (
      "{\"session\":\"s\",\"name\":\"n\",\"seq\":1}", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (submit (BUILDQ_QUEUE (w->queue), "child", &error));
  assert_fails (&error, "BuildqLocalQueue");
  g_assert_null (submit (BUILDQ_QUEUE (w->remote), "child", &error));
  assert_fails (&error, "BuildqRemoteQueue");
  buildq_queue_sync_async (BUILDQ_QUEUE (w->remote), message, G_PRIORITY_DEFAULT, NULL,
                           keep_result, &first);
  g_assert_null (
      buildq_queue_sync_finish (BUILDQ_QUEUE (w->remote), wait_for (&first), &error));
  assert_fails (&error, "BuildqRemoteQueue");
  g_assert_false (buildq_server_listen (w->server, NULL, 0, &error));
  assert_fails (&error, "BuildqServer");
  buildq_agent_next_async (w->agent, NULL, keep_result, &second);
  g_assert_null (buildq_agent_next_finish (w->agent, wait_for (&second), &error));
  assert_fails (&error, "BuildqAgent");
  buildq_worker_run_async (w->worker, NULL, keep_result, &third);
  g_assert_false (buildq_worker_run_finish (w->worker, wait_for (&third), &error));
  assert_fails (&error, "BuildqWorker");
}

static void
try_mirror (BuildqMirror *mirror, const char *type)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  buildq_mirror_lookup_async (mirror, PATH, G_PRIORITY_DEFAULT, NULL, keep_result,
                              &result);
  g_assert_null (buildq_mirror_lookup_finish (mirror, wait_for (&result), &error));
  assert_fails (&error, type);
}

static void
try_network (World *w)
{
  static const char *const paths[] = { PATH, NULL };
  g_autoptr (GAsyncResult) first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_store_query (w->store, PATH, NULL, &error));
  assert_fails (&error, "BuildqDirectoryStore");
  try_mirror (w->file_mirror, "BuildqFileMirror");
  try_mirror (w->http_mirror, "BuildqHttpMirror");
  buildq_resolver_realise_async (w->resolver, NULL, paths, G_PRIORITY_DEFAULT, NULL,
                                 keep_result, &first);
  g_assert_null (buildq_resolver_realise_finish (w->resolver, wait_for (&first), &error));
  assert_fails (&error, "BuildqResolver");
  buildq_uploader_upload_path_async (w->uploader, "/etc/hostname", NULL,
                                     G_PRIORITY_DEFAULT, NULL, keep_result, &second);
  g_assert_null (
      buildq_uploader_upload_path_finish (w->uploader, wait_for (&second), &error));
  assert_fails (&error, "BuildqUploader");
}

/* The parent's main context is the parent's too. */
static void
be_the_child (World *w)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  alarm (60);
  g_main_context_push_thread_default (context);
  try_queues (w);
  try_network (w);
  g_main_context_pop_thread_default (context);
  drop_all (w);
#ifdef __SANITIZE_ADDRESS__
  _exit (0); /* what is the parent's was left on purpose */
#else
  exit (0); /* with all that is done at the end of a process */
#endif
}

static void
test_fork (World *w, gconstpointer data)
{
  g_autofree char *journal = g_build_filename (w->dir, "journal.db", NULL);
  g_autofree char *uri = g_strdup (buildq_server_get_uri (w->server));
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqLocalQueue) again = NULL;
  g_autoptr (BuildqRequestStatus) known = NULL;
  int status;
  pid_t child;

  assert_works (w, "before");
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    be_the_child (w);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);

  assert_works (w, "after");
  assert_works (w, "before");
  drop_all (w);
  again = buildq_local_queue_new (journal, &error);
  g_assert_no_error (error);
  known = submit (BUILDQ_QUEUE (again), "after", &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_request_status_get_created_us (known), >, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/fork", World, NULL, set_up, test_fork, tear_down);
  return g_test_run ();
}
