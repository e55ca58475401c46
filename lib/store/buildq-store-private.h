/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include "core/buildq-hash.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-store.h>

G_BEGIN_DECLS

#define BUILDQ_DEFAULT_STORE_DIR "/buildq/store"

#define BUILDQ_TYPE_DIRECTORY_STORE (_buildq_directory_store_get_type ())

G_DECLARE_FINAL_TYPE (
    BuildqDirectoryStore, _buildq_directory_store, BUILDQ, DIRECTORY_STORE, GObject)

BuildqStore *_buildq_directory_store_new (const char *path,
                                          const char *store_dir,
                                          GError **error);

gboolean _buildq_store_check_path (const char *store_dir,
                                   const char *store_path,
                                   GError **error);

char *_buildq_store_path_for_content (const char *store_dir,
                                      const guint8 digest[BUILDQ_HASH_BYTES],
                                      const char *name,
                                      const char *const *references);

char *_buildq_store_make_staging_path (BuildqStore *self,
                                       const char *store_path,
                                       GError **error);
gboolean _buildq_store_commit_staged (BuildqStore *self,
                                      const char *staged,
                                      BuildqArtifact *artifact,
                                      GError **error);

G_END_DECLS
