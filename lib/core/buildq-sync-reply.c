/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-sync-reply.h>

/**
 * BuildqSyncReply:
 *
 * What a queue says to a session: the state that it wants. A later one replaces an
 * earlier.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "session", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSyncReply, session), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "seq", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncReply, seq), BUILDQ_FIELD_ALWAYS, 0 },
  { "ack", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncReply, ack), 0, 0 },
  { "attach", BUILDQ_FIELD_BOOL, G_STRUCT_OFFSET (BuildqSyncReply, attach), 0, 0 },
  { "version", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncReply, version), 0, 0 },
  { "capabilities", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSyncReply, capabilities), 0, BUILDQ_MAX_NAME },
  { "instance", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSyncReply, instance), 0, BUILDQ_MAX_NAME },
  { "store_dir", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSyncReply, store_dir), 0, BUILDQ_MAX_KEY },
  { "keys", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSyncReply, keys), 0, 4096 },
  { "session_ms", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncReply, session_ms), 0, 0 },
  { "next_ms", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncReply, next_ms), 0, 0 },
  { "wanted", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqSyncReply, wanted), BUILDQ_FIELD_OPEN, 0, NULL, buildq_worker_state_get_type },
  { "grants", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqSyncReply, grants), 0, 10000, &_buildq_grant_info },
  { "leases", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqSyncReply, leases), 0, 10000, &_buildq_lease_notice_info },
  { "receipts", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqSyncReply, receipts), 0, 10000, &_buildq_receipt_info },
};
/* clang-format on */

const BuildqValueInfo _buildq_sync_reply_info = {
  "sync reply", sizeof (BuildqSyncReply), fields, G_N_ELEMENTS (fields), NULL, "session",
};

/**
 * buildq_sync_reply_ref:
 * @self: a sync reply
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_sync_reply_unref:
 * @self: (transfer full): a sync reply
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_sync_reply_equal:
 * @self: a sync reply
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_sync_reply_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a sync reply. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_sync_reply_to_json:
 * @self: a sync reply
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqSyncReply, buildq_sync_reply, &_buildq_sync_reply_info)

/**
 * buildq_sync_reply_get_session:
 * @self: a sync reply
 *
 * Returns: (transfer none): the id of the session
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, session, const char *)

/**
 * buildq_sync_reply_get_seq:
 * @self: a sync reply
 *
 * Returns: the number of the reply, counted up
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, seq, gint64)

/**
 * buildq_sync_reply_get_ack:
 * @self: a sync reply
 *
 * Returns: the number of the last message that was read
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, ack, gint64)

/**
 * buildq_sync_reply_get_attach:
 * @self: a sync reply
 *
 * Returns: whether the session must attach again, with its full state
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, attach, gboolean)

/**
 * buildq_sync_reply_get_version:
 * @self: a sync reply
 *
 * Returns: the version of the protocol that the queue speaks
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, version, gint64)

/**
 * buildq_sync_reply_get_capabilities:
 * @self: a sync reply
 *
 * Returns: (transfer none) (array zero-terminated=1): what it can do beyond that version
 *
 * Since: 0.1
 */
const char *const *
buildq_sync_reply_get_capabilities (BuildqSyncReply *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->capabilities;
}

/**
 * buildq_sync_reply_get_instance:
 * @self: a sync reply
 *
 * Returns: (transfer none) (nullable): the id of the queue
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, instance, const char *)

/**
 * buildq_sync_reply_get_store_dir:
 * @self: a sync reply
 *
 * Returns: (transfer none) (nullable): the store directory of the farm
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, store_dir, const char *)

/**
 * buildq_sync_reply_get_keys:
 * @self: a sync reply
 *
 * Returns: (transfer none) (array zero-terminated=1): the public keys of the farm, as
 *    `NAME:BASE64`
 *
 * Since: 0.1
 */
const char *const *
buildq_sync_reply_get_keys (BuildqSyncReply *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->keys;
}

/**
 * buildq_sync_reply_get_session_ms:
 * @self: a sync reply
 *
 * Returns: after how many milliseconds of silence the session lapses
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, session_ms, gint64)

/**
 * buildq_sync_reply_get_next_ms:
 * @self: a sync reply
 *
 * Returns: in how many milliseconds the session should speak at the latest
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, next_ms, gint64)

/**
 * buildq_sync_reply_get_wanted:
 * @self: a sync reply
 *
 * Returns: %BUILDQ_WORKER_STATE_PAUSED or %BUILDQ_WORKER_STATE_DRAINING when the machine
 *    is to take no more jobs
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncReply, buildq_sync_reply, wanted, BuildqWorkerState)

/**
 * buildq_sync_reply_get_grants:
 * @self: a sync reply
 *
 * Returns: (transfer container) (element-type BuildqGrant): all grants that are not
 *    claimed yet
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqSyncReply, buildq_sync_reply, grants)

/**
 * buildq_sync_reply_get_leases:
 * @self: a sync reply
 *
 * Returns: (transfer container) (element-type BuildqLeaseNotice): what the holder must
 *    know of its leases
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqSyncReply, buildq_sync_reply, leases)

/**
 * buildq_sync_reply_get_receipts:
 * @self: a sync reply
 *
 * Returns: (transfer container) (element-type BuildqReceipt): what became of the
 *    results of the message
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqSyncReply, buildq_sync_reply, receipts)
