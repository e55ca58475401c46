/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The codec of the values: what is read, what is refused and with which words, and that
 * what is written is always the same.
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq.h>
#include <string.h>

#define JOB_A "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"x\",\"argv\":[\"true\"]}"

static void
assert_message (GError *error, BuildqError code, const char *message)
{
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  g_assert_cmpstr (error->message, ==, message);
}

/* --- reading values --- */

static const struct
{
  const char *json;
  BuildqError code;
  const char *message;
} refused[] = {
  { "[]", BUILDQ_ERROR_INVALID, "a request is not an object" },
  { "{}", BUILDQ_ERROR_INVALID, "a request needs 'jobs'" },
  { "{\"jobs\":[]}", BUILDQ_ERROR_INVALID, "a request needs 'jobs'" },
  { "{\"jobs\":{}}", BUILDQ_ERROR_INVALID, "jobs of a request is not a list" },
  { "{\"jobs\":[1]}", BUILDQ_ERROR_INVALID, "jobs[0]: a job is not an object" },
  { "{\"jobs\":[null]}", BUILDQ_ERROR_INVALID, "jobs[0]: a job is not an object" },
  { "{\"jobs\":[" JOB_A ",{\"key\":\"b\"}]}", BUILDQ_ERROR_INVALID,
    "jobs[1]: job 'b': a job needs 'kind'" },
  { "{\"jobs\":[{\"key\":\"b\",\"kind\":\"\"}]}", BUILDQ_ERROR_INVALID,
    "jobs[0]: job 'b': a job needs 'kind'" },
  { "{\"jobs\":[{\"kind\":\"command\"}]}", BUILDQ_ERROR_INVALID,
    "jobs[0]: a job needs 'key'" },
  { "{\"jobs\":[{\"key\":1}]}", BUILDQ_ERROR_INVALID,
    "jobs[0]: key of a job is not a string" },
  { "{\"jobs\":[{\"key\":\"b\",\"argv\":\"true\"}]}", BUILDQ_ERROR_INVALID,
    "jobs[0]: job 'b': argv of a job is not a list of strings" },
  { "{\"jobs\":[{\"key\":\"b\",\"argv\":[1]}]}", BUILDQ_ERROR_INVALID,
    "jobs[0]: job 'b': argv of a job is not a list of strings" },
  { "{\"jobs\":[{\"key\":\"b\",\"cores\":\"1\"}]}", BUILDQ_ERROR_INVALID,
    "jobs[0]: job 'b': cores of a job is not a whole number" },
  { "{\"jobs\":[{\"key\":\"b\",\"cores\":1.5}]}", BUILDQ_ERROR_INVALID,
    "jobs[0]: job 'b': cores of a job is not a whole number" },
  { "{\"jobs\":[{\"key\":\"b\",\"kind\":\"x\",\"system\":\"x\",\"cores\":-1}]}",
    BUILDQ_ERROR_INVALID, "jobs[0]: job 'b': cores of a job: -1 is negative" },
  { "{\"jobs\":[{\"key\":\"b\",\"kind\":\"x\",\"system\":\"x\",\"cores\":65537}]}",
    BUILDQ_ERROR_TOO_LARGE,
    "jobs[0]: job 'b': cores of a job: 65537 is over the limit of 65536" },
  { "{\"rebuild\":1}", BUILDQ_ERROR_INVALID,
    "rebuild of a request is not true or false" },
  { "{\"priority\":1000001,\"jobs\":[" JOB_A "]}", BUILDQ_ERROR_TOO_LARGE,
    "priority of a request: 1000001 is over the limit of 1000000" },
  { "{\"jobs\":[" JOB_A "," JOB_A "]}", BUILDQ_ERROR_INVALID, "job 'a' is there twice" },
  { "{\"wanted\":[\"z\"],\"jobs\":[" JOB_A "]}", BUILDQ_ERROR_NOT_FOUND,
    "wanted job 'z' is not in the request" },
  { "{\"jobs\":[{\"key\":\"b\",\"outputs\":[{\"name\":\"out\"},{\"name\":\"doc\","
    "\"path\":\"../x\"}]}]}",
    BUILDQ_ERROR_INVALID,
    "jobs[0]: job 'b': outputs[1]: output 'doc': path '../x' is not a "
    "relative "
    "path inside the build directory" },
  { "{\"id\":\"r\",\"jobs\":7}", BUILDQ_ERROR_INVALID,
    "jobs of a request is not a list" },
};

static void
test_error_texts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *message;

      g_assert_null (buildq_request_new_from_json (refused[i].json, &error));
      /* The label of the request itself is not looked at here. */
      message = error->message;
      if (g_str_has_prefix (message, "request 'r': "))
        message += strlen ("request 'r': ");
      g_assert_error (error, BUILDQ_ERROR, (int) refused[i].code);
      g_assert_cmpstr (message, ==, refused[i].message);
    }
}

static void
test_nested_value (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_input_new_from_json (
      "{\"name\":\"src\",\"artifact\":{\"store_path\":\"x\"}}", &error));
  assert_message (error, BUILDQ_ERROR_INVALID,
                  "input 'src': artifact: artifact 'x': an artifact needs 'nar_hash'");
}

static void
test_input_sources (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_input_new_from_json ("{\"name\":\"src\"}", &error));
  assert_message (
      error, BUILDQ_ERROR_INVALID,
      "input 'src': it needs one of 'job', 'artifact', 'path', 'file', and has none");
  g_clear_error (&error);
  g_assert_null (buildq_input_new_from_json (
      "{\"name\":\"src\",\"path\":\"a\",\"file\":\"b\"}", &error));
  assert_message (
      error, BUILDQ_ERROR_INVALID,
      "input 'src': it needs one of 'job', 'artifact', 'path', 'file', and has several");
}

static void
test_input_at (void)
{
  const char *const bad[] = { "", "/etc", "../x", "a/../b", "a//b", "./a" };
  g_autoptr (BuildqInput) input = buildq_input_new_for_path ("src", "a");
  g_autoptr (BuildqInput) placed = buildq_input_place (input, "lib/src");
  g_autoptr (BuildqInput) top = buildq_input_place (placed, ".");
  g_autoptr (BuildqInput) none = buildq_input_place (placed, NULL);

  g_assert_cmpstr (buildq_input_get_at (placed), ==, "lib/src");
  g_assert_cmpstr (buildq_input_get_at (top), ==, ".");
  g_assert_true (buildq_input_equal (none, input));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *json
          = g_strdup_printf ("{\"name\":\"src\",\"path\":\"a\",\"at\":\"%s\"}", bad[i]);
      g_autofree char *message = g_strdup_printf (
          "input 'src': at '%s' is not a relative path inside the build directory",
          bad[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (buildq_input_new_from_json (json, &error));
      assert_message (error, BUILDQ_ERROR_INVALID, message);
    }
}

static void
test_unknown_enum (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqResult) result = buildq_result_new_from_json (
      "{\"token\":\"t\",\"key\":\"k\",\"outcome\":\"maybe\"}", &error);

  g_assert_null (result);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "'maybe' is not known"));
  g_clear_error (&error);
  g_assert_null (
      buildq_receipt_new_from_json ("{\"token\":\"t\",\"verdict\":1}", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
}

/* Verdicts may be added: an older side does nothing about one that it does not know. */
static void
test_unknown_verdict (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqReceipt) receipt
      = buildq_receipt_new_from_json ("{\"token\":\"t\",\"verdict\":\"maybe\"}", &error);
  g_autoptr (BuildqLeaseNotice) notice = buildq_lease_notice_new_from_json (
      "{\"token\":\"t\",\"verdict\":\"maybe\"}", &error);

  g_assert_no_error (error);
  g_assert_cmpint (buildq_receipt_get_verdict (receipt), ==, BUILDQ_VERDICT_RECEIVED);
  g_assert_cmpint (buildq_lease_notice_get_verdict (notice), ==, BUILDQ_VERDICT_OK);
}

/* A newer side may say more; null is the same as nothing; of two, the last counts. */
static void
test_unknown_members (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJob) job = buildq_job_new_from_json (
      "{\"new\":{\"deep\":[1,{\"x\":null}]},\"key\":\"z\",\"key\":\"a\",\"name\":null,"
      "\"kind\":\"command\",\"system\":\"x\",\"argv\":[\"true\"],\"depends\":null}",
      &error);
  g_autofree char *json = NULL;

  g_assert_no_error (error);
  json = buildq_job_to_json (job);
  g_assert_cmpstr (json, ==, JOB_A);
}

static void
assert_size (gsize size, const char *before, const char *after, gboolean good)
{
  g_autofree char *filler = g_strnfill (size, 'x');
  g_autofree char *json = g_strconcat (before, filler, after, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJob) job = buildq_job_new_from_json (json, &error);

  if (good)
    g_assert_no_error (error);
  else
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
}

static void
test_limits (void)
{
  const char *key = "{\"kind\":\"x\",\"system\":\"x\",\"key\":\"";
  const char *system = "{\"key\":\"a\",\"kind\":\"x\",\"system\":\"";
  const char *argument = "{\"key\":\"a\",\"kind\":\"x\",\"system\":\"x\",\"argv\":[\"";

  assert_size (BUILDQ_MAX_KEY, key, "\"}", TRUE);
  assert_size (BUILDQ_MAX_KEY + 1, key, "\"}", FALSE);
  assert_size (BUILDQ_MAX_NAME, system, "\"}", TRUE);
  assert_size (BUILDQ_MAX_NAME + 1, system, "\"}", FALSE);
  assert_size (BUILDQ_MAX_TEXT, argument, "\"]}", TRUE);
  assert_size (BUILDQ_MAX_TEXT + 1, argument, "\"]}", FALSE);
}

static void
test_too_many (void)
{
  g_autoptr (GString) strings
      = g_string_new ("{\"key\":\"a\",\"kind\":\"x\",\"argv\":[\"\"");
  g_autoptr (GString) outputs
      = g_string_new ("{\"key\":\"a\",\"kind\":\"x\",\"outputs\":[");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < BUILDQ_MAX_ITEMS; i++)
    g_string_append (strings, ",\"\"");
  g_string_append (strings, "]}");
  g_assert_null (buildq_job_new_from_json (strings->str, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  g_clear_error (&error);

  for (guint i = 0; i < 101; i++)
    g_string_append_printf (outputs, "%s{\"name\":\"o%u\"}", i > 0 ? "," : "", i);
  g_string_append (outputs, "]}");
  g_assert_null (buildq_job_new_from_json (outputs->str, &error));
  assert_message (error, BUILDQ_ERROR_TOO_LARGE,
                  "job 'a': outputs of a job: 101 is over the limit of 100");
}

/* --- writing --- */

/* The order is ours, and what is empty is left out. */
static void
test_canonical (void)
{
  static const char expected[] = "{\"id\":\"r\",\"priority\":-5,\"wanted\":[\"a\"],"
                                 "\"rebuild\":true,\"jobs\":[" JOB_A "]}";
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = buildq_request_new_from_json (
      "{ \"jobs\" : [ {\"argv\":[\"tr\\u0075e\"],\"system\":\"x\",\"kind\":\"command\","
      "\"key\":\"a\",\"features\":[],\"cores\":0} ],\n \"rebuild\":true, \"wanted\": "
      "[\"a\"], "
      "\"priority\": -5, \"id\": \"r\" }",
      &error);
  g_autoptr (BuildqRequest) again = NULL;
  g_autofree char *json = NULL;
  g_autofree char *twice = NULL;

  g_assert_no_error (error);
  json = buildq_request_to_json (request);
  g_assert_cmpstr (json, ==, expected);
  again = buildq_request_new_from_json (json, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_request_equal (request, again));
  twice = buildq_request_to_json (again);
  g_assert_cmpstr (twice, ==, json);
}

/* Each of these changes one field of each kind, and each is another value. */
static void
test_equality (void)
{
  static const char *const values[] = {
    JOB_A,
    "{\"key\":\"b\",\"kind\":\"command\",\"system\":\"x\",\"argv\":[\"true\"]}",
    "{\"key\":\"a\",\"kind\":\"command\",\"name\":\"\",\"system\":\"x\",\"argv\":["
    "\"true\"]}",
    "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"x\",\"argv\":[\"true\",\"\"]}",
    "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"x\",\"argv\":[\"True\"]}",
    "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"x\",\"argv\":[\"true\"],\"cores\":"
    "1}",
    "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"x\",\"outputs\":[{\"name\":\"o\"}],"
    "\"argv\":[\"true\"]}",
    "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"x\",\"outputs\":[{\"name\":\"p\"}],"
    "\"argv\":[\"true\"]}",
    "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"x\",\"outputs\":[{\"name\":\"o\","
    "\"path\":\"x\"}],"
    "\"argv\":[\"true\"]}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    for (guint n = 0; n < G_N_ELEMENTS (values); n++)
      {
        g_autoptr (BuildqJob) a = buildq_job_new_from_json (values[i], NULL);
        g_autoptr (BuildqJob) b = buildq_job_new_from_json (values[n], NULL);
        g_autofree char *json = buildq_job_to_json (a);

        g_assert_cmpint (buildq_job_equal (a, b), ==, i == n);
        g_assert_cmpstr (json, ==, values[i]);
      }
}

/* The digest says what is to be done, not how it is called or where inputs are had. */
static void
test_spec_digest (void)
{
  static const char *const same[] = {
    JOB_A,
    "{\"key\":\"b\",\"kind\":\"command\",\"name\":\"n\",\"system\":\"x\",\"argv\":["
    "\"true\"]}",
  };
  g_autoptr (BuildqJob) a = buildq_job_new_from_json (same[0], NULL);
  g_autoptr (BuildqJob) b = buildq_job_new_from_json (same[1], NULL);
  g_autoptr (BuildqJob) c = buildq_job_new_from_json (
      "{\"key\":\"a\",\"kind\":\"command\",\"system\":\"y\",\"argv\":[\"true\"]}", NULL);
  g_autofree char *digest_a = buildq_job_get_spec_digest (a);
  g_autofree char *digest_b = buildq_job_get_spec_digest (b);
  g_autofree char *digest_c = buildq_job_get_spec_digest (c);

  g_assert_true (g_str_has_prefix (digest_a, "sha256:"));
  g_assert_cmpstr (digest_a, ==, digest_b);
  g_assert_cmpstr (digest_a, !=, digest_c);
}

/* --- builders --- */

static BuildqJobBuilder *
start_job (void)
{
  static const char *const argv[] = { "true", NULL };
  BuildqJobBuilder *builder = buildq_job_builder_new ();

  buildq_job_builder_set_key (builder, "a");
  buildq_job_builder_set_kind (builder, "command");
  buildq_job_builder_set_system (builder, "x");
  buildq_job_builder_set_argv (builder, argv);
  return builder;
}

/* What was built does not change when the builder is used further. */
static void
test_builder_goes_on (void)
{
  g_autoptr (BuildqJobBuilder) builder = start_job ();
  g_autoptr (BuildqOutput) output = buildq_output_new ("out", NULL);
  g_autoptr (BuildqJob) first = NULL;
  g_autoptr (BuildqJob) second = NULL;
  g_autoptr (BuildqJob) copy = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  g_autofree char *changed = NULL;

  first = buildq_job_builder_build (builder, &error);
  g_assert_no_error (error);
  buildq_job_builder_set_key (builder, "b");
  buildq_job_builder_set_argv (builder, NULL);
  g_assert_null (buildq_job_builder_build (builder, &error));
  assert_message (error, BUILDQ_ERROR_INVALID, "a job of kind 'command' needs 'argv'");
  g_clear_error (&error);
  buildq_job_builder_set_kind (builder, "other");
  buildq_job_builder_add_output (builder, output);
  second = buildq_job_builder_build (builder, &error);
  g_assert_no_error (error);

  json = buildq_job_to_json (first);
  g_assert_cmpstr (json, ==, JOB_A);
  changed = buildq_job_to_json (second);
  g_assert_cmpstr (changed, ==,
                   "{\"key\":\"b\",\"kind\":\"other\",\"system\":\"x\","
                   "\"outputs\":[{\"name\":\"out\"}]}");
  buildq_job_builder_set_from (builder, first);
  copy = buildq_job_builder_build (builder, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_job_equal (copy, first));
}

/* The _new functions check nothing, so build looks at what was put in. */
static void
test_builder_checks_nested (void)
{
  g_autoptr (BuildqJobBuilder) builder = start_job ();
  g_autoptr (BuildqOutput) good = buildq_output_new ("out", NULL);
  g_autoptr (BuildqOutput) bad = buildq_output_new ("doc", "../x");
  g_autoptr (BuildqInput) input = buildq_input_new_for_path ("", "x");
  g_autoptr (GError) error = NULL;

  buildq_job_builder_add_output (builder, good);
  buildq_job_builder_add_output (builder, bad);
  g_assert_null (buildq_job_builder_build (builder, &error));
  assert_message (error, BUILDQ_ERROR_INVALID,
                  "outputs[1]: output 'doc': path '../x' is not a relative path "
                  "inside the build directory");
  g_clear_error (&error);

  g_clear_pointer (&builder, buildq_job_builder_unref);
  builder = start_job ();
  buildq_job_builder_add_input (builder, input);
  g_assert_null (buildq_job_builder_build (builder, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, "inputs[0]: "));
}

static void
test_builder_not_utf8 (void)
{
  g_autoptr (BuildqJobBuilder) builder = start_job ();
  const char *argv[] = { "true", "\377", NULL };
  g_autoptr (GError) error = NULL;

  buildq_job_builder_set_argv (builder, argv);
  g_assert_null (buildq_job_builder_build (builder, &error));
  assert_message (error, BUILDQ_ERROR_INVALID, "argv of a job is not UTF-8");
}

/* A setter may be given what the builder holds itself. */
static void
test_builder_own_value (void)
{
  g_autofree char *text = g_strdup ("abc");
  char *copy = text;

  _buildq_set_string (&copy, copy + 1);
  text = copy;
  g_assert_cmpstr (text, ==, "bc");
}

/* A list that was handed out holds its values by itself. */
static void
test_list_outlives (void)
{
  BuildqRequest *request = buildq_request_new_from_json ("{\"jobs\":[" JOB_A "]}", NULL);
  g_autoptr (GPtrArray) jobs = buildq_request_get_jobs (request);
  g_autofree char *json = NULL;

  buildq_request_unref (request);
  g_assert_cmpint (jobs->len, ==, 1);
  json = buildq_job_to_json (jobs->pdata[0]);
  g_assert_cmpstr (json, ==, JOB_A);
}

static void
test_boxed (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_auto (GValue) copy = G_VALUE_INIT;
  g_autoptr (BuildqJob) job = buildq_job_new_from_json (JOB_A, NULL);

  g_value_init (&value, BUILDQ_TYPE_JOB);
  g_value_set_boxed (&value, job);
  g_value_init (&copy, BUILDQ_TYPE_JOB);
  g_value_copy (&value, &copy);
  g_assert_true (g_value_get_boxed (&copy) == job);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/value/error-texts", test_error_texts);
  g_test_add_func ("/value/nested-value", test_nested_value);
  g_test_add_func ("/value/input-sources", test_input_sources);
  g_test_add_func ("/value/input-at", test_input_at);
  g_test_add_func ("/value/unknown-enum", test_unknown_enum);
  g_test_add_func ("/value/unknown-verdict", test_unknown_verdict);
  g_test_add_func ("/value/unknown-members", test_unknown_members);
  g_test_add_func ("/value/limits", test_limits);
  g_test_add_func ("/value/too-many", test_too_many);
  g_test_add_func ("/value/canonical", test_canonical);
  g_test_add_func ("/value/equality", test_equality);
  g_test_add_func ("/value/spec-digest", test_spec_digest);
  g_test_add_func ("/value/list-outlives", test_list_outlives);
  g_test_add_func ("/value/boxed", test_boxed);
  g_test_add_func ("/builder/goes-on", test_builder_goes_on);
  g_test_add_func ("/builder/checks-nested", test_builder_checks_nested);
  g_test_add_func ("/builder/not-utf8", test_builder_not_utf8);
  g_test_add_func ("/builder/own-value", test_builder_own_value);
  return g_test_run ();
}
