/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_STORE (buildq_store_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_INTERFACE (BuildqStore, buildq_store, BUILDQ, STORE, GObject)

/**
 * BuildqStoreInterface:
 * @g_iface: the parent
 *
 * What a store does. Implementing it is supported from C only.
 *
 * Since: 0.1
 */
struct _BuildqStoreInterface
{
  GTypeInterface g_iface;

  /*< private >*/
  const char *(*get_store_dir) (BuildqStore *self);
  char *(*get_real_path) (BuildqStore *self, const char *store_path);
  void (*query_async) (BuildqStore *self,
                       const char *store_path,
                       int io_priority,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  BuildqArtifact *(*query_finish) (BuildqStore *self,
                                   GAsyncResult *result,
                                   GError **error);
  void (*add_async) (BuildqStore *self,
                     const char *path,
                     const char *store_path,
                     const char *const *reference_candidates,
                     int io_priority,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data);
  BuildqArtifact *(*add_finish) (BuildqStore *self, GAsyncResult *result, GError **error);
  /* The directory, on the file system of the store, where a tree is made before it is
   * taken in by commit. Called from any thread. */
  char *(*make_staging_path) (BuildqStore *self, const char *store_path, GError **error);
  gboolean (*commit_staged) (BuildqStore *self,
                             const char *staged,
                             BuildqArtifact *artifact,
                             GError **error);
};

BUILDQ_AVAILABLE_IN_0_1
BuildqStore *buildq_store_new_for_uri (const char *uri,
                                       const char *store_dir,
                                       GError **error);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_store_get_store_dir (BuildqStore *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_store_get_real_path (BuildqStore *self, const char *store_path);
BUILDQ_AVAILABLE_IN_0_1
void buildq_store_query_async (BuildqStore *self,
                               const char *store_path,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_store_query_finish (BuildqStore *self,
                                           GAsyncResult *result,
                                           GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_store_query (BuildqStore *self,
                                    const char *store_path,
                                    GCancellable *cancellable,
                                    GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_store_add_async (BuildqStore *self,
                             const char *path,
                             const char *store_path,
                             const char *const *reference_candidates,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_store_add_finish (BuildqStore *self,
                                         GAsyncResult *result,
                                         GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_store_add (BuildqStore *self,
                                  const char *path,
                                  const char *store_path,
                                  const char *const *reference_candidates,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
