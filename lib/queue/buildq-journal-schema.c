/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The tables of the journal, and how those of older versions become those of this one.
 */
#include "config.h"

#include "queue/buildq-journal-private.h"

#include <buildq/buildq-error.h>

#define BUSY_MS 5000

/* Step i leads from version i to version i + 1, and a new journal takes them all: the
 * version of the library is their number. A step that a release has is never changed; a
 * new version is one more step, the change of the statements in buildq-journal-schema.h,
 * and tests/data/journal-N.db of the version before (tests/queue/make-journal.py).
 *
 * Texts of jobs and results stand apart from the small rows that change often. */
/* clang-format off */
const char *const _buildq_journal_steps[] = {
    /* 1 */
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
    " class TEXT NOT NULL, state INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " faults INTEGER NOT NULL, worker TEXT, message TEXT, submitted_us INTEGER NOT NULL,"
    " ready_us INTEGER NOT NULL, leased_us INTEGER NOT NULL,"
    " finished_us INTEGER NOT NULL) STRICT;"
    "CREATE TABLE job_texts (id INTEGER PRIMARY KEY, digest TEXT NOT NULL,"
    " json TEXT NOT NULL) STRICT;"
    "CREATE TABLE deps (job INTEGER NOT NULL, dep INTEGER NOT NULL,"
    " PRIMARY KEY (job, dep)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE results (id INTEGER PRIMARY KEY, token TEXT NOT NULL,"
    " json TEXT NOT NULL) STRICT;"
    "CREATE TABLE leases (token TEXT PRIMARY KEY, job INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, worker TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX leases_by_job ON leases (job);"
    "CREATE TABLE requests (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " submitter TEXT, grp TEXT, priority INTEGER NOT NULL, wanted TEXT NOT NULL,"
    " created_us INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,"
    " finished_us INTEGER NOT NULL DEFAULT 0, status TEXT) STRICT;"
    "CREATE TABLE request_jobs (request INTEGER NOT NULL, job INTEGER NOT NULL,"
    " PRIMARY KEY (request, job)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE texts (hash TEXT PRIMARY KEY, text BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    /* 2: what is of no use is dropped: leases that have ended, all that belongs to a job
     * that is forgotten, texts that no job names. */
    "ALTER TABLE leases ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;"
    "UPDATE leases SET answered = 1 WHERE token IN (SELECT token FROM results);"
    "DELETE FROM leases WHERE answered = 0"
    " AND job IN (SELECT id FROM jobs WHERE state >= 3);"
    "CREATE TABLE text_refs (job INTEGER NOT NULL, hash TEXT NOT NULL,"
    " PRIMARY KEY (job, hash)) STRICT, WITHOUT ROWID;"
    "INSERT OR IGNORE INTO text_refs SELECT job_texts.id, texts.value"
    " FROM job_texts, json_each (job_texts.json, '$.texts') AS texts;"
    "CREATE TRIGGER job_dropped AFTER DELETE ON jobs BEGIN"
    " DELETE FROM job_texts WHERE id = old.id;"
    " DELETE FROM results WHERE id = old.id;"
    " DELETE FROM deps WHERE job = old.id;"
    " DELETE FROM leases WHERE job = old.id;"
    " DELETE FROM text_refs WHERE job = old.id;"
    "END;",
    NULL,
};
/* clang-format on */

static gboolean
run_sql (sqlite3 *db, const char *sql)
{
  return sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The one number that @sql asks for; an error stays with the connection. */
gboolean
_buildq_journal_read_number (sqlite3 *db, const char *sql, gint64 *number)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) == SQLITE_OK
                && sqlite3_step (statement) == SQLITE_ROW;

  if (ok)
    *number = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  return ok;
}

/* Whether @db is a journal, or is empty and can become one, of a version that @steps can
 * lead on from. Only reads. Leaves its version, 0 when it is empty. */
static gboolean
check (sqlite3 *db, const char *const *steps, gint64 *version, GError **error)
{
  gint64 known = g_strv_length ((char **) steps);
  gint64 tables, ours;

  if (!_buildq_journal_read_number (db, "PRAGMA user_version", version)
      || !_buildq_journal_read_number (db, "SELECT count(*) FROM sqlite_schema", &tables)
      || !_buildq_journal_read_number (db,
                                       "SELECT count(*) FROM sqlite_schema"
                                       " WHERE type = 'table'"
                                       " AND name IN ('meta', 'jobs', 'requests')",
                                       &ours))
    return _buildq_journal_fail (db, "reading its version", error);
  if (*version < 0 || (*version == 0 ? tables != 0 : ours != 3))
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                 "journal: the file is a database, but no journal of a queue");
  else if (*version > known)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                 "journal: it is of version %" G_GINT64_FORMAT
                 ", and this library knows none after %" G_GINT64_FORMAT,
                 *version, known);
  else
    return TRUE;
  return FALSE;
}

/* What is refused is not touched: not even its log is put into the file. */
static gboolean
check_untouched (sqlite3 *db, const char *path, int flags, GError **error)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  gboolean has_log = g_file_test (log, G_FILE_TEST_EXISTS);
  gint64 version;

  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log, NULL);
  if (!check (db, _buildq_journal_steps, &version, error))
    return FALSE;
  if (version == 0 && !(flags & SQLITE_OPEN_CREATE))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "journal: the file is empty");
      return FALSE;
    }
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  return TRUE;
}

/* Opens a journal that this library knows or, with SQLITE_OPEN_CREATE, an empty one. */
sqlite3 *
_buildq_journal_connect (const char *path, int flags, GError **error)
{
  sqlite3 *db = NULL;

  if (sqlite3_open_v2 (path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK
      && sqlite3_busy_timeout (db, BUSY_MS) == SQLITE_OK)
    {
      if (check_untouched (db, path, flags, error))
        return db;
    }
  else if (db != NULL)
    _buildq_journal_fail (db, "opening", error);
  g_prefix_error (error, "%s: ", path);
  sqlite3_close (db);
  return NULL;
}

/* Each step is there wholly, with its number, or not at all. */
static gboolean
take_step (sqlite3 *db, guint version, const char *step, GError **error)
{
  g_autofree char *doing = g_strdup_printf ("migrating to version %u", version + 1);
  g_autofree char *set_version
      = g_strdup_printf ("PRAGMA user_version = %u", version + 1);

  if (run_sql (db, "BEGIN IMMEDIATE") && run_sql (db, step) && run_sql (db, set_version)
      && run_sql (db, "COMMIT"))
    return TRUE;
  _buildq_journal_fail (db, doing, error);
  if (!sqlite3_get_autocommit (db))
    run_sql (db, "ROLLBACK");
  return FALSE;
}

gboolean
_buildq_journal_migrate (sqlite3 *db, const char *const *steps, GError **error)
{
  gint64 version;

  if (!check (db, steps, &version, error))
    return FALSE;
  for (; steps[version] != NULL; version++)
    if (!take_step (db, (guint) version, steps[version], error))
      return FALSE;
  return TRUE;
}
