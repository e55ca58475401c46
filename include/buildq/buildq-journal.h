/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

#include <gio/gio.h>

G_BEGIN_DECLS

BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_journal_backup (const char *path,
                                const char *backup,
                                GCancellable *cancellable,
                                GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqJournalStatus *buildq_journal_check (const char *path,
                                           GCancellable *cancellable,
                                           GError **error);

G_END_DECLS
