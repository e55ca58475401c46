/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The journal as a file, whether a queue uses it or not: it is copied and checked over a
 * connection of its own, which holds nobody up. What such a connection reads is what was
 * committed when it began.
 */
#include "config.h"

#include "queue/buildq-journal-private.h"

#include <buildq/buildq-error.h>
#include <buildq/buildq-journal.h>
#include <buildq/buildq-journal-status.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "core/buildq-offload.h"
#include "core/buildq-values.h"

#define OPERATIONS_BETWEEN_LOOKS 10000 /* of SQLite's machine, at the cancellable */

static int
is_cancelled (gpointer cancellable)
{
  return g_cancellable_is_cancelled (cancellable);
}

static sqlite3 *
open_file (const char *path, GCancellable *cancellable, GError **error)
{
  sqlite3 *db;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (g_access (path, R_OK) != 0)
    {
      _buildq_set_errno (error, errno, "reading the journal", path);
      return NULL;
    }
  db = _buildq_journal_connect (path, SQLITE_OPEN_READWRITE, error);
  if (db != NULL && cancellable != NULL)
    sqlite3_progress_handler (db, OPERATIONS_BETWEEN_LOOKS, is_cancelled, cancellable);
  return db;
}

static gboolean
fail (sqlite3 *db,
      const char *doing,
      const char *path,
      GCancellable *cancellable,
      GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  _buildq_journal_fail (db, doing, error);
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

/* --- backup --- */

static gboolean
copy_into (sqlite3 *db, const char *path)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok
      = sqlite3_prepare_v2 (db, "VACUUM INTO ?", -1, &statement, NULL) == SQLITE_OK
        && sqlite3_bind_text (statement, 1, path, -1, SQLITE_STATIC) == SQLITE_OK
        && sqlite3_step (statement) == SQLITE_DONE;

  /* The error stays with the connection. */
  sqlite3_finalize (statement);
  return ok;
}

gboolean
_buildq_journal_sync_folder (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

/* Not every file system knows how to leave alone what is there. */
static gboolean
rename_new (const char *from, const char *to)
{
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  return errno == EINVAL && g_access (to, F_OK) != 0 && g_rename (from, to) == 0;
}

static gboolean
write_backup (sqlite3 *db,
              int fd,
              const char *draft,
              const char *path,
              const char *backup,
              GCancellable *cancellable,
              GError **error)
{
  g_autofree char *folder = g_path_get_dirname (backup);

  if (!copy_into (db, draft))
    return fail (db, "copying", path, cancellable, error);
  if (fsync (fd) != 0 || !rename_new (draft, backup)
      || !_buildq_journal_sync_folder (folder))
    return _buildq_set_errno (error, errno, "writing the backup", backup);
  return TRUE;
}

/**
 * buildq_journal_backup:
 * @path: (type filename): the journal of a queue
 * @backup: (type filename): where to write the copy; nothing may be there yet
 * @cancellable: (nullable): to stop it
 * @error: `NOT_SUPPORTED` for the journal of a newer version, `INVALID` when it is
 * damaged or no journal; a #GIOErrorEnum for files that cannot be read or written,
 * `EXISTS` when there is one at @backup
 *
 * Copies a journal, whether a queue uses it or not: the queue goes on meanwhile, and all
 * that it had said before the call is in the copy. A queue that opens the copy is that
 * queue as it was then, with its key: treat it as secret. What was said after the copy
 * was made is not known to it. Blocks.
 *
 * The copy is at @backup, wholly and on disk, or it is not.
 *
 * Returns: whether it is
 *
 * Since: 0.1
 */
gboolean
buildq_journal_backup (const char *path,
                       const char *backup,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autofree char *draft = NULL;
  sqlite3 *db;
  gboolean ok;
  int fd;

  g_return_val_if_fail (path != NULL && backup != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (g_access (backup, F_OK) == 0)
    return _buildq_set_errno (error, EEXIST, "writing the backup", backup);
  db = open_file (path, cancellable, error);
  if (db == NULL)
    return FALSE;
  draft = g_strconcat (backup, ".XXXXXX", NULL);
  fd = g_mkstemp_full (draft, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    ok = _buildq_set_errno (error, errno, "writing the backup", backup);
  else
    {
      ok = write_backup (db, fd, draft, path, backup, cancellable, error);
      close (fd);
      if (!ok)
        g_unlink (draft);
    }
  sqlite3_close (db);
  return ok;
}

/* --- check --- */

#define UNFINISHED "state < 3"

static const struct
{
  const char *sql;
  gsize place; /* in the status */
} counts[] = {
  { "PRAGMA user_version", G_STRUCT_OFFSET (BuildqJournalStatus, version) },
  { "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    G_STRUCT_OFFSET (BuildqJournalStatus, size_bytes) },
  { "SELECT count(*) FROM requests", G_STRUCT_OFFSET (BuildqJournalStatus, requests) },
  { "SELECT count(*) FROM requests WHERE state = 0",
    G_STRUCT_OFFSET (BuildqJournalStatus, active_requests) },
  { "SELECT count(*) FROM jobs", G_STRUCT_OFFSET (BuildqJournalStatus, jobs) },
  { "SELECT count(*) FROM jobs WHERE " UNFINISHED,
    G_STRUCT_OFFSET (BuildqJournalStatus, unfinished_jobs) },
  { "SELECT count(*) FROM leases JOIN jobs ON job = id WHERE " UNFINISHED,
    G_STRUCT_OFFSET (BuildqJournalStatus, leases) },
  { "SELECT count(*) FROM results", G_STRUCT_OFFSET (BuildqJournalStatus, results) },
  { "SELECT count(*) FROM texts", G_STRUCT_OFFSET (BuildqJournalStatus, texts) },
};

/* What SQLite finds wrong with the file, or NULL; FALSE when it could not look. */
static gboolean
find_damage (sqlite3 *db, char **damage)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok = sqlite3_prepare_v2 (db, "PRAGMA integrity_check(1)", -1, &statement, NULL)
                    == SQLITE_OK
                && sqlite3_step (statement) == SQLITE_ROW;
  const char *text = ok ? (const char *) sqlite3_column_text (statement, 0) : NULL;

  *damage = g_strcmp0 (text, "ok") != 0 ? g_strdup (text) : NULL;
  sqlite3_finalize (statement);
  return ok;
}

static gboolean
check (sqlite3 *db, BuildqJournalStatus *status, const char *path, GError **error)
{
  g_autofree char *damage = NULL;

  if (!find_damage (db, &damage))
    return FALSE;
  if (damage != NULL)
    {
      g_strdelimit (damage, "\n", ' ');
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "%s: the journal is damaged: %s", path, damage);
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (!_buildq_journal_read_number (db, counts[i].sql,
                                      G_STRUCT_MEMBER_P (status, counts[i].place)))
      return FALSE;
  return TRUE;
}

/**
 * buildq_journal_check:
 * @path: (type filename): the journal of a queue, or a backup of one
 * @cancellable: (nullable): to stop it
 * @error: `NOT_SUPPORTED` for the journal of a newer version, `INVALID` when it is
 * damaged or no journal; a #GIOErrorEnum when it cannot be read
 *
 * Reads a journal from end to end, whether a queue uses it or not, and says what is in
 * it. Blocks.
 *
 * Returns: (transfer full): what is in it; there is no damage
 *
 * Since: 0.1
 */
BuildqJournalStatus *
buildq_journal_check (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (BuildqJournalStatus) status = NULL;
  g_autoptr (GError) damage = NULL;
  sqlite3 *db;
  gboolean ok;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  db = open_file (path, cancellable, error);
  if (db == NULL)
    return NULL;
  status = _buildq_value_new (&_buildq_journal_status_info);
  ok = sqlite3_exec (db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK
       && check (db, status, path, &damage);
  if (damage != NULL)
    g_propagate_error (error, g_steal_pointer (&damage));
  else if (!ok)
    fail (db, "checking", path, cancellable, error);
  sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
  sqlite3_close (db);
  return ok ? g_steal_pointer (&status) : NULL;
}
