/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-mirror.h>

G_BEGIN_DECLS

#define BUILDQ_MAX_NARINFO_BYTES (1024 * 1024)
#define BUILDQ_NARINFO_TYPE "text/x-nix-narinfo"

#define BUILDQ_TYPE_FILE_MIRROR (_buildq_file_mirror_get_type ())
G_DECLARE_FINAL_TYPE (BuildqFileMirror, _buildq_file_mirror, BUILDQ, FILE_MIRROR, GObject)
BuildqMirror *_buildq_file_mirror_new (const char *dir, GError **error);

#define BUILDQ_TYPE_HTTP_MIRROR (_buildq_http_mirror_get_type ())
G_DECLARE_FINAL_TYPE (BuildqHttpMirror, _buildq_http_mirror, BUILDQ, HTTP_MIRROR, GObject)
BuildqMirror *_buildq_http_mirror_new (const char *uri, GError **error);

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

/* --- for implementations --- */

/* Opens a local file from @offset on, with errors as above. */
GInputStream *_buildq_mirror_open_file (const char *path,
                                        gint64 offset,
                                        GCancellable *cancellable,
                                        GError **error);
/* "HASH.narinfo", the name of the record of a store path. */
char *_buildq_mirror_narinfo_name (const char *store_path);
/* The record in @text, which is to be that of @store_path; relative URLs are below @base.
 */
BuildqArtifact *_buildq_mirror_read_narinfo (const char *text,
                                             const char *store_path,
                                             const char *base,
                                             GError **error);
/* The text of the record, with the locations below @base relative to it. */
char *_buildq_mirror_write_narinfo (BuildqArtifact *artifact,
                                    const char *base,
                                    GError **error);
/* What nix-cache-info says of a mirror of that store. */
char *_buildq_mirror_cache_info (BuildqArtifact *artifact);
/* A name that stays below the mirror, such as "nar/HASH.nar.zst". */
gboolean _buildq_mirror_check_name (const char *name, GError **error);

G_END_DECLS
