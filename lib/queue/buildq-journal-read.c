/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-journal-private.h"

#include <glib/gstdio.h>

#include "core/buildq-values.h"

static const char *const read_sql[BUILDQ_JOURNAL_N_READS] = {
  [BUILDQ_JOURNAL_READ_META] = "SELECT value FROM meta WHERE name = ?",
  [BUILDQ_JOURNAL_WRITE_META] = "INSERT OR REPLACE INTO meta VALUES (?, ?)",
  [BUILDQ_JOURNAL_READ_JOB] = "SELECT json, digest FROM job_texts WHERE id = ?",
  [BUILDQ_JOURNAL_READ_RESULT] = "SELECT json, token FROM results WHERE id = ?",
  [BUILDQ_JOURNAL_READ_TEXT] = "SELECT text FROM texts WHERE hash = ?",
};

static sqlite3_stmt *
get_read (BuildqJournal *self, BuildqJournalRead which, GError **error)
{
  if (self->reads[which] == NULL
      && sqlite3_prepare_v3 (self->reader, read_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                             &self->reads[which], NULL)
             != SQLITE_OK)
    _buildq_journal_fail (self->reader, "preparing", error);
  return self->reads[which];
}

/* Whether there is a row; the statement is to be reset by the caller either way. */
static gboolean
step (BuildqJournal *self, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code == SQLITE_ROW)
    return TRUE;
  if (code != SQLITE_DONE)
    _buildq_journal_fail (self->reader, "reading", error);
  return FALSE;
}

static const char *
column (sqlite3_stmt *statement, int index)
{
  return (const char *) sqlite3_column_text (statement, index);
}

char *
_buildq_journal_read_meta (BuildqJournal *self, const char *name, GError **error)
{
  sqlite3_stmt *statement = get_read (self, BUILDQ_JOURNAL_READ_META, error);
  char *value = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_text (statement, 1, name, -1, SQLITE_STATIC);
  if (step (self, statement, error))
    value = g_strdup (column (statement, 0));
  sqlite3_reset (statement);
  return value;
}

gboolean
_buildq_journal_put_meta (BuildqJournal *self,
                          const char *name,
                          const char *value,
                          GError **error)
{
  sqlite3_stmt *statement = get_read (self, BUILDQ_JOURNAL_WRITE_META, error);
  gboolean ok;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, name, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 2, value, -1, SQLITE_STATIC);
  ok = sqlite3_step (statement) == SQLITE_DONE;
  if (!ok)
    _buildq_journal_fail (self->reader, "writing", error);
  sqlite3_reset (statement);
  return ok;
}

char *
_buildq_journal_read_job (BuildqJournal *self, gint64 id, char **digest, GError **error)
{
  sqlite3_stmt *statement = get_read (self, BUILDQ_JOURNAL_READ_JOB, error);
  char *json = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, id);
  if (step (self, statement, error))
    {
      json = g_strdup (column (statement, 0));
      if (digest != NULL)
        *digest = g_strdup (column (statement, 1));
    }
  sqlite3_reset (statement);
  return json;
}

char *
_buildq_journal_read_result (BuildqJournal *self, gint64 id, char **token, GError **error)
{
  sqlite3_stmt *statement = get_read (self, BUILDQ_JOURNAL_READ_RESULT, error);
  char *json = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, id);
  if (step (self, statement, error))
    {
      json = g_strdup (column (statement, 0));
      if (token != NULL)
        *token = g_strdup (column (statement, 1));
    }
  sqlite3_reset (statement);
  return json;
}

GBytes *
_buildq_journal_read_text (BuildqJournal *self, const char *hash, GError **error)
{
  sqlite3_stmt *statement = get_read (self, BUILDQ_JOURNAL_READ_TEXT, error);
  GBytes *text = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_text (statement, 1, hash, -1, SQLITE_STATIC);
  if (step (self, statement, error))
    text = g_bytes_new (sqlite3_column_blob (statement, 0),
                        sqlite3_column_bytes (statement, 0));
  sqlite3_reset (statement);
  return text;
}

gboolean
_buildq_journal_has_text (BuildqJournal *self, const char *hash)
{
  sqlite3_stmt *statement = get_read (self, BUILDQ_JOURNAL_READ_TEXT, NULL);
  gboolean found;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, hash, -1, SQLITE_STATIC);
  found = step (self, statement, NULL);
  sqlite3_reset (statement);
  return found;
}

/* --- loading --- */

typedef struct
{
  const BuildqJournalLoader *loader;
  gpointer user_data;
} Load;

typedef gboolean (*RowFunc) (const Load *load, sqlite3_stmt *row, GError **error);

static gboolean
load_job (const Load *load, sqlite3_stmt *row, GError **error)
{
  const gint64 times[4] = {
    sqlite3_column_int64 (row, 8),
    sqlite3_column_int64 (row, 9),
    sqlite3_column_int64 (row, 10),
    sqlite3_column_int64 (row, 11),
  };

  return load->loader->job (load->user_data, sqlite3_column_int64 (row, 0),
                            column (row, 1), column (row, 2), sqlite3_column_int (row, 3),
                            sqlite3_column_int64 (row, 4), sqlite3_column_int64 (row, 5),
                            column (row, 6), column (row, 7), times, error);
}

static gboolean
load_dep (const Load *load, sqlite3_stmt *row, GError **error)
{
  return load->loader->dep (load->user_data, sqlite3_column_int64 (row, 0),
                            sqlite3_column_int64 (row, 1), error);
}

static gboolean
load_lease (const Load *load, sqlite3_stmt *row, GError **error)
{
  return load->loader->lease (
      load->user_data, column (row, 0), sqlite3_column_int64 (row, 1),
      sqlite3_column_int64 (row, 2), column (row, 3), sqlite3_column_int (row, 4), error);
}

static gboolean
load_request (const Load *load, sqlite3_stmt *row, GError **error)
{
  return load->loader->request (
      load->user_data, sqlite3_column_int64 (row, 0), column (row, 1), column (row, 2),
      column (row, 3), sqlite3_column_int64 (row, 4), column (row, 5),
      sqlite3_column_int64 (row, 6), sqlite3_column_int (row, 7), column (row, 8), error);
}

static gboolean
load_request_job (const Load *load, sqlite3_stmt *row, GError **error)
{
  return load->loader->request_job (load->user_data, sqlite3_column_int64 (row, 0),
                                    sqlite3_column_int64 (row, 1), error);
}

static gboolean
load_text (const Load *load, sqlite3_stmt *row, GError **error)
{
  return load->loader->text (load->user_data, column (row, 0), error);
}

static gboolean
load_text_ref (const Load *load, sqlite3_stmt *row, GError **error)
{
  return load->loader->text_ref (load->user_data, sqlite3_column_int64 (row, 0),
                                 column (row, 1), error);
}

/* In an order in which each row knows those that it names. */
static const struct
{
  const char *sql;
  RowFunc func;
} load_steps[] = {
  { "SELECT id, key, class, state, attempt, faults, worker, message, submitted_us, "
    "ready_us,"
    " leased_us, finished_us FROM jobs ORDER BY id",
    load_job },
  { "SELECT job, dep FROM deps ORDER BY job", load_dep },
  { "SELECT token, job, attempt, worker, answered FROM leases ORDER BY attempt",
    load_lease },
  { "SELECT number, id, submitter, grp, priority, wanted, created_us, state, status FROM "
    "requests"
    " ORDER BY number",
    load_request },
  { "SELECT request, job FROM request_jobs ORDER BY request, job", load_request_job },
  { "SELECT hash FROM texts", load_text },
  { "SELECT job, hash FROM text_refs ORDER BY job", load_text_ref },
};

gboolean
_buildq_journal_load (BuildqJournal *self,
                      const BuildqJournalLoader *loader,
                      gpointer user_data,
                      GError **error)
{
  const Load load = { loader, user_data };

  for (guint i = 0; i < G_N_ELEMENTS (load_steps); i++)
    {
      sqlite3_stmt *statement = NULL;
      gboolean ok
          = sqlite3_prepare_v2 (self->reader, load_steps[i].sql, -1, &statement, NULL)
            == SQLITE_OK;
      int code = SQLITE_ROW;

      if (!ok)
        _buildq_journal_fail (self->reader, "loading", error);
      while (ok && (code = sqlite3_step (statement)) == SQLITE_ROW)
        ok = load_steps[i].func (&load, statement, error);
      if (ok && code != SQLITE_DONE)
        ok = _buildq_journal_fail (self->reader, "loading", error);
      sqlite3_finalize (statement);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

/* --- what it is like --- */

static gint64
size_of (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 ? (gint64) status.st_size : 0;
}

void
_buildq_journal_add_stats (BuildqJournal *self, BuildqStats *stats)
{
  const char *path = sqlite3_db_filename (self->reader, "main");
  g_autofree char *log = g_strconcat (path, "-wal", NULL);

  _buildq_stats_add (stats, "journal_commits_total", self->commits, NULL);
  _buildq_stats_add (stats, "journal_commit_us_total", self->commit_us, NULL);
  _buildq_stats_add (stats, "journal_entries_total", self->entries, NULL);
  _buildq_stats_add (stats, "journal_bytes", size_of (path), NULL);
  _buildq_stats_add (stats, "journal_log_bytes", size_of (log), NULL);
}
