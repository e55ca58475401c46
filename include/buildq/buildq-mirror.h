/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_MIRROR (buildq_mirror_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_INTERFACE (BuildqMirror, buildq_mirror, BUILDQ, MIRROR, GObject)

/**
 * BuildqMirrorInterface:
 * @g_iface: the parent
 *
 * What a mirror does. Implementing it is supported from C only.
 *
 * Since: 0.1
 */
struct _BuildqMirrorInterface
{
  GTypeInterface g_iface;

  /*< private >*/
  const char *(*get_uri) (BuildqMirror *self);
  void (*lookup_async) (BuildqMirror *self,
                        const char *store_path,
                        int io_priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
  BuildqArtifact *(*lookup_finish) (BuildqMirror *self,
                                    GAsyncResult *result,
                                    GError **error);
  void (*put_file_async) (BuildqMirror *self,
                          const char *name,
                          const char *path,
                          const char *content_type,
                          int io_priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  char *(*put_file_finish) (BuildqMirror *self, GAsyncResult *result, GError **error);
  void (*publish_async) (BuildqMirror *self,
                         BuildqArtifact *artifact,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  gboolean (*publish_finish) (BuildqMirror *self, GAsyncResult *result, GError **error);
  /* Opens a location for reading. Blocks: called from a worker thread only, and so must
   * touch nothing that another thread changes. */
  GInputStream *(*open) (BuildqMirror *self,
                         const char *uri,
                         gint64 offset,
                         GCancellable *cancellable,
                         GError **error);
};

BUILDQ_AVAILABLE_IN_0_1
BuildqMirror *buildq_mirror_new_for_uri (const char *uri, GError **error);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_mirror_get_uri (BuildqMirror *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_mirror_lookup_async (BuildqMirror *self,
                                 const char *store_path,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_mirror_lookup_finish (BuildqMirror *self,
                                             GAsyncResult *result,
                                             GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_mirror_lookup (BuildqMirror *self,
                                      const char *store_path,
                                      GCancellable *cancellable,
                                      GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_mirror_put_file_async (BuildqMirror *self,
                                   const char *name,
                                   const char *path,
                                   const char *content_type,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_mirror_put_file_finish (BuildqMirror *self,
                                     GAsyncResult *result,
                                     GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_mirror_publish_async (BuildqMirror *self,
                                  BuildqArtifact *artifact,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_mirror_publish_finish (BuildqMirror *self,
                                       GAsyncResult *result,
                                       GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_mirror_publish (BuildqMirror *self,
                                BuildqArtifact *artifact,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
