/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The parts of a farm, as the options say.
 */
#include "config.h"

#include "buildq-tool.h"

/* The public half is left where `buildq fetch --key` finds it. */
static gboolean
write_public_key (BuildqLocalQueue *queue, const char *state, GError **error)
{
  g_autofree char *path = g_build_filename (state, "farm.pub", NULL);
  g_autofree char *public
      = buildq_key_to_public_string (buildq_local_queue_get_key (queue));
  g_autofree char *line = g_strconcat (public, "\n", NULL);

  return g_file_set_contents_full (path, line, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                   error);
}

BuildqLocalQueue *
tool_open_queue (const ToolQueueOptions *options, GError **error)
{
  g_autofree char *journal = g_build_filename (options->state, "journal.db", NULL);
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autoptr (BuildqKey) key = NULL;

  if (!tool_make_dir (options->state, error))
    return NULL;
  if (options->key != NULL)
    {
      key = buildq_key_new_from_file (options->key, error);
      if (key == NULL)
        {
          g_prefix_error (error, "the key of the farm: ");
          return NULL;
        }
    }
  queue = buildq_local_queue_new (journal, error);
  if (queue == NULL || (key != NULL && !buildq_local_queue_set_key (queue, key, error))
      || !write_public_key (queue, options->state, error))
    return NULL;
  if (options->store_dir != NULL)
    buildq_local_queue_set_store_dir (queue, options->store_dir);
  if (options->session_s > 0)
    buildq_local_queue_set_session_ms (queue,
                                       MAX (100, (gint64) (options->session_s * 1000)));
  return g_steal_pointer (&queue);
}

/* Without a list of tokens a server takes everybody on this machine for an administrator,
 * and listens nowhere else. A list that has become empty lets nobody in. Sockets of a
 * service manager go before @listen. */
BuildqServer *
tool_open_server (BuildqQueue *queue,
                  const char *state,
                  const char *listen,
                  GError **error)
{
  g_autofree char *tokens = g_build_filename (state, "tokens.json", NULL);
  g_autofree char *address = NULL;
  g_autoptr (BuildqAuthority) authority = NULL;
  g_autoptr (BuildqServer) server = NULL;
  guint n_sockets = tool_take_sockets ();
  guint port;

  if (g_file_test (tokens, G_FILE_TEST_EXISTS))
    {
      authority = buildq_authority_new (tokens, error);
      if (authority == NULL)
        return NULL;
    }
  server = buildq_server_new (queue, authority);
  for (guint i = 0; i < n_sockets; i++)
    if (!buildq_server_listen_fd (server, TOOL_FIRST_SOCKET + (int) i, error))
      return NULL;
  if (n_sockets == 0
      && (!tool_parse_listen (listen, &address, &port, error)
          || !buildq_server_listen (server, address, port, error)))
    return NULL;
  return g_steal_pointer (&server);
}

static gboolean
add_mirrors (BuildqWorker *worker, char **mirrors, GError **error)
{
  for (char **p = mirrors; p != NULL && *p != NULL; p++)
    {
      g_autoptr (BuildqMirror) mirror = tool_open_mirror (*p, error);

      if (mirror == NULL)
        return FALSE;
      buildq_worker_add_mirror (worker, mirror);
    }
  return TRUE;
}

BuildqWorker *
tool_open_worker (BuildqQueue *queue, const ToolWorkerOptions *options, GError **error)
{
  g_autoptr (BuildqExecutor) executor = NULL;
  g_autoptr (BuildqStore) store = NULL;
  g_autoptr (BuildqWorker) worker = NULL;
  g_autofree char *uri = NULL;

  if (!tool_make_dir (options->store, error) || !tool_make_dir (options->work_dir, error))
    return NULL;
  uri = g_filename_to_uri (options->store, NULL, error);
  if (uri == NULL)
    return NULL;
  store = buildq_store_new_for_uri (uri, options->store_dir, error);
  if (store == NULL)
    return NULL;

  worker = buildq_worker_new (queue, options->name, store, options->work_dir);
  executor = BUILDQ_EXECUTOR (buildq_command_executor_new ());
  buildq_worker_add_executor (worker, "command", executor);
  if (options->systems != NULL)
    buildq_worker_set_systems (worker, (const char *const *) options->systems);
  if (options->features != NULL)
    buildq_worker_set_features (worker, (const char *const *) options->features);
  buildq_worker_set_slots (worker, (guint) options->slots);
  buildq_worker_set_max_load_per_core (worker, (double) options->max_load_percent / 100);
  buildq_worker_set_min_memory_bytes (worker, options->min_memory);
  buildq_worker_set_min_disk_bytes (worker, options->min_disk);
  buildq_worker_set_min_inodes (worker, options->min_inodes);
  buildq_worker_set_keep_running_s (worker, (guint) options->keep_running);
  if (options->compression != NULL
      && !buildq_worker_set_compression (worker, options->compression, error))
    return NULL;
  if (!add_mirrors (worker, options->mirrors, error))
    return NULL;
  return g_steal_pointer (&worker);
}

/* The reasons without their numbers, which are no news. */
static char *
without_numbers (const char *text)
{
  GString *rest = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (!g_ascii_isdigit (*text) && *text != '.')
      g_string_append_c (rest, *text);
  return g_string_free (rest, FALSE);
}

static void
reasons_changed (BuildqWorker *worker, GParamSpec *pspec, gpointer user_data)
{
  g_autofree char *reasons
      = g_strjoinv ("; ", (char **) buildq_worker_get_reasons (worker));
  g_autofree char *words = without_numbers (reasons);
  const char *said = g_object_get_data (G_OBJECT (worker), "tool-reasons");

  if (g_strcmp0 (words, said != NULL ? said : "") == 0)
    return;
  g_object_set_data_full (G_OBJECT (worker), "tool-reasons", g_strdup (words), g_free);
  if (*words == '\0')
    tool_say ("%s: takes jobs again", buildq_worker_get_name (worker));
  else
    tool_say ("%s: takes no more jobs: %s", buildq_worker_get_name (worker), reasons);
}

void
tool_log_gates (BuildqWorker *worker)
{
  g_signal_connect (worker, "notify::reasons", G_CALLBACK (reasons_changed), NULL);
}

static void
job_started (BuildqWorker *worker, const char *key, gpointer user_data)
{
  tool_say ("%s: started '%s'", buildq_worker_get_name (worker), key);
}

static void
job_resumed (BuildqWorker *worker, const char *key, gpointer user_data)
{
  tool_say ("%s: goes on with '%s'", buildq_worker_get_name (worker), key);
}

static void
job_finished (BuildqWorker *worker,
              const char *key,
              BuildqOutcome outcome,
              gpointer user_data)
{
  tool_say ("%s: '%s': %s", buildq_worker_get_name (worker), key,
            buildq_outcome_to_string (outcome));
}

void
tool_log_worker (BuildqWorker *worker)
{
  tool_log_gates (worker);
  g_signal_connect (worker, "job-started", G_CALLBACK (job_started), NULL);
  g_signal_connect (worker, "job-resumed", G_CALLBACK (job_resumed), NULL);
  g_signal_connect (worker, "job-finished", G_CALLBACK (job_finished), NULL);
}
