/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "nar-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

void
nar_fixture_setup (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("buildq-nar-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->target = g_build_filename (fixture->dir, "target", NULL);
}

void
nar_fixture_teardown (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (_buildq_tree_remove (fixture->dir, &error));
  g_assert_no_error (error);
  g_free (fixture->dir);
  g_free (fixture->target);
}

char *
data_path (const char *dir, const char *name, const char *suffix)
{
  g_autofree char *base = g_strconcat (name, suffix, NULL);

  return g_test_build_filename (G_TEST_DIST, "data", dir, base, NULL);
}

int
open_data (const char *dir, const char *name)
{
  g_autofree char *path = data_path (dir, name, ".nar");
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

gboolean
append_sink (gpointer array, const void *data, gsize size, GError **error)
{
  g_byte_array_append (array, data, size);
  return TRUE;
}

gssize
memory_source (gpointer memory, void *buffer, gsize size, GError **error)
{
  Memory *self = memory;
  gsize part = MIN (size, self->size);

  if (self->step > 0)
    part = MIN (part, self->step);
  memcpy (buffer, self->data, part);
  self->data += part;
  self->size -= part;
  return part;
}

char *
read_data (const char *dir, const char *name, gsize *size)
{
  g_autofree char *path = data_path (dir, name, ".nar");
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, size, &error);
  g_assert_no_error (error);
  return text;
}

GPtrArray *
list_names (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  return names;
}
