/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The place on this machine that @uri, file:///PATH or an absolute path, names.
 *
 * Returns: (transfer full) (nullable): %NULL if it is neither. GLib would also take
 *   "file:DIR" and "file://HOST/DIR", for some folder here. */
char *_buildq_path_from_uri (const char *uri);

G_END_DECLS
