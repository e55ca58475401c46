/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-uploader.h>

struct _BuildqUploader
{
  GObject parent_instance;

  BuildqStore *store; /* or NULL */
  GPtrArray *mirrors;
  char *compression;
};
