/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Each fuzzer is one function, for libFuzzer or for the main function of fuzz-main.c. It
 * aborts when something is wrong: by an assertion, a warning, or a sanitizer.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Bytes to read, at most @step at once if it is not 0. */
typedef struct
{
  const guint8 *data;
  gsize size;
  gsize step;
} FuzzMemory;

gssize fuzz_memory_source (gpointer memory, void *buffer, gsize size, GError **error);
/* Appends to a GByteArray. */
gboolean fuzz_array_sink (gpointer array, const void *data, gsize size, GError **error);

G_END_DECLS
