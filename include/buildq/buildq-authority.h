/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_AUTHORITY (buildq_authority_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqAuthority, buildq_authority, BUILDQ, AUTHORITY, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqAuthority *buildq_authority_new (const char *path, GError **error);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_authority_get_path (BuildqAuthority *self);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_authority_add_token (BuildqAuthority *self,
                                  const char *name,
                                  BuildqRole role,
                                  GError **error);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_authority_remove (BuildqAuthority *self,
                                  const char *name,
                                  GError **error);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_authority_list (BuildqAuthority *self, GError **error);
BUILDQ_AVAILABLE_IN_0_1
BuildqPrincipal *buildq_authority_authenticate (BuildqAuthority *self,
                                                const char *token,
                                                GError **error);

G_END_DECLS
