/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The agent, over a local queue and over one that fails when it is told to.
 */
#include "config.h"

#include <buildq/buildq.h>
#include <locale.h>
#include <string.h>

typedef struct
{
  BuildqLocalQueue *local;
  BuildqAgent *agent;
  GPtrArray *cancelled; /* tokens */
  GPtrArray *lost;
  guint attached;
} Fixture;

static void
note (BuildqAgent *agent, const char *token, gpointer list)
{
  g_ptr_array_add (list, g_strdup (token));
}

static void
count (BuildqAgent *agent, gpointer number)
{
  ++*(guint *) number;
}

static BuildqOffer *
make_offer (gint64 slots)
{
  static const char *const systems[] = { "s", NULL };
  static const char *const kinds[] = { "k", NULL };
  g_autoptr (GPtrArray) groups
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_machine_group_unref);

  g_ptr_array_add (groups, buildq_machine_group_new (systems, NULL, kinds, 1, 0, slots));
  return buildq_offer_new (groups);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqOffer) offer = make_offer (1);
  g_autoptr (GError) error = NULL;

  fixture->local = buildq_local_queue_new (NULL, &error);
  g_assert_no_error (error);
  fixture->agent = buildq_agent_new (BUILDQ_QUEUE (fixture->local), "w1");
  fixture->cancelled = g_ptr_array_new_with_free_func (g_free);
  fixture->lost = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (fixture->agent, "cancelled", G_CALLBACK (note), fixture->cancelled);
  g_signal_connect (fixture->agent, "lost", G_CALLBACK (note), fixture->lost);
  g_signal_connect (fixture->agent, "attached", G_CALLBACK (count), &fixture->attached);
  buildq_agent_set_offer (fixture->agent, offer);
  buildq_agent_start (fixture->agent);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->agent);
  g_clear_object (&fixture->local);
  g_ptr_array_unref (fixture->cancelled);
  g_ptr_array_unref (fixture->lost);
}

static gboolean
out_of_time (gpointer data)
{
  g_error ("nothing happened in time");
  return G_SOURCE_REMOVE;
}

/* Iterates until the expression is true. */
#define WAIT_UNTIL(condition)                                                            \
  G_STMT_START                                                                           \
  {                                                                                      \
    guint timer = g_timeout_add_seconds (20, out_of_time, NULL);                         \
                                                                                         \
    while (!(condition))                                                                 \
      g_main_context_iteration (NULL, TRUE);                                             \
    g_source_remove (timer);                                                             \
  }                                                                                      \
  G_STMT_END

static void
take_result (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

static void
submit (Fixture *fixture, const char *id)
{
  g_autofree char *json = g_strdup_printf (
      "{\"id\":\"%s\",\"jobs\":[{\"key\":\"%s\",\"kind\":\"k\",\"system\":\"s\"}]}", id,
      id);
  g_autoptr (BuildqRequest) request = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  request = buildq_request_new_from_json (json, &error);
  g_assert_no_error (error);
  buildq_queue_submit_async (BUILDQ_QUEUE (fixture->local), request, 0, NULL, take_result,
                             &result);
  WAIT_UNTIL (result != NULL);
  status = buildq_queue_submit_finish (BUILDQ_QUEUE (fixture->local), result, &error);
  g_assert_no_error (error);
}

static BuildqGrant *
next (Fixture *fixture)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  BuildqGrant *grant;

  buildq_agent_next_async (fixture->agent, NULL, take_result, &result);
  WAIT_UNTIL (result != NULL);
  grant = buildq_agent_next_finish (fixture->agent, result, &error);
  g_assert_no_error (error);
  return grant;
}

static BuildqReceipt *
complete (Fixture *fixture, BuildqGrant *grant, BuildqOutcome outcome, GError **error)
{
  g_autoptr (BuildqResultBuilder) builder = buildq_result_builder_new ();
  g_autoptr (BuildqResult) value = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  buildq_result_builder_set_outcome (builder, outcome);
  value = buildq_result_builder_build (builder, error);
  buildq_agent_complete_async (fixture->agent, buildq_grant_get_token (grant), value,
                               NULL, take_result, &result);
  WAIT_UNTIL (result != NULL);
  return buildq_agent_complete_finish (fixture->agent, result, error);
}

static BuildqJobStatus *
get_job (Fixture *fixture, const char *key)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  BuildqJobStatus *status;

  buildq_queue_get_job_async (BUILDQ_QUEUE (fixture->local), key, 0, NULL, take_result,
                              &result);
  WAIT_UNTIL (result != NULL);
  status = buildq_queue_get_job_finish (BUILDQ_QUEUE (fixture->local), result, &error);
  g_assert_no_error (error);
  return status;
}

/* A success without what the job must make is refused. The job does not stay leased: it
 * is tried again, and fails in the end. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqRequest) request = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autoptr (GError) error = NULL;
  BuildqJobState state;

  request = buildq_request_new_from_json (
      "{\"id\":\"r\",\"jobs\":[{\"key\":\"a\",\"kind\":\"k\",\"system\":\"s\","
      "\"outputs\":[{\"name\":\"out\"}]}]}",
      &error);
  g_assert_no_error (error);
  buildq_queue_submit_async (BUILDQ_QUEUE (fixture->local), request, 0, NULL, take_result,
                             &result);
  WAIT_UNTIL (result != NULL);
  status = buildq_queue_submit_finish (BUILDQ_QUEUE (fixture->local), result, &error);
  g_assert_no_error (error);

  for (guint attempt = 1; attempt <= 3; attempt++)
    {
      g_autoptr (BuildqGrant) grant = next (fixture);
      g_autoptr (BuildqReceipt) receipt
          = complete (fixture, grant, BUILDQ_OUTCOME_SUCCEEDED, &error);

      g_assert_no_error (error);
      g_assert_cmpint (buildq_receipt_get_verdict (receipt), ==, BUILDQ_VERDICT_REFUSED);
    }
  do
    {
      g_autoptr (BuildqJobStatus) job = get_job (fixture, "a");

      state = buildq_job_status_get_state (job);
      g_main_context_iteration (NULL, FALSE);
    }
  while (state != BUILDQ_JOB_STATE_FAILED);
}

static void
test_work (Fixture *fixture, gconstpointer data)
{
  submit (fixture, "a");
  submit (fixture, "b");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BuildqGrant) grant = next (fixture);
      g_autoptr (BuildqReceipt) receipt = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_cmpstr (buildq_job_get_key (buildq_grant_get_job (grant)), ==,
                       i == 0 ? "a" : "b");
      receipt = complete (fixture, grant, BUILDQ_OUTCOME_SUCCEEDED, &error);
      g_assert_no_error (error);
      g_assert_cmpint (buildq_receipt_get_verdict (receipt), ==, BUILDQ_VERDICT_ACCEPTED);
      g_assert_null (complete (fixture, grant, BUILDQ_OUTCOME_SUCCEEDED, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_LEASE_LOST);
    }
  g_assert_cmpuint (fixture->attached, ==, 1);
  g_assert_cmpstr (buildq_agent_get_store_dir (fixture->agent), ==, "/buildq/store");
  g_assert_nonnull (buildq_agent_get_farm_keys (fixture->agent)[0]);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = NULL;
  g_autoptr (BuildqReceipt) receipt = NULL;
  g_autoptr (GError) error = NULL;

  submit (fixture, "a");
  grant = next (fixture);
  buildq_queue_cancel_async (BUILDQ_QUEUE (fixture->local), "a", 0, NULL, NULL, NULL);
  WAIT_UNTIL (fixture->cancelled->len == 1);
  g_assert_cmpstr (fixture->cancelled->pdata[0], ==, buildq_grant_get_token (grant));
  receipt = complete (fixture, grant, BUILDQ_OUTCOME_CANCELLED, &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_receipt_get_verdict (receipt), ==, BUILDQ_VERDICT_ACCEPTED);
  g_assert_cmpuint (fixture->cancelled->len, ==, 1);
}

static void
test_release (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = NULL;
  g_autoptr (BuildqGrant) again = NULL;
  g_autoptr (GPtrArray) held = NULL;
  g_autoptr (GError) error = NULL;

  submit (fixture, "a");
  grant = next (fixture);
  held = buildq_agent_get_held (fixture->agent);
  g_assert_cmpuint (held->len, ==, 1);
  buildq_agent_release (fixture->agent, buildq_grant_get_token (grant), &error);
  g_assert_no_error (error);
  again = next (fixture);
  g_assert_cmpint (buildq_grant_get_attempt (again), ==, 2);
  g_assert_false (
      buildq_agent_release (fixture->agent, buildq_grant_get_token (grant), &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_LEASE_LOST);
}

/* A grant that comes after its wait was cancelled is for the next who asks. */
static void
test_next_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqGrant) grant = NULL;
  g_autoptr (GError) error = NULL;

  buildq_agent_next_async (fixture->agent, cancellable, take_result, &result);
  g_cancellable_cancel (cancellable);
  WAIT_UNTIL (result != NULL);
  g_assert_null (buildq_agent_next_finish (fixture->agent, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  submit (fixture, "a");
  grant = next (fixture);
  g_assert_nonnull (grant);
}

/* One that was there before the cancellation is not lost on the way. */
static void
test_next_cancelled_late (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqGrant) grant = NULL;
  g_autoptr (GError) error = NULL;
  guint held = 0;

  submit (fixture, "a");
  while (held == 0)
    {
      g_autoptr (GPtrArray) grants = NULL;

      g_main_context_iteration (NULL, TRUE);
      grants = buildq_agent_get_held (fixture->agent);
      held = grants->len;
    }
  buildq_agent_next_async (fixture->agent, cancellable, take_result, &result);
  g_cancellable_cancel (cancellable);
  WAIT_UNTIL (result != NULL);
  grant = buildq_agent_next_finish (fixture->agent, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_job_get_key (buildq_grant_get_job (grant)), ==, "a");
}

static void
test_leave (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqGrant) grant = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) list = NULL;
  g_autoptr (GPtrArray) workers = NULL;
  g_autoptr (GError) error = NULL;

  submit (fixture, "a");
  grant = next (fixture);
  buildq_agent_leave_async (fixture->agent, NULL, take_result, &result);
  WAIT_UNTIL (result != NULL);
  g_assert_true (buildq_agent_leave_finish (fixture->agent, result, &error));
  buildq_queue_list_workers_async (BUILDQ_QUEUE (fixture->local), 0, NULL, take_result,
                                   &list);
  WAIT_UNTIL (list != NULL);
  workers
      = buildq_queue_list_workers_finish (BUILDQ_QUEUE (fixture->local), list, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (workers->len, ==, 0);
}

/* Dropped while it waits: whoever waits is told. */
static void
test_drop (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  buildq_agent_next_async (fixture->agent, NULL, take_result, &result);
  g_object_run_dispose (G_OBJECT (fixture->agent));
  WAIT_UNTIL (result != NULL);
  g_assert_null (buildq_agent_next_finish (fixture->agent, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* The session lapses while the agent cannot speak; the lease is lost, and it is told. */
static void
test_lapse (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BuildqAgent) other = NULL;
  g_autoptr (BuildqGrant) grant = NULL;
  g_autoptr (BuildqOffer) offer = make_offer (1);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqGrant) second = NULL;
  g_autoptr (BuildqReceipt) receipt = NULL;
  g_autoptr (GError) error = NULL;

  submit (fixture, "a");
  grant = next (fixture);
  WAIT_UNTIL (!g_main_context_pending (NULL));
  buildq_local_queue_set_session_ms (fixture->local, 100);
  g_usleep (150 * 1000); /* the process was stopped */
  other = buildq_agent_new (BUILDQ_QUEUE (fixture->local), "w2");
  buildq_agent_set_offer (other, offer);
  buildq_agent_start (other);
  buildq_local_queue_set_session_ms (fixture->local, 30000);
  buildq_agent_next_async (other, NULL, take_result, &result);

  /* A late success counts all the same. */
  receipt = complete (fixture, grant, BUILDQ_OUTCOME_SUCCEEDED, &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_receipt_get_verdict (receipt), ==, BUILDQ_VERDICT_ACCEPTED);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/agent/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("work", test_work);
  ADD ("refused", test_refused);
  ADD ("cancelled", test_cancelled);
  ADD ("release", test_release);
  ADD ("next-cancelled", test_next_cancelled);
  ADD ("next-cancelled-late", test_next_cancelled_late);
  ADD ("leave", test_leave);
  ADD ("drop", test_drop);
  ADD ("lapse", test_lapse);
  return g_test_run ();
}
