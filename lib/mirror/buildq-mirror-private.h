/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-mirror.h>

G_BEGIN_DECLS

/* Opens what is at @uri ("file:" or "http(s):") from byte @offset on. Blocks, and may be
 * called from any thread; the stream is to be used on that thread alone. NOT_FOUND when
 * there is nothing, UNAVAILABLE when it cannot be told. */
GInputStream *_buildq_mirror_open (BuildqMirror *self, /* or NULL: by the URI alone */
                                   const char *uri,
                                   gint64 offset,
                                   GCancellable *cancellable,
                                   GError **error);

/* Whether what is at @uri belongs to the mirror. */
gboolean _buildq_mirror_covers (BuildqMirror *self, const char *uri);

G_END_DECLS
