/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Copies of inputs in the build directory, for those that say where they want to be.
 */
#pragma once

#include "worker/buildq-run.h"

G_BEGIN_DECLS

void _buildq_place_inputs_async (BuildqRun *run,
                                 BuildqJob *job,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
/* EXISTS or NOT_DIRECTORY if two inputs want to be at the same place. */
gboolean _buildq_place_inputs_finish (GAsyncResult *result, GError **error);

G_END_DECLS
