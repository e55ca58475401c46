/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Workers, as a queue tells of them.
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>

GPtrArray *
tool_list_workers (BuildqQueue *queue, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_list_workers_async (queue, G_PRIORITY_DEFAULT, NULL, tool_done, &result);
  return buildq_queue_list_workers_finish (queue, tool_wait (&result), error);
}

static gint64
count_slots (BuildqWorkerStatus *worker, GString *systems)
{
  BuildqOffer *offer = buildq_worker_status_get_offer (worker);
  g_autoptr (GPtrArray) groups = offer == NULL ? NULL : buildq_offer_get_groups (offer);
  gint64 slots = 0;

  for (guint i = 0; groups != NULL && i < groups->len; i++)
    {
      g_autofree char *names = g_strjoinv (
          " ", (char **) buildq_machine_group_get_systems (groups->pdata[i]));

      slots += buildq_machine_group_get_slots (groups->pdata[i]);
      g_string_append_printf (systems, "%s%s", systems->len > 0 ? " " : "", names);
    }
  return slots;
}

static void
print_reasons (BuildqWorkerStatus *worker)
{
  g_autofree char *reasons
      = g_strjoinv ("; ", (char **) buildq_worker_status_get_reasons (worker));
  g_autofree char *text = tool_printable (reasons);
  g_autofree char *name = tool_printable (buildq_worker_status_get_name (worker));

  if (*text != '\0')
    printf ("%s takes no more jobs: %s\n", name, text);
}

void
tool_print_workers (GPtrArray *workers)
{
  g_autoptr (ToolTable) table
      = tool_table_new ("WORKER", "STATE", "SEEN", "SLOTS", "SYSTEMS", "HOLDS", NULL);

  for (guint i = 0; i < workers->len; i++)
    {
      BuildqWorkerStatus *worker = workers->pdata[i];
      g_autoptr (GString) systems = g_string_new (NULL);
      g_autofree char *slots
          = g_strdup_printf ("%" G_GINT64_FORMAT, count_slots (worker, systems));
      g_autofree char *seen = tool_format_ago (buildq_worker_status_get_seen_us (worker));
      const char *const *keys = buildq_worker_status_get_holding (worker);
      g_autofree char *holding
          = keys == NULL ? g_strdup ("") : g_strjoinv (" ", (char **) keys);

      tool_table_add (
          table, buildq_worker_status_get_name (worker),
          buildq_worker_state_to_string (buildq_worker_status_get_state (worker)), seen,
          slots, systems->str, holding, NULL);
    }
  if (workers->len == 0)
    puts ("no workers; start one with 'buildq work --name NAME --mirror URI'");
  else
    tool_table_print (table);
  for (guint i = 0; i < workers->len; i++)
    print_reasons (workers->pdata[i]);
}
