/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Submits one job to a queue in this process, does it by hand, and prints what became of
 * it: what a scheduler of one's own is made of.
 */
#include <buildq/buildq.h>
#include <stdlib.h>

static const char request_json[]
    = "{\"jobs\": [{\"key\": \"sum\", \"kind\": \"sum\", \"system\": \"any\","
      " \"payload\": \"2 3\"}]}";

typedef struct
{
  BuildqQueue *queue;
  BuildqAgent *agent;
  GMainLoop *loop;
} Program;

static void
answered (GObject *agent, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr (BuildqReceipt) receipt
      = buildq_agent_complete_finish (BUILDQ_AGENT (agent), result, NULL);

  g_print ("the queue says: %s\n", receipt != NULL ? buildq_verdict_to_string (
                                       buildq_receipt_get_verdict (receipt))
                                                   : "nothing");
  g_main_loop_quit (program->loop);
}

static void
granted (GObject *agent, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqGrant) grant
      = buildq_agent_next_finish (BUILDQ_AGENT (agent), result, &error);
  g_autoptr (BuildqResultBuilder) builder = buildq_result_builder_new ();
  g_autoptr (BuildqResult) done = NULL;
  g_autofree char *message = NULL;
  char *rest;

  if (grant == NULL)
    g_printerr ("no grant: %s\n", error->message);
  if (grant == NULL)
    exit (EXIT_FAILURE);

  message = g_strdup_printf (
      "%ld", strtol (buildq_job_get_payload (buildq_grant_get_job (grant)), &rest, 10)
                 + strtol (rest, NULL, 10));
  g_print ("%s is %s\n", buildq_job_get_key (buildq_grant_get_job (grant)), message);
  buildq_result_builder_set_outcome (builder, BUILDQ_OUTCOME_SUCCEEDED);
  buildq_result_builder_set_message (builder, message);
  done = buildq_result_builder_build (builder, NULL);
  buildq_agent_complete_async (BUILDQ_AGENT (agent), buildq_grant_get_token (grant), done,
                               NULL, answered, user_data);
}

static BuildqOffer *
make_offer (void)
{
  static const char *const systems[] = { "any", NULL };
  static const char *const kinds[] = { "sum", NULL };
  g_autoptr (GPtrArray) groups
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_machine_group_unref);

  g_ptr_array_add (groups, buildq_machine_group_new (systems, NULL, kinds, 1, 0, 1));
  return buildq_offer_new (groups);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqLocalQueue) queue = buildq_local_queue_new (NULL, &error);
  g_autoptr (BuildqAgent) agent = buildq_agent_new (BUILDQ_QUEUE (queue), "example");
  g_autoptr (BuildqRequest) request = buildq_request_new_from_json (request_json, &error);
  g_autoptr (BuildqOffer) offer = make_offer ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Program program = { BUILDQ_QUEUE (queue), agent, loop };

  buildq_queue_submit_async (program.queue, request, G_PRIORITY_DEFAULT, NULL, NULL,
                             NULL);
  buildq_agent_set_offer (agent, offer);
  buildq_agent_start (agent);
  buildq_agent_next_async (agent, NULL, granted, &program);
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
