/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "crash-disk.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECTOR 512

typedef struct
{
  GByteArray *synced;
  GPtrArray *pending; /* CrashOp: since then */
} File;

struct _CrashDisk
{
  gboolean lies;
  GHashTable *files;  /* number → File */
  GHashTable *names;  /* those on the disk → number */
  GPtrArray *pending; /* CrashOp: changes of names since */
};

static void
file_free (gpointer data)
{
  File *file = data;

  g_byte_array_unref (file->synced);
  g_ptr_array_unref (file->pending);
  g_free (file);
}

CrashDisk *
crash_disk_new (gboolean lies)
{
  CrashDisk *self = g_new0 (CrashDisk, 1);

  self->lies = lies;
  self->files = g_hash_table_new_full (NULL, NULL, NULL, file_free);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->pending = g_ptr_array_new ();
  return self;
}

void
crash_disk_free (CrashDisk *self)
{
  g_hash_table_unref (self->files);
  g_hash_table_unref (self->names);
  g_ptr_array_unref (self->pending);
  g_free (self);
}

/* --- what is done to a file --- */

static void
set_size (GByteArray *bytes, gsize size)
{
  gsize before = bytes->len;

  g_byte_array_set_size (bytes, (guint) size);
  if (size > before)
    memset (bytes->data + before, 0, size - before);
}

/* The piece of a write that is in one sector. */
static void
write_piece (GByteArray *bytes, gsize offset, const guint8 *data, gsize size)
{
  if (bytes->len < offset + size)
    set_size (bytes, offset + size);
  memcpy (bytes->data + offset, data, size);
}

/* What was never on the disk before can be anything. */
static void
write_junk (GByteArray *bytes, gsize offset, gsize size, GRand *rand)
{
  gsize before = bytes->len;

  if (before >= offset + size)
    return;
  set_size (bytes, offset + size);
  for (gsize i = MAX (before, offset); i < offset + size; i++)
    bytes->data[i] = (guint8) g_rand_int (rand);
}

/* @rand: tears it; NULL: it is there wholly. */
static void
do_write (GByteArray *bytes, const CrashOp *op, GRand *rand)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (op->data, &size);
  gsize offset = (gsize) op->offset;

  while (size > 0)
    {
      gsize piece = MIN (size, SECTOR - offset % SECTOR);

      if (rand == NULL || g_rand_boolean (rand))
        write_piece (bytes, offset, data, piece);
      else if (g_rand_boolean (rand))
        write_junk (bytes, offset, piece, rand);
      offset += piece;
      data += piece;
      size -= piece;
    }
}

static void
do_to_file (GByteArray *bytes, const CrashOp *op, GRand *rand)
{
  if (op->kind == CRASH_OP_WRITE)
    do_write (bytes, op, rand);
  else if (op->kind == CRASH_OP_TRUNCATE && bytes->len > (gsize) op->offset)
    set_size (bytes, (gsize) op->offset);
}

static void
do_to_names (GHashTable *names, const CrashOp *op)
{
  if (op->kind == CRASH_OP_CREATE)
    g_hash_table_replace (names, g_strdup (op->name), GUINT_TO_POINTER (op->file));
  else
    g_hash_table_remove (names, op->name);
}

/* --- the disk --- */

static File *
get_file (CrashDisk *self, guint number)
{
  File *file = g_hash_table_lookup (self->files, GUINT_TO_POINTER (number));

  if (file != NULL)
    return file;
  file = g_new0 (File, 1);
  file->synced = g_byte_array_new ();
  file->pending = g_ptr_array_new ();
  g_hash_table_insert (self->files, GUINT_TO_POINTER (number), file);
  return file;
}

static void
sync_file (File *file)
{
  for (guint i = 0; i < file->pending->len; i++)
    do_to_file (file->synced, file->pending->pdata[i], NULL);
  g_ptr_array_set_size (file->pending, 0);
}

static void
sync_names (CrashDisk *self)
{
  for (guint i = 0; i < self->pending->len; i++)
    do_to_names (self->names, self->pending->pdata[i]);
  g_ptr_array_set_size (self->pending, 0);
}

void
crash_disk_do (CrashDisk *self, const CrashOp *op)
{
  switch (op->kind)
    {
    case CRASH_OP_CREATE:
    case CRASH_OP_DELETE:
      g_ptr_array_add (self->pending, (gpointer) op);
      break;
    case CRASH_OP_WRITE:
    case CRASH_OP_TRUNCATE:
      g_ptr_array_add (get_file (self, op->file)->pending, (gpointer) op);
      break;
    case CRASH_OP_SYNC:
      if (!self->lies)
        sync_file (get_file (self, op->file));
      break;
    case CRASH_OP_SYNC_DIR:
      if (!self->lies)
        sync_names (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
is_there (CrashLoss loss, GRand *rand)
{
  if (loss == CRASH_LOSE_ALL || loss == CRASH_LOSE_NOTHING)
    return loss == CRASH_LOSE_NOTHING;
  return g_rand_boolean (rand);
}

static void
write_file (File *file, CrashLoss loss, GRand *rand, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_sized_new (file->synced->len);
  g_autoptr (GError) error = NULL;

  g_byte_array_append (bytes, file->synced->data, file->synced->len);
  for (guint i = 0; i < file->pending->len; i++)
    {
      const CrashOp *op = file->pending->pdata[i];

      if (loss == CRASH_TEAR && op->kind == CRASH_OP_WRITE)
        do_to_file (bytes, op, rand);
      else if (is_there (loss, rand))
        do_to_file (bytes, op, NULL);
    }
  g_file_set_contents_full (path, (const char *) bytes->data, bytes->len,
                            G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}

void
crash_disk_lose_power (CrashDisk *self, CrashLoss loss, GRand *rand, const char *folder)
{
  g_autoptr (GHashTable) names
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer name, number;

  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &name, &number))
    g_hash_table_insert (names, g_strdup (name), number);
  for (guint i = 0; i < self->pending->len; i++)
    if (is_there (loss, rand))
      do_to_names (names, self->pending->pdata[i]);

  crash_clear_folder (folder);
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &name, &number))
    write_file (get_file (self, GPOINTER_TO_UINT (number)), loss, rand, folder, name);
}

void
crash_clear_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
}
