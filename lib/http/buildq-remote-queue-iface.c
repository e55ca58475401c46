/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-remote-queue-private.h"

#include "core/buildq-hash.h"

#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-stats.h>

#include <string.h>

static gpointer
finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, queue), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

#define FINISH(name, Type)                                                               \
  static Type *name##_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)  \
  {                                                                                      \
    return finish (queue, result, error);                                                \
  }

/* Begins an operation: @tag is the function that does it. */
static GTask *
begin (BuildqQueue *queue,
       gpointer tag,
       int io_priority,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  GTask *task = g_task_new (queue, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  return task;
}

void
_buildq_remote_return_value (GTask *task,
                             GBytes *body,
                             const BuildqValueInfo *info,
                             gpointer destroy)
{
  gsize size;
  const char *json = g_bytes_get_data (body, &size);
  GError *error = NULL;
  gpointer value
      = _buildq_value_from_json (info, size > 0 ? json : "", (gssize) size, &error);

  if (value != NULL)
    {
      g_task_return_pointer (task, value, (GDestroyNotify) destroy);
      return;
    }
  error->code = BUILDQ_ERROR_PROTOCOL;
  g_prefix_error (&error, "answer of the queue: ");
  g_task_return_error (task, error);
}

static void
return_request_status (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &_buildq_request_status_info,
                               buildq_request_status_unref);
}

/* One segment of a path; %NULL for "." and "..", which vanish from one however they are
 * written. */
char *
_buildq_remote_make_path (const char *before, const char *segment, const char *after)
{
  g_autofree char *escaped = g_uri_escape_string (segment, NULL, FALSE);

  if (segment[0] == '\0' || strcmp (segment, ".") == 0 || strcmp (segment, "..") == 0)
    return NULL;
  return g_strconcat (before, escaped, after, NULL);
}

/* --- requests --- */

/* A request without an id gets one here, so that it is the same request when libsoup
 * sends it once more over another connection. */
static BuildqRequest *
with_id (BuildqRequest *request)
{
  BuildqRequest *copy;

  if (request->id != NULL)
    return buildq_request_ref (request);
  copy = _buildq_value_copy (&_buildq_request_info, request);
  copy->id = g_uuid_string_random ();
  return copy;
}

static void
submit_async (BuildqQueue *queue,
              BuildqRequest *request,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autoptr (BuildqRequest) named = with_id (request);
  char *json = buildq_request_to_json (named);
  g_autoptr (GBytes) body = g_bytes_new_take (json, strlen (json));
  GTask *task
      = begin (queue, submit_async, io_priority, cancellable, callback, user_data);

  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "POST", "/v1/requests", body,
                       return_request_status);
}

FINISH (submit, BuildqRequestStatus)

FINISH (sync, BuildqSyncReply)

static void
cancel_async (BuildqQueue *queue,
              const char *request_id,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autofree char *path = _buildq_remote_make_path ("/v1/requests/", request_id, NULL);
  GTask *task
      = begin (queue, cancel_async, io_priority, cancellable, callback, user_data);

  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "DELETE", path, NULL,
                       return_request_status);
}

FINISH (cancel, BuildqRequestStatus)

static void
retry_async (BuildqQueue *queue,
             const char *request_id,
             const char *key,
             int io_priority,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  g_autoptr (GString) after = g_string_new ("/retry");
  g_autofree char *path = NULL;
  GTask *task = begin (queue, retry_async, io_priority, cancellable, callback, user_data);

  if (key != NULL && request_id != NULL)
    {
      g_string_append (after, "?request=");
      g_string_append_uri_escaped (after, request_id, NULL, FALSE);
    }
  path = key != NULL ? _buildq_remote_make_path ("/v1/jobs/", key, after->str)
                     : _buildq_remote_make_path ("/v1/requests/", request_id, after->str);
  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "POST", path, NULL,
                       return_request_status);
}

FINISH (retry, BuildqRequestStatus)

static void
get_request_async (BuildqQueue *queue,
                   const char *request_id,
                   int io_priority,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autofree char *path = _buildq_remote_make_path ("/v1/requests/", request_id, NULL);
  GTask *task
      = begin (queue, get_request_async, io_priority, cancellable, callback, user_data);

  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "GET", path, NULL,
                       return_request_status);
}

FINISH (get_request, BuildqRequestStatus)

/* --- jobs --- */

static void
return_job_status (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &_buildq_job_status_info,
                               buildq_job_status_unref);
}

static void
get_job_async (BuildqQueue *queue,
               const char *key,
               int io_priority,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  g_autofree char *path = _buildq_remote_make_path ("/v1/jobs/", key, NULL);
  GTask *task
      = begin (queue, get_job_async, io_priority, cancellable, callback, user_data);

  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "GET", path, NULL,
                       return_job_status);
}

FINISH (get_job, BuildqJobStatus)

static void
return_job_page (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &_buildq_job_page_info, buildq_job_page_unref);
}

static void
list_jobs_async (BuildqQueue *queue,
                 BuildqQuery *query,
                 int io_priority,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GString) path = g_string_new ("/v1/jobs");
  GTask *task
      = begin (queue, list_jobs_async, io_priority, cancellable, callback, user_data);

  g_string_append_printf (path, "?after=%" G_GINT64_FORMAT, query->after);
  if (query->limit > 0)
    g_string_append_printf (path, "&limit=%" G_GINT64_FORMAT, query->limit);
  if (query->request != NULL)
    {
      g_string_append (path, "&request=");
      g_string_append_uri_escaped (path, query->request, NULL, FALSE);
    }
  for (char **state = query->states; *state != NULL; state++)
    {
      g_string_append (path, "&state=");
      g_string_append_uri_escaped (path, *state, NULL, FALSE);
    }
  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "GET", path->str, NULL,
                       return_job_page);
}

FINISH (list_jobs, BuildqJobPage)

static void
return_log_chunk (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &_buildq_log_chunk_info,
                               buildq_log_chunk_unref);
}

static void
read_log_async (BuildqQueue *queue,
                const char *key,
                gint64 offset,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autofree char *query = g_strdup_printf ("/log?offset=%" G_GINT64_FORMAT, offset);
  g_autofree char *path = _buildq_remote_make_path ("/v1/jobs/", key, query);
  GTask *task
      = begin (queue, read_log_async, io_priority, cancellable, callback, user_data);

  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "GET", path, NULL,
                       return_log_chunk);
}

FINISH (read_log, BuildqLogChunk)

/* --- counters --- */

static void
return_stats (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &_buildq_stats_info, buildq_stats_unref);
}

static void
get_stats_async (BuildqQueue *queue,
                 int io_priority,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  GTask *task
      = begin (queue, get_stats_async, io_priority, cancellable, callback, user_data);

  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "GET", "/v1/stats", NULL,
                       return_stats);
}

FINISH (get_stats, BuildqStats)

/* --- texts --- */

typedef struct
{
  char *hash;
} Hash;

static const BuildqField hash_fields[] = {
  { "hash", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (Hash, hash), BUILDQ_FIELD_REQUIRED,
    BUILDQ_MAX_NAME },
};

static const BuildqValueInfo hash_info = {
  "hash", sizeof (Hash), hash_fields, G_N_ELEMENTS (hash_fields), NULL, NULL,
};

static void
hash_unref (gpointer hash)
{
  _buildq_value_unref (&hash_info, hash);
}

static void
return_hash (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &hash_info, hash_unref);
}

static char *
hash_of (GBytes *bytes)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  _buildq_hash_bytes (data, size, digest);
  return _buildq_hash_format (digest);
}

static void
put_text_async (BuildqQueue *queue,
                GBytes *text,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autofree char *hash = hash_of (text);
  g_autofree char *path = _buildq_remote_make_path ("/v1/texts/", hash, NULL);
  GTask *task
      = begin (queue, put_text_async, io_priority, cancellable, callback, user_data);

  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "PUT", path, text, return_hash);
}

static char *
put_text_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  Hash *hash = finish (queue, result, error);
  char *text;

  if (hash == NULL)
    return NULL;
  text = g_strdup (hash->hash);
  hash_unref (hash);
  return text;
}

/* What was asked for, while it is. */
static GQuark
wanted_quark (void)
{
  return g_quark_from_static_string ("buildq-remote-queue-wanted");
}

static void
return_text (GTask *task, GBytes *body)
{
  guint8 wanted[BUILDQ_HASH_BYTES], found[BUILDQ_HASH_BYTES];
  const char *hash = g_object_get_qdata (G_OBJECT (task), wanted_quark ());
  gsize size;
  gconstpointer data = g_bytes_get_data (body, &size);
  GError *error = NULL;

  _buildq_hash_bytes (data, size, found);
  if (!_buildq_hash_parse (hash, wanted, &error))
    g_task_return_error (task, error);
  else if (memcmp (wanted, found, sizeof found) != 0)
    g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM,
                             "text '%s' arrived with another hash", hash);
  else
    g_task_return_pointer (task, g_bytes_ref (body), (GDestroyNotify) g_bytes_unref);
}

static void
get_text_async (BuildqQueue *queue,
                const char *hash,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autofree char *path = _buildq_remote_make_path ("/v1/texts/", hash, NULL);
  GTask *task
      = begin (queue, get_text_async, io_priority, cancellable, callback, user_data);

  g_object_set_qdata_full (G_OBJECT (task), wanted_quark (), g_strdup (hash), g_free);
  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "GET", path, NULL, return_text);
}

FINISH (get_text, GBytes)

typedef struct
{
  char **missing;
} Missing;

static const BuildqField missing_fields[] = {
  { "missing", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (Missing, missing), 0,
    BUILDQ_MAX_NAME },
};

static const BuildqValueInfo missing_info = {
  "list of texts",
  sizeof (Missing),
  missing_fields,
  G_N_ELEMENTS (missing_fields),
  NULL,
  NULL,
};

static void
missing_unref (gpointer missing)
{
  _buildq_value_unref (&missing_info, missing);
}

static void
return_missing (GTask *task, GBytes *body)
{
  _buildq_remote_return_value (task, body, &missing_info, missing_unref);
}

static void
missing_texts_async (BuildqQueue *queue,
                     const char *const *hashes,
                     int io_priority,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  GString *json = g_string_new ("{\"hashes\":[");
  g_autoptr (GBytes) body = NULL;
  GTask *task
      = begin (queue, missing_texts_async, io_priority, cancellable, callback, user_data);

  for (guint i = 0; hashes[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      _buildq_json_append_string (json, hashes[i]);
    }
  g_string_append (json, "]}");
  body = g_string_free_to_bytes (json);
  _buildq_remote_call (BUILDQ_REMOTE_QUEUE (queue), task, "POST", "/v1/texts/missing",
                       body, return_missing);
}

static char **
missing_texts_finish (BuildqQueue *queue, GAsyncResult *result, GError **error)
{
  Missing *missing = finish (queue, result, error);
  char **texts;

  if (missing == NULL)
    return NULL;
  texts = g_strdupv (missing->missing);
  missing_unref (missing);
  return texts;
}

void
_buildq_remote_queue_iface_init (gpointer data, gpointer unused)
{
  BuildqQueueInterface *iface = data;

  iface->submit_async = submit_async;
  iface->submit_finish = submit_finish;
  iface->sync_async = _buildq_remote_sync_async;
  iface->sync_finish = sync_finish;
  iface->cancel_async = cancel_async;
  iface->cancel_finish = cancel_finish;
  iface->retry_async = retry_async;
  iface->retry_finish = retry_finish;
  iface->get_request_async = get_request_async;
  iface->get_request_finish = get_request_finish;
  iface->get_job_async = get_job_async;
  iface->get_job_finish = get_job_finish;
  iface->list_jobs_async = list_jobs_async;
  iface->list_jobs_finish = list_jobs_finish;
  _buildq_remote_workers_iface_init (iface);
  iface->read_log_async = read_log_async;
  iface->read_log_finish = read_log_finish;
  iface->get_stats_async = get_stats_async;
  iface->get_stats_finish = get_stats_finish;
  iface->put_text_async = put_text_async;
  iface->put_text_finish = put_text_finish;
  iface->get_text_async = get_text_async;
  iface->get_text_finish = get_text_finish;
  iface->missing_texts_async = missing_texts_async;
  iface->missing_texts_finish = missing_texts_finish;
}
