/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-resolver.h>

#include "core/buildq-values.h"
#include "mirror/buildq-fetch.h"

G_BEGIN_DECLS

struct _BuildqResolver
{
  GObject parent_instance;

  BuildqStore *store;
  BuildqKeyring *keyring; /* or NULL */
  GPtrArray *mirrors;
  GHashTable *gets; /* store path → Get that is under way */
  GQueue queue;     /* Get that waits for its turn */
  guint fetching;   /* Gets whose turn it is */
  gint64 fetched_bytes;
};

/* Makes one store path present; @artifact is its record where it is known. Asked for
 * twice at once, it is fetched once. The value is the record. */
void _buildq_resolver_get_async (BuildqResolver *self,
                                 const char *store_path,
                                 BuildqArtifact *artifact,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
BuildqArtifact *_buildq_resolver_get_finish (BuildqResolver *self,
                                             GAsyncResult *result,
                                             GError **error);

G_END_DECLS
