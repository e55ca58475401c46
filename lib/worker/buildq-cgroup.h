/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the control groups of this process allow it: the least of its own group and of all
 * groups above, in cgroup v2 and in the hierarchies of cgroup v1.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @root stands in front of all paths: "" for this machine. */

/* The cores of the quotas and sets, rounded down, but at least 1; 0: no limit. */
gint64 _buildq_cgroup_cores (const char *root);
/* @limit_bytes: of memory; @available_bytes: what is left of it. G_MAXINT64: no limit. */
void _buildq_cgroup_memory (const char *root,
                            gint64 *limit_bytes,
                            gint64 *available_bytes);

/* How many a list such as "0-3,8" has; 0 if it is none. */
gint64 _buildq_cpu_list_count (const char *text);

G_END_DECLS
