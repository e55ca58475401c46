/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

BUILDQ_AVAILABLE_IN_0_1
BuildqArtifact *buildq_narinfo_parse (const char *text, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_narinfo_format (BuildqArtifact *artifact, GError **error);

G_END_DECLS
