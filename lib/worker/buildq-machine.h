/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What this machine is.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As Guix and Nix call it, such as x86_64-linux. */
char **_buildq_machine_systems (void);
/* That this process may use, at least 1: those that the scheduler lets it run on, and no
 * more than its control groups allow. */
gint64 _buildq_machine_cores (void);
/* That the machine has, whoever may use them: what its load is to be compared with. */
gint64 _buildq_machine_online_cores (void);
/* Of the last minute; 0 where there is no such thing. */
double _buildq_machine_load (void);
/* All that this process may use, and what of it is free; 0: not known. */
void _buildq_machine_memory (gint64 *total_bytes, gint64 *available_bytes);

/* For tests: a directory that stands for the root of the machine, with proc/ and sys/. */
void _buildq_machine_set_root (const char *root);

G_END_DECLS
