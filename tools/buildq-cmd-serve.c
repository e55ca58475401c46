/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>

static const ToolUsage usage = {
  NULL,
  "Runs the queue of a farm until SIGTERM or ^C. Workers ('buildq work') fetch jobs "
  "from\n"
  "it, 'buildq submit' gives it jobs. What is built never passes through it.\n"
  "It prints one line with its URI when it is ready. All that it says is on disk first, "
  "so\n"
  "it can be stopped, or killed, and started again at any time. SIGUSR1 makes it print "
  "how\n"
  "many bytes came and went.",
  "Files in the state directory:\n"
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
  0,
  0,
};

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
run (BuildqServer *server, const char *state)
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
  while (!stop)
    g_main_context_iteration (NULL, TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  print_bytes (server);
  buildq_server_stop (server);
}

int
tool_cmd_serve (int argc, char **argv)
{
  g_autofree char *listen = NULL;
  g_autofree char *state_option = NULL;
  g_autofree char *key = NULL;
  g_autofree char *store_dir = NULL;
  g_autofree char *port_file = NULL;
  g_autofree char *state = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autoptr (BuildqServer) server = NULL;
  double session_s = 0;
  guint port;
  int status;
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_STRING, &listen, "where to listen (default: " TOOL_DEFAULT_LISTEN "); port 0 takes a free one", "ADDRESS:PORT" },
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &state_option, "where its files are (default: BUILDQ_STATE)", "DIR" },
    { "key", 0, 0, G_OPTION_ARG_FILENAME, &key, "the secret key to sign with ('buildq key generate'; default: one of its own)", "FILE" },
    { "store-dir", 0, 0, G_OPTION_ARG_STRING, &store_dir, "the directory that all store paths of the farm begin with (default: " TOOL_DEFAULT_STORE_DIR ")", "DIR" },
    { "session-time", 0, 0, G_OPTION_ARG_DOUBLE, &session_s, "after how much silence of a worker its jobs go to others (default: 30)", "SECONDS" },
    { "port-file", 0, 0, G_OPTION_ARG_FILENAME, &port_file, "write the number of the port there when it is ready", "FILE" },
    { NULL },
  };
  /* clang-format on */

  if (!tool_parse (&usage, entries, &argc, &argv, &status))
    return status;
  if (session_s < 0 || session_s > 86400)
    return tool_usage_error ("--session-time %g is not between 0 and 86400 seconds",
                             session_s);
  if (store_dir != NULL && !g_path_is_absolute (store_dir))
    return tool_usage_error ("--store-dir '%s' is not an absolute path", store_dir);

  if (!tool_parse_listen (listen, &address, &port, &status))
    return status;

  state = tool_state_dir (state_option);
  queue
      = tool_open_queue (&(ToolQueueOptions){ state, key, store_dir, session_s }, &error);
  if (queue == NULL)
    return tool_fail (error);
  server = tool_open_server (BUILDQ_QUEUE (queue), state, address, port, &error);
  if (server == NULL
      || (port_file != NULL
          && !write_port (port_file, buildq_server_get_uri (server), &error)))
    return tool_fail (error);
  run (server, state);
  return TOOL_OK;
}
