/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include "store/buildq-store-private.h"

G_BEGIN_DECLS

struct _BuildqDirectoryStore
{
  GObject parent_instance;

  char *real_dir;
  char *store_dir;
  char *boot; /* id of this boot of the machine */

  /* Guards what is below: staging places are made from any thread. */
  GMutex mutex;
  int staging_fd; /* of the file whose lock tells other processes that we live, or -1 */
  char *staging_lock;
  char *staging_dir;
  guint64 staged;
};

/* All from any thread; they block. */
BuildqArtifact *_buildq_directory_store_get (BuildqDirectoryStore *self,
                                             const char *store_path,
                                             GCancellable *cancellable,
                                             GError **error);
char *_buildq_directory_store_stage (BuildqDirectoryStore *self,
                                     const char *store_path,
                                     GError **error);
/* *placed tells whether @staged was moved in; else it is still there: after an error, and
 * when the item is in the store already. */
gboolean _buildq_directory_store_place (BuildqDirectoryStore *self,
                                        const char *staged,
                                        BuildqArtifact *artifact,
                                        gboolean *placed,
                                        GError **error);

/* buildq-directory-store-add.c */
void _buildq_directory_store_add_async (BuildqStore *store,
                                        const char *path,
                                        const char *store_path,
                                        const char *const *reference_candidates,
                                        int io_priority,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
BuildqArtifact *_buildq_directory_store_add_finish (BuildqStore *store,
                                                    GAsyncResult *result,
                                                    GError **error);

/* buildq-directory-store-stage.c */
void _buildq_directory_store_end_staging (BuildqDirectoryStore *self);

G_END_DECLS
