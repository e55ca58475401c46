/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-queue.h>

G_BEGIN_DECLS

/* For implementations: @reply is what a session should know now, and nobody asked for it.
 */
void _buildq_queue_emit_pushed (BuildqQueue *self,
                                const char *session,
                                BuildqSyncReply *reply);

G_END_DECLS
