/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>
#include <stdio.h>

static const ToolUsage usage = {
  "[FILE.json]",
  "Runs a whole farm in one process: a queue, a worker, and a directory as mirror. With "
  "a\n"
  "file it builds the jobs in there, prints what became of them, and ends: no server is\n"
  "needed. Without one it goes on and serves, as 'buildq serve' does, so that others "
  "can\n"
  "submit, and more workers can come.",
  "The state directory keeps it all: what was built before is not built again.\n"
  "\n"
  "Examples:\n"
  "  buildq farm jobs.json\n"
  "  buildq farm jobs.json --state ./farm --slots 4\n"
  "  buildq farm &\n"
  "  buildq submit jobs.json --wait --mirror ~/.local/state/buildq/mirror\n"
  "\n"
  "Next: buildq submit --help says what stands in such a file",
  0,
  1,
};

typedef struct
{
  char *state;
  char *mirror;
  char *address;
  guint port;
  const char *file;
  int slots;
  gboolean rebuild;
} FarmOptions;

typedef struct
{
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
read_request (const FarmOptions *options, GError **error)
{
  char *mirrors[] = { options->mirror, NULL };
  g_autoptr (BuildqRequest) request = tool_job_file_read (options->file, error);
  g_autoptr (BuildqRequestBuilder) builder = buildq_request_builder_new ();

  if (request == NULL)
    return NULL;
  if (options->rebuild)
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
print_hint (GPtrArray *jobs, const FarmOptions *options)
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
              options->state, buildq_artifact_get_store_path (artifacts->pdata[0]),
              options->mirror, options->state);
      return;
    }
}

static int
build (Farm *self, BuildqQueue *queue, BuildqRequest *request, const FarmOptions *options)
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
  print_hint (jobs, options);
  return exit_status;
}

static int
serve (Farm *self, BuildqQueue *queue, const FarmOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqServer) server
      = tool_open_server (queue, options->state, options->address, options->port, &error);

  if (server == NULL)
    return tool_fail (error);
  tool_log_worker (self->worker);
  tool_say ("ready at %s, mirror %s", buildq_server_get_uri (server), options->mirror);
  while (!self->stop && self->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  buildq_server_stop (server);
  return TOOL_OK;
}

static BuildqWorker *
open_worker (BuildqQueue *queue, const FarmOptions *options, GError **error)
{
  g_autofree char *store = g_build_filename (options->state, "store", NULL);
  g_autofree char *work_dir = g_build_filename (options->state, "work", NULL);
  char *mirrors[] = { options->mirror, NULL };

  return tool_open_worker (queue,
                           &(ToolWorkerOptions){
                               .name = g_get_host_name (),
                               .store = store,
                               .work_dir = work_dir,
                               .mirrors = mirrors,
                               .slots = options->slots,
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
farm (const FarmOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = NULL;
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autoptr (BuildqWorker) worker = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Farm self = { .cancellable = cancellable };
  guint sources[2];
  int status;

  if (options->file != NULL)
    {
      request = read_request (options, &error);
      if (request == NULL)
        return tool_fail (error);
    }
  queue = tool_open_queue (&(ToolQueueOptions){ .state = options->state }, &error);
  if (queue == NULL)
    return tool_fail (error);
  worker = open_worker (BUILDQ_QUEUE (queue), options, &error);
  if (worker == NULL)
    return tool_fail (error);

  self.worker = worker;
  sources[0] = g_unix_signal_add (SIGTERM, on_signal, &self);
  sources[1] = g_unix_signal_add (SIGINT, on_signal, &self);
  buildq_worker_run_async (worker, cancellable, tool_done, &self.result);
  if (request != NULL)
    status = build (&self, BUILDQ_QUEUE (queue), request, options);
  else
    status = serve (&self, BUILDQ_QUEUE (queue), options);
  status = stop (&self, status);
  g_object_unref (self.result);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  return status;
}

int
tool_cmd_farm (int argc, char **argv)
{
  g_autofree char *state_option = NULL;
  g_autofree char *mirror_option = NULL;
  g_autofree char *listen = NULL;
  g_autofree char *state = NULL;
  g_autofree char *mirror = NULL;
  g_autofree char *address = NULL;
  FarmOptions options = { .slots = 1 };
  int status;
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &state_option, "where its files are (default: BUILDQ_STATE)", "DIR" },
    { "mirror", 'm', 0, G_OPTION_ARG_STRING, &mirror_option, "a directory or URI where results go (default: 'mirror' in the state directory)", "URI" },
    { "slots", 'j', 0, G_OPTION_ARG_INT, &options.slots, "how many jobs run at the same time, sharing the cores (default: 1)", "N" },
    { "rebuild", 0, 0, G_OPTION_ARG_NONE, &options.rebuild, "build again what was built before", NULL },
    { "listen", 'l', 0, G_OPTION_ARG_STRING, &listen, "without FILE: where to listen (default: " TOOL_DEFAULT_LISTEN ")", "ADDRESS:PORT" },
    { NULL },
  };
  /* clang-format on */

  if (!tool_parse (&usage, entries, &argc, &argv, &status))
    return status;
  if (options.slots < 1 || options.slots > 10000)
    return tool_usage_error ("--slots %d is not between 1 and 10000", options.slots);
  if (!tool_parse_listen (listen, &address, &options.port, &status))
    return status;
  state = tool_state_dir (state_option);
  mirror = mirror_option != NULL ? g_strdup (mirror_option)
                                 : g_build_filename (state, "mirror", NULL);
  options.state = state;
  options.mirror = mirror;
  options.address = address;
  options.file = argc > 1 ? argv[1] : NULL;
  return farm (&options);
}
