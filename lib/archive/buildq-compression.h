/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the compressor and the decompressor share.
 */
#pragma once

#include "archive/buildq-stream.h"

#include <archive.h>

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  const char *suffix;
  int code;                             /* ARCHIVE_FILTER_* */
  const char *level;                    /* that is written; NULL: the default */
  int (*add_writer) (struct archive *); /* NULL: is only read */
  int (*add_reader) (struct archive *);
} BuildqFilter;

/* NULL with @error when there is no such filter. */
const BuildqFilter *_buildq_filter_find (const char *compression, GError **error);

G_END_DECLS
