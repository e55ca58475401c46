/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The one function of BuildqQueue that knows what queues there are.
 */
#include "config.h"

#include <buildq/buildq-error.h>
#include <buildq/buildq-local-queue.h>
#include <buildq/buildq-remote-queue.h>

#include "core/buildq-path.h"

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
  gboolean is_other = FALSE;

  g_return_val_if_fail (uri != NULL, NULL);

  path = _buildq_path_from_uri (uri);
  if (path != NULL || g_str_equal (uri, "memory:"))
    return (BuildqQueue *) buildq_local_queue_new (path, error);
  scheme = g_uri_parse_scheme (uri);
  if (g_strcmp0 (scheme, "http") == 0 || g_strcmp0 (scheme, "https") == 0)
    return (BuildqQueue *) buildq_remote_queue_new (uri, token, error);
  is_other = scheme != NULL && !g_str_equal (scheme, "file");
  /* What it has after the scheme may be a secret. */
  g_set_error (
      error, BUILDQ_ERROR, is_other ? BUILDQ_ERROR_NOT_SUPPORTED : BUILDQ_ERROR_INVALID,
      "queue '%s%s' is none of http://…, https://…, file:///JOURNAL, an absolute "
      "path and memory:",
      is_other ? scheme : uri, is_other ? ":…" : "");
  return NULL;
}
