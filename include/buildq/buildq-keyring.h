/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-key.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_KEYRING (buildq_keyring_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqKeyring, buildq_keyring, BUILDQ, KEYRING, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqKeyring *buildq_keyring_new (void);
BUILDQ_AVAILABLE_IN_0_1
void buildq_keyring_add (BuildqKeyring *self, BuildqKey *key);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_keyring_add_string (BuildqKeyring *self,
                                    const char *text,
                                    GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_keyring_verify (BuildqKeyring *self,
                                GBytes *text,
                                const char *signature,
                                GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_keyring_verify_artifact (BuildqKeyring *self,
                                         BuildqArtifact *artifact,
                                         GError **error);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_keyring_get_keys (BuildqKeyring *self);

G_END_DECLS
