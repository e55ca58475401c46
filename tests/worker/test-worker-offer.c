/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A worker that takes jobs only when its machine has resources to spare and nobody has
 * paused it; the machine is a folder.
 */
#include "config.h"

#include "worker-fixture.h"
#include "worker/buildq-machine.h"
#include "worker/buildq-worker-private.h"

#include <glib/gstdio.h>
#include <string.h>

static void
write_machine (Fixture *self, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (self->dir, "machine", name, NULL);
  g_autofree char *dir = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (dir, 0755));
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *machine = NULL;

  fixture_set_up (self, data);
  machine = fixture_in_dir (self, "machine");
  self->worker->gate_ms = 20;
  write_machine (self, "proc/loadavg", "0.10 0.20 0.30 1/100 1000\n");
  write_machine (self, "proc/meminfo",
                 "MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\n");
  write_machine (self, "sys/devices/system/cpu/online", "0-3\n");
  _buildq_machine_set_root (g_intern_string (machine));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  _buildq_machine_set_root ("");
  fixture_tear_down (self, data);
}

/* What the queue says of the worker: "STATE REASON; REASON". */
static char *
describe (Fixture *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) workers = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *reasons = NULL;

  buildq_queue_list_workers_async (self->queue, G_PRIORITY_DEFAULT, NULL, keep_result,
                                   &result);
  wait_until (result != NULL);
  workers = buildq_queue_list_workers_finish (self->queue, result, &error);
  g_assert_no_error (error);
  if (workers->len == 0)
    return g_strdup ("none");
  reasons
      = g_strjoinv ("; ", (char **) buildq_worker_status_get_reasons (workers->pdata[0]));
  return g_strdup_printf (
      "%s %s",
      buildq_worker_state_to_string (buildq_worker_status_get_state (workers->pdata[0])),
      reasons);
}

static void
wait_described (Fixture *self, const char *expected)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_S * G_USEC_PER_SEC;
  guint source = g_timeout_add (10, tick, NULL);
  g_autofree char *actual = describe (self);

  while (strcmp (actual, expected) != 0)
    {
      if (g_get_monotonic_time () > deadline)
        g_assert_cmpstr (actual, ==, expected);
      g_main_context_iteration (NULL, TRUE);
      g_free (actual);
      actual = describe (self);
    }
  g_source_remove (source);
}

static void
count (BuildqWorker *worker, GParamSpec *pspec, guint *n)
{
  (*n)++;
}

static void
test_load (Fixture *self, gconstpointer data)
{
  guint n_states = 0, n_reasons = 0;

  g_signal_connect (self->worker, "notify::state", G_CALLBACK (count), &n_states);
  g_signal_connect (self->worker, "notify::reasons", G_CALLBACK (count), &n_reasons);
  buildq_worker_set_max_load_per_core (self->worker, 1);
  write_machine (self, "proc/loadavg", "9.31 0.20 0.30 1/100 1000\n");
  fixture_submit_script (self, "job", "true");
  fixture_run (self);
  wait_described (self, "gated load 9.3 over 4 cores");
  g_assert_cmpint (buildq_worker_get_state (self->worker), ==, BUILDQ_WORKER_STATE_GATED);
  g_assert_cmpint (fixture_get_state (self, "job"), ==, BUILDQ_JOB_STATE_READY);
  g_assert_cmpuint (n_states, ==, 1);
  g_assert_cmpuint (n_reasons, ==, 1);
  write_machine (self, "proc/loadavg", "0.10 0.20 0.30 1/100 1000\n");
  fixture_wait_finished (self, "job succeeded\n");
  wait_described (self, "ready ");
  g_assert_cmpint (buildq_worker_get_state (self->worker), ==, BUILDQ_WORKER_STATE_READY);
  g_signal_handlers_disconnect_by_data (self->worker, &n_states);
  g_signal_handlers_disconnect_by_data (self->worker, &n_reasons);
}

static void
test_disk (Fixture *self, gconstpointer data)
{
  g_autofree char *description = NULL;

  buildq_worker_set_min_disk_bytes (self->worker, G_GINT64_CONSTANT (1) << 60);
  fixture_submit_script (self, "job", "true");
  fixture_run (self);
  wait_until (buildq_worker_get_state (self->worker) == BUILDQ_WORKER_STATE_GATED);
  wait_until (buildq_agent_is_attached (buildq_worker_get_agent (self->worker)));
  description = describe (self);
  g_assert_nonnull (strstr (description, "GiB free in /"));
  g_assert_nonnull (strstr (description, ", 1073741824 GiB wanted"));
  g_assert_cmpint (fixture_get_state (self, "job"), ==, BUILDQ_JOB_STATE_READY);
  buildq_worker_set_min_disk_bytes (self->worker, 0);
  fixture_wait_finished (self, "job succeeded\n");
}

static char *
submit_waiting (Fixture *self, const char *key)
{
  g_autofree char *script
      = g_strdup_printf ("until test -e %s/go; do sleep 0.05; done", self->dir);

  fixture_submit_script (self, key, script);
  return fixture_in_dir (self, "go");
}

/* A gate that closes leaves alone what runs. */
static void
test_running (Fixture *self, gconstpointer data)
{
  g_autofree char *go = NULL;

  buildq_worker_set_min_memory_bytes (self->worker, 1024 * 1024);
  fixture_run (self);
  go = submit_waiting (self, "one");
  wait_until (buildq_worker_get_running (self->worker) == 1);
  wait_described (self, "busy ");
  g_assert_cmpint (buildq_worker_get_state (self->worker), ==, BUILDQ_WORKER_STATE_BUSY);
  write_machine (self, "proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 100 kB\n");
  wait_described (self, "gated 0 MiB of memory available, 1 MiB wanted");
  fixture_submit_script (self, "two", "true");
  g_assert_true (g_file_set_contents (go, "", -1, NULL));
  fixture_wait_finished (self, "one succeeded\n");
  wait_described (self, "gated 0 MiB of memory available, 1 MiB wanted");
  g_assert_cmpint (fixture_get_state (self, "two"), ==, BUILDQ_JOB_STATE_READY);
  write_machine (self, "proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 9999 kB\n");
  wait_until (strstr (self->finished->str, "two succeeded\n") != NULL);
}

static void
test_pause (Fixture *self, gconstpointer data)
{
  g_autofree char *go = NULL;
  g_autoptr (GError) error = NULL;

  buildq_worker_pause (self->worker);
  fixture_run (self);
  go = submit_waiting (self, "one");
  wait_described (self, "paused paused on this machine");
  g_assert_cmpint (fixture_get_state (self, "one"), ==, BUILDQ_JOB_STATE_READY);
  buildq_worker_resume (self->worker);
  wait_until (buildq_worker_get_running (self->worker) == 1);
  buildq_worker_pause (self->worker);
  wait_described (self, "paused paused on this machine");
  buildq_worker_drain (self->worker);
  wait_described (self, "draining drained on this machine; paused on this machine");
  g_assert_true (g_file_set_contents (go, "", -1, NULL));
  g_assert_true (fixture_end (self, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (self->finished->str, ==, "one succeeded\n");
}

static void
set_at_queue (Fixture *self, BuildqWorkerState state)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqWorkerStatus) status = NULL;
  g_autoptr (GError) error = NULL;

  buildq_queue_set_worker_state_async (self->queue, "w1", state, G_PRIORITY_DEFAULT, NULL,
                                       keep_result, &result);
  wait_until (result != NULL);
  status = buildq_queue_set_worker_state_finish (self->queue, result, &error);
  g_assert_no_error (error);
}

static void
test_pause_at_queue (Fixture *self, gconstpointer data)
{
  g_autofree char *go = NULL;
  g_autoptr (GError) error = NULL;

  fixture_run (self);
  wait_until (buildq_agent_is_attached (buildq_worker_get_agent (self->worker)));
  set_at_queue (self, BUILDQ_WORKER_STATE_PAUSED);
  wait_until (buildq_worker_get_state (self->worker) == BUILDQ_WORKER_STATE_PAUSED);
  wait_described (self, "paused paused at the queue");
  buildq_worker_resume (self->worker); /* is not its own to say */
  go = submit_waiting (self, "one");
  g_assert_cmpint (fixture_get_state (self, "one"), ==, BUILDQ_JOB_STATE_READY);
  set_at_queue (self, BUILDQ_WORKER_STATE_READY);
  wait_until (buildq_worker_get_running (self->worker) == 1);

  /* Drained, then not, while it has a job. */
  set_at_queue (self, BUILDQ_WORKER_STATE_DRAINING);
  wait_until (buildq_worker_get_state (self->worker) == BUILDQ_WORKER_STATE_DRAINING);
  set_at_queue (self, BUILDQ_WORKER_STATE_READY);
  wait_until (buildq_worker_get_state (self->worker) == BUILDQ_WORKER_STATE_BUSY);
  fixture_submit_script (self, "two", "true");
  g_assert_true (g_file_set_contents (go, "", -1, NULL));
  wait_until (strstr (self->finished->str, "two succeeded\n") != NULL);

  set_at_queue (self, BUILDQ_WORKER_STATE_DRAINING);
  g_assert_true (fixture_end (self, &error));
  g_assert_no_error (error);
  wait_described (self, "away paused at the queue");
}

/* What a job is told to use: never less than a core, all of them in a single slot. */
static void
check_cores (Fixture *self, guint slots, gint64 wanted, gint64 expected)
{
  g_autofree char *key = g_strdup_printf ("job-%u", slots);
  g_autofree char *line = g_strdup_printf ("%s succeeded\n", key);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT "\n", expected);
  g_autoptr (BuildqJobBuilder) builder = job_builder (key, "echo $BUILDQ_CORES");
  g_autoptr (BuildqResult) result = NULL;

  buildq_job_builder_set_cores (builder, wanted);
  buildq_worker_set_slots (self->worker, slots);
  fixture_submit_one (self, builder, key);
  wait_until (strstr (self->finished->str, line) != NULL);
  result = fixture_get_result (self, key);
  g_assert_cmpstr (buildq_result_get_log_tail (result), ==, text);
}

static void
test_small_machine (Fixture *self, gconstpointer data)
{
  g_autofree char *half
      = g_test_build_filename (G_TEST_DIST, "data", "machine", "v2-half", NULL);

  _buildq_machine_set_root (half);
  fixture_run (self);
  check_cores (self, 1, 0, 1);
  check_cores (self, 3, 0, 1);
  check_cores (self, 2, 1, 1);
}

static void
test_all_cores (Fixture *self, gconstpointer data)
{
  gint64 cores = _buildq_machine_cores ();

  fixture_run (self);
  check_cores (self, 1, 0, cores);
  check_cores (self, 1000, 0, 1);
  check_cores (self, 2, cores, cores);
}

static void
note_most (BuildqWorker *worker, const char *key, guint *most)
{
  *most = MAX (*most, buildq_worker_get_running (worker));
}

/* A job that asks for all cores runs alone, whatever the number of slots. */
static void
test_no_overcommit (Fixture *self, gconstpointer data)
{
  gint64 cores = _buildq_machine_cores ();
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  guint most = 0;

  if (cores < 2)
    {
      g_test_skip ("there is only one core");
      fixture_run (self);
      return;
    }
  for (int i = 0; i < 4; i++)
    {
      g_autofree char *key = g_strdup_printf ("big-%d", i);
      g_autoptr (BuildqJobBuilder) builder = job_builder (key, "true");

      buildq_job_builder_set_cores (builder, cores);
      add_to (request, builder);
    }
  fixture_submit (self, request, NULL);
  buildq_worker_set_slots (self->worker, 2);
  g_signal_connect (self->worker, "job-started", G_CALLBACK (note_most), &most);
  fixture_run (self);
  wait_until (strlen (self->finished->str) >= 4 * strlen ("big-0 succeeded\n"));
  g_assert_cmpuint (most, ==, 1);
}

#undef TEST
#define TEST(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("/worker-offer/load", test_load);
  TEST ("/worker-offer/disk", test_disk);
  TEST ("/worker-offer/running", test_running);
  TEST ("/worker-offer/pause", test_pause);
  TEST ("/worker-offer/pause-at-queue", test_pause_at_queue);
  TEST ("/worker-offer/small-machine", test_small_machine);
  TEST ("/worker-offer/all-cores", test_all_cores);
  TEST ("/worker-offer/no-overcommit", test_no_overcommit);
  return g_test_run ();
}
