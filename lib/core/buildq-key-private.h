/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-key.h>

G_BEGIN_DECLS

#define BUILDQ_KEY_BYTES 32       /* a public key, and the seed of a secret one */
#define BUILDQ_SIGNATURE_BYTES 64 /* of Ed25519 */

/* Exactly @size bytes of canonical base64. */
gboolean _buildq_base64_decode (const char *text, guint8 *data, gsize size);
/* The length of the name in "NAME:BASE64"; 0 when there is no good one. */
gsize _buildq_key_name_length (const char *text);

/* Whether @signature was made over @size bytes of @text with this key. */
gboolean _buildq_key_verify (BuildqKey *self,
                             const void *text,
                             gsize size,
                             const guint8 signature[BUILDQ_SIGNATURE_BYTES]);
/* A key without its secret half, which may be the same. */
BuildqKey *_buildq_key_to_public (BuildqKey *self);

G_END_DECLS
