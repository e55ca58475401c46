/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The tables of the journal and the statements that write them. Texts of jobs and results
 * stand apart from the small rows that change often.
 */
#pragma once

#include "queue/buildq-journal.h"

#define BUILDQ_JOURNAL_VERSION 1

/* clang-format off */
static const char journal_schema[] =
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
    "CREATE TABLE texts (hash TEXT PRIMARY KEY, text BLOB NOT NULL) STRICT, WITHOUT ROWID;";
/* clang-format on */

typedef struct
{
  const char *types; /* of the arguments: see BuildqJournalStatement */
  const char *sql;
} JournalStatement;

static const JournalStatement journal_statements[BUILDQ_JOURNAL_N_STATEMENTS] = {
  [BUILDQ_JOURNAL_PUT_META] = { "ss", "INSERT OR REPLACE INTO meta VALUES (?, ?)" },
  [BUILDQ_JOURNAL_PUT_JOB]
  = { "issi", "INSERT INTO jobs VALUES (?, ?, ?, 0, 0, 0, NULL, NULL, ?, 0, 0, 0)" },
  [BUILDQ_JOURNAL_PUT_JOB_TEXT] = { "iss", "INSERT INTO job_texts VALUES (?, ?, ?)" },
  [BUILDQ_JOURNAL_PUT_DEP] = { "ii", "INSERT OR IGNORE INTO deps VALUES (?, ?)" },
  [BUILDQ_JOURNAL_SET_JOB]
  = { "iiissiiii",
      "UPDATE jobs SET state = ?, attempt = ?, faults = ?, worker = ?, message = ?,"
      " ready_us = ?, leased_us = ?, finished_us = ? WHERE id = ?" },
  [BUILDQ_JOURNAL_PUT_RESULT]
  = { "iss", "INSERT OR REPLACE INTO results VALUES (?, ?, ?)" },
  [BUILDQ_JOURNAL_PUT_LEASE] = { "siis", "INSERT INTO leases VALUES (?, ?, ?, ?)" },
  [BUILDQ_JOURNAL_PUT_REQUEST]
  = { "isssisi",
      "INSERT INTO requests (number, id, submitter, grp, priority, wanted, created_us)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)" },
  [BUILDQ_JOURNAL_PUT_REQUEST_JOB]
  = { "ii", "INSERT OR IGNORE INTO request_jobs VALUES (?, ?)" },
  [BUILDQ_JOURNAL_SET_REQUEST]
  = { "iisi",
      "UPDATE requests SET state = ?, finished_us = ?, status = ? WHERE number = ?" },
  [BUILDQ_JOURNAL_PUT_TEXT] = { "sb", "INSERT OR IGNORE INTO texts VALUES (?, ?)" },
};
