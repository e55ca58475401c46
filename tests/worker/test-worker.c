/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "test-store.h"
#include "worker-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static char *
read_output (Fixture *self, BuildqResult *result, guint index, const char *below)
{
  g_autoptr (GPtrArray) artifacts = buildq_result_get_artifacts (result);
  g_autofree char *real = NULL;

  g_assert_cmpuint (artifacts->len, >, index);
  real = buildq_store_get_real_path (
      self->store, buildq_artifact_get_store_path (artifacts->pdata[index]));
  return read_text (real, below);
}

/* What another machine sees that knows the mirror and the key of the farm, and nothing
 * else. */
static void
assert_published (Fixture *self, BuildqArtifact *artifact, const char *content)
{
  const char *paths[] = { buildq_artifact_get_store_path (artifact), NULL };
  g_autofree char *public = buildq_key_to_public_string (self->key);
  g_autofree char *other = fixture_in_dir (self, "other-store");
  g_autofree char *real = NULL, *text = NULL;
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (BuildqStore) store = NULL;
  g_autoptr (BuildqResolver) resolver = NULL;
  g_autoptr (BuildqArtifact) found = NULL;
  g_autoptr (GPtrArray) got = NULL;
  g_autoptr (GError) error = NULL;

  found = buildq_mirror_lookup (self->mirror, paths[0], NULL, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_keyring_add_string (keyring, public, &error));
  g_assert_true (buildq_keyring_verify_artifact (keyring, found, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_artifact_get_nar_hash (found), ==,
                   buildq_artifact_get_nar_hash (artifact));

  store = buildq_store_new_for_uri (other, NULL, &error);
  g_assert_no_error (error);
  resolver = buildq_resolver_new (store, keyring);
  buildq_resolver_add_mirror (resolver, self->mirror);
  got = buildq_resolver_realise (resolver, NULL, paths, NULL, &error);
  g_assert_no_error (error);
  real = buildq_store_get_real_path (store, paths[0]);
  g_assert_true (g_file_get_contents (real, &text, NULL, &error));
  g_assert_cmpstr (text, ==, content);
}

static void
test_two_jobs (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  g_autoptr (BuildqJobBuilder) first = job_builder ("first", "echo hello > $out");
  g_autoptr (BuildqJobBuilder) second = job_builder (
      "second",
      "echo said; (cat $BUILDQ_INPUT_greeting; basename $BUILDQ_INPUT_greeting) > $out;"
      "mkdir -p doc; echo text > doc/index; chmod 500 doc");
  g_autoptr (BuildqInput) input = buildq_input_new_for_job ("greeting", "first", "out");
  g_autoptr (BuildqResult) first_result = NULL, second_result = NULL;
  g_autoptr (GPtrArray) first_made = NULL, second_made = NULL;
  g_autofree char *content = NULL, *doc = NULL;
  const char *const *references;
  const char *path;

  add_output (first, "out", NULL);
  add_output (second, "out", NULL);
  add_output (second, "doc", "doc");
  buildq_job_builder_add_input (second, input);
  add_to (request, first);
  add_to (request, second);
  fixture_submit (self, request, "second");
  fixture_run_with_mirror (self);
  wait_until (strstr (self->finished->str, "second") != NULL);
  g_assert_cmpstr (self->finished->str, ==, "first succeeded\nsecond succeeded\n");

  first_result = fixture_get_result (self, "first");
  second_result = fixture_get_result (self, "second");
  first_made = buildq_result_get_artifacts (first_result);
  second_made = buildq_result_get_artifacts (second_result);
  g_assert_cmpuint (first_made->len, ==, 1);
  g_assert_cmpuint (second_made->len, ==, 2);
  path = buildq_artifact_get_store_path (first_made->pdata[0]);
  g_assert_cmpstr (buildq_artifact_get_name (first_made->pdata[0]), ==, "out");
  g_assert_true (g_str_has_suffix (path, "-first"));
  g_assert_true (g_str_has_suffix (buildq_artifact_get_store_path (second_made->pdata[1]),
                                   "-second-doc"));
  references = buildq_artifact_get_references (second_made->pdata[0]);
  g_assert_nonnull (references[0]);
  g_assert_nonnull (strstr (path, references[0]));
  g_assert_null (references[1]);

  assert_published (self, first_made->pdata[0], "hello\n");
  content = g_strdup_printf ("hello\n%s\n", strrchr (path, '/') + 1);
  assert_published (self, second_made->pdata[0], content);
  doc = read_output (self, second_result, 1, "index");
  g_assert_cmpstr (doc, ==, "text\n");

  g_assert_cmpstr (buildq_result_get_worker (second_result), ==, "w1");
  g_assert_cmpstr (buildq_result_get_log_tail (second_result), ==, "said\n");
  g_assert_cmpint (buildq_result_get_log_bytes (second_result), ==, 5);
  g_assert_nonnull (buildq_result_get_log (second_result));
  g_assert_cmpint (buildq_result_get_started_us (second_result), >,
                   g_get_real_time () - DEADLINE_S * 2 * G_USEC_PER_SEC);
  g_assert_cmpint (buildq_result_get_finished_us (second_result), >=,
                   buildq_result_get_started_us (second_result));
}

static void
test_failing (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqResult) result = NULL;
  g_autofree char *log = NULL;

  fixture_submit_script (self, "a/key with blanks", "echo oops; exit 3");
  fixture_run_with_mirror (self);
  fixture_wait_finished (self, "a/key with blanks failed\n");
  result = fixture_get_result (self, "a/key with blanks");
  g_assert_cmpint (buildq_result_get_outcome (result), ==, BUILDQ_OUTCOME_FAILED);
  g_assert_cmpstr (buildq_result_get_message (result), ==, "exited with status 3");
  g_assert_cmpint (buildq_result_get_exit_status (result), ==, 3);
  g_assert_cmpstr (buildq_result_get_log_tail (result), ==, "oops\n");
  g_assert_nonnull (buildq_result_get_log (result));
  log = g_filename_from_uri (buildq_location_get_uri (buildq_result_get_log (result)),
                             NULL, NULL);
  g_assert_nonnull (log);
  g_assert_nonnull (strstr (log, "/log/"));
  g_assert_true (g_file_test (log, G_FILE_TEST_IS_REGULAR));
}

static void
test_output_not_made (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "true");

  add_output (builder, "out", NULL);
  fixture_run_with_mirror (self);
  fixture_assert_fails (self, builder, "failed", "output 'out' was not made");
}

static void
test_output_escapes (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "ln -s /etc/passwd report");

  add_output (builder, "out", "report");
  fixture_run_with_mirror (self);
  fixture_assert_fails (self, builder, "failed",
                        "output 'out' lies outside of the build directory");
}

static void
test_outputs_overlap (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "mkdir d; echo > d/f");

  add_output (builder, "all", "d");
  add_output (builder, "part", "d/f");
  fixture_run_with_mirror (self);
  fixture_assert_fails (self, builder, "failed",
                        "output 'part' is part of another output");
}

static void
test_socket_in_output (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder
      = job_builder ("job", "mkdir $out; mkfifo $out/pipe");

  add_output (builder, "out", NULL);
  fixture_run_with_mirror (self);
  fixture_assert_fails (self, builder, "failed", "into the store");
}

/* Signals are the program's. But GIO ignores SIGPIPE once there is a socket. */
static void
test_signals (Fixture *self, gconstpointer data)
{
  struct sigaction before[NSIG], after;

  for (int i = 1; i < NSIG; i++)
    if (sigaction (i, NULL, &before[i]) < 0)
      before[i].sa_handler = SIG_ERR;
  fixture_run_with_mirror (self);
  fixture_submit_script (self, "job", "true");
  fixture_wait_finished (self, "job succeeded\n");
  for (int i = 1; i < NSIG; i++)
    if (i != SIGPIPE && sigaction (i, NULL, &after) == 0)
      {
        g_test_message ("signal %d: %s", i, g_strsignal (i));
        g_assert_true (after.sa_handler == before[i].sa_handler);
      }
}

static void
add_placed_input (BuildqJobBuilder *builder,
                  const char *name,
                  const char *job,
                  const char *at)
{
  g_autoptr (BuildqInput) input = buildq_input_new_for_job (name, job, NULL);
  g_autoptr (BuildqInput) placed = buildq_input_place (input, at);

  buildq_job_builder_add_input (builder, placed);
}

/* Copies that the job may change; directories at one place become one. */
static void
test_inputs_placed (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  g_autoptr (BuildqJobBuilder) file
      = job_builder ("file", "echo one > $out; chmod +x $out");
  g_autoptr (BuildqJobBuilder) tree = job_builder (
      "tree", "mkdir -p $out/sub; echo two > $out/sub/two; ln -s sub/two $out/link");
  g_autoptr (BuildqJobBuilder) user = job_builder (
      "user", "set -e; test -x deep/er/one\n"
              "test ! deep/er/one -nt sub/mine; test ! deep/er/one -ot sub/mine\n"
              "echo more >> deep/er/one; echo new > sub/new; rm sub/two\n"
              "cat deep/er/one sub/mine > $out\n"
              "readlink link >> $out; cat $BUILDQ_INPUT_b/sub/two >> $out");
  g_autoptr (BuildqResult) result = NULL;
  g_autofree char *content = NULL;
  g_autoptr (BuildqJobBuilder) mine = job_builder ("mine", "echo mine > $out");

  add_output (file, "out", NULL);
  add_output (tree, "out", NULL);
  add_output (mine, "out", NULL);
  add_output (user, "out", NULL);
  add_placed_input (user, "a", "file", "deep/er/one");
  add_placed_input (user, "b", "tree", ".");
  add_placed_input (user, "c", "mine", "sub/mine");
  add_to (request, file);
  add_to (request, tree);
  add_to (request, mine);
  add_to (request, user);
  fixture_run_with_mirror (self);
  fixture_submit (self, request, "user");
  wait_until (strstr (self->finished->str, "user") != NULL);
  result = fixture_get_result (self, "user");
  g_assert_cmpint (buildq_result_get_outcome (result), ==, BUILDQ_OUTCOME_SUCCEEDED);
  content = read_output (self, result, 0, NULL);
  g_assert_cmpstr (content, ==, "one\nmore\nmine\nsub/two\ntwo\n");
}

/* No link of one input leads another out of the build directory. */
static void
test_inputs_collide (Fixture *self, gconstpointer data)
{
  const struct
  {
    const char *at;
    const char *second_at;
    const char *message;
  } cases[] = {
    { "x", "x", "putting input 'b' at 'x': " },
    { "x", "x/y", "putting input 'b' at 'x/y': " },
    { "link", "link/y", "putting input 'b' at 'link/y': " },
  };

  fixture_run_with_mirror (self);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
      g_autofree char *made = g_strdup_printf ("made-%u", i);
      g_autofree char *user = g_strdup_printf ("user-%u", i);
      g_autoptr (BuildqJobBuilder) first
          = job_builder (made, i == 2 ? "ln -s /tmp $out" : "echo > $out");
      g_autoptr (BuildqJobBuilder) second = job_builder (user, "true");
      g_autoptr (BuildqResult) result = NULL;

      add_output (first, "out", NULL);
      add_placed_input (second, "a", made, cases[i].at);
      add_placed_input (second, "b", made, cases[i].second_at);
      add_to (request, first);
      add_to (request, second);
      fixture_submit (self, request, user);
      wait_until (strstr (self->finished->str, user) != NULL);
      result = fixture_get_result (self, user);
      g_assert_cmpint (buildq_result_get_outcome (result), ==, BUILDQ_OUTCOME_FAILED);
      g_assert_true (
          g_str_has_prefix (buildq_result_get_message (result), cases[i].message));
    }
}

static void
test_input_missing (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "true");
  g_autoptr (BuildqInput) input = buildq_input_new_for_path (
      "x", "/buildq/store/00000000000000000000000000000000-nowhere");

  buildq_job_builder_add_input (builder, input);
  fixture_run_with_mirror (self);
  fixture_assert_fails (self, builder, "input-missing",
                        "00000000000000000000000000000000-nowhere");
}

static void
test_full_store (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "echo > $out");
  g_autoptr (BuildqStore) real = self->store;

  self->store = test_full_store_new (real);
  g_object_unref (self->worker);
  self->worker = fixture_make_worker (self, "w1", "work");
  add_output (builder, "out", NULL);
  fixture_run_with_mirror (self);
  fixture_assert_fails (self, builder, "host-fault", "No space left on device");
}

static void
test_upload_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "echo > $out");

  add_output (builder, "out", NULL);
  fixture_use_test_mirror (self, TEST_MIRROR_FAILS);
  fixture_run (self);
  fixture_assert_fails (self, builder, "upload-failed", "the mirror is on fire");
  g_assert_cmpuint (test_mirror_get_published (self->test_mirror), ==, 0);
}

static gboolean
drop (BuildqExecution *execution, gpointer data, GError **error)
{
  return TRUE;
}

static gboolean
write_greeting (BuildqExecution *execution, gpointer data, GError **error)
{
  g_autofree char *path = buildq_execution_get_output_path (execution, "out");

  if (!g_file_set_contents (path, "from a function\n", -1, error))
    return FALSE;
  buildq_execution_complete (execution);
  return TRUE;
}

static void
add_func (Fixture *self, BuildqExecutorFunc func)
{
  g_autoptr (BuildqFuncExecutor) executor = buildq_func_executor_new (func, NULL, NULL);

  buildq_worker_add_executor (self->worker, "func", BUILDQ_EXECUTOR (executor));
}

static void
test_func_executor (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "");
  g_autoptr (BuildqResult) result = NULL;
  g_autofree char *text = NULL;

  buildq_job_builder_set_kind (builder, "func");
  add_output (builder, "out", NULL);
  add_func (self, write_greeting);
  fixture_submit_one (self, builder, "job");
  fixture_run_with_mirror (self);
  fixture_wait_finished (self, "job succeeded\n");
  result = fixture_get_result (self, "job");
  text = read_output (self, result, 0, NULL);
  g_assert_cmpstr (text, ==, "from a function\n");
}

static void
test_dropped (Fixture *self, gconstpointer data)
{
  g_autoptr (BuildqJobBuilder) builder = job_builder ("job", "");

  buildq_job_builder_set_kind (builder, "func");
  add_func (self, drop);
  fixture_run_with_mirror (self);
  fixture_assert_fails (self, builder, "host-fault",
                        "dropped job 'job' without an answer");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("/worker/two-jobs", test_two_jobs);
  TEST ("/worker/failing", test_failing);
  TEST ("/worker/output-not-made", test_output_not_made);
  TEST ("/worker/output-escapes", test_output_escapes);
  TEST ("/worker/outputs-overlap", test_outputs_overlap);
  TEST ("/worker/socket-in-output", test_socket_in_output);
  TEST ("/worker/input-missing", test_input_missing);
  TEST ("/worker/signals", test_signals);
  TEST ("/worker/inputs-placed", test_inputs_placed);
  TEST ("/worker/inputs-collide", test_inputs_collide);
  TEST ("/worker/full-store", test_full_store);
  TEST ("/worker/upload-fails", test_upload_fails);
  TEST ("/worker/func-executor", test_func_executor);
  TEST ("/worker/dropped", test_dropped);
  return g_test_run ();
}
