/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib-unix.h>

#define MAX_PRIORITY 1000000
#define MAX_NUMBER 1000000000

typedef struct
{
  ToolCommandOptions command;
  char *store_dir;
  char *group;
  char *priority;
  gboolean wait;
  gboolean force;
  gboolean dry_run;
  gboolean rebuild;
  gboolean json;
} SubmitOptions;

/* @argv: a command, or %NULL. */
static BuildqRequest *
make_request (const char *file, char **argv, const SubmitOptions *options, GError **error)
{
  g_autoptr (BuildqRequest) request
      = argv != NULL ? tool_command_request (&options->command, argv, error)
                     : tool_job_file_read (file, error);
  g_autoptr (BuildqRequestBuilder) builder = NULL;

  if (request == NULL)
    return NULL;
  builder = buildq_request_builder_new ();
  buildq_request_builder_set_from (builder, request);
  if (options->group != NULL)
    buildq_request_builder_set_group (builder, options->group);
  if (options->priority != NULL)
    buildq_request_builder_set_priority (builder,
                                         g_ascii_strtoll (options->priority, NULL, 10));
  if (options->rebuild)
    buildq_request_builder_set_rebuild (builder, TRUE);
  return buildq_request_builder_build (builder, error);
}

static int
wait_for_jobs (BuildqQueue *queue, const char *id, gboolean json, gboolean *stop)
{
  g_autoptr (GError) error = NULL;
  int status = tool_follow (queue, id, json ? TOOL_FOLLOW_QUIET : 0, stop);

  if (status == TOOL_INTERRUPTED)
    tool_warn (
        "waiting no longer; the jobs go on. Next: buildq status %s, or buildq cancel %s",
        id, id);
  else if (json && !tool_print_request_json (queue, id, &error))
    return tool_fail (error);
  return status;
}

static int
wait_for (BuildqQueue *queue,
          const char *id,
          BuildqRequest *request,
          const SubmitOptions *options,
          gboolean is_command)
{
  gboolean stop = FALSE;
  guint sources[] = {
    g_unix_signal_add (SIGINT, tool_interrupted, &stop),
    g_unix_signal_add (SIGTERM, tool_interrupted, &stop),
  };
  int status = is_command && !options->json
                   ? tool_await_command (queue, id, request, tool_shared.mirrors, &stop)
                   : wait_for_jobs (queue, id, options->json, &stop);

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
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
submit (BuildqRequest *request, const SubmitOptions *options, gboolean is_command)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQueue) queue = tool_connect ("submitter", &error);
  g_autoptr (BuildqRequest) uploaded = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  const char *id, *role;

  if (queue == NULL)
    return tool_fail (error);
  role = tool_speak_to_queue (NULL);
  if (is_command && options->wait && !options->force
      && !tool_check_outputs (request, &error))
    return tool_fail (error);
  uploaded
      = tool_upload_inputs (request, tool_shared.mirrors, options->store_dir, &error);
  if (uploaded == NULL)
    return tool_fail (error);
  tool_speak_to_queue (role);
  status = tool_submit (queue, uploaded, &error);
  if (status == NULL)
    return tool_fail (error);

  id = buildq_request_status_get_id (status);
  if (is_command && options->wait && !options->json)
    tool_warn ("request %s", id); /* stdout is for the log */
  else if (!options->json)
    tool_say ("%s", id);
  else if (!options->wait)
    {
      g_autofree char *json = buildq_request_status_to_json (status);

      tool_say ("%s", json);
    }
  return options->wait ? wait_for (queue, id, uploaded, options, is_command) : TOOL_OK;
}

/* What is said of a command only makes sense with one. */
static gboolean
check_use (const SubmitOptions *options, const char *file, char **command, int *status)
{
  const ToolCommandOptions *of_command = &options->command;

  *status = TOOL_USAGE;
  if (command != NULL && command[0] == NULL)
    *status = tool_usage_error ("say which command after '--'");
  else if (command == NULL && file == NULL)
    *status = tool_usage_error ("say which file, or '-- COMMAND'");
  else if (command != NULL && file != NULL)
    *status = tool_usage_error (
        "'%s' stands before '-- %s': a file or a command, not both", file, command[0]);
  else if (command == NULL
           && (of_command->inputs != NULL || of_command->outputs != NULL
               || of_command->environment != NULL || of_command->features != NULL
               || of_command->key != NULL || of_command->system != NULL
               || of_command->cores != 0 || of_command->timeout_s != 0))
    *status = tool_usage_error ("--input, --output, --env, --key, --system, --feature, "
                                "--cores and --timeout are for '-- COMMAND'; the file "
                                "'%s' says so itself",
                                file);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_priority (const char *text, GError **error)
{
  if (g_ascii_string_to_signed (text, 10, -MAX_PRIORITY, MAX_PRIORITY, NULL, NULL))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "'%s' is not a whole number between -%d and %d", text, MAX_PRIORITY,
               MAX_PRIORITY);
  return FALSE;
}

static int
run (gconstpointer data, char **arguments)
{
  const SubmitOptions *options = data;
  char **command = tool_shared.command;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = NULL;
  int status;

  if (!check_use (options, arguments[0], command, &status))
    return status;
  request = make_request (arguments[0], command, options, &error);
  if (request == NULL)
    return tool_fail (error);
  return options->dry_run ? print_request (request)
                          : submit (request, options, command != NULL);
}

/* clang-format off */
static const ToolOption options[] = {
  { "wait", 'w', TOOL_FLAG, offsetof (SubmitOptions, wait), NULL,
    "wait for the end, and tell about it" },
  { "input", 'i', TOOL_STRINGS, offsetof (SubmitOptions, command.inputs), "[AT=]PATH",
    "of a command: a file or directory that it finds at the same place, or at AT" },
  { "output", 'o', TOOL_STRINGS, offsetof (SubmitOptions, command.outputs), "PATH",
    "of a command: a file or directory that it makes, which comes here with --wait" },
  { "force", 'f', TOOL_FLAG, offsetof (SubmitOptions, force), NULL,
    "replace outputs that are here already" },
  { "env", 'e', TOOL_STRINGS, offsetof (SubmitOptions, command.environment), "NAME=VALUE",
    "of a command: a variable of its environment" },
  { "key", 'k', TOOL_STRING, offsetof (SubmitOptions, command.key), "KEY",
    "of a command: names the work, so that it is done once" },
  { "system", 0, TOOL_STRING, offsetof (SubmitOptions, command.system), "SYSTEM",
    "of a command: what it runs on", .otherwise = "as this machine" },
  { "feature", 0, TOOL_STRINGS, offsetof (SubmitOptions, command.features), "NAME",
    "of a command: what a machine must have" },
  { "cores", 0, TOOL_INT, offsetof (SubmitOptions, command.cores), "N",
    "of a command: how many cores it needs", .min = 0, .max = MAX_NUMBER },
  { "timeout", 0, TOOL_INT, offsetof (SubmitOptions, command.timeout_s), "SECONDS",
    "of a command: how long it may take", .otherwise = "no limit",
    .min = 0, .max = MAX_NUMBER },
  { "priority", 'p', TOOL_STRING, offsetof (SubmitOptions, priority), "N",
    "higher goes first, may be negative", .otherwise = "that of the file, else 0",
    .check = check_priority },
  { "group", 'g', TOOL_STRING, offsetof (SubmitOptions, group), "NAME",
    "a name that requests can share", .group = "client" },
  { "rebuild", 0, TOOL_FLAG, offsetof (SubmitOptions, rebuild), NULL,
    "build again what was built before" },
  { "store-dir", 0, TOOL_STRING, offsetof (SubmitOptions, store_dir), "DIR",
    "as said to 'buildq serve'",
    .group = "client", .value = TOOL_DEFAULT_STORE_DIR, .check = tool_check_absolute },
  { "dry-run", 0, TOOL_FLAG, offsetof (SubmitOptions, dry_run), NULL,
    "only check, and print the request in the form of the protocol" },
  { "json", 0, TOOL_FLAG, offsetof (SubmitOptions, json), NULL,
    "print JSON: the status of the request, with --wait also of its jobs" },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_submit_command = {
  .name = "submit",
  .summary = "submit jobs or a command, and wait for them",
  .arguments = "FILE.json|- or -- COMMAND [ARGUMENT…]",
  .description
  = "Submits the jobs of a file, or a command, to the queue at BUILDQ_URI, and prints "
    "the "
    "id\n"
    "of the request. Local files that the jobs name as inputs are put into the mirrors "
    "first.\n"
    "With --wait it tells what happens until all is done, and succeeds only if all jobs "
    "do;\n"
    "^C ends the waiting, not the jobs.\n"
    "\n"
    "A command runs on some machine in an empty directory, with its inputs at the same "
    "places\n"
    "as here. With --wait its log comes to stdout, its outputs come here, its exit "
    "status "
    "is\n"
    "that of 'buildq submit', and ^C withdraws it.",
  .notes
  = "A file with two jobs, of which the second needs what the first makes:\n"
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
    "It puts an output to the path in the variable of the output's name; or the output "
    "has "
    "a\n"
    "'path', which is taken from its directory: {\"name\": \"out\", \"path\": "
    "\"result\"}. "
    "All\n"
    "members are described in job-file.schema.json.\n"
    "\n"
    "The same key names the same work: what was built already is answered at once. A "
    "command\n"
    "without --key is work of its own.\n"
    "\n"
    "Exit status of a command with --wait: its own; 124 if it took too long; 125 if it "
    "was "
    "not\n"
    "run to its end, or its outputs could not be fetched; 130 after ^C.\n"
    "\n"
    "Examples:\n"
    "  buildq submit jobs.json --wait --mirror /srv/mirror\n"
    "  make-jobs | buildq submit - --priority 10 --group nightly\n"
    "  buildq submit --mirror /srv/mirror --input . --wait -- make check\n"
    "  buildq submit -m /srv/mirror -i main.c -o main --wait -- cc -o main main.c\n"
    "\n"
    "Next: buildq status REQUEST, buildq log KEY, buildq fetch --help",
  .max_arguments = 1,
  .takes_command = TRUE,
  .options = options,
  .shared = { tool_client_options, tool_mirror_options },
  .size = sizeof (SubmitOptions),
  .run = run,
};
