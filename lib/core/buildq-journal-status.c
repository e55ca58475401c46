/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-journal-status.h>

/**
 * BuildqJournalStatus:
 *
 * What is in a journal: see [func@Buildq.journal_check].
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "version", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, version), BUILDQ_FIELD_ALWAYS, 0 },
  { "size_bytes", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, size_bytes), BUILDQ_FIELD_ALWAYS, 0 },
  { "requests", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, requests), BUILDQ_FIELD_ALWAYS, 0 },
  { "active_requests", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, active_requests), BUILDQ_FIELD_ALWAYS, 0 },
  { "jobs", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, jobs), BUILDQ_FIELD_ALWAYS, 0 },
  { "unfinished_jobs", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, unfinished_jobs), BUILDQ_FIELD_ALWAYS, 0 },
  { "leases", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, leases), BUILDQ_FIELD_ALWAYS, 0 },
  { "results", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, results), BUILDQ_FIELD_ALWAYS, 0 },
  { "texts", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJournalStatus, texts), BUILDQ_FIELD_ALWAYS, 0 },
};
/* clang-format on */

const BuildqValueInfo _buildq_journal_status_info = {
  "journal status",
  sizeof (BuildqJournalStatus),
  fields,
  G_N_ELEMENTS (fields),
  NULL,
  NULL,
};

/**
 * buildq_journal_status_ref:
 * @self: a journal status
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_journal_status_unref:
 * @self: (transfer full): a journal status
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_journal_status_equal:
 * @self: a journal status
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_journal_status_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a journal status. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_journal_status_to_json:
 * @self: a journal status
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqJournalStatus,
                     buildq_journal_status,
                     &_buildq_journal_status_info)

/**
 * buildq_journal_status_get_version:
 * @self: a journal status
 *
 * Returns: of which version its tables are
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, version, gint64)

/**
 * buildq_journal_status_get_size_bytes:
 * @self: a journal status
 *
 * Returns: how many bytes its tables take
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, size_bytes, gint64)

/**
 * buildq_journal_status_get_requests:
 * @self: a journal status
 *
 * Returns: how many requests it knows
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, requests, gint64)

/**
 * buildq_journal_status_get_active_requests:
 * @self: a journal status
 *
 * Returns: how many of them are not finished
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, active_requests, gint64)

/**
 * buildq_journal_status_get_jobs:
 * @self: a journal status
 *
 * Returns: how many jobs it knows
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, jobs, gint64)

/**
 * buildq_journal_status_get_unfinished_jobs:
 * @self: a journal status
 *
 * Returns: how many of them are not finished
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, unfinished_jobs, gint64)

/**
 * buildq_journal_status_get_leases:
 * @self: a journal status
 *
 * Returns: how many leases may still be held
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, leases, gint64)

/**
 * buildq_journal_status_get_results:
 * @self: a journal status
 *
 * Returns: how many results it has
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, results, gint64)

/**
 * buildq_journal_status_get_texts:
 * @self: a journal status
 *
 * Returns: how many texts it has
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJournalStatus, buildq_journal_status, texts, gint64)
