/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-store.h>
#include <buildq/buildq-mirror.h>
#include <buildq/buildq-keyring.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_RESOLVER (buildq_resolver_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqResolver, buildq_resolver, BUILDQ, RESOLVER, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqResolver *buildq_resolver_new (BuildqStore *store, BuildqKeyring *keyring);
BUILDQ_AVAILABLE_IN_0_1
void buildq_resolver_add_mirror (BuildqResolver *self, BuildqMirror *mirror);
BUILDQ_AVAILABLE_IN_0_1
void buildq_resolver_realise_async (BuildqResolver *self,
                                    GPtrArray *artifacts,
                                    const char *const *store_paths,
                                    int io_priority,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_resolver_realise_finish (BuildqResolver *self,
                                           GAsyncResult *result,
                                           GError **error);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_resolver_realise (BuildqResolver *self,
                                    GPtrArray *artifacts,
                                    const char *const *store_paths,
                                    GCancellable *cancellable,
                                    GError **error);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_resolver_get_fetched_bytes (BuildqResolver *self);

G_END_DECLS
