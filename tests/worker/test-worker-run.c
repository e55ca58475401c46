/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static void
submit_cancel (Fixture *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;
  g_autoptr (GError) error = NULL;

  buildq_queue_cancel_async (self->queue, "request-sleeper", G_PRIORITY_DEFAULT, NULL,
                             keep_result, &result);
  wait_until (result != NULL);
  status = buildq_queue_cancel_finish (self->queue, result, &error);
  g_assert_no_error (error);
}

#define SLEEPER "echo $$ > %s/pid; echo line; exec sleep 1000"

static int
start_sleeper (Fixture *self)
{
  g_autofree char *script = g_strdup_printf (SLEEPER, self->dir);
  g_autofree char *pid = NULL;

  fixture_submit_script (self, "sleeper", script);
  wait_until ((g_free (pid), pid = read_text (self->dir, "pid")) != NULL
              && strchr (pid, '\n'));
  g_assert_true (is_alive (atoi (pid)));
  return atoi (pid);
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  int pid;

  fixture_run_with_mirror (self);
  pid = start_sleeper (self);
  g_assert_cmpuint (buildq_worker_get_running (self->worker), ==, 1);
  submit_cancel (self);
  fixture_wait_finished (self, "sleeper cancelled\n");
  g_assert_false (is_alive (pid));
  g_assert_cmpuint (buildq_worker_get_running (self->worker), ==, 0);
  g_assert_cmpint (fixture_get_state (self, "sleeper"), ==, BUILDQ_JOB_STATE_CANCELLED);
}

static void
test_stop_gives_back (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  int pid;

  fixture_run_with_mirror (self);
  pid = start_sleeper (self);
  g_cancellable_cancel (self->cancellable);
  g_assert_false (fixture_end (self, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (is_alive (pid));
  g_assert_cmpint (fixture_get_state (self, "sleeper"), ==, BUILDQ_JOB_STATE_READY);
}

static void
test_drain (Fixture *self, gconstpointer data)
{
  g_autofree char *script = g_strdup_printf (
      "until test -e %s/go; do sleep 0.05; done; echo > $out", self->dir);
  g_autofree char *go = fixture_in_dir (self, "go");
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  g_autoptr (BuildqJobBuilder) one = job_builder ("one", script);
  g_autoptr (BuildqJobBuilder) two = job_builder ("two", "true");
  g_autoptr (GError) error = NULL;
  const char *depends[] = { "one", NULL };

  add_output (one, "out", NULL);
  buildq_job_builder_set_depends (two, depends);
  add_to (request, one);
  add_to (request, two);
  fixture_submit (self, request, "two");
  fixture_run_with_mirror (self);
  wait_until (buildq_worker_get_running (self->worker) == 1);
  buildq_worker_drain (self->worker);
  g_assert_null (self->ended);
  g_assert_true (g_file_set_contents (go, "", -1, NULL));
  g_assert_true (fixture_end (self, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (self->finished->str, ==, "one succeeded\n");
  g_assert_cmpint (fixture_get_state (self, "two"), ==, BUILDQ_JOB_STATE_READY);
}

static void
test_drain_idle (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture_run (self);
  wait_until (buildq_agent_is_attached (buildq_worker_get_agent (self->worker)));
  buildq_worker_drain (self->worker);
  g_assert_true (fixture_end (self, &error));
  g_assert_no_error (error);
}

/* The slot is free while the outputs of the job before are uploaded; its lease is held.
 */
static void
test_slot_while_uploading (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  g_autoptr (BuildqJobBuilder) one = job_builder ("one", "echo > $out");
  g_autoptr (BuildqJobBuilder) two = job_builder ("two", "true");

  add_output (one, "out", NULL);
  fixture_use_test_mirror (self, TEST_MIRROR_BLOCKS);
  fixture_run (self);
  fixture_submit_one (self, one, "one");
  wait_until (test_mirror_is_blocking (self->test_mirror));
  g_assert_cmpint (fixture_get_state (self, "one"), ==, BUILDQ_JOB_STATE_LEASED);
  add_to (request, two);
  fixture_submit (self, request, "two");
  fixture_wait_finished (self, "two succeeded\n");
  g_assert_cmpint (fixture_get_state (self, "one"), ==, BUILDQ_JOB_STATE_LEASED);
  g_assert_cmpuint (test_mirror_get_published (self->test_mirror), ==, 0);
  test_mirror_release (self->test_mirror);
  wait_until (strstr (self->finished->str, "one succeeded\n") != NULL);
  g_assert_cmpuint (test_mirror_get_published (self->test_mirror), ==, 1);
}

/* Somebody takes the lease away while the outputs are uploaded: nothing is published. */
static void
test_lease_gone (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "echo > $out");
  g_autoptr (GPtrArray) held = NULL;
  g_autoptr (GError) error = NULL;
  BuildqAgent *agent = buildq_worker_get_agent (self->worker);

  add_output (builder, "out", NULL);
  fixture_use_test_mirror (self, TEST_MIRROR_BLOCKS);
  fixture_run (self);
  fixture_submit_one (self, builder, "job");
  wait_until (test_mirror_is_blocking (self->test_mirror));
  held = buildq_agent_get_held (agent);
  g_assert_cmpuint (held->len, ==, 1);
  buildq_worker_drain (self->worker);
  g_assert_true (
      buildq_agent_release (agent, buildq_grant_get_token (held->pdata[0]), &error));
  test_mirror_release (self->test_mirror);
  fixture_wait_finished (self, "job lost\n");
  g_assert_cmpuint (test_mirror_get_published (self->test_mirror), ==, 0);
}

static void
test_slots (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  g_autofree char *script = g_strdup_printf (
      "touch %s/$BUILDQ_KEY; until test -e %s/one -a -e %s/two; do sleep 0.05; done",
      self->dir, self->dir, self->dir);
  g_autoptr (BuildqJobBuilder) one = job_builder ("one", script);
  g_autoptr (BuildqJobBuilder) two = job_builder ("two", script);
  g_autoptr (BuildqJobBuilder) both = job_builder ("both", "true");
  const char *depends[] = { "one", "two", NULL };

  buildq_job_builder_set_depends (both, depends);
  add_to (request, one);
  add_to (request, two);
  add_to (request, both);
  fixture_submit (self, request, "both");
  buildq_worker_set_slots (self->worker, 2);
  fixture_run (self);
  /* Each waits for the other. */
  wait_until (strstr (self->finished->str, "both succeeded") != NULL);
}

static void
test_locked (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqWorker) other = fixture_make_worker (self, "w2", "work");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fixture_run (self);
  buildq_worker_run_async (other, NULL, keep_result, &result);
  wait_until (result != NULL);
  g_assert_false (buildq_worker_run_finish (other, result, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS);
  g_assert_true (
      g_str_has_prefix (error->message, "another worker uses the work directory '"));
}

static void
test_no_executor (Fixture *self, gconstpointer data)
{
  g_autofree char *work = fixture_in_dir (self, "work");
  g_autoptr (GError) error = NULL;

  g_object_unref (self->worker);
  self->worker = buildq_worker_new (self->queue, "w1", self->store, work);
  fixture_run (self);
  g_assert_false (fixture_end (self, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
}

static void
test_other_store_dir (Fixture *self, gconstpointer data)
{
  g_autofree char *store = fixture_in_dir (self, "gnu-store");
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->store);
  self->store = buildq_store_new_for_uri (store, "/gnu/store", &error);
  g_assert_no_error (error);
  g_object_unref (self->worker);
  self->worker = fixture_make_worker (self, "w1", "work");
  fixture_submit_script (self, "job", "true");
  fixture_run (self);
  g_assert_false (fixture_end (self, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT);
  g_assert_cmpint (fixture_get_state (self, "job"), ==, BUILDQ_JOB_STATE_READY);
}

static void
test_leftovers (Fixture *self, gconstpointer data)
{
  g_autofree char *deep = fixture_in_dir (self, "work/job-1/build/read/only");
  g_autofree char *top = fixture_in_dir (self, "work/job-1");
  g_autofree char *kept = fixture_in_dir (self, "work/mine");
  g_autofree char *read = fixture_in_dir (self, "work/job-1/build/read");

  g_assert_no_errno (g_mkdir_with_parents (deep, 0755));
  g_assert_no_errno (g_mkdir_with_parents (kept, 0755));
  g_assert_no_errno (g_chmod (read, 0500));
  fixture_run (self);
  wait_until (!g_file_test (top, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  g_assert_no_errno (g_rmdir (kept));
}

static BuildqLogChunk *
read_log (Fixture *self, gint64 offset)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  BuildqLogChunk *chunk;

  buildq_queue_read_log_async (self->queue, "job", offset, G_PRIORITY_DEFAULT, NULL,
                               keep_result, &result);
  wait_until (result != NULL);
  chunk = buildq_queue_read_log_finish (self->queue, result, &error);
  g_assert_no_error (error);
  return chunk;
}

/* Reads as one who watches does, until there is @size. */
static char *
watch_log (Fixture *self, gsize size)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_S * G_USEC_PER_SEC;
  guint source = g_timeout_add (10, tick, NULL);
  GString *text = g_string_new (NULL);

  while (text->len < size)
    {
      g_autoptr (BuildqLogChunk) chunk = read_log (self, text->len);
      g_autoptr (GBytes) bytes = buildq_log_chunk_get_bytes (chunk);

      g_assert_cmpint (buildq_log_chunk_get_offset (chunk), ==, text->len);
      g_string_append_len (text, g_bytes_get_data (bytes, NULL),
                           g_bytes_get_size (bytes));
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (source);
  return g_string_free (text, FALSE);
}

static void
test_log_watched (Fixture *self, gconstpointer data)
{
  g_autofree char *script = g_strdup_printf (
      "echo one; until test -e %s/go; do sleep 0.05; done; echo two", self->dir);
  g_autofree char *go = fixture_in_dir (self, "go");
  g_autofree char *one = NULL, *two = NULL;

  fixture_submit_script (self, "job", script);
  fixture_run (self);
  wait_until (buildq_worker_get_running (self->worker) == 1);
  one = watch_log (self, 4);
  g_assert_cmpstr (one, ==, "one\n");
  g_assert_cmpint (fixture_get_state (self, "job"), ==, BUILDQ_JOB_STATE_LEASED);
  g_assert_true (g_file_set_contents (go, "", -1, NULL));
  two = watch_log (self, 8);
  g_assert_cmpstr (two, ==, "one\ntwo\n");
  fixture_wait_finished (self, "job succeeded\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("/worker-run/cancelled", test_cancelled);
  TEST ("/worker-run/stop-gives-back", test_stop_gives_back);
  TEST ("/worker-run/drain", test_drain);
  TEST ("/worker-run/drain-idle", test_drain_idle);
  TEST ("/worker-run/slot-while-uploading", test_slot_while_uploading);
  TEST ("/worker-run/lease-gone", test_lease_gone);
  TEST ("/worker-run/slots", test_slots);
  TEST ("/worker-run/locked", test_locked);
  TEST ("/worker-run/no-executor", test_no_executor);
  TEST ("/worker-run/other-store-dir", test_other_store_dir);
  TEST ("/worker-run/leftovers", test_leftovers);
  TEST ("/worker-run/log-watched", test_log_watched);
  return g_test_run ();
}
