/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-sync-message.h>

/**
 * BuildqSyncMessage:
 *
 * What a session says: its state, and what has changed. It is safe to say it twice.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "session", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSyncMessage, session), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSyncMessage, name), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "seq", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncMessage, seq), BUILDQ_FIELD_ALWAYS, 0 },
  { "ack", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncMessage, ack), 0, 0 },
  { "step", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqSyncMessage, step), 0, 0, NULL, buildq_session_step_get_type },
  { "push", BUILDQ_FIELD_BOOL, G_STRUCT_OFFSET (BuildqSyncMessage, push), 0, 0 },
  { "version", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSyncMessage, version), 0, 0 },
  { "capabilities", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSyncMessage, capabilities), 0, BUILDQ_MAX_NAME },
  { "offer", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqSyncMessage, offer), 0, 0, &_buildq_offer_info },
  { "claims", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSyncMessage, claims), 0, BUILDQ_MAX_NAME },
  { "releases", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSyncMessage, releases), 0, BUILDQ_MAX_NAME },
  { "holding", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSyncMessage, holding), 0, BUILDQ_MAX_NAME },
  { "results", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqSyncMessage, results), 0, 10000, &_buildq_result_info },
  { "logs", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqSyncMessage, logs), 0, 1000, &_buildq_log_chunk_info },
};
/* clang-format on */

const BuildqValueInfo _buildq_sync_message_info = {
  "sync message", sizeof (BuildqSyncMessage), fields, G_N_ELEMENTS (fields), NULL,
  "session",
};

/**
 * buildq_sync_message_ref:
 * @self: a sync message
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_sync_message_unref:
 * @self: (transfer full): a sync message
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_sync_message_equal:
 * @self: a sync message
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_sync_message_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a sync message. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_sync_message_to_json:
 * @self: a sync message
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqSyncMessage, buildq_sync_message, &_buildq_sync_message_info)

/**
 * buildq_sync_message_get_session:
 * @self: a sync message
 *
 * Returns: (transfer none): the id of the session, which its holder chose at random
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, session, const char *)

/**
 * buildq_sync_message_get_name:
 * @self: a sync message
 *
 * Returns: (transfer none): the name of the machine
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, name, const char *)

/**
 * buildq_sync_message_get_seq:
 * @self: a sync message
 *
 * Returns: the number of the message, counted up
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, seq, gint64)

/**
 * buildq_sync_message_get_ack:
 * @self: a sync message
 *
 * Returns: the number of the last reply that was read
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, ack, gint64)

/**
 * buildq_sync_message_get_step:
 * @self: a sync message
 *
 * Returns: what it means for the session
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, step, BuildqSessionStep)

/**
 * buildq_sync_message_get_push:
 * @self: a sync message
 *
 * Returns: whether replies can be pushed to the session at any time
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, push, gboolean)

/**
 * buildq_sync_message_get_version:
 * @self: a sync message
 *
 * Returns: the version of the protocol that it speaks
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, version, gint64)

/**
 * buildq_sync_message_get_capabilities:
 * @self: a sync message
 *
 * Returns: (transfer none) (array zero-terminated=1): what it can do beyond that version
 *
 * Since: 0.1
 */
const char *const *
buildq_sync_message_get_capabilities (BuildqSyncMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->capabilities;
}

/**
 * buildq_sync_message_get_offer:
 * @self: a sync message
 *
 * Returns: (transfer none) (nullable): what it can take; %NULL when that has not changed
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqSyncMessage, buildq_sync_message, offer, BuildqOffer *)

/**
 * buildq_sync_message_get_claims:
 * @self: a sync message
 *
 * Returns: (transfer none) (array zero-terminated=1): tokens of grants that it has taken
 *
 * Since: 0.1
 */
const char *const *
buildq_sync_message_get_claims (BuildqSyncMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->claims;
}

/**
 * buildq_sync_message_get_releases:
 * @self: a sync message
 *
 * Returns: (transfer none) (array zero-terminated=1): tokens of leases that it gives back
 *
 * Since: 0.1
 */
const char *const *
buildq_sync_message_get_releases (BuildqSyncMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->releases;
}

/**
 * buildq_sync_message_get_holding:
 * @self: a sync message
 *
 * Returns: (transfer none) (array zero-terminated=1): with `attach`: the tokens of all
 *    leases that it holds
 *
 * Since: 0.1
 */
const char *const *
buildq_sync_message_get_holding (BuildqSyncMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->holding;
}

/**
 * buildq_sync_message_get_results:
 * @self: a sync message
 *
 * Returns: (transfer container) (element-type BuildqResult): results that no receipt
 *    has come for
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqSyncMessage, buildq_sync_message, results)

/**
 * buildq_sync_message_get_logs:
 * @self: a sync message
 *
 * Returns: (transfer container) (element-type BuildqLogChunk): pieces of logs that were
 *    asked for
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqSyncMessage, buildq_sync_message, logs)
