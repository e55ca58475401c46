/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The directory of a worker, which nobody else may use at the same time. It has a file
 * "lock", for each job a directory "job-NUMBER", and "leases" (buildq-spool.h).
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _BuildqWorkDir BuildqWorkDir;

/* Makes the directory and locks it; EXISTS if another has it. */
BuildqWorkDir *_buildq_work_dir_open (const char *path, GError **error);
void _buildq_work_dir_free (BuildqWorkDir *self);

/* A new directory for a job, of the lowest free number, so that builds that keep their
 * path in what they make differ less. */
char *_buildq_work_dir_make (BuildqWorkDir *self, GError **error);

gboolean _buildq_work_dir_is_of_job (const char *name);

/* Removes all directories of jobs but those whose names are in @kept. Blocks. */
gboolean _buildq_work_dir_sweep (const char *work_path, GHashTable *kept, GError **error);
/* Removes the entry of a lease, and the directory of its job; each may be NULL. */
void _buildq_work_dir_remove_async (const char *entry,
                                    const char *path,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean _buildq_work_dir_remove_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqWorkDir, _buildq_work_dir_free)

G_END_DECLS
