/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-http-error.h"
#include "http/buildq-server-private.h"

#include "core/buildq-hash.h"

#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-local-queue.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-principal.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>
#include <buildq/buildq-worker-status.h>

#include <string.h>

#define DEFAULT_PAGE 100
#define MAX_PAGE 10000

static const char *
body_text (Exchange *self, gsize *length)
{
  *length = self->body->len;
  return self->body->len > 0 ? (const char *) self->body->data : "";
}

/* --- requests --- */

static void
submit_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_submit_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (
      msg, 201, status != NULL ? buildq_request_status_to_json (status) : NULL, error);
}

/* Only an admin submits in the name of somebody else. */
static BuildqRequest *
name_submitter (Exchange *self, BuildqRequest *request)
{
  BuildqRequest *copy;

  if (buildq_principal_get_role (self->who) == BUILDQ_ROLE_ADMIN
      && request->submitter != NULL)
    return _buildq_value_ref (request);
  copy = _buildq_value_copy (&_buildq_request_info, request);
  _buildq_set_string (&copy->submitter, buildq_principal_get_name (self->who));
  return copy;
}

static void
handle_submit (Exchange *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = NULL;
  g_autoptr (BuildqRequest) named = NULL;
  gsize length;
  const char *json = body_text (self, &length);

  request
      = _buildq_value_from_json (&_buildq_request_info, json, (gssize) length, &error);
  if (request == NULL)
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  named = name_submitter (self, request);
  buildq_queue_submit_async (self->server->queue, named, G_PRIORITY_DEFAULT, NULL,
                             submit_ready, _buildq_exchange_pause (self));
}

static void
get_request_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_get_request_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (
      msg, 200, status != NULL ? buildq_request_status_to_json (status) : NULL, error);
}

static void
handle_get_request (Exchange *self)
{
  buildq_queue_get_request_async (self->server->queue, self->arg, G_PRIORITY_DEFAULT,
                                  NULL, get_request_ready, _buildq_exchange_pause (self));
}

/* --- jobs --- */

static gboolean
parse_number (const char *name,
              const char *text,
              gint64 min,
              gint64 max,
              gint64 *number,
              GError **error)
{
  if (g_ascii_string_to_signed (text, 10, min, max, number, NULL))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "%s '%s' is not a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
               name, text, min, max);
  return FALSE;
}

static gboolean
add_states (GStrvBuilder *states, const char *text, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  int state;

  for (guint i = 0; names[i] != NULL; i++)
    {
      if (!_buildq_enum_from_string (BUILDQ_TYPE_JOB_STATE, names[i], &state))
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                       "state '%s' is not known", names[i]);
          return FALSE;
        }
      g_strv_builder_add (states, names[i]);
    }
  return TRUE;
}

typedef struct
{
  char *request;
  GStrvBuilder *states;
  gint64 after;
  gint64 limit;
  gint64 offset;
} Params;

static gboolean
take_param (Params *params, const char *name, const char *value, GError **error)
{
  if (strcmp (name, "request") == 0)
    _buildq_set_string (&params->request, value);
  else if (strcmp (name, "state") == 0)
    return add_states (params->states, value, error);
  else if (strcmp (name, "after") == 0)
    return parse_number (name, value, 0, G_MAXINT64, &params->after, error);
  else if (strcmp (name, "limit") == 0)
    return parse_number (name, value, 1, MAX_PAGE, &params->limit, error);
  else if (strcmp (name, "offset") == 0)
    return parse_number (name, value, 0, G_MAXINT64, &params->offset, error);
  return TRUE;
}

/* Parameters that are not known are passed over, as members are. */
static gboolean
parse_params (Exchange *self, Params *params, GError **error)
{
  const char *query = g_uri_get_query (soup_server_message_get_uri (self->msg));
  GUriParamsIter iter;
  gboolean ok = TRUE;

  g_uri_params_iter_init (&iter, query != NULL ? query : "", -1, "&",
                          G_URI_PARAMS_WWW_FORM);
  while (ok)
    {
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;
      g_autoptr (GError) local = NULL;

      if (!g_uri_params_iter_next (&iter, &name, &value, &local))
        {
          if (local == NULL)
            return TRUE;
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "query: %s",
                       local->message);
          return FALSE;
        }
      ok = take_param (params, name, value, error);
    }
  return FALSE;
}

static void
params_clear (Params *params)
{
  g_clear_pointer (&params->request, g_free);
  g_clear_pointer (&params->states, g_strv_builder_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Params, params_clear)

static void
list_jobs_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobPage) page
      = buildq_queue_list_jobs_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (msg, 200,
                             page != NULL ? buildq_job_page_to_json (page) : NULL, error);
}

static void
handle_list_jobs (Exchange *self)
{
  g_auto (Params) params = { .limit = DEFAULT_PAGE, .states = g_strv_builder_new () };
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqQuery) query = NULL;
  g_auto (GStrv) states = NULL;

  if (!parse_params (self, &params, &error))
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  states = g_strv_builder_end (params.states);
  query = buildq_query_new (params.request, (const char *const *) states, params.after,
                            params.limit);
  buildq_queue_list_jobs_async (self->server->queue, query, G_PRIORITY_DEFAULT, NULL,
                                list_jobs_ready, _buildq_exchange_pause (self));
}

static void
get_job_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobStatus) status
      = buildq_queue_get_job_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (
      msg, 200, status != NULL ? buildq_job_status_to_json (status) : NULL, error);
}

static void
handle_get_job (Exchange *self)
{
  buildq_queue_get_job_async (self->server->queue, self->arg, G_PRIORITY_DEFAULT, NULL,
                              get_job_ready, _buildq_exchange_pause (self));
}

static void
read_log_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqLogChunk) chunk
      = buildq_queue_read_log_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (
      msg, 200, chunk != NULL ? buildq_log_chunk_to_json (chunk) : NULL, error);
}

static void
handle_read_log (Exchange *self)
{
  g_auto (Params) params = { .states = g_strv_builder_new () };
  g_autoptr (GError) error = NULL;

  if (!parse_params (self, &params, &error))
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  buildq_queue_read_log_async (self->server->queue, self->arg, params.offset,
                               G_PRIORITY_DEFAULT, NULL, read_log_ready,
                               _buildq_exchange_pause (self));
}

static void
list_workers_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) workers
      = buildq_queue_list_workers_finish (BUILDQ_QUEUE (queue), result, &error);
  GString *json = g_string_new ("{\"workers\":[");

  for (guint i = 0; workers != NULL && i < workers->len; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      _buildq_value_append_json (&_buildq_worker_status_info, workers->pdata[i], FALSE,
                                 json);
    }
  g_string_append (json, "]}");
  if (error != NULL)
    g_string_free (g_steal_pointer (&json), TRUE);
  _buildq_exchange_conclude (msg, 200, json != NULL ? g_string_free (json, FALSE) : NULL,
                             error);
}

static void
handle_list_workers (Exchange *self)
{
  buildq_queue_list_workers_async (self->server->queue, G_PRIORITY_DEFAULT, NULL,
                                   list_workers_ready, _buildq_exchange_pause (self));
}

/* --- texts --- */

static void
put_text_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hash
      = buildq_queue_put_text_finish (BUILDQ_QUEUE (queue), result, &error);

  /* Nothing in a hash needs to be escaped. */
  _buildq_exchange_conclude (
      msg, 201, hash != NULL ? g_strdup_printf ("{\"hash\":\"%s\"}", hash) : NULL, error);
}

static gboolean
check_text (Exchange *self, GBytes *text, GError **error)
{
  guint8 promised[BUILDQ_HASH_BYTES], found[BUILDQ_HASH_BYTES];
  g_autofree char *hash = NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (text, &size);

  if (!_buildq_hash_parse (self->arg, promised, error))
    return FALSE;
  _buildq_hash_bytes (data, size, found);
  if (memcmp (promised, found, sizeof found) == 0)
    return TRUE;
  hash = _buildq_hash_format (found);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM, "text '%s' has the hash %s",
               self->arg, hash);
  return FALSE;
}

static void
handle_put_text (Exchange *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = g_byte_array_free_to_bytes (g_steal_pointer (&self->body));

  if (!check_text (self, text, &error))
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  buildq_queue_put_text_async (self->server->queue, text, G_PRIORITY_DEFAULT, NULL,
                               put_text_ready, _buildq_exchange_pause (self));
}

static void
get_text_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (SoupServerMessage) owned = msg;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text
      = buildq_queue_get_text_finish (BUILDQ_QUEUE (queue), result, &error);
  Exchange *self = _buildq_exchange_resume (msg);

  if (text != NULL)
    _buildq_exchange_answer_bytes (self, text);
  else
    _buildq_exchange_refuse (self, 0, error);
}

static void
handle_get_text (Exchange *self)
{
  buildq_queue_get_text_async (self->server->queue, self->arg, G_PRIORITY_DEFAULT, NULL,
                               get_text_ready, _buildq_exchange_pause (self));
}

static void
missing_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) missing
      = buildq_queue_missing_texts_finish (BUILDQ_QUEUE (queue), result, &error);
  GString *json = g_string_new ("{\"missing\":[");

  for (guint i = 0; missing != NULL && missing[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      _buildq_json_append_string (json, missing[i]);
    }
  g_string_append (json, "]}");
  if (error != NULL)
    g_string_free (g_steal_pointer (&json), TRUE);
  _buildq_exchange_conclude (msg, 200, json != NULL ? g_string_free (json, FALSE) : NULL,
                             error);
}

typedef struct
{
  char **hashes;
} Hashes;

static const BuildqField hashes_fields[] = {
  { "hashes", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (Hashes, hashes), 0, BUILDQ_MAX_NAME },
};

static const BuildqValueInfo hashes_info = {
  "list of hashes",
  sizeof (Hashes),
  hashes_fields,
  G_N_ELEMENTS (hashes_fields),
  NULL,
  NULL,
};

static void
handle_missing (Exchange *self)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *json = body_text (self, &length);
  Hashes *hashes = _buildq_value_from_json (&hashes_info, json, (gssize) length, &error);

  if (hashes == NULL)
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  buildq_queue_missing_texts_async (
      self->server->queue, (const char *const *) hashes->hashes, G_PRIORITY_DEFAULT, NULL,
      missing_ready, _buildq_exchange_pause (self));
  _buildq_value_unref (&hashes_info, hashes);
}

/* --- sync, and the server itself --- */

static void
sync_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncReply) reply
      = buildq_queue_sync_finish (BUILDQ_QUEUE (queue), result, &error);
  Exchange *self = _buildq_exchange_resume (msg);

  if (reply != NULL && self->server != NULL)
    _buildq_session_learn (self->server, reply);
  _buildq_exchange_conclude (
      msg, 200, reply != NULL ? buildq_sync_reply_to_json (reply) : NULL, error);
}

static void
handle_sync (Exchange *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncMessage) message = NULL;
  g_autoptr (BuildqSyncMessage) quiet = NULL;
  gsize length;
  const char *json = body_text (self, &length);

  message = _buildq_value_from_json (&_buildq_sync_message_info, json, (gssize) length,
                                     &error);
  if (message == NULL
      || !_buildq_session_check (self->server, self->who, message, NULL, &error))
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  quiet = _buildq_session_with_push (message, FALSE);
  buildq_queue_sync_async (self->server->queue, quiet, G_PRIORITY_DEFAULT, NULL,
                           sync_ready, _buildq_exchange_pause (self));
}

static void
handle_status (Exchange *self)
{
  static const char *const capabilities[] = { BUILDQ_CAPABILITIES };
  BuildqServer *server = self->server;
  GString *json = g_string_new ("{");
  const char *instance = server->instance;

  /* Another queue says it only in its replies. */
  if (BUILDQ_IS_LOCAL_QUEUE (server->queue))
    instance = buildq_local_queue_get_instance (BUILDQ_LOCAL_QUEUE (server->queue));
  _buildq_socket_count_all (server);
  g_string_append_printf (json,
                          "\"version\":%d,\"software\":\"%s %s\",\"capabilities\":[",
                          BUILDQ_PROTOCOL_VERSION, PACKAGE_NAME, PACKAGE_VERSION);
  for (guint i = 0; i < G_N_ELEMENTS (capabilities); i++)
    g_string_append_printf (json, "%s\"%s\"", i > 0 ? "," : "", capabilities[i]);
  g_string_append_c (json, ']');
  if (instance != NULL)
    {
      g_string_append (json, ",\"instance\":");
      _buildq_json_append_string (json, instance);
    }
  g_string_append_printf (
      json,
      ",\"sessions\":%u,\"connections\":%u,\"max_connections\":%u"
      ",\"received_bytes\":%" G_GINT64_FORMAT ",\"sent_bytes\":%" G_GINT64_FORMAT "}",
      g_hash_table_size (server->sessions), g_hash_table_size (server->channels),
      server->max_channels, server->received_bytes, server->sent_bytes);
  _buildq_exchange_answer (self, 200, g_string_free (json, FALSE));
}

#define ROLE(name) (1u << BUILDQ_ROLE_##name)
#define LOOK (ROLE (READER) | ROLE (SUBMITTER) | ROLE (RELAY) | ROLE (ADMIN))
#define SUBMIT (ROLE (SUBMITTER) | ROLE (ADMIN))
#define ADMINISTER ROLE (ADMIN)
#define SYNC (ROLE (WORKER) | ROLE (RELAY) | ROLE (ADMIN))

const Route _buildq_routes[] = {
  { "GET", "/", LOOK, MAX_OTHER_BYTES, _buildq_handle_page },
  { "GET", "/healthz", 0, MAX_OTHER_BYTES, _buildq_handle_health },
  { "GET", "/metrics", LOOK, MAX_OTHER_BYTES, _buildq_handle_metrics },
  { "GET", "/v1/status", LOOK | SYNC, MAX_OTHER_BYTES, handle_status },
  { "GET", "/v1/stats", LOOK, MAX_OTHER_BYTES, _buildq_handle_stats },
  { "POST", "/v1/requests", SUBMIT, MAX_REQUEST_BYTES, handle_submit },
  { "GET", "/v1/requests/*", LOOK, MAX_OTHER_BYTES, handle_get_request },
  { "DELETE", "/v1/requests/*", SUBMIT, MAX_OTHER_BYTES, _buildq_owner_cancel },
  { "POST", "/v1/requests/*/retry", SUBMIT, MAX_OTHER_BYTES,
    _buildq_owner_retry_request },
  { "GET", "/v1/jobs", LOOK, MAX_OTHER_BYTES, handle_list_jobs },
  { "GET", "/v1/jobs/*", LOOK, MAX_OTHER_BYTES, handle_get_job },
  { "GET", "/v1/jobs/*/log", LOOK, MAX_OTHER_BYTES, handle_read_log },
  { "POST", "/v1/jobs/*/retry", SUBMIT, MAX_OTHER_BYTES, _buildq_owner_retry_job },
  { "GET", "/v1/workers", LOOK, MAX_OTHER_BYTES, handle_list_workers },
  { "POST", "/v1/workers/*/pause", ADMINISTER, MAX_OTHER_BYTES, _buildq_workers_pause },
  { "POST", "/v1/workers/*/resume", ADMINISTER, MAX_OTHER_BYTES, _buildq_workers_resume },
  { "POST", "/v1/workers/*/drain", ADMINISTER, MAX_OTHER_BYTES, _buildq_workers_drain },
  { "POST", "/v1/texts/missing", SUBMIT, MAX_TEXT_BYTES, handle_missing },
  { "PUT", "/v1/texts/*", SUBMIT, MAX_TEXT_BYTES, handle_put_text },
  { "GET", "/v1/texts/*", LOOK | SYNC, MAX_TEXT_BYTES, handle_get_text },
  { "POST", "/v1/sync", SYNC, MAX_SYNC_BYTES, handle_sync },
  { "GET", "/v1/session", SYNC, MAX_OTHER_BYTES, NULL },
};

const guint _buildq_n_routes = G_N_ELEMENTS (_buildq_routes);
