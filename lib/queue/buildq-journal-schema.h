/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The statements that write the journal; its tables are in buildq-journal-schema.c.
 */
#pragma once

#include "queue/buildq-journal.h"

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
  [BUILDQ_JOURNAL_PUT_LEASE]
  = { "siis", "INSERT INTO leases (token, job, attempt, worker) VALUES (?, ?, ?, ?)" },
  [BUILDQ_JOURNAL_ANSWER_LEASE]
  = { "s", "UPDATE leases SET answered = 1 WHERE token = ?" },
  [BUILDQ_JOURNAL_DROP_LEASE] = { "s", "DELETE FROM leases WHERE token = ?" },
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
  [BUILDQ_JOURNAL_PUT_TEXT_REF]
  = { "is", "INSERT OR IGNORE INTO text_refs VALUES (?, ?)" },
  [BUILDQ_JOURNAL_DROP_JOB] = { "i", "DELETE FROM jobs WHERE id = ?" },
  [BUILDQ_JOURNAL_DROP_REQUEST] = { "i", "DELETE FROM requests WHERE number = ?" },
  [BUILDQ_JOURNAL_DROP_REQUEST_JOB]
  = { "ii", "DELETE FROM request_jobs WHERE request = ? AND job = ?" },
  [BUILDQ_JOURNAL_DROP_TEXT] = { "s", "DELETE FROM texts WHERE hash = ?" },
};
