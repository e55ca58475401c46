/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A farm inside a program that has a main loop and threads of its own (doc/threads.md):
 *
 * - the loop of the main thread also drives the BuildqLocalQueue and the BuildqServer;
 * - two threads have a main context and a worker each, and reach the queue over HTTP;
 * - the threads of a pool have no context: they hand jobs in and wait for the answers.
 *
 * No object is used by two threads. From one to another go values, strings, and a
 * GCancellable. The one argument is a folder for the files of the workers.
 */
#include <buildq/buildq.h>
#include <stdlib.h>

#define LAST_NUMBER 20
#define LOOK_AGAIN_MS 10

static GMainLoop *loop;
static BuildqQueue *queue; /* for the main thread only */
static const char *uri, *folder;
static GCancellable *stop;
static int unanswered = LAST_NUMBER;

static void
check (const GError *error)
{
  if (error != NULL)
    g_error ("%s", error->message);
}

/* --- main thread: what it does for the pool --- */

typedef struct
{
  BuildqRequest *request;
  const char *key;
  GAsyncQueue *answers;
} Call;

static gboolean look (gpointer data);

static void
looked (GObject *object, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  g_autoptr (GError) error = NULL;
  BuildqJobStatus *status = buildq_queue_get_job_finish (queue, result, &error);

  check (error);
  if (buildq_job_status_get_result (status) != NULL)
    {
      g_async_queue_push (call->answers, status); /* and the call is gone */
      return;
    }
  buildq_job_status_unref (status);
  g_timeout_add (LOOK_AGAIN_MS, look, call);
}

static gboolean
look (gpointer data)
{
  buildq_queue_get_job_async (queue, ((Call *) data)->key, 0, NULL, looked, data);
  return G_SOURCE_REMOVE;
}

static gboolean
submit (gpointer data)
{
  buildq_queue_submit_async (queue, ((Call *) data)->request, 0, NULL, NULL, NULL);
  return look (data);
}

/* --- a thread of the pool: it may wait --- */

static void
square (gpointer number, gpointer data)
{
  g_autofree char *key = g_strdup_printf ("%d", GPOINTER_TO_INT (number));
  g_autofree char *json = g_strdup_printf (
      "{\"jobs\": [{\"key\": \"%s\", \"kind\": \"square\", \"system\": \"any\"}]}", key);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = buildq_request_new_from_json (json, &error);
  g_autoptr (GAsyncQueue) answers = g_async_queue_new ();
  g_autoptr (BuildqJobStatus) status = NULL;
  Call call = { request, key, answers };

  check (error);
  g_idle_add (submit, &call); /* g_main_context_invoke () might call it in this thread */
  status = g_async_queue_pop (answers);
  g_print ("%s squared is %s\n", key,
           buildq_result_get_log_tail (buildq_job_status_get_result (status)));
  if (g_atomic_int_dec_and_test (&unanswered))
    g_main_loop_quit (loop);
}

/* --- a thread of a worker --- */

static gboolean
execute (BuildqExecution *execution, gpointer data, GError **error)
{
  int number = atoi (buildq_job_get_key (buildq_execution_get_job (execution)));
  g_autofree char *text = g_strdup_printf ("%d", number * number);
  g_autoptr (GBytes) log = g_bytes_new (text, strlen (text));

  if (!buildq_execution_log (execution, log, error))
    return FALSE;
  buildq_execution_complete (execution);
  return TRUE;
}

static void
stopped (GObject *worker, GAsyncResult *result, gpointer worker_loop)
{
  g_autoptr (GError) error = NULL;

  buildq_worker_run_finish (BUILDQ_WORKER (worker), result, &error);
  if (!g_cancellable_is_cancelled (stop))
    check (error);
  g_main_loop_quit (worker_loop);
}

static gpointer
worker_thread (gpointer name)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainContextPusher) pusher = g_main_context_pusher_new (context);
  g_autoptr (GMainLoop) worker_loop = g_main_loop_new (context, FALSE);
  g_autofree char *store_dir = g_build_filename (folder, name, "store", NULL);
  g_autofree char *work_dir = g_build_filename (folder, name, "work", NULL);
  g_autoptr (BuildqRemoteQueue) remote = buildq_remote_queue_new (uri, NULL, NULL);
  g_autoptr (BuildqStore) store = buildq_store_new_for_uri (store_dir, NULL, NULL);
  g_autoptr (BuildqFuncExecutor) executor
      = buildq_func_executor_new (execute, NULL, NULL);
  g_autoptr (BuildqWorker) worker
      = buildq_worker_new (BUILDQ_QUEUE (remote), name, store, work_dir);

  buildq_worker_set_systems (worker, (const char *[]){ "any", NULL });
  buildq_worker_add_executor (worker, "square", BUILDQ_EXECUTOR (executor));
  buildq_worker_run_async (worker, stop, stopped, worker_loop);
  g_main_loop_run (worker_loop);
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqLocalQueue) local = buildq_local_queue_new (NULL, &error);
  g_autoptr (BuildqServer) server = buildq_server_new (BUILDQ_QUEUE (local), NULL);
  char names[][9] = { "worker-1", "worker-2" };
  GThread *workers[2];
  GThreadPool *pool;

  buildq_server_listen (server, NULL, 0, &error);
  check (error);
  queue = BUILDQ_QUEUE (local);
  uri = buildq_server_get_uri (server);
  folder = argv[1];
  stop = g_cancellable_new ();
  loop = g_main_loop_new (NULL, FALSE);
  for (int i = 0; i < 2; i++)
    workers[i] = g_thread_new (names[i], worker_thread, names[i]);
  pool = g_thread_pool_new (square, NULL, 4, TRUE, NULL);
  for (int number = 1; number <= LAST_NUMBER; number++)
    g_thread_pool_push (pool, GINT_TO_POINTER (number), NULL);
  g_main_loop_run (loop);
  g_thread_pool_free (pool, FALSE, TRUE);
  g_cancellable_cancel (stop);
  for (int i = 0; i < 2; i++)
    g_thread_join (workers[i]);
  return EXIT_SUCCESS;
}
