/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Objects with threads, sockets or files are of use only in the process that opened them.
 * In a forked child they fail, and leave all that the parent still uses as it is.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Remembers that @object is of this process. */
void _buildq_process_note (gpointer object);

/* Whether @object is of this process, or was not noted; dispose asks before it closes
 * anything. */
gboolean _buildq_process_is_own (gpointer object);

/* The same, with an error. */
gboolean _buildq_process_check (gpointer object, GError **error);

/* The same in front of an asynchronous call, which is answered with the error. */
gboolean _buildq_process_check_call (gpointer object,
                                     gpointer tag,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/* What names this boot of the machine. One that does not tell its boots apart has one,
 * and is trusted to lose nothing. */
char *_buildq_read_boot_id (void);

G_END_DECLS
