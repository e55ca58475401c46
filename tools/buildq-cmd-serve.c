/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>

typedef struct
{
  char *listen;
  char *key;
  char *store_dir;
  char *port_file;
  double session_s;
  gint64 keep_days;
  gint64 keep_jobs;
} ServeOptions;

static gboolean
on_stop (gpointer user_data)
{
  gboolean *stop = user_data;

  *stop = TRUE;
  return G_SOURCE_CONTINUE;
}

static void
print_bytes (BuildqServer *server)
{
  tool_say ("received %" G_GINT64_FORMAT " bytes, sent %" G_GINT64_FORMAT " bytes",
            buildq_server_get_received_bytes (server),
            buildq_server_get_sent_bytes (server));
}

static gboolean
on_usr1 (gpointer user_data)
{
  print_bytes (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
write_port (const char *path, const char *uri, GError **error)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, error);
  g_autofree char *text = NULL;

  if (parsed == NULL)
    return FALSE;
  text = g_strdup_printf ("%d\n", g_uri_get_port (parsed));
  return g_file_set_contents (path, text, -1, error);
}

static void
serve (BuildqServer *server, const char *state)
{
  g_autofree char *tokens = g_build_filename (state, "tokens.json", NULL);
  gboolean stop = FALSE;
  guint sources[] = {
    g_unix_signal_add (SIGTERM, on_stop, &stop),
    g_unix_signal_add (SIGINT, on_stop, &stop),
    g_unix_signal_add (SIGUSR1, on_usr1, server),
  };

  if (g_file_test (tokens, G_FILE_TEST_EXISTS))
    tool_say ("ready at %s", buildq_server_get_uri (server));
  else
    tool_say ("ready at %s, for everybody on this machine",
              buildq_server_get_uri (server));
  tool_notify ("READY=1");
  while (!stop)
    g_main_context_iteration (NULL, TRUE);

  tool_notify ("STOPPING=1");
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  print_bytes (server);
  buildq_server_stop (server);
}

static int
run (gconstpointer data, char **arguments)
{
  const ServeOptions *options = data;
  g_autofree char *state = tool_state_dir ();
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autoptr (BuildqServer) server = NULL;

  queue = tool_open_queue (
      &(ToolQueueOptions){ state, options->key, options->store_dir, options->session_s },
      &error);
  if (queue == NULL)
    return tool_fail (error);
  buildq_local_queue_set_keep_s (
      queue, options->keep_days < 0 ? -1 : options->keep_days * 24 * 3600);
  buildq_local_queue_set_keep_jobs (queue, options->keep_jobs);
  server = tool_open_server (BUILDQ_QUEUE (queue), state, options->listen, &error);
  if (server == NULL
      || (options->port_file != NULL
          && !write_port (options->port_file, buildq_server_get_uri (server), &error)))
    return tool_fail (error);
  serve (server, state);
  return TOOL_OK;
}

/* clang-format off */
static const ToolOption options[] = {
  { "listen", 'l', TOOL_STRING, offsetof (ServeOptions, listen), "ADDRESS:PORT",
    "where to listen; port 0 takes a free one",
    .group = "server", .value = TOOL_DEFAULT_LISTEN, .check = tool_check_listen },
  { "key", 0, TOOL_PATH, offsetof (ServeOptions, key), "FILE",
    "the secret key to sign with, of 'buildq key generate'",
    .group = "server", .otherwise = "one of its own" },
  { "store-dir", 0, TOOL_STRING, offsetof (ServeOptions, store_dir), "DIR",
    "the directory that all store paths of the farm begin with",
    .group = "server", .value = TOOL_DEFAULT_STORE_DIR, .check = tool_check_absolute },
  { "session-time", 0, TOOL_SECONDS, offsetof (ServeOptions, session_s), "SECONDS",
    "after how much silence of a worker its jobs go to others",
    .group = "server", .value = "30", .min = 0.1, .max = 86400 },
  { "keep-days", 0, TOOL_INT, offsetof (ServeOptions, keep_days), "DAYS",
    "how long finished requests and their jobs are kept; -1: for ever",
    .group = "server", .value = "30", .min = -1, .max = 36500 },
  { "keep-jobs", 0, TOOL_INT, offsetof (ServeOptions, keep_jobs), "N",
    "how many finished jobs are kept at most; -1: all",
    .group = "server", .value = "100000", .min = -1, .max = 1e9 },
  { "port-file", 0, TOOL_PATH, offsetof (ServeOptions, port_file), "FILE",
    "write the number of the port there when it is ready" },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_serve_command = {
  .name = "serve",
  .summary = "run the queue of a farm, for workers and submitters to connect to",
  .description
  = "Runs the queue of a farm until SIGTERM or ^C. Workers ('buildq work') fetch jobs "
    "from\n"
    "it, 'buildq submit' gives it jobs. What is built never passes through it.\n"
    "It prints one line with its URI when it is ready. All that it says is on disk "
    "first, "
    "so\n"
    "it can be stopped, or killed, and started again at any time. SIGUSR1 makes it print "
    "how\n"
    "many bytes came and went.",
  .notes
  = "Files in the state directory:\n"
    "  journal.db    requests, jobs and leases\n"
    "  tokens.json   who may do what ('buildq token'). While there is no such file, "
    "everybody\n"
    "                on this machine may do everything, and it listens on loopback only\n"
    "  farm.pub      the key that signs what the farm builds, for 'buildq fetch --key'\n"
    "\n"
    "Examples:\n"
    "  buildq serve\n"
    "  buildq token add ant --role worker\n"
    "  buildq serve --listen 0.0.0.0:8720 --state /srv/farm\n"
    "\n"
    "Next: buildq work --help, buildq submit --help",
  .options = options,
  .shared = { tool_server_state_options },
  .size = sizeof (ServeOptions),
  .run = run,
};
