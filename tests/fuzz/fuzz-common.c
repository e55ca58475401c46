/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  return 0;
}

gssize
fuzz_memory_source (gpointer memory, void *buffer, gsize size, GError **error)
{
  FuzzMemory *self = memory;
  gsize part = MIN (size, self->size);

  if (self->step > 0)
    part = MIN (part, self->step);
  memcpy (buffer, self->data, part);
  self->data += part;
  self->size -= part;
  return part;
}

gboolean
fuzz_array_sink (gpointer array, const void *data, gsize size, GError **error)
{
  g_byte_array_append (array, data, size);
  return TRUE;
}
