/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-path.h"

char *
_buildq_path_from_uri (const char *uri)
{
  if (g_path_is_absolute (uri))
    return g_strdup (uri);
  return g_str_has_prefix (uri, "file:///") ? g_filename_from_uri (uri, NULL, NULL)
                                            : NULL;
}
