/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "queue/buildq-journal.h"

typedef enum
{
  BUILDQ_JOURNAL_READ_META,
  BUILDQ_JOURNAL_WRITE_META,
  BUILDQ_JOURNAL_READ_JOB,
  BUILDQ_JOURNAL_READ_RESULT,
  BUILDQ_JOURNAL_READ_TEXT,
  BUILDQ_JOURNAL_N_READS,
} BuildqJournalRead;

struct _BuildqJournal
{
  GMainContext *context; /* the owner's */
  BuildqJournalDone done;
  gpointer user_data;
  gboolean closed;

  gpointer open;      /* Batch that is added to */
  gboolean in_flight; /* a batch is with the writer */
  gboolean failed;    /* a batch could not be written */
  gint64 commits;     /* that are done, … */
  gint64 entries;     /* … what was written with them, … */
  gint64 commit_us;   /* … and how long they took */

  /* The owner's connection, for reading; it writes only what put_meta() is given. */
  sqlite3 *reader;
  sqlite3_stmt *reads[BUILDQ_JOURNAL_N_READS];
  int lock_fd;

  /* The writer's, until its thread is joined. */
  GThread *thread;
  GAsyncQueue *to_writer; /* Batch; number 0 ends the thread */
  sqlite3 *writer;
  sqlite3_stmt *statements[BUILDQ_JOURNAL_N_STATEMENTS];
  int log_pages;
  gboolean may_shrink; /* something was dropped */
};

gboolean _buildq_journal_fail (sqlite3 *db, const char *doing, GError **error);

/* --- buildq-journal-schema.c --- */
extern const char *const _buildq_journal_steps[];
sqlite3 *_buildq_journal_connect (const char *path, int flags, GError **error);
gboolean _buildq_journal_read_number (sqlite3 *db, const char *sql, gint64 *number);
gboolean _buildq_journal_migrate (sqlite3 *db, const char *const *steps, GError **error);

/* --- buildq-journal-file.c --- */
gboolean _buildq_journal_sync_folder (const char *path);
