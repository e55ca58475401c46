/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>
#include <string.h>

static const ToolUsage usage = {
  NULL,
  "Runs a worker: it fetches jobs from the queue at BUILDQ_URI when this machine has\n"
  "resources to spare, finds their inputs in the mirrors, builds, and puts what came "
  "out\n"
  "into the mirrors. It prints a line for each job.\n"
  "\n"
  "SIGTERM or ^C: it takes no more jobs, and ends when those that run have ended. A "
  "second\n"
  "one: it stops them, and gives them back to the queue. When the queue goes away it "
  "goes\n"
  "on building, and connects again.",
  "Jobs are commands that this machine runs as the user who started this, so let only\n"
  "those submit whom you would let log in.\n"
  "\n"
  "Mirrors are directories, file: or http(s): URIs, in the order in which they are "
  "asked;\n"
  "results go into all of them.\n"
  "\n"
  "Examples:\n"
  "  buildq work --name ant --mirror /srv/mirror\n"
  "  BUILDQ_URI=http://head:8720 BUILDQ_TOKEN_FILE=/etc/buildq/token \\\n"
  "    buildq work --name ant --mirror http://mirror:8080/ --slots 4 --feature kvm\n"
  "\n"
  "Next: buildq status --workers, buildq submit --help",
  0,
  0,
};

/* How often it is looked whether the queue answers. */
#define WATCH_S 5

typedef struct
{
  BuildqWorker *worker;
  const char *uri;
  GCancellable *cancellable;
  guint n_signals;
  gboolean said_away;
} Work;

static gboolean
on_signal (gpointer user_data)
{
  Work *self = user_data;
  guint running = buildq_worker_get_running (self->worker);

  if (self->n_signals++ == 0)
    {
      tool_say (
          "stopping: no more jobs are taken, %u still run; once more gives them back",
          running);
      buildq_worker_drain (self->worker);
    }
  else
    {
      tool_say ("stopping at once");
      g_cancellable_cancel (self->cancellable);
    }
  return G_SOURCE_CONTINUE;
}

/* The agent tries for ever, and says nothing. */
static gboolean
on_watch (gpointer user_data)
{
  Work *self = user_data;

  if (buildq_agent_is_attached (buildq_worker_get_agent (self->worker))
      || self->said_away)
    return G_SOURCE_CONTINUE;
  self->said_away = TRUE;
  tool_say ("%s: no connection to the queue at %s; trying again (is it running? is there "
            "another worker of this name?)",
            buildq_worker_get_name (self->worker), self->uri);
  return G_SOURCE_CONTINUE;
}

static void
on_attached (BuildqAgent *agent, gpointer user_data)
{
  Work *self = user_data;

  self->said_away = FALSE;
  tool_say ("%s: connected to %s", buildq_worker_get_name (self->worker), self->uri);
}

static int
run (Work *self)
{
  BuildqAgent *agent = buildq_worker_get_agent (self->worker);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gulong attached = g_signal_connect (agent, "attached", G_CALLBACK (on_attached), self);
  guint sources[] = {
    g_unix_signal_add (SIGTERM, on_signal, self),
    g_unix_signal_add (SIGINT, on_signal, self),
    g_timeout_add_seconds (WATCH_S, on_watch, self),
  };
  gboolean ok;

  buildq_worker_run_async (self->worker, self->cancellable, tool_done, &result);
  ok = buildq_worker_run_finish (self->worker, tool_wait (&result), &error);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  g_signal_handler_disconnect (agent, attached);
  if (ok || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TOOL_OK;
  return tool_fail (error);
}

static int
work (ToolWorkerOptions *options)
{
  g_autofree char *state = tool_state_dir (NULL);
  g_autofree char *store = NULL;
  g_autofree char *work_dir = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = NULL;
  g_autoptr (BuildqWorker) worker = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  store = options->store != NULL
              ? g_canonicalize_filename (options->store, NULL)
              : g_build_filename (state, "workers", options->name, "store", NULL);
  work_dir = options->work_dir != NULL
                 ? g_canonicalize_filename (options->work_dir, NULL)
                 : g_build_filename (state, "workers", options->name, "work", NULL);
  options->store = store;
  options->work_dir = work_dir;
  queue = tool_connect ("worker", &error);
  if (queue == NULL)
    return tool_fail (error);
  worker = tool_open_worker (queue, options, &error);
  if (worker == NULL)
    return tool_fail (error);
  tool_log_worker (worker);
  return run (&(Work){
      .worker = worker,
      .uri = buildq_remote_queue_get_uri (BUILDQ_REMOTE_QUEUE (queue)),
      .cancellable = cancellable,
  });
}

int
tool_cmd_work (int argc, char **argv)
{
  g_autofree char *name = NULL;
  g_autofree char *store = NULL;
  g_autofree char *store_dir = NULL;
  g_autofree char *work_dir = NULL;
  g_autofree char *compression = NULL;
  g_auto (GStrv) mirrors = NULL;
  g_auto (GStrv) systems = NULL;
  g_auto (GStrv) features = NULL;
  int slots = 1;
  int status;
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "name", 'n', 0, G_OPTION_ARG_STRING, &name, "the name of this worker, its own in the farm (default: that of the machine)", "NAME" },
    { "mirror", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &mirrors, "where inputs are and results go; can be repeated", "URI" },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &store, "where it keeps inputs and results (default: below BUILDQ_STATE)", "DIR" },
    { "store-dir", 0, 0, G_OPTION_ARG_STRING, &store_dir, "as said to 'buildq serve' (default: " TOOL_DEFAULT_STORE_DIR ")", "DIR" },
    { "work-dir", 0, 0, G_OPTION_ARG_FILENAME, &work_dir, "where it builds (default: below BUILDQ_STATE)", "DIR" },
    { "slots", 'j', 0, G_OPTION_ARG_INT, &slots, "how many jobs run at the same time, sharing the cores (default: 1)", "N" },
    { "system", 0, 0, G_OPTION_ARG_STRING_ARRAY, &systems, "a system that it builds for, such as aarch64-linux; can be repeated (default: its own)", "SYSTEM" },
    { "feature", 0, 0, G_OPTION_ARG_STRING_ARRAY, &features, "something that it has and that jobs can ask for, such as kvm; can be repeated", "FEATURE" },
    { "compression", 0, 0, G_OPTION_ARG_STRING, &compression, "how results are compressed: none, gzip, zstd, xz or lzip (default: zstd)", "METHOD" },
    { NULL },
  };
  /* clang-format on */

  if (!tool_parse (&usage, entries, &argc, &argv, &status))
    return status;
  if (slots < 1 || slots > 10000)
    return tool_usage_error ("--slots %d is not between 1 and 10000", slots);
  if (name == NULL)
    name = g_strdup (g_get_host_name ());
  if (strpbrk (name, "/\n") != NULL || *name == '\0' || *name == '.')
    return tool_usage_error ("'%s' is no good name for a worker", name);
  return work (&(ToolWorkerOptions){
      .name = name,
      .store = store,
      .store_dir = store_dir,
      .work_dir = work_dir,
      .mirrors = mirrors,
      .systems = systems,
      .features = features,
      .compression = compression,
      .slots = slots,
  });
}
