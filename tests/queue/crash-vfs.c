/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "crash-vfs.h"

#include <sqlite3.h>
#include <string.h>

typedef struct
{
  sqlite3_file base;
  guint number; /* 0: nothing of it is written down */
  sqlite3_file *real;
} File;

typedef int (*OpenDirectory) (const char *path, int *fd);

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;
static OpenDirectory open_directory;

/* Connections are on several threads. */
static GMutex mutex;
static char *folder;
static GPtrArray *ops;      /* CrashOp, or NULL */
static GHashTable *numbers; /* name → number of the file */
static guint last_number;
static GThread *alone; /* who may change files; NULL: all */
static GCond not_alone;

static const char *synchronous;
static gboolean forcing;

/* --- writing down --- */

static void
op_free (gpointer data)
{
  CrashOp *op = data;

  g_free (op->name);
  g_clear_pointer (&op->data, g_bytes_unref);
  g_free (op);
}

/* With the mutex held. */
static CrashOp *
add_op (CrashOpKind kind, guint file)
{
  CrashOp *op = g_new0 (CrashOp, 1);

  op->kind = kind;
  op->file = file;
  g_ptr_array_add (ops, op);
  return op;
}

static void
write_down (CrashOpKind kind, File *file, gint64 offset, const void *data, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  CrashOp *op;

  while (alone != NULL && alone != g_thread_self ())
    g_cond_wait (&not_alone, &mutex);
  if (ops == NULL || file->number == 0)
    return;
  op = add_op (kind, file->number);
  op->offset = offset;
  op->data = data != NULL ? g_bytes_new (data, size) : NULL;
}

/* The name in the folder that is watched, or NULL. With the mutex held. */
static const char *
watched_name (const char *path)
{
  gsize length = folder != NULL ? strlen (folder) : 0;

  if (ops == NULL || path == NULL || strncmp (path, folder, length) != 0
      || path[length] != '/')
    return NULL;
  return path + length + 1;
}

/* With the mutex held. */
static guint
number_of (const char *name)
{
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (numbers, name));

  if (number != 0)
    return number;
  number = ++last_number;
  g_hash_table_insert (numbers, g_strdup (name), GUINT_TO_POINTER (number));
  add_op (CRASH_OP_CREATE, number)->name = g_strdup (name);
  return number;
}

static int
watch_directory (const char *path, int *fd)
{
  g_mutex_lock (&mutex);
  if (watched_name (path) != NULL)
    add_op (CRASH_OP_SYNC_DIR, 0);
  g_mutex_unlock (&mutex);
  return open_directory (path, fd);
}

/* --- files --- */

#define REAL(file) (((File *) (file))->real)
#define CALL(file, method, ...) REAL (file)->pMethods->method (REAL (file), __VA_ARGS__)

static int
file_close (sqlite3_file *file)
{
  int code = REAL (file)->pMethods->xClose (REAL (file));

  g_free (REAL (file));
  return code;
}

static int
file_read (sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
  return CALL (file, xRead, data, size, offset);
}

static int
file_write (sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
  write_down (CRASH_OP_WRITE, (File *) file, offset, data, (gsize) size);
  return CALL (file, xWrite, data, size, offset);
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  write_down (CRASH_OP_TRUNCATE, (File *) file, size, NULL, 0);
  return CALL (file, xTruncate, size);
}

/* The real file need not be on the disk; it is SQLite's own code that decides whether the
 * folder is to be. */
static int
file_sync (sqlite3_file *file, int flags)
{
  if (((File *) file)->number == 0)
    return SQLITE_OK;
  write_down (CRASH_OP_SYNC, (File *) file, 0, NULL, 0);
  return CALL (file, xSync, flags);
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return CALL (file, xFileSize, size);
}

static int
file_lock (sqlite3_file *file, int kind)
{
  return CALL (file, xLock, kind);
}

static int
file_unlock (sqlite3_file *file, int kind)
{
  return CALL (file, xUnlock, kind);
}

static int
file_check_reserved (sqlite3_file *file, int *result)
{
  return CALL (file, xCheckReservedLock, result);
}

static int
file_control (sqlite3_file *file, int op, void *argument)
{
  if (op == SQLITE_FCNTL_PRAGMA && synchronous != NULL && !forcing)
    {
      char **words = argument;

      if (g_ascii_strcasecmp (words[1], "synchronous") == 0)
        return SQLITE_OK; /* done, as far as SQLite knows */
    }
  return CALL (file, xFileControl, op, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return REAL (file)->pMethods->xSectorSize (REAL (file));
}

static int
file_characteristics (sqlite3_file *file)
{
  return REAL (file)->pMethods->xDeviceCharacteristics (REAL (file));
}

static int
file_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **place)
{
  return CALL (file, xShmMap, page, size, extend, place);
}

static int
file_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  return CALL (file, xShmLock, offset, n, flags);
}

static void
file_shm_barrier (sqlite3_file *file)
{
  REAL (file)->pMethods->xShmBarrier (REAL (file));
}

static int
file_shm_unmap (sqlite3_file *file, int remove)
{
  return CALL (file, xShmUnmap, remove);
}

static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

static int
vfs_open (sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags, int *out)
{
  File *mine = (File *) file;
  const char *name;
  int code;

  mine->real = g_malloc0 ((gsize) real_vfs->szOsFile);
  mine->number = 0;
  code = real_vfs->xOpen (real_vfs, path, mine->real, flags, out);
  if (mine->real->pMethods == NULL)
    {
      g_clear_pointer (&mine->real, g_free);
      return code;
    }
  file->pMethods = &methods;
  g_mutex_lock (&mutex);
  name = watched_name (path);
  if (code == SQLITE_OK && name != NULL)
    mine->number = number_of (name);
  g_mutex_unlock (&mutex);
  return code;
}

static int
vfs_delete (sqlite3_vfs *self, const char *path, int sync_dir)
{
  const char *name;

  g_mutex_lock (&mutex);
  name = watched_name (path);
  if (name != NULL && g_hash_table_remove (numbers, name))
    add_op (CRASH_OP_DELETE, 0)->name = g_strdup (name);
  g_mutex_unlock (&mutex);
  return real_vfs->xDelete (real_vfs, path, sync_dir);
}

/* --- which PRAGMA synchronous --- */

static int
force_synchronous (sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
  g_autofree char *sql = NULL;
  int code;

  if (synchronous == NULL)
    return SQLITE_OK;
  sql = g_strdup_printf ("PRAGMA synchronous = %s", synchronous);
  forcing = TRUE;
  code = sqlite3_exec (db, sql, NULL, NULL, NULL);
  forcing = FALSE;
  return code;
}

/* Connections are opened on the thread that calls this. */
void
crash_vfs_set_synchronous (const char *mode)
{
  synchronous = mode;
}

/* --- the whole --- */

void
crash_vfs_install (void)
{
  real_vfs = sqlite3_vfs_find (NULL);
  vfs = *real_vfs;
  vfs.zName = "crash";
  vfs.szOsFile = sizeof (File);
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  open_directory = (OpenDirectory) real_vfs->xGetSystemCall (real_vfs, "openDirectory");
  real_vfs->xSetSystemCall (real_vfs, "openDirectory",
                            (sqlite3_syscall_ptr) watch_directory);
  sqlite3_vfs_register (&vfs, TRUE);
  sqlite3_auto_extension ((void (*) (void)) force_synchronous);
}

void
crash_vfs_begin (const char *dir)
{
  g_autoptr (GDir) there = g_dir_open (dir, 0, NULL);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  const char *name;

  folder = g_strdup (dir);
  ops = g_ptr_array_new_with_free_func (op_free);
  numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while ((name = g_dir_read_name (there)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);
      char *bytes = NULL;
      gsize size;
      guint number = number_of (name);

      g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
      add_op (CRASH_OP_WRITE, number)->data = g_bytes_new_take (bytes, size);
      add_op (CRASH_OP_SYNC, number);
    }
  add_op (CRASH_OP_SYNC_DIR, 0);
}

void
crash_vfs_hold_others (gboolean hold)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  alone = hold ? g_thread_self () : NULL;
  g_cond_broadcast (&not_alone);
}

guint
crash_vfs_count (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  return ops != NULL ? ops->len : 0;
}

GPtrArray *
crash_vfs_end (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&numbers, g_hash_table_unref);
  return g_steal_pointer (&ops);
}
