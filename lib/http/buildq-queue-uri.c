/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The one function of BuildqQueue that knows what queues there are.
 */
#include "config.h"

#include <buildq/buildq-error.h>
#include <buildq/buildq-local-queue.h>
#include <buildq/buildq-remote-queue.h>

/**
 * buildq_queue_new_for_uri:
 * @uri: `http://…` or `https://…`, a server's; `file:///PATH` or an absolute path, the
 *   journal of a queue in this process; or `memory:`, a queue in this process that
 * forgets all when it is dropped
 * @token: (nullable): the token that a server knows the caller by; not used for the
 * others
 * @error: `INVALID` when @uri or @token is not well-formed, `NOT_SUPPORTED` when there is
 *   no such kind of queue, and what [ctor@Buildq.LocalQueue.new] says of a journal
 *
 * Opens a queue. Nothing is sent before the first call.
 *
 * Returns: (transfer full): a new queue
 *
 * Since: 0.1
 */
BuildqQueue *
buildq_queue_new_for_uri (const char *uri, const char *token, GError **error)
{
  g_autofree char *scheme = NULL;
  g_autofree char *path = NULL;
  gboolean is_file = FALSE;

  g_return_val_if_fail (uri != NULL, NULL);

  if (g_path_is_absolute (uri))
    return (BuildqQueue *) buildq_local_queue_new (uri, error);
  if (g_str_equal (uri, "memory:"))
    return (BuildqQueue *) buildq_local_queue_new (NULL, error);
  scheme = g_uri_parse_scheme (uri);
  if (g_strcmp0 (scheme, "http") == 0 || g_strcmp0 (scheme, "https") == 0)
    return (BuildqQueue *) buildq_remote_queue_new (uri, token, error);
  is_file = g_strcmp0 (scheme, "file") == 0;
  if (is_file && g_str_has_prefix (uri, "file:///"))
    path = g_filename_from_uri (uri, NULL, NULL);
  if (path != NULL)
    return (BuildqQueue *) buildq_local_queue_new (path, error);
  /* What it has after the scheme may be a secret. */
  g_set_error (
      error, BUILDQ_ERROR,
      scheme == NULL || is_file ? BUILDQ_ERROR_INVALID : BUILDQ_ERROR_NOT_SUPPORTED,
      "queue '%s%s' is none of http://…, https://…, file:///JOURNAL, an absolute "
      "path and memory:",
      scheme == NULL || is_file ? uri : scheme, scheme == NULL || is_file ? "" : ":…");
  return NULL;
}
