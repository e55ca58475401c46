/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_JOURNAL_STATUS (buildq_journal_status_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_journal_status_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqJournalStatus *buildq_journal_status_ref (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_journal_status_unref (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_journal_status_equal (BuildqJournalStatus *self,
                                      BuildqJournalStatus *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqJournalStatus *buildq_journal_status_new_from_json (const char *json,
                                                          GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_journal_status_to_json (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_version (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_size_bytes (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_requests (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_active_requests (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_jobs (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_unfinished_jobs (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_leases (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_results (BuildqJournalStatus *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_journal_status_get_texts (BuildqJournalStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqJournalStatus, buildq_journal_status_unref)

G_END_DECLS
