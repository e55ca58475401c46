/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_PRINCIPAL (buildq_principal_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_principal_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqPrincipal *buildq_principal_ref (BuildqPrincipal *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_principal_unref (BuildqPrincipal *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_principal_equal (BuildqPrincipal *self, BuildqPrincipal *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqPrincipal *buildq_principal_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_principal_to_json (BuildqPrincipal *self);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_principal_get_name (BuildqPrincipal *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqRole buildq_principal_get_role (BuildqPrincipal *self);
BUILDQ_AVAILABLE_IN_0_1
BuildqPrincipal *buildq_principal_new (const char *name, BuildqRole role);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqPrincipal, buildq_principal_unref)

G_END_DECLS
