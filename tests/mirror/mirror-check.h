/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq.h>

G_BEGIN_DECLS

#define ITEM_HASH "80isls7nns6mbnin0ykr0cnf7srgq8ax"
#define ITEM "/buildq/store/" ITEM_HASH "-hello-1.0"

/* A record of ITEM whose NAR is at @uri. */
BuildqArtifact *make_artifact (const char *uri);
const char *first_uri (BuildqArtifact *artifact);

char *make_folder (void);
void remove_folder (char *path);
/* DIR/NAME with @size bytes, which are the same each time. */
char *make_file (const char *dir, const char *name, gsize size);

BuildqMirror *make_mirror (const char *uri);
char *put_file (BuildqMirror *mirror, const char *name, const char *path, GError **error);
/* From @offset on. */
GBytes *read_uri (BuildqMirror *mirror, const char *uri, gint64 offset, GError **error);
void assert_message (const GError *error, const char *part);

/* What a mirror of any kind does. */
void check_mirror (BuildqMirror *mirror, const char *dir);

/* An nginx with WebDAV in a folder; NULL, with the test skipped, when there is none. */
char *start_nginx (const char *dir, const char *const *options);
void stop_nginx (const char *dir);

G_END_DECLS
