/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Runs tests/contract/ over every kind of queue; see the README there.
 */
#include "config.h"

#include "contract-match.h"

#include <buildq/buildq.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#define DEADLINE_US (60 * G_USEC_PER_SEC)

typedef enum
{
  MEMORY,
  JOURNAL,
  REMOTE,
  REMOTE_POST,
  N_KINDS,
} Kind;

static const char *const kind_names[N_KINDS]
    = { "memory", "journal", "remote", "remote-post" };

typedef struct
{
  Kind kind;
  char *file;
} Case;

typedef struct
{
  Kind kind;
  JsonObject *settings; /* or NULL */
  char *dir;
  BuildqLocalQueue *local;
  BuildqServer *server;
  guint port;
  BuildqQueue *queue; /* the one that is tested */
  GHashTable *saved;
  GQueue pushes; /* JSON text */
} Run;

/* --- the queue that is tested --- */

static void
pushed (BuildqQueue *queue,
        const char *session,
        BuildqSyncReply *reply,
        gpointer user_data)
{
  g_queue_push_tail (&((Run *) user_data)->pushes, buildq_sync_reply_to_json (reply));
}

static gint64
setting (Run *run, const char *name, gint64 fallback)
{
  if (run->settings == NULL || !json_object_has_member (run->settings, name))
    return fallback;
  return json_object_get_int_member (run->settings, name);
}

static void
open_queue (Run *run)
{
  g_autofree char *path = g_build_filename (run->dir, "journal.db", NULL);
  g_autoptr (GError) error = NULL;

  run->local = buildq_local_queue_new (run->kind == MEMORY ? NULL : path, &error);
  g_assert_no_error (error);
  buildq_local_queue_set_session_ms (run->local, setting (run, "session_ms", 30000));
  buildq_local_queue_set_claim_ms (run->local, setting (run, "claim_ms", 10000));
  if (run->kind < REMOTE)
    run->queue = g_object_ref (BUILDQ_QUEUE (run->local));
  else
    {
      BuildqRemoteQueue *remote;

      run->server = buildq_server_new (BUILDQ_QUEUE (run->local), NULL);
      buildq_server_listen (run->server, "127.0.0.1", run->port, &error);
      g_assert_no_error (error);
      remote
          = buildq_remote_queue_new (buildq_server_get_uri (run->server), NULL, &error);
      g_assert_no_error (error);
      buildq_remote_queue_set_use_websocket (remote, run->kind == REMOTE);
      run->queue = BUILDQ_QUEUE (remote);
    }
  g_signal_connect (run->queue, "pushed", G_CALLBACK (pushed), run);
}

static void
close_queue (Run *run)
{
  g_signal_handlers_disconnect_by_data (run->queue, run);
  if (run->server != NULL)
    buildq_server_stop (run->server);
  g_clear_object (&run->queue);
  g_clear_object (&run->server);
  /* A server that stops has said so to the queue, whose answer may be on its way. */
  g_object_add_weak_pointer (G_OBJECT (run->local), (gpointer *) &run->local);
  g_object_unref (run->local);
  while (run->local != NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* --- the calls --- */

static gboolean
out_of_time (gpointer data)
{
  g_error ("%s: nothing happened in time", (const char *) data);
  return G_SOURCE_REMOVE;
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **place, const char *what)
{
  guint timer = g_timeout_add_seconds (DEADLINE_US / G_USEC_PER_SEC, out_of_time,
                                       (gpointer) what);

  while (*place == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return *place;
}

#define CALL(start, finish, to_json, unref)                                              \
  G_STMT_START                                                                           \
  {                                                                                      \
    gpointer value;                                                                      \
    start;                                                                               \
    value = finish (run->queue, wait_for (&result, call), error);                        \
    if (value == NULL)                                                                   \
      return NULL;                                                                       \
    json = to_json (value);                                                              \
    unref (value);                                                                       \
    return g_steal_pointer (&json);                                                      \
  }                                                                                      \
  G_STMT_END

static char *
workers_to_json (GPtrArray *workers)
{
  g_autoptr (GString) out = g_string_new ("[");

  for (guint i = 0; i < workers->len; i++)
    {
      g_autofree char *json = buildq_worker_status_to_json (workers->pdata[i]);

      g_string_append_printf (out, "%s%s", i > 0 ? "," : "", json);
    }
  g_string_append_c (out, ']');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static char *
string_to_json (const char *text)
{
  return g_strdup_printf ("\"%s\"", text);
}

static char *
bytes_to_json (GBytes *bytes)
{
  return g_strdup_printf ("\"%.*s\"", (int) g_bytes_get_size (bytes),
                          (const char *) g_bytes_get_data (bytes, NULL));
}

static char *
call_about_work (Run *run, const char *call, const char *with, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *json = NULL;

  if (g_str_equal (call, "submit"))
    {
      g_autoptr (BuildqRequest) request = buildq_request_new_from_json (with, error);

      if (request == NULL)
        return NULL;
      CALL (
          buildq_queue_submit_async (run->queue, request, 0, NULL, take_result, &result),
          buildq_queue_submit_finish, buildq_request_status_to_json,
          buildq_request_status_unref);
    }
  if (g_str_equal (call, "sync"))
    {
      g_autoptr (BuildqSyncMessage) message
          = buildq_sync_message_new_from_json (with, error);

      if (message == NULL)
        return NULL;
      CALL (buildq_queue_sync_async (run->queue, message, 0, NULL, take_result, &result),
            buildq_queue_sync_finish, buildq_sync_reply_to_json, buildq_sync_reply_unref);
    }
  g_assert_cmpstr (call, ==, "list_jobs");
  {
    g_autoptr (BuildqQuery) query = buildq_query_new_from_json (with, error);

    if (query == NULL)
      return NULL;
    CALL (buildq_queue_list_jobs_async (run->queue, query, 0, NULL, take_result, &result),
          buildq_queue_list_jobs_finish, buildq_job_page_to_json, buildq_job_page_unref);
  }
}

static char *
call_by_name (Run *run, const char *call, const char *name, gint64 offset, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *json = NULL;

  if (g_str_equal (call, "cancel"))
    CALL (buildq_queue_cancel_async (run->queue, name, 0, NULL, take_result, &result),
          buildq_queue_cancel_finish, buildq_request_status_to_json,
          buildq_request_status_unref);
  if (g_str_equal (call, "get_request"))
    CALL (
        buildq_queue_get_request_async (run->queue, name, 0, NULL, take_result, &result),
        buildq_queue_get_request_finish, buildq_request_status_to_json,
        buildq_request_status_unref);
  if (g_str_equal (call, "get_job"))
    CALL (buildq_queue_get_job_async (run->queue, name, 0, NULL, take_result, &result),
          buildq_queue_get_job_finish, buildq_job_status_to_json,
          buildq_job_status_unref);
  if (g_str_equal (call, "read_log"))
    CALL (buildq_queue_read_log_async (run->queue, name, offset, 0, NULL, take_result,
                                       &result),
          buildq_queue_read_log_finish, buildq_log_chunk_to_json, buildq_log_chunk_unref);
  if (g_str_equal (call, "get_text"))
    CALL (buildq_queue_get_text_async (run->queue, name, 0, NULL, take_result, &result),
          buildq_queue_get_text_finish, bytes_to_json, g_bytes_unref);
  if (g_str_equal (call, "list_workers"))
    CALL (buildq_queue_list_workers_async (run->queue, 0, NULL, take_result, &result),
          buildq_queue_list_workers_finish, workers_to_json, g_ptr_array_unref);
  g_assert_cmpstr (call, ==, "put_text");
  {
    g_autoptr (GBytes) text = g_bytes_new (name, strlen (name));

    CALL (buildq_queue_put_text_async (run->queue, text, 0, NULL, take_result, &result),
          buildq_queue_put_text_finish, string_to_json, g_free);
  }
}

static char *
call_retry (Run *run, const char *name, const char *key, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *json = NULL;
  const char *call = "retry";

  CALL (buildq_queue_retry_async (run->queue, name, key, 0, NULL, take_result, &result),
        buildq_queue_retry_finish, buildq_request_status_to_json,
        buildq_request_status_unref);
}

static char *
call_set_worker_state (Run *run, const char *name, const char *state, GError **error)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (BUILDQ_TYPE_WORKER_STATE);
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *json = NULL;
  const char *call = "set_worker_state";

  CALL (buildq_queue_set_worker_state_async (
            run->queue, name, g_enum_get_value_by_nick (states, state)->value, 0, NULL,
            take_result, &result),
        buildq_queue_set_worker_state_finish, buildq_worker_status_to_json,
        buildq_worker_status_unref);
}

/* What the call came back with, as JSON; NULL with @error. */
static char *
perform (Run *run, JsonObject *step, GError **error)
{
  const char *call = json_object_get_string_member (step, "call");

  if (g_str_equal (call, "restart"))
    {
      close_queue (run);
      open_queue (run);
      return g_strdup ("{}");
    }
  if (g_str_equal (call, "retry"))
    return call_retry (
        run, json_object_get_string_member_with_default (step, "name", NULL),
        json_object_get_string_member_with_default (step, "key", NULL), error);
  if (g_str_equal (call, "set_worker_state"))
    return call_set_worker_state (run, json_object_get_string_member (step, "name"),
                                  json_object_get_string_member (step, "state"), error);
  if (g_str_equal (call, "push"))
    {
      guint timer = g_timeout_add_seconds (20, out_of_time, (gpointer) "push");

      while (g_queue_is_empty (&run->pushes))
        g_main_context_iteration (NULL, TRUE);
      g_source_remove (timer);
      return g_queue_pop_head (&run->pushes);
    }
  if (json_object_has_member (step, "with"))
    {
      g_autoptr (JsonNode) with
          = contract_fill (json_object_get_member (step, "with"), run->saved);
      g_autofree char *text = json_to_string (with, FALSE);

      return call_about_work (run, call, text, error);
    }
  {
    g_autoptr (JsonNode) name
        = json_object_has_member (step, "name")
              ? contract_fill (json_object_get_member (step, "name"), run->saved)
              : NULL;

    return call_by_name (run, call, name != NULL ? json_node_get_string (name) : NULL,
                         json_object_get_int_member_with_default (step, "offset", 0),
                         error);
  }
}

/* --- the steps --- */

static char *
check_error (JsonObject *step, const GError *error)
{
  const char *code = json_object_get_string_member (step, "error");
  const char *part = json_object_get_string_member_with_default (step, "message", "");

  if (error == NULL)
    return g_strdup_printf ("it succeeded, instead of '%s'", code);
  if (error->domain != BUILDQ_ERROR
      || !g_str_equal (buildq_error_to_string (error->code), code))
    return g_strdup_printf ("the error is '%s' (%s) instead of '%s'",
                            error->domain == BUILDQ_ERROR
                                ? buildq_error_to_string (error->code)
                                : "of another domain",
                            error->message, code);
  if (strstr (error->message, part) == NULL)
    return g_strdup_printf ("'%s' does not say '%s'", error->message, part);
  return NULL;
}

static char *
check_answer (Run *run, JsonObject *step, const char *json)
{
  g_autoptr (JsonNode) actual = json_from_string (json, NULL);
  g_autoptr (JsonNode) expected = NULL;
  JsonObject *save;
  g_autoptr (GList) names = NULL;
  char *wrong;

  if (!json_object_has_member (step, "expect"))
    return NULL;
  expected = contract_fill (json_object_get_member (step, "expect"), run->saved);
  wrong = contract_match (expected, actual, "answer");
  if (wrong != NULL || !json_object_has_member (step, "save"))
    return wrong;

  save = json_object_get_object_member (step, "save");
  names = json_object_get_members (save);
  for (GList *l = names; l != NULL; l = l->next)
    {
      const char *path = json_object_get_string_member (save, l->data);
      JsonNode *found = contract_find (actual, path);

      if (found == NULL)
        return g_strdup_printf ("there is nothing at %s to save", path);
      g_hash_table_replace (run->saved, g_strdup (l->data), json_node_dup_string (found));
    }
  return NULL;
}

static char *
try_step (Run *run, JsonObject *step)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json = perform (run, step, &error);

  if (json_object_has_member (step, "error"))
    return check_error (step, error);
  if (error != NULL)
    return g_strdup_printf ("it failed: %s", error->message);
  return check_answer (run, step, json);
}

static gboolean
wake (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* A step with "until" is tried until it is as expected: something has to happen first. */
static void
run_step (Run *run, JsonObject *step, guint number)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_US;
  g_autofree char *wrong = try_step (run, step);

  while (wrong != NULL && json_object_has_member (step, "until")
         && g_get_monotonic_time () < deadline)
    {
      gboolean woken = FALSE;

      g_timeout_add (20, wake, &woken);
      while (!woken)
        g_main_context_iteration (NULL, TRUE);
      g_free (wrong);
      wrong = try_step (run, step);
    }
  if (wrong != NULL)
    g_test_fail_printf ("step %u (%s): %s", number,
                        json_object_get_string_member (step, "call"), wrong);
}

static gboolean
can_run (Kind kind, JsonObject *contract)
{
  JsonArray *needs = json_object_has_member (contract, "needs")
                         ? json_object_get_array_member (contract, "needs")
                         : NULL;

  for (guint i = 0; needs != NULL && i < json_array_get_length (needs); i++)
    {
      const char *need = json_array_get_string_element (needs, i);

      if ((g_str_equal (need, "push") && kind == REMOTE_POST)
          || (g_str_equal (need, "journal") && kind == MEMORY))
        return FALSE;
    }
  return TRUE;
}

static void
remove_dir (const char *dir)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);

      g_unlink (path);
    }
  g_rmdir (dir);
}

static void
test_contract (gconstpointer data)
{
  const Case *this = data;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  Run run = { .kind = this->kind };
  JsonObject *contract;
  JsonArray *steps;

  json_parser_load_from_file (parser, this->file, &error);
  g_assert_no_error (error);
  contract = json_node_get_object (json_parser_get_root (parser));
  if (json_object_has_member (contract, "settings"))
    run.settings = json_object_get_object_member (contract, "settings");
  run.dir = g_dir_make_tmp ("buildq-contract-XXXXXX", &error);
  g_assert_no_error (error);
  run.saved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  open_queue (&run);

  steps = json_object_get_array_member (contract, "steps");
  for (guint i = 0; i < json_array_get_length (steps) && !g_test_failed (); i++)
    run_step (&run, json_array_get_object_element (steps, i), i + 1);

  close_queue (&run);
  g_queue_clear_full (&run.pushes, g_free);
  g_hash_table_unref (run.saved);
  remove_dir (run.dir);
  g_free (run.dir);
}

static void
case_free (gpointer data)
{
  g_free (((Case *) data)->file);
  g_free (data);
}

static void
add_cases (const char *dir, const char *name, Kind kind)
{
  g_autofree char *file = g_build_filename (dir, name, NULL);
  g_autofree char *stem = g_strndup (name, strlen (name) - strlen (".json"));
  g_autofree char *path = g_strdup_printf ("/contract/%s/%s", kind_names[kind], stem);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  Case *this;

  json_parser_load_from_file (parser, file, &error);
  g_assert_no_error (error);
  if (!can_run (kind, json_node_get_object (json_parser_get_root (parser))))
    return;
  this = g_new0 (Case, 1);
  this->kind = kind;
  this->file = g_steal_pointer (&file);
  g_test_add_data_func_full (path, this, test_contract, case_free);
}

int
main (int argc, char **argv)
{
  g_autofree char *dir = NULL;
  g_autoptr (GDir) entries = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;

  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  dir = g_test_build_filename (G_TEST_DIST, "contract", NULL);
  entries = g_dir_open (dir, 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (entries)) != NULL)
    for (int kind = 0; kind < N_KINDS && g_str_has_suffix (name, ".json"); kind++)
      add_cases (dir, name, kind);
  return g_test_run ();
}
