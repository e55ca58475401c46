/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A file system for SQLite that writes down all that is done to the files of one folder,
 * so that what a disk would hold after a loss of power at any moment can be made of it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  CRASH_OP_CREATE, /* of a file, under a name */
  CRASH_OP_DELETE, /* of a name */
  CRASH_OP_WRITE,
  CRASH_OP_TRUNCATE,
  CRASH_OP_SYNC,     /* of a file: what it holds is on the disk */
  CRASH_OP_SYNC_DIR, /* of the folder: its names are */
} CrashOpKind;

typedef struct
{
  CrashOpKind kind;
  guint file;    /* a number for each file that was ever made */
  char *name;    /* CREATE, DELETE: in the folder */
  gint64 offset; /* WRITE; TRUNCATE: to which size */
  GBytes *data;  /* WRITE */
} CrashOp;

/* Becomes the file system of all connections of this process. */
void crash_vfs_install (void);
/* Begins to write down what is done in @folder; what is there counts as on the disk. */
void crash_vfs_begin (const char *folder);
/* How many operations there were; 0 when nothing is written down. */
guint crash_vfs_count (void);
/* Ends it. Returns: (transfer full): of CrashOp */
GPtrArray *crash_vfs_end (void);
/* Whether other threads wait before they change a file. */
void crash_vfs_hold_others (gboolean hold);
/* Lets all connections that are opened from now on use that PRAGMA synchronous, whatever
 * they set themselves; NULL: they do as they like. */
void crash_vfs_set_synchronous (const char *mode);

G_END_DECLS
