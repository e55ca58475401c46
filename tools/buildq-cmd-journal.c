/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

typedef struct
{
  gboolean json;
} CheckOptions;

static char *
journal_path (void)
{
  g_autofree char *state = tool_state_dir ();

  return g_build_filename (state, "journal.db", NULL);
}

static int
run_backup (gconstpointer options, char **arguments)
{
  g_autofree char *path = journal_path ();
  g_autoptr (GError) error = NULL;

  if (!buildq_journal_backup (path, arguments[0], NULL, &error))
    return tool_fail (error);
  tool_say ("%s", arguments[0]);
  return TOOL_OK;
}

static const ToolCommand backup_command = {
  .name = "backup",
  .summary = "copy the journal, also while the queue runs",
  .arguments = "FILE",
  .description
  = "Copies the journal of a queue to FILE, where nothing may be yet, also while the "
    "queue\n"
    "runs. The copy has all that the queue had said before, and the farm's secret key: "
    "keep\n"
    "it as safe as the journal.",
  .notes
  = "Example:\n"
    "  buildq journal backup /backup/journal-$(date +%F).db\n"
    "\n"
    "To go back to it, stop the queue, put the copy in the place of journal.db in the "
    "state\n"
    "directory, remove journal.db-wal and journal.db-shm there, and start the queue. "
    "What\n"
    "was said since is not known to it: results for leases of that time are 'stale'.",
  .min_arguments = 1,
  .max_arguments = 1,
  .shared = { tool_server_state_options },
  .run = run_backup,
};

static void
print_status (BuildqJournalStatus *status)
{
  g_autofree char *size = g_format_size_full (
      (guint64) buildq_journal_status_get_size_bytes (status), G_FORMAT_SIZE_IEC_UNITS);

  tool_say ("version   %" G_GINT64_FORMAT, buildq_journal_status_get_version (status));
  tool_say ("size      %s", size);
  tool_say ("requests  %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " of them active",
            buildq_journal_status_get_requests (status),
            buildq_journal_status_get_active_requests (status));
  tool_say ("jobs      %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " of them unfinished",
            buildq_journal_status_get_jobs (status),
            buildq_journal_status_get_unfinished_jobs (status));
  tool_say ("leases    %" G_GINT64_FORMAT " that may be held",
            buildq_journal_status_get_leases (status));
  tool_say ("results   %" G_GINT64_FORMAT, buildq_journal_status_get_results (status));
  tool_say ("texts     %" G_GINT64_FORMAT, buildq_journal_status_get_texts (status));
  tool_say ("no damage");
}

static int
run_check (gconstpointer data, char **arguments)
{
  const CheckOptions *options = data;
  g_autofree char *path
      = arguments[0] != NULL ? g_strdup (arguments[0]) : journal_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJournalStatus) found = buildq_journal_check (path, NULL, &error);
  g_autofree char *text = NULL;

  if (found == NULL)
    return tool_fail (error);
  if (options->json)
    tool_say ("%s", text = buildq_journal_status_to_json (found));
  else
    print_status (found);
  return TOOL_OK;
}

/* clang-format off */
static const ToolOption check_options[] = {
  { "json", 0, TOOL_FLAG, offsetof (CheckOptions, json), NULL, "print it as JSON" },
  { NULL },
};
/* clang-format on */

static const ToolCommand check_command = {
  .name = "check",
  .summary = "look for damage, and tell what is in it",
  .arguments = "[FILE]",
  .description = "Reads the journal of a queue, or a backup of one, from end to end, and "
                 "tells what is\n"
                 "in it; fails when it is damaged. The queue may run.",
  .notes = "Examples:\n"
           "  buildq journal check\n"
           "  buildq journal check /backup/journal-2026-11-24.db",
  .max_arguments = 1,
  .options = check_options,
  .shared = { tool_server_state_options },
  .size = sizeof (CheckOptions),
  .run = run_check,
};

static const ToolCommand *const commands[] = { &backup_command, &check_command, NULL };

const ToolCommand tool_journal_command = {
  .name = "journal",
  .summary = "back up and check the journal of a queue",
  .description = "Takes care of the journal, the file in which a queue keeps\n"
                 "all that it must know after a crash.",
  .commands = commands,
};
