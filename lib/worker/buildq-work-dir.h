/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The directory of a worker, which nobody else may use at the same time. It has a file
 * "lock", and for each job a directory "job-NUMBER".
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

/* Removes directories of jobs: all of them, or that at @path. */
void _buildq_work_dir_sweep_async (BuildqWorkDir *self,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
void _buildq_work_dir_remove_async (const char *path,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean _buildq_work_dir_remove_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqWorkDir, _buildq_work_dir_free)

G_END_DECLS
