/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * SHA-256 and the spellings that Nix and Guix give to hashes and store paths.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define BUILDQ_HASH_BYTES 32
#define BUILDQ_STORE_HASH_LENGTH 32 /* characters of the hash part of a store path */

/* Prepares libgcrypt, once, from any thread. Everything that uses it calls this first. */
void _buildq_crypto_init (void);

typedef struct _BuildqHash BuildqHash; /* SHA-256 of what is fed to it; one thread */

BuildqHash *_buildq_hash_new (void);
void _buildq_hash_free (BuildqHash *self);
void _buildq_hash_update (BuildqHash *self, const void *data, gsize size);
void _buildq_hash_finish (BuildqHash *self, guint8 digest[BUILDQ_HASH_BYTES]);
void _buildq_hash_bytes (const void *data, gsize size, guint8 digest[BUILDQ_HASH_BYTES]);

/* "sha256:" and Nix base32. Reading takes base16 too, and the base64 of SRI ("sha256-…").
 */
char *_buildq_hash_format (const guint8 digest[BUILDQ_HASH_BYTES]);
gboolean _buildq_hash_parse (const char *text,
                             guint8 digest[BUILDQ_HASH_BYTES],
                             GError **error);
char *_buildq_hash_hex (const guint8 digest[BUILDQ_HASH_BYTES]);

char *_buildq_nix32_encode (const guint8 *data, gsize size);
gboolean _buildq_nix32_decode (const char *text,
                               guint8 *data,
                               gsize size); /* exactly @size bytes */

/* STOREDIR/HASH-NAME, as makeStorePath of Nix: @type is "source", "text:REF…" or
 * "output:NAME", @digest what that type hashes. */
char *_buildq_store_path_make (const char *store_dir,
                               const char *type,
                               const guint8 digest[BUILDQ_HASH_BYTES],
                               const char *name);
/* Whether @path is a directory, "/", 32 characters of Nix base32, "-" and a good name;
 * with @base_only, whether it is such a last part alone. */
gboolean _buildq_store_path_check (const char *path, gboolean base_only, GError **error);
const char *_buildq_store_path_base (const char *path); /* the part after the last "/" */
/* A name that may stand in a store path, made from any text. */
char *_buildq_store_name_clean (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqHash, _buildq_hash_free)

G_END_DECLS
