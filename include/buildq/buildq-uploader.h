/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-store.h>
#include <buildq/buildq-mirror.h>
#include <buildq/buildq-key.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_UPLOADER (buildq_uploader_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqUploader, buildq_uploader, BUILDQ, UPLOADER, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqUploader *buildq_uploader_new (BuildqStore *store);
BUILDQ_AVAILABLE_IN_0_1
void buildq_uploader_add_mirror (BuildqUploader *self, BuildqMirror *mirror);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_uploader_set_compression (BuildqUploader *self,
                                          const char *compression,
                                          GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_uploader_upload_async (BuildqUploader *self,
                                   BuildqArtifact *artifact,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_uploader_upload_finish (BuildqUploader *self,
                                               GAsyncResult *result,
                                               GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_uploader_upload_path_async (BuildqUploader *self,
                                        const char *path,
                                        const char *name,
                                        int io_priority,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_uploader_upload_path_finish (BuildqUploader *self,
                                                    GAsyncResult *result,
                                                    GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_uploader_upload_log_async (BuildqUploader *self,
                                       const char *path,
                                       const char *name,
                                       int io_priority,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqLocation *buildq_uploader_upload_log_finish (BuildqUploader *self,
                                                   GAsyncResult *result,
                                                   GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_uploader_publish_async (BuildqUploader *self,
                                    BuildqArtifact *artifact,
                                    int io_priority,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_uploader_publish_finish (BuildqUploader *self,
                                         GAsyncResult *result,
                                         GError **error);

G_END_DECLS
