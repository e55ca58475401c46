/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_nar_dump (const char *path,
                          int fd,
                          GCancellable *cancellable,
                          GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_nar_restore (int fd,
                             const char *path,
                             GCancellable *cancellable,
                             GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_nar_hash (const char *path,
                       gint64 *size,
                       GCancellable *cancellable,
                       GError **error);

G_END_DECLS
