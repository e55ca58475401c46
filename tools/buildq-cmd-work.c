/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>
#include <stdlib.h>

typedef struct
{
  char *name;
  char *store;
  char *store_dir;
  char *work_dir;
  char **systems;
  char **features;
  char *compression;
  gint64 slots;
  gint64 keep_running;
  gint64 max_load_percent;
  gint64 min_memory;
  gint64 min_disk;
  gint64 min_inodes;
} WorkOptions;

/* How often it is looked whether the queue answers. */
#define WATCH_S 5

typedef struct
{
  BuildqWorker *worker;
  const char *uri;
  GCancellable *cancellable;
  gint64 keep_running;
  guint n_signals;
  gboolean said_away;
} Work;

static gboolean
on_pause (gpointer user_data)
{
  buildq_worker_pause (((Work *) user_data)->worker);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_resume (gpointer user_data)
{
  buildq_worker_resume (((Work *) user_data)->worker);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_signal (gpointer user_data)
{
  Work *self = user_data;
  guint running = buildq_worker_get_running (self->worker);

  if (self->n_signals++ == 0)
    {
      tool_say ("stopping: no more jobs are taken, %u still run; once more %s", running,
                self->keep_running > 0 ? "leaves them to the next worker"
                                       : "gives them back");
      buildq_worker_drain (self->worker);
      tool_notify ("STOPPING=1");
    }
  else if (self->keep_running > 0)
    {
      /* All that the next worker must know is on the disk, as if this one were killed. */
      tool_say ("stopping at once: %u jobs wait for the next worker for %" G_GINT64_FORMAT
                " s",
                running, self->keep_running);
      exit (TOOL_OK);
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
work (Work *self)
{
  BuildqAgent *agent = buildq_worker_get_agent (self->worker);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gulong attached = g_signal_connect (agent, "attached", G_CALLBACK (on_attached), self);
  guint sources[] = {
    g_unix_signal_add (SIGTERM, on_signal, self),
    g_unix_signal_add (SIGINT, on_signal, self),
    g_unix_signal_add (SIGUSR1, on_pause, self),
    g_unix_signal_add (SIGUSR2, on_resume, self),
    g_timeout_add_seconds (WATCH_S, on_watch, self),
  };
  gboolean ok;

  buildq_worker_run_async (self->worker, self->cancellable, tool_done, &result);
  tool_notify ("READY=1");
  ok = buildq_worker_run_finish (self->worker, tool_wait (&result), &error);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  g_signal_handler_disconnect (agent, attached);
  if (ok || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TOOL_OK;
  return tool_fail (error);
}

static int
run (gconstpointer data, char **arguments)
{
  const WorkOptions *options = data;
  const char *name = options->name != NULL ? options->name : g_get_host_name ();
  g_autofree char *state = tool_state_dir ();
  g_autofree char *store = g_build_filename (state, "workers", name, "store", NULL);
  g_autofree char *work_dir = g_build_filename (state, "workers", name, "work", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = NULL;
  g_autoptr (BuildqWorker) worker = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const ToolWorkerOptions parts = {
    .name = name,
    .store = options->store != NULL ? options->store : store,
    .store_dir = options->store_dir,
    .work_dir = options->work_dir != NULL ? options->work_dir : work_dir,
    .mirrors = tool_shared.mirrors,
    .systems = options->systems,
    .features = options->features,
    .compression = options->compression,
    .slots = options->slots,
    .max_load_percent = options->max_load_percent,
    .min_memory = options->min_memory,
    .min_disk = options->min_disk,
    .min_inodes = options->min_inodes,
    .keep_running = options->keep_running,
  };

  queue = tool_connect ("worker", &error);
  if (queue == NULL)
    return tool_fail (error);
  worker = tool_open_worker (queue, &parts, &error);
  if (worker == NULL)
    return tool_fail (error);
  if (parts.mirrors == NULL || parts.mirrors[0] == NULL)
    tool_warn ("there is no mirror: what this worker makes stays in its store, where no "
               "other can get it; say where with --mirror");
  tool_log_worker (worker);
  return work (&(Work){
      .worker = worker,
      .uri = buildq_remote_queue_get_uri (BUILDQ_REMOTE_QUEUE (queue)),
      .cancellable = cancellable,
      .keep_running = options->keep_running,
  });
}

static const char *const compressions[] = { "none", "gzip", "zstd", "xz", "lzip", NULL };

/* clang-format off */
static const ToolOption options[] = {
  { "name", 'n', TOOL_STRING, offsetof (WorkOptions, name), "NAME",
    "the name of this worker, its own in the farm",
    .group = "worker", .otherwise = "that of the machine", .check = tool_check_worker_name },
  { "store", 0, TOOL_PATH, offsetof (WorkOptions, store), "DIR",
    "where it keeps inputs and results",
    .group = "worker", .otherwise = "below the state directory" },
  { "store-dir", 0, TOOL_STRING, offsetof (WorkOptions, store_dir), "DIR",
    "as said to 'buildq serve'",
    .group = "worker", .value = TOOL_DEFAULT_STORE_DIR, .check = tool_check_absolute },
  { "work-dir", 0, TOOL_PATH, offsetof (WorkOptions, work_dir), "DIR", "where it builds",
    .group = "worker", .otherwise = "below the state directory" },
  { "slots", 'j', TOOL_INT, offsetof (WorkOptions, slots), "N",
    "how many jobs run at the same time, sharing the cores",
    .group = "worker", .value = "1", .min = 1, .max = 10000 },
  { "keep-running", 0, TOOL_INT, offsetof (WorkOptions, keep_running), "SECONDS",
    "how long jobs go on when this worker is killed, and wait for the next one",
    .group = "worker", .value = "0", .min = 0, .max = 86400 },
  { "system", 0, TOOL_STRINGS, offsetof (WorkOptions, systems), "SYSTEM",
    "a system that it builds for, such as aarch64-linux",
    .group = "worker", .otherwise = "that of the machine" },
  { "feature", 0, TOOL_STRINGS, offsetof (WorkOptions, features), "FEATURE",
    "something that it has and that jobs can ask for, such as kvm", .group = "worker" },
  { "compression", 0, TOOL_STRING, offsetof (WorkOptions, compression), "METHOD",
    "how results are compressed",
    .group = "worker", .value = "zstd", .choices = compressions },
  { "max-load-percent", 0, TOOL_INT, offsetof (WorkOptions, max_load_percent), "N",
    "the load, in percent of the machine's cores, over which it takes no more jobs; 0: any",
    .group = "worker", .value = "100", .min = 0, .max = 100000 },
  { "min-memory", 0, TOOL_SIZE, offsetof (WorkOptions, min_memory), "SIZE",
    "with less memory available it takes no more jobs",
    .group = "worker", .value = "512M" },
  { "min-disk", 0, TOOL_SIZE, offsetof (WorkOptions, min_disk), "SIZE",
    "with less free for its store, its work and TMPDIR it takes no more jobs",
    .group = "worker", .value = "5G" },
  { "min-inodes", 0, TOOL_INT, offsetof (WorkOptions, min_inodes), "N",
    "with room for fewer files in there it takes no more jobs",
    .group = "worker", .value = "10000", .min = 0, .max = 1e12 },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_work_command = {
  .name = "work",
  .summary = "run a worker: fetch jobs from a queue and build them",
  .description
  = "Runs a worker: it fetches jobs from the queue at BUILDQ_URI when this machine has\n"
    "resources to spare, finds their inputs in the mirrors, builds, and puts what came "
    "out\n"
    "into the mirrors. It prints a line for each job.\n"
    "\n"
    "SIGTERM or ^C: it takes no more jobs, and ends when those that run have ended. A "
    "second\n"
    "one: it stops them, and gives them back to the queue. When the queue goes away it "
    "goes\n"
    "on building, and connects again. SIGUSR1: it takes no more jobs until SIGUSR2.\n"
    "\n"
    "It takes no more jobs, and says why, while the machine has too much to do (its own\n"
    "jobs do not count), or too little memory or room on its disks.\n"
    "\n"
    "When it is killed, results that it had are handed in by the next 'buildq work' "
    "with\n"
    "the same work directory, but jobs that run die. With --keep-running they go on and\n"
    "wait for the next one, also when a second signal ends this one: so the program can\n"
    "be replaced under them. Under systemd this needs KillMode=process.",
  .notes
  = "Jobs are commands that this machine runs as the user who started this, so let only\n"
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
  .options = options,
  .shared = { tool_worker_options, tool_worker_state_options, tool_mirror_options },
  .size = sizeof (WorkOptions),
  .run = run,
};
