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
/* That this process may use. */
gint64 _buildq_machine_cores (void);
gint64 _buildq_machine_memory_bytes (void);

G_END_DECLS
