/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-local-queue-private.h"

/**
 * buildq_local_queue_set_session_ms:
 * @self: a queue
 * @session_ms: a time in milliseconds, at least 100
 *
 * Sets after how much silence a session lapses, and its leases go to others. The default
 * is 30,000.
 *
 * Since: 0.1
 */
void
buildq_local_queue_set_session_ms (BuildqLocalQueue *self, gint64 session_ms)
{
  g_return_if_fail (BUILDQ_IS_LOCAL_QUEUE (self));
  g_return_if_fail (session_ms >= 100);

  self->session_ms = session_ms;
  _buildq_local_queue_apply_settings (self);
}

/**
 * buildq_local_queue_set_claim_ms:
 * @self: a queue
 * @claim_ms: a time in milliseconds, at least 100
 *
 * Sets in how much time a grant must be claimed before it goes to another. The default is
 * 10,000.
 *
 * Since: 0.1
 */
void
buildq_local_queue_set_claim_ms (BuildqLocalQueue *self, gint64 claim_ms)
{
  g_return_if_fail (BUILDQ_IS_LOCAL_QUEUE (self));
  g_return_if_fail (claim_ms >= 100);

  self->claim_ms = claim_ms;
  _buildq_local_queue_apply_settings (self);
}

/**
 * buildq_local_queue_set_keep_s:
 * @self: a queue
 * @keep_s: a time in seconds; -1 for ever
 *
 * Sets for how long a request and its jobs are kept after the end of the request. The
 * default is 2,592,000, which is 30 days.
 *
 * After that they are forgotten, in memory and on disk, with their results and the texts
 * that nothing else names, but never a job that a request which is kept owns, or that a
 * job which is kept depends on. A key that is submitted again then is new.
 *
 * Since: 0.1
 */
void
buildq_local_queue_set_keep_s (BuildqLocalQueue *self, gint64 keep_s)
{
  g_return_if_fail (BUILDQ_IS_LOCAL_QUEUE (self));
  g_return_if_fail (keep_s >= -1 && keep_s <= G_MAXINT64 / 4 / G_USEC_PER_SEC);

  self->keep_s = keep_s;
  _buildq_local_queue_apply_settings (self);
}

/**
 * buildq_local_queue_set_keep_jobs:
 * @self: a queue
 * @keep_jobs: a number of jobs; -1 for all
 *
 * Sets how many finished jobs are kept that no active request wants. When there are more,
 * the requests that finished first are forgotten with their jobs, before their time. The
 * default is 100,000.
 *
 * Since: 0.1
 */
void
buildq_local_queue_set_keep_jobs (BuildqLocalQueue *self, gint64 keep_jobs)
{
  g_return_if_fail (BUILDQ_IS_LOCAL_QUEUE (self));
  g_return_if_fail (keep_jobs >= -1);

  self->keep_jobs = keep_jobs;
  _buildq_local_queue_apply_settings (self);
}

/**
 * buildq_local_queue_set_store_dir:
 * @self: a queue
 * @store_dir: an absolute path, such as `/nix/store`
 *
 * Sets the store directory that is part of all store paths of the farm. The default is
 * `/buildq/store`.
 *
 * Since: 0.1
 */
void
buildq_local_queue_set_store_dir (BuildqLocalQueue *self, const char *store_dir)
{
  g_return_if_fail (BUILDQ_IS_LOCAL_QUEUE (self));
  g_return_if_fail (store_dir != NULL && g_path_is_absolute (store_dir));

  _buildq_set_string (&self->store_dir, store_dir);
}

/**
 * buildq_local_queue_set_key:
 * @self: a queue
 * @key: a secret key
 * @error: `INVALID` when @key is only the public half
 *
 * Sets the key that the farm signs with. Without this, the queue makes one, and keeps it
 * in its journal.
 *
 * Returns: whether the key can sign
 *
 * Since: 0.1
 */
gboolean
buildq_local_queue_set_key (BuildqLocalQueue *self, BuildqKey *key, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_LOCAL_QUEUE (self), FALSE);
  g_return_val_if_fail (key != NULL, FALSE);

  if (!buildq_key_is_secret (key))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "key '%s' is public, and cannot sign", buildq_key_get_name (key));
      return FALSE;
    }
  buildq_key_ref (key);
  g_clear_pointer (&self->key, buildq_key_unref);
  self->key = key;
  _buildq_local_queue_apply_settings (self);
  return TRUE;
}

/**
 * buildq_local_queue_get_key:
 * @self: a queue
 *
 * Returns: (transfer none): the key that the farm signs with
 *
 * Since: 0.1
 */
BuildqKey *
buildq_local_queue_get_key (BuildqLocalQueue *self)
{
  g_return_val_if_fail (BUILDQ_IS_LOCAL_QUEUE (self), NULL);

  return self->key;
}

/**
 * buildq_local_queue_get_instance:
 * @self: a queue
 *
 * Returns: (transfer none): an id that no other queue has; it stays the same with the
 * journal
 *
 * Since: 0.1
 */
const char *
buildq_local_queue_get_instance (BuildqLocalQueue *self)
{
  g_return_val_if_fail (BUILDQ_IS_LOCAL_QUEUE (self), NULL);

  return self->instance;
}
