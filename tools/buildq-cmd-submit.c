/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>

static const ToolUsage usage = {
  "FILE.json|-",
  "Submits the jobs of a file to the queue at BUILDQ_URI, and prints the id of the "
  "request.\n"
  "Local files that the jobs name as inputs are put into the mirrors first. With --wait "
  "it\n"
  "tells what happens until all is done, and succeeds only if all jobs do; ^C ends the\n"
  "waiting, not the jobs.",
  "A file with two jobs, of which the second needs what the first makes:\n"
  "  {\"defaults\": {\"env\": {\"LANG\": \"C.UTF-8\"}, \"timeout_s\": 600},\n"
  "   \"jobs\": [\n"
  "    {\"key\": \"hello\", \"argv\": [\"sh\", \"-c\", \"sort $BUILDQ_INPUT_words > "
  "$out\"],\n"
  "     \"inputs\": {\"words\": {\"file\": \"words.txt\"}}, \"outputs\": [\"out\"]},\n"
  "    {\"key\": \"count\", \"argv\": [\"sh\", \"-c\", \"wc -l $BUILDQ_INPUT_hello > "
  "$out\"],\n"
  "     \"inputs\": {\"hello\": {\"job\": \"hello\"}}, \"outputs\": [\"out\"]}]}\n"
  "A job runs in an empty directory, and finds each input at the path in "
  "BUILDQ_INPUT_NAME.\n"
  "It puts an output to the path in the variable of the output's name; or the output has "
  "a\n"
  "'path', which is taken from its directory: {\"name\": \"out\", \"path\": \"result\"}. "
  "All\n"
  "members are described in job-file.schema.json.\n"
  "\n"
  "The same key names the same work: what was built already is answered at once.\n"
  "\n"
  "Examples:\n"
  "  buildq submit jobs.json --wait --mirror /srv/mirror\n"
  "  make-jobs | buildq submit - --priority 10 --group nightly\n"
  "\n"
  "Next: buildq status REQUEST, buildq log KEY, buildq fetch --help",
  1,
  1,
};

typedef struct
{
  char **mirrors;
  char *store_dir;
  char *group;
  char *priority;
  gboolean wait;
  gboolean dry_run;
  gboolean rebuild;
  gboolean json;
} SubmitOptions;

static gboolean
on_interrupt (gpointer user_data)
{
  gboolean *stop = user_data;

  *stop = TRUE;
  return G_SOURCE_CONTINUE;
}

static BuildqRequest *
read_request (const char *file,
              const SubmitOptions *options,
              gint64 priority,
              GError **error)
{
  g_autoptr (BuildqRequest) request = tool_job_file_read (file, error);
  g_autoptr (BuildqRequestBuilder) builder = NULL;

  if (request == NULL)
    return NULL;
  builder = buildq_request_builder_new ();
  buildq_request_builder_set_from (builder, request);
  if (options->group != NULL)
    buildq_request_builder_set_group (builder, options->group);
  if (options->priority != NULL)
    buildq_request_builder_set_priority (builder, priority);
  if (options->rebuild)
    buildq_request_builder_set_rebuild (builder, TRUE);
  return buildq_request_builder_build (builder, error);
}

static int
wait_for (BuildqQueue *queue, const char *id, gboolean json)
{
  g_autoptr (GError) error = NULL;
  gboolean stop = FALSE;
  guint sources[] = {
    g_unix_signal_add (SIGINT, on_interrupt, &stop),
    g_unix_signal_add (SIGTERM, on_interrupt, &stop),
  };
  int status = tool_follow (queue, id, json ? TOOL_FOLLOW_QUIET : 0, &stop);

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  if (status == TOOL_INTERRUPTED)
    tool_warn (
        "waiting no longer; the jobs go on. Next: buildq status %s, or buildq cancel %s",
        id, id);
  else if (json && !tool_print_request_json (queue, id, &error))
    return tool_fail (error);
  return status;
}

static int
print_request (BuildqRequest *request)
{
  g_autofree char *json = buildq_request_to_json (request);

  tool_say ("%s", json);
  return TOOL_OK;
}

static int
submit (BuildqRequest *request, const SubmitOptions *options)
{
  const char *store_dir
      = options->store_dir != NULL ? options->store_dir : TOOL_DEFAULT_STORE_DIR;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = tool_connect ("submitter", &error);
  g_autoptr (BuildqRequest) uploaded = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  const char *id;

  if (queue == NULL)
    return tool_fail (error);
  uploaded = tool_upload_inputs (request, options->mirrors, store_dir, &error);
  if (uploaded == NULL)
    return tool_fail (error);
  status = tool_submit (queue, uploaded, &error);
  if (status == NULL)
    return tool_fail (error);

  id = buildq_request_status_get_id (status);
  if (!options->json)
    tool_say ("%s", id);
  else if (!options->wait)
    {
      g_autofree char *json = buildq_request_status_to_json (status);

      tool_say ("%s", json);
    }
  return options->wait ? wait_for (queue, id, options->json) : TOOL_OK;
}

int
tool_cmd_submit (int argc, char **argv)
{
  g_auto (GStrv) mirrors = NULL;
  g_autofree char *store_dir = NULL;
  g_autofree char *group = NULL;
  g_autofree char *priority_text = NULL;
  SubmitOptions options = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = NULL;
  gint64 priority = 0;
  int status;
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "wait", 'w', 0, G_OPTION_ARG_NONE, &options.wait, "wait for the jobs, and tell about them", NULL },
    { "mirror", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &mirrors, "where local files are put: a directory or a URI that the workers read too; can be repeated", "URI" },
    { "priority", 'p', 0, G_OPTION_ARG_STRING, &priority_text, "higher goes first, may be negative (default: that of the file, else 0)", "N" },
    { "group", 'g', 0, G_OPTION_ARG_STRING, &group, "a name that requests can share", "NAME" },
    { "rebuild", 0, 0, G_OPTION_ARG_NONE, &options.rebuild, "build again what was built before", NULL },
    { "store-dir", 0, 0, G_OPTION_ARG_STRING, &store_dir, "as said to 'buildq serve' (default: " TOOL_DEFAULT_STORE_DIR ")", "DIR" },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dry_run, "only check the file, and print the request in the form of the protocol", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print JSON: the status of the request, with --wait also of its jobs", NULL },
    { NULL },
  };
  /* clang-format on */

  if (!tool_parse (&usage, entries, &argc, &argv, &status))
    return status;
  if (priority_text != NULL
      && !g_ascii_string_to_signed (priority_text, 10, -1000000, 1000000, &priority,
                                    NULL))
    return tool_usage_error (
        "--priority '%s' is not a number between -1000000 and 1000000", priority_text);
  options.mirrors = mirrors;
  options.store_dir = store_dir;
  options.group = group;
  options.priority = priority_text;
  request = read_request (argv[1], &options, priority, &error);
  if (request == NULL)
    return tool_fail (error);
  return options.dry_run ? print_request (request) : submit (request, &options);
}
