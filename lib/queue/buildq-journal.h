/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The journal of a local queue: what must survive, in SQLite. One connection writes, in a
 * thread of its own; what is added while one commit runs goes into the next (group
 * commit). Another connection, on the owner's thread, reads what is committed.
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

typedef struct _BuildqJournal BuildqJournal;

/* The statements that write. The letters are the types of their arguments, in order: i a
 * gint64, s a string or NULL, b a GBytes. */
typedef enum
{
  BUILDQ_JOURNAL_PUT_META,     /* ss   name, value */
  BUILDQ_JOURNAL_PUT_JOB,      /* isi  id, key, submitted_us */
  BUILDQ_JOURNAL_PUT_JOB_TEXT, /* iss  id, spec digest, JSON */
  BUILDQ_JOURNAL_PUT_DEP,      /* ii   id, id of the job that it depends on */
  BUILDQ_JOURNAL_SET_JOB,      /* iiissiiii state, attempt, faults, worker, message,
                                        ready_us, leased_us, finished_us, id */
  BUILDQ_JOURNAL_PUT_RESULT,   /* iss  id, token that it came with, JSON */
  BUILDQ_JOURNAL_PUT_LEASE,    /* siis token, id of the job, attempt, worker */
  BUILDQ_JOURNAL_ANSWER_LEASE, /* s    token: its result is accepted, no success */
  BUILDQ_JOURNAL_DROP_LEASE,   /* s    token */
  BUILDQ_JOURNAL_PUT_REQUEST, /* isssisi number, id, submitter, group, priority, wanted as
                                       JSON, created_us */
  BUILDQ_JOURNAL_PUT_REQUEST_JOB, /* ii   number, id of the job */
  BUILDQ_JOURNAL_SET_REQUEST,  /* iisi state, finished_us, final status as JSON, number */
  BUILDQ_JOURNAL_PUT_TEXT,     /* sb   hash, text */
  BUILDQ_JOURNAL_PUT_TEXT_REF, /* is   id of the job that names it, hash */
  /* What is forgotten. */
  BUILDQ_JOURNAL_DROP_JOB,         /* i    id; with all that is the job's own */
  BUILDQ_JOURNAL_DROP_REQUEST,     /* i    number; then its jobs, one by one */
  BUILDQ_JOURNAL_DROP_REQUEST_JOB, /* ii   number, id of the job */
  BUILDQ_JOURNAL_DROP_TEXT,        /* s    hash */
  BUILDQ_JOURNAL_N_STATEMENTS,
} BuildqJournalStatement;

/* Called on the owner's context when batch @batch is on disk, or is not and never will
 * be. */
typedef void (*BuildqJournalDone) (guint64 batch,
                                   const GError *error,
                                   gpointer user_data);

/* What a journal holds, told row by row; each function returns FALSE with @error when the
 * row makes no sense. */
typedef struct
{
  gboolean (*job) (gpointer user_data,
                   gint64 id,
                   const char *key,
                   const char *class_name,
                   int state,
                   gint64 attempt,
                   gint64 faults,
                   const char *worker,
                   const char *message,
                   const gint64 times[4], /* submitted, ready, leased, finished */
                   GError **error);
  gboolean (*dep) (gpointer user_data, gint64 id, gint64 dep, GError **error);
  gboolean (*lease) (gpointer user_data,
                     const char *token,
                     gint64 job,
                     gint64 attempt,
                     const char *worker,
                     gboolean answered,
                     GError **error);
  gboolean (*request) (gpointer user_data,
                       gint64 number,
                       const char *id,
                       const char *submitter,
                       const char *group,
                       gint64 priority,
                       const char *wanted,
                       gint64 created_us,
                       int state,
                       const char *final_status,
                       GError **error);
  gboolean (*request_job) (gpointer user_data, gint64 number, gint64 job, GError **error);
  gboolean (*text) (gpointer user_data, const char *hash, GError **error);
  gboolean (*text_ref) (gpointer user_data, gint64 id, const char *hash, GError **error);
} BuildqJournalLoader;

BuildqJournal *_buildq_journal_open (const char *path,
                                     BuildqJournalDone done,
                                     gpointer user_data,
                                     GError **error);
/* What was added is written first. */
void _buildq_journal_close (BuildqJournal *self);

/* Adds to the open batch. */
void _buildq_journal_add (BuildqJournal *self, BuildqJournalStatement statement, ...);
/* Sends the open batch on its way, now or when the one before is done. */
void _buildq_journal_flush (BuildqJournal *self);
/* The batch that all that was added so far will be on disk with; 0 when it is already. */
guint64 _buildq_journal_get_pending (BuildqJournal *self);
/* The batch that what is added next will be part of. */
guint64 _buildq_journal_get_open (BuildqJournal *self);

/* What was written since it was opened, and how large its files are. */
void _buildq_journal_add_stats (BuildqJournal *self, BuildqStats *stats);

/* Read what is committed; NULL without @error when it is not there. */
char *_buildq_journal_read_meta (BuildqJournal *self, const char *name, GError **error);
/* Is on disk when it returns: for the little that is decided before the first batch. */
gboolean _buildq_journal_put_meta (BuildqJournal *self,
                                   const char *name,
                                   const char *value,
                                   GError **error);
char *_buildq_journal_read_job (BuildqJournal *self,
                                gint64 id,
                                char **digest,
                                GError **error);
char *_buildq_journal_read_result (BuildqJournal *self,
                                   gint64 id,
                                   char **token,
                                   GError **error);
GBytes *_buildq_journal_read_text (BuildqJournal *self, const char *hash, GError **error);
gboolean _buildq_journal_has_text (BuildqJournal *self, const char *hash);
gboolean _buildq_journal_load (BuildqJournal *self,
                               const BuildqJournalLoader *loader,
                               gpointer user_data,
                               GError **error);

G_END_DECLS
