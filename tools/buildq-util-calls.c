/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Calls of a queue that are waited for.
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_JOBS 1000
#define MAX_TOKEN_BYTES 4096

void
tool_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

GAsyncResult *
tool_wait (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

gboolean
tool_interrupted (gpointer user_data)
{
  gboolean *stop = user_data;

  if (*stop)
    exit (TOOL_INTERRUPTED);
  *stop = TRUE;
  return G_SOURCE_CONTINUE;
}

static gboolean
wake_up (gpointer user_data)
{
  gboolean *over = user_data;

  *over = TRUE;
  return G_SOURCE_REMOVE;
}

/* Sleeps, but lets the main context work, and ends early when @stop becomes true. */
void
tool_sleep_ms (guint ms, gboolean *stop)
{
  gboolean over = FALSE;
  guint id = g_timeout_add (ms, wake_up, &over);

  while (!over && (stop == NULL || !*stop))
    g_main_context_iteration (NULL, TRUE);
  if (!over)
    g_source_remove (id);
}

/* A secret: whoever can read it can do what its owner can. */
static void
warn_of_readers (const char *path)
{
  GStatBuf info;

  if (g_stat (path, &info) == 0 && S_ISREG (info.st_mode)
      && (info.st_mode & S_IROTH) != 0)
    tool_warn ("the token in '%s' can be read by everybody on this machine; type\n"
               "  chmod o-r '%s'",
               path, path);
}

static char *
read_token (GError **error)
{
  const char *path = tool_shared.token_file;
  g_autofree char *text = NULL;

  if (path == NULL)
    return NULL;
  text = tool_read_file (path, MAX_TOKEN_BYTES, error);
  if (text == NULL)
    {
      g_prefix_error (error, "the token: ");
      return NULL;
    }
  warn_of_readers (path);
  g_strstrip (text);
  if (*text != '\0')
    return g_steal_pointer (&text);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "the token file '%s' is empty",
               path);
  return NULL;
}

static const char *connected_role; /* NULL while others than the queue are spoken to */

const char *
tool_connected_role (void)
{
  return connected_role;
}

const char *
tool_speak_to_queue (const char *role)
{
  const char *before = connected_role;

  connected_role = role;
  return before;
}

BuildqQueue *
tool_connect (const char *role, GError **error)
{
  g_autofree char *token = NULL;
  g_autoptr (GError) local_error = NULL;
  BuildqRemoteQueue *queue;

  token = read_token (&local_error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  queue = buildq_remote_queue_new (tool_shared.uri, token, error);
  if (queue == NULL)
    return NULL;
  connected_role = role;
  return BUILDQ_QUEUE (queue);
}

BuildqRequestStatus *
tool_submit (BuildqQueue *queue, BuildqRequest *request, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_submit_async (queue, request, G_PRIORITY_DEFAULT, NULL, tool_done,
                             &result);
  return buildq_queue_submit_finish (queue, tool_wait (&result), error);
}

BuildqRequestStatus *
tool_get_request (BuildqQueue *queue, const char *id, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_get_request_async (queue, id, G_PRIORITY_DEFAULT, NULL, tool_done,
                                  &result);
  return buildq_queue_get_request_finish (queue, tool_wait (&result), error);
}

BuildqJobStatus *
tool_get_job (BuildqQueue *queue, const char *key, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_get_job_async (queue, key, G_PRIORITY_DEFAULT, NULL, tool_done, &result);
  return buildq_queue_get_job_finish (queue, tool_wait (&result), error);
}

static BuildqJobPage *
list_page (BuildqQueue *queue, BuildqQuery *query, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_queue_list_jobs_async (queue, query, G_PRIORITY_DEFAULT, NULL, tool_done,
                                &result);
  return buildq_queue_list_jobs_finish (queue, tool_wait (&result), error);
}

GPtrArray *
tool_list_jobs (BuildqQueue *queue,
                const char *request,
                const char *const *states,
                guint max,
                GError **error)
{
  g_autoptr (GPtrArray) jobs
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_job_status_unref);
  guint limit = max == 0 ? PAGE_JOBS : MIN (max, PAGE_JOBS);
  gint64 after = 0;

  do
    {
      g_autoptr (BuildqQuery) query = buildq_query_new (request, states, after, limit);
      g_autoptr (BuildqJobPage) page = list_page (queue, query, error);
      g_autoptr (GPtrArray) more = NULL;

      if (page == NULL)
        return NULL;
      more = buildq_job_page_get_jobs (page);
      for (guint i = 0; i < more->len; i++)
        g_ptr_array_add (jobs, buildq_job_status_ref (more->pdata[i]));
      after = buildq_job_page_get_next (page);
    }
  while (after != 0 && (max == 0 || jobs->len < max));
  return g_steal_pointer (&jobs);
}
