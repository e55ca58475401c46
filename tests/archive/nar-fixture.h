/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the tests of NARs share.
 */
#pragma once

#include "archive/buildq-nar-private.h"

typedef struct
{
  char *dir;    /* of the test, empty but for what it makes */
  char *target; /* in it; not there */
} Fixture;

typedef struct
{
  const guint8 *data;
  gsize size;
  gsize step; /* bytes a read; 0 for all that is wanted */
} Memory;

void nar_fixture_setup (Fixture *fixture, gconstpointer data);
void nar_fixture_teardown (Fixture *fixture, gconstpointer data);
char *data_path (const char *dir, const char *name, const char *suffix);
int open_data (const char *dir, const char *name);
gboolean append_sink (gpointer array, const void *data, gsize size, GError **error);
gssize memory_source (gpointer memory, void *buffer, gsize size, GError **error);
char *read_data (const char *dir, const char *name, gsize *size);
GPtrArray *list_names (const char *path);

#define ADD(path, func)                                                                  \
  g_test_add (path, Fixture, NULL, nar_fixture_setup, func, nar_fixture_teardown)
