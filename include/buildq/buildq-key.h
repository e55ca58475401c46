/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_KEY (buildq_key_get_type ())

typedef struct _BuildqKey BuildqKey;

BUILDQ_AVAILABLE_IN_0_1
GType buildq_key_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqKey *buildq_key_ref (BuildqKey *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_key_unref (BuildqKey *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqKey *buildq_key_generate (const char *name, GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqKey *buildq_key_new_from_string (const char *text, GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqKey *buildq_key_new_from_file (const char *path, GError **error);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_key_get_name (BuildqKey *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_key_is_secret (BuildqKey *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_key_to_public_string (BuildqKey *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_key_to_secret_string (BuildqKey *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_key_sign (BuildqKey *self, GBytes *text, GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_key_sign_artifact (BuildqKey *self,
                                          BuildqArtifact *artifact,
                                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqKey, buildq_key_unref)

G_END_DECLS
