/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>
#include <stdio.h>

typedef struct
{
  char *mirror;
  char *listen;
  gint64 slots;
  gboolean rebuild;
  gint64 max_load_percent;
  gint64 min_memory;
  gint64 min_disk;
  gint64 min_inodes;
} FarmOptions;

typedef struct
{
  const FarmOptions *options;
  const char *state;
  const char *mirror;
  BuildqWorker *worker;
  GCancellable *cancellable;
  GAsyncResult *result;
  gboolean stop;
} Farm;

static gboolean
on_signal (gpointer user_data)
{
  Farm *self = user_data;

  self->stop = TRUE;
  return G_SOURCE_CONTINUE;
}

static BuildqRequest *
read_request (const Farm *self, const char *file, GError **error)
{
  char *mirrors[] = { (char *) self->mirror, NULL };
  g_autoptr (BuildqRequest) request = tool_job_file_read (file, error);
  g_autoptr (BuildqRequestBuilder) builder = buildq_request_builder_new ();

  if (request == NULL)
    return NULL;
  if (self->options->rebuild)
    {
      buildq_request_builder_set_from (builder, request);
      buildq_request_builder_set_rebuild (builder, TRUE);
      buildq_request_unref (request);
      request = buildq_request_builder_build (builder, error);
      if (request == NULL)
        return NULL;
    }
  return tool_upload_inputs (request, mirrors, TOOL_DEFAULT_STORE_DIR, error);
}

/* Store paths are those of the farm: here, they are in the worker's own store. */
static void
print_hint (const Farm *self, GPtrArray *jobs)
{
  for (guint i = 0; i < jobs->len; i++)
    {
      BuildqResult *result = buildq_job_status_get_result (jobs->pdata[i]);
      g_autoptr (GPtrArray) artifacts
          = result == NULL ? NULL : buildq_result_get_artifacts (result);

      if (artifacts == NULL || artifacts->len == 0)
        continue;
      printf ("\nThe results are in %s/store. For a copy elsewhere, verified:\n"
              "  buildq fetch %s --from %s --key %s/farm.pub\n",
              self->state, buildq_artifact_get_store_path (artifacts->pdata[0]),
              self->mirror, self->state);
      return;
    }
}

static int
build (Farm *self, BuildqQueue *queue, BuildqRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = tool_submit (queue, request, &error);
  g_autoptr (GPtrArray) jobs = NULL;
  const char *id;
  int exit_status;

  if (status == NULL)
    return tool_fail (error);
  id = buildq_request_status_get_id (status);
  exit_status = tool_follow (queue, id, TOOL_FOLLOW_IN_FARM, &self->stop);
  if (exit_status == TOOL_INTERRUPTED)
    return exit_status;
  jobs = tool_list_jobs (queue, id, NULL, 0, &error);
  if (jobs == NULL)
    return tool_fail (error);
  puts ("");
  tool_print_jobs (jobs);
  print_hint (self, jobs);
  return exit_status;
}

static int
serve (Farm *self, BuildqQueue *queue)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqServer) server
      = tool_open_server (queue, self->state, self->options->listen, &error);

  if (server == NULL)
    return tool_fail (error);
  tool_log_worker (self->worker);
  tool_say ("ready at %s, mirror %s", buildq_server_get_uri (server), self->mirror);
  tool_notify ("READY=1");
  while (!self->stop && self->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  buildq_server_stop (server);
  return TOOL_OK;
}

static BuildqWorker *
open_worker (const Farm *self, BuildqQueue *queue, GError **error)
{
  g_autofree char *store = g_build_filename (self->state, "store", NULL);
  g_autofree char *work_dir = g_build_filename (self->state, "work", NULL);
  char *mirrors[] = { (char *) self->mirror, NULL };

  return tool_open_worker (queue,
                           &(ToolWorkerOptions){
                               .name = g_get_host_name (),
                               .store = store,
                               .work_dir = work_dir,
                               .mirrors = mirrors,
                               .store_dir = TOOL_DEFAULT_STORE_DIR,
                               .slots = self->options->slots,
                               .max_load_percent = self->options->max_load_percent,
                               .min_memory = self->options->min_memory,
                               .min_disk = self->options->min_disk,
                               .min_inodes = self->options->min_inodes,
                           },
                           error);
}

/* The worker leaves, and so gives back what it holds: an interrupted farm can be started
 * again where it was. */
static int
stop (Farm *self, int exit_status)
{
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (self->cancellable);
  if (buildq_worker_run_finish (self->worker, tool_wait (&self->result), &error)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return exit_status;
  return tool_fail (error);
}

static int
farm (Farm *self, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = NULL;
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autoptr (BuildqWorker) worker = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint sources[2];
  int status;

  if (file != NULL)
    {
      request = read_request (self, file, &error);
      if (request == NULL)
        return tool_fail (error);
    }
  queue = tool_open_queue (&(ToolQueueOptions){ .state = self->state }, &error);
  if (queue == NULL)
    return tool_fail (error);
  worker = open_worker (self, BUILDQ_QUEUE (queue), &error);
  if (worker == NULL)
    return tool_fail (error);

  self->worker = worker;
  self->cancellable = cancellable;
  sources[0] = g_unix_signal_add (SIGTERM, on_signal, self);
  sources[1] = g_unix_signal_add (SIGINT, on_signal, self);
  if (file != NULL)
    tool_log_gates (worker);
  buildq_worker_run_async (worker, cancellable, tool_done, &self->result);
  if (request != NULL)
    status = build (self, BUILDQ_QUEUE (queue), request);
  else
    status = serve (self, BUILDQ_QUEUE (queue));
  status = stop (self, status);
  g_object_unref (self->result);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  return status;
}

static int
run (gconstpointer data, char **arguments)
{
  const FarmOptions *options = data;
  g_autofree char *state = tool_state_dir ();
  g_autofree char *mirror = options->mirror != NULL
                                ? g_strdup (options->mirror)
                                : g_build_filename (state, "mirror", NULL);

  return farm (&(Farm){ .options = options, .state = state, .mirror = mirror },
               arguments[0]);
}

/* clang-format off */
static const ToolOption options[] = {
  { "mirror", 'm', TOOL_STRING, offsetof (FarmOptions, mirror), "URI",
    "a directory or URI where results go", .otherwise = "'mirror' in the state directory" },
  { "slots", 'j', TOOL_INT, offsetof (FarmOptions, slots), "N",
    "how many jobs run at the same time, sharing the cores",
    .group = "worker", .value = "1", .min = 1, .max = 10000 },
  { "rebuild", 0, TOOL_FLAG, offsetof (FarmOptions, rebuild), NULL,
    "build again what was built before" },
  { "listen", 'l', TOOL_STRING, offsetof (FarmOptions, listen), "ADDRESS:PORT",
    "without FILE: where to listen; port 0 takes a free one",
    .group = "server", .value = TOOL_DEFAULT_LISTEN, .check = tool_check_listen },
  { "max-load-percent", 0, TOOL_INT, offsetof (FarmOptions, max_load_percent), "N",
    "the load, in percent of the machine's cores, over which it takes no more jobs; 0: any",
    .value = "0", .min = 0, .max = 100000 },
  { "min-memory", 0, TOOL_SIZE, offsetof (FarmOptions, min_memory), "SIZE",
    "with less memory available it takes no more jobs",
    .value = "0" },
  { "min-disk", 0, TOOL_SIZE, offsetof (FarmOptions, min_disk), "SIZE",
    "with less free for its store, its work and TMPDIR it takes no more jobs",
    .value = "1G" },
  { "min-inodes", 0, TOOL_INT, offsetof (FarmOptions, min_inodes), "N",
    "with room for fewer files in there it takes no more jobs",
    .value = "0", .min = 0, .max = 1e12 },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_farm_command = {
  .name = "farm",
  .summary = "run a whole farm on this machine: queue and workers in one process",
  .arguments = "[FILE.json]",
  .description
  = "Runs a whole farm in one process: a queue, a worker, and a directory as mirror. "
    "With "
    "a\n"
    "file it builds the jobs in there, prints what became of them, and ends: no server "
    "is\n"
    "needed. Without one it goes on and serves, as 'buildq serve' does, so that others "
    "can\n"
    "submit, and more workers can come.",
  .notes = "The state directory keeps it all: what was built before is not built again.\n"
           "\n"
           "Examples:\n"
           "  buildq farm jobs.json\n"
           "  buildq farm jobs.json --state ./farm --slots 4\n"
           "  buildq farm &\n"
           "  buildq submit jobs.json --wait --mirror ~/.local/state/buildq/mirror\n"
           "\n"
           "Next: buildq submit --help says what stands in such a file",
  .max_arguments = 1,
  .options = options,
  .shared = { tool_server_state_options },
  .size = sizeof (FarmOptions),
  .run = run,
};
