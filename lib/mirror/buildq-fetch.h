/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-mirror.h>
#include <buildq/buildq-store.h>

G_BEGIN_DECLS

/* What went wrong at several places, of which none was good. */
typedef struct
{
  GString *text; /* "PLACE: why; PLACE: why" */
  GQuark domain; /* of the error that tells most */
  int code;
  gboolean missing; /* every place said that it is not there */
} BuildqFetchErrors;

void _buildq_fetch_errors_init (BuildqFetchErrors *self);
void _buildq_fetch_errors_clear (BuildqFetchErrors *self);
void _buildq_fetch_errors_add (BuildqFetchErrors *self,
                               const char *place,
                               const GError *error);
GError *_buildq_fetch_errors_make (BuildqFetchErrors *self, const char *store_path);

/* Brings the bytes of @artifact into @store, from the first of its locations that has
 * them: streaming, with everything verified before the store takes it in. Blocks; for a
 * worker thread. @mirrors: those whose passwords may be needed. Adds to @errors what each
 * place said; a local error ends it at once, in @error. */
gboolean _buildq_fetch (BuildqArtifact *artifact,
                        BuildqStore *store,
                        GPtrArray *mirrors,
                        BuildqFetchErrors *errors,
                        gint64 *fetched_bytes,
                        GCancellable *cancellable,
                        GError **error);

G_END_DECLS
