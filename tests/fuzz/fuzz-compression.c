/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Decompression: the first byte chooses the form, the rest is the data.
 */
#include "config.h"

#include "fuzz.h"

#include "archive/buildq-stream.h"

#define MAX_OUTPUT (1024 * 1024)

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const forms[]
      = { "none", "gzip", "zstd", "xz", "lzip", "bzip2", "lz4", "lzma" };
  static guint8 buffer[65536];
  FuzzMemory memory = { .data = data + 1, .size = size - 1 };
  g_autoptr (GError) error = NULL;
  BuildqDecompressor *decompressor;
  gsize total = 0;
  gssize got;

  if (size == 0)
    return 0;
  if (size % 2 == 1)
    memory.step = 1 + size % 97;
  decompressor = _buildq_decompressor_new (forms[data[0] % G_N_ELEMENTS (forms)],
                                           fuzz_memory_source, &memory, &error);
  g_assert_no_error (error);
  do
    {
      got = _buildq_decompressor_source (decompressor, buffer, sizeof buffer, &error);
      g_assert_true ((got < 0) == (error != NULL));
      g_assert_cmpint (got, <=, sizeof buffer);
      total += MAX (got, 0);
    }
  while (got > 0 && total < MAX_OUTPUT);
  /* After an error there is only that error. */
  if (got < 0)
    {
      g_assert_cmpint (
          _buildq_decompressor_source (decompressor, buffer, sizeof buffer, NULL), ==,
          -1);
    }
  _buildq_decompressor_free (decompressor);
  return 0;
}
