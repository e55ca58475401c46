/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What a worker must still know after it was killed: a file for each lease, in the
 * directory "leases" of the work directory. A file is written whole, and is on the disk
 * before what it says matters to anybody else.
 *
 *   RUNNING    before the executor is started
 *   BUILT      the outputs are in the store, and are to be uploaded
 *   FINISHED   before the result is handed in for the first time
 *   ACCEPTED   what was accepted could not be published yet
 *
 * It is removed when the queue has given its verdict, and what it accepted is published.
 * Until then the store must keep the outputs that it names.
 */
#pragma once

#include "core/buildq-values.h"

G_BEGIN_DECLS

typedef enum
{
  BUILDQ_SPOOL_RUNNING,
  BUILDQ_SPOOL_BUILT,
  BUILDQ_SPOOL_FINISHED,
  BUILDQ_SPOOL_ACCEPTED
} BuildqSpoolState;

typedef struct
{
  gint64 version;
  gint64 state; /* BuildqSpoolState */
  char *boot;   /* of the machine, when the job was started */
  char *dir;    /* of the job, in the work directory; NULL if it has none */
  gint64 cores;
  gint64 started_us; /* real time */
  gint64 started_monotonic_us;
  BuildqGrant *grant;
  char **inputs;        /* NAME=REAL PATH */
  char **candidates;    /* what an output may refer to, without the other outputs */
  char **store_paths;   /* of the outputs, in their order */
  BuildqResult *result; /* from BUILT on; before FINISHED its artifacts are local */
  GPtrArray *published; /* of BuildqArtifact: ACCEPTED, and are to be published */
} BuildqSpoolEntry;

BuildqSpoolEntry *_buildq_spool_entry_new (BuildqGrant *grant);
void _buildq_spool_entry_unref (gpointer entry);
/* Whether the machine has not been started anew since the job was. */
gboolean _buildq_spool_entry_is_of_this_boot (BuildqSpoolEntry *entry);

/* Where the entry of a lease is. */
char *_buildq_spool_path (const char *work_path, const char *token);

/* Writes @entry as it is now. Those of one lease must follow each other. */
void _buildq_spool_put_async (const char *work_path,
                              BuildqSpoolEntry *entry,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean _buildq_spool_put_finish (GAsyncResult *result, GError **error);

/* Reads all that is there, and removes the directories of other jobs. What cannot be read
 * is moved to "aside" in the work directory, with a warning. */
void _buildq_spool_load_async (const char *work_path,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
/* Returns: (element-type BuildqSpoolEntry) */
GPtrArray *_buildq_spool_load_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqSpoolEntry, _buildq_spool_entry_unref)

G_END_DECLS
