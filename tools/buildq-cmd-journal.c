/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

static const ToolUsage backup_usage = {
  "FILE",
  "Copies the journal of a queue to FILE, where nothing may be yet, also while the "
  "queue\n"
  "runs. The copy has all that the queue had said before, and the farm's secret key: "
  "keep\n"
  "it as safe as the journal.",
  "Example:\n"
  "  buildq journal backup /backup/journal-$(date +%F).db\n"
  "\n"
  "To go back to it, stop the queue, put the copy in the place of journal.db in the "
  "state\n"
  "directory, remove journal.db-wal and journal.db-shm there, and start the queue. What\n"
  "was said since is not known to it: results for leases of that time are 'stale'.",
  1,
  1,
};

static const ToolUsage check_usage = {
  "[FILE]",
  "Reads the journal of a queue, or a backup of one, from end to end, and tells what is\n"
  "in it; fails when it is damaged. The queue may run.",
  "Examples:\n"
  "  buildq journal check\n"
  "  buildq journal check /backup/journal-2026-11-24.db",
  0,
  1,
};

static char *
journal_path (const char *state_option)
{
  g_autofree char *state = tool_state_dir (state_option);

  return g_build_filename (state, "journal.db", NULL);
}

static int
run_backup (int argc, char **argv)
{
  g_autofree char *state = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  int status;
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &state, "where the files of the queue are (default: BUILDQ_STATE)", "DIR" },
    { NULL }
  };
  /* clang-format on */

  if (!tool_parse (&backup_usage, entries, &argc, &argv, &status))
    return status;
  path = journal_path (state);
  if (!buildq_journal_backup (path, argv[1], NULL, &error))
    return tool_fail (error);
  tool_say ("%s", argv[1]);
  return TOOL_OK;
}

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
run_check (int argc, char **argv)
{
  g_autofree char *state = NULL;
  g_autofree char *path = NULL;
  g_autoptr (BuildqJournalStatus) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gboolean json = FALSE;
  int status;
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &state, "where the files of the queue are (default: BUILDQ_STATE)", "DIR" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "print it as JSON", NULL },
    { NULL }
  };
  /* clang-format on */

  if (!tool_parse (&check_usage, entries, &argc, &argv, &status))
    return status;
  if (argc > 1 && state != NULL)
    return tool_usage_error ("--state and FILE exclude each other");
  path = argc > 1 ? g_strdup (argv[1]) : journal_path (state);
  found = buildq_journal_check (path, NULL, &error);
  if (found == NULL)
    return tool_fail (error);
  if (json)
    tool_say ("%s", text = buildq_journal_status_to_json (found));
  else
    print_status (found);
  return TOOL_OK;
}

int
tool_cmd_journal (int argc, char **argv)
{
  static const ToolCommand commands[] = {
    { "backup", "copy the journal, also while the queue runs", run_backup },
    { "check", "look for damage, and tell what is in it", run_check },
  };

  return tool_run_commands ("buildq journal",
                            "Takes care of the journal, the file in which a queue keeps\n"
                            "all that it must know after a crash.",
                            commands, G_N_ELEMENTS (commands),
                            "'buildq journal COMMAND --help' says more.\n", argc, argv);
}
