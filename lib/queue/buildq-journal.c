/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-journal-private.h"
#include "queue/buildq-journal-schema.h"

#include <buildq/buildq-error.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/buildq-thread.h"

#define MAX_ARGUMENTS 9
/* What is committed is on disk; a checkpoint is not the business of commits. */
#define COMMIT_ON_DISK "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
#define CHECKPOINT_PAGES 1000       /* of the log: when nothing else is to be done */
#define CHECKPOINT_PAGES_NOW 100000 /* and when something is */
#define IDLE_US (50 * 1000)         /* without a batch, before the file is shrunk */
#define INCREMENTAL 2               /* the mode of auto_vacuum */
#define SHRINK_PAGES 256            /* at a time */
#define SLACK_PAGES 1024            /* that are left for what comes … */
#define SLACK_PART 4                /* … and one of so many */

typedef union
{
  gint64 integer;
  char *string;
  GBytes *bytes;
} Value;

typedef struct
{
  BuildqJournalStatement statement;
  Value values[MAX_ARGUMENTS];
} Entry;

typedef struct
{
  guint64 number;
  GArray *entries; /* Entry */
  GError *error;   /* from the writer, … */
  gint64 took_us;  /* … as is this */
  BuildqJournal *journal;
} Batch;

static void
entry_clear (gpointer data)
{
  Entry *entry = data;
  const char *types = journal_statements[entry->statement].types;

  for (guint i = 0; types[i] != '\0'; i++)
    if (types[i] == 's')
      g_free (entry->values[i].string);
    else if (types[i] == 'b')
      g_bytes_unref (entry->values[i].bytes);
}

static Batch *
batch_new (guint64 number)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->number = number;
  batch->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (batch->entries, entry_clear);
  return batch;
}

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_array_unref (batch->entries);
  g_clear_error (&batch->error);
  g_free (batch);
}

gboolean
_buildq_journal_fail (sqlite3 *db, const char *doing, GError **error)
{
  int code = sqlite3_errcode (db);

  g_set_error (error, BUILDQ_ERROR,
               code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? BUILDQ_ERROR_INVALID
                                                               : BUILDQ_ERROR_UNAVAILABLE,
               "journal: %s: %s", doing, sqlite3_errmsg (db));
  return FALSE;
}

/* --- the writer's thread --- */

static gboolean
bind_values (sqlite3_stmt *statement, const Entry *entry)
{
  const char *types = journal_statements[entry->statement].types;

  for (guint i = 0; types[i] != '\0'; i++)
    {
      const Value *value = &entry->values[i];
      int code;

      if (types[i] == 'i')
        code = sqlite3_bind_int64 (statement, i + 1, value->integer);
      else if (types[i] == 's')
        code = sqlite3_bind_text (statement, i + 1, value->string, -1, SQLITE_STATIC);
      else
        {
          gsize size;
          gconstpointer data = g_bytes_get_data (value->bytes, &size);

          code = sqlite3_bind_blob64 (statement, i + 1, data != NULL ? data : "", size,
                                      SQLITE_STATIC);
        }
      if (code != SQLITE_OK)
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_entry (BuildqJournal *self, const Entry *entry)
{
  sqlite3_stmt *statement = self->statements[entry->statement];
  gboolean ok = bind_values (statement, entry) && sqlite3_step (statement) == SQLITE_DONE;

  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  self->may_shrink |= entry->statement >= BUILDQ_JOURNAL_DROP_JOB;
  return ok;
}

static gboolean
run_sql (sqlite3 *db, const char *sql)
{
  return sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* After one that failed, none is written: it would stand on what is not there. */
static void
write_batch (BuildqJournal *self, Batch *batch, GError **broken)
{
  gboolean ok;

  if (*broken != NULL)
    {
      batch->error = g_error_copy (*broken);
      return;
    }
  ok = run_sql (self->writer, "BEGIN IMMEDIATE");

  for (guint i = 0; ok && i < batch->entries->len; i++)
    ok = write_entry (self, &g_array_index (batch->entries, Entry, i));
  if (ok)
    ok = run_sql (self->writer, "COMMIT");
  if (ok)
    return;
  _buildq_journal_fail (self->writer, "writing", &batch->error);
  *broken = g_error_copy (batch->error);
  if (!sqlite3_get_autocommit (self->writer))
    run_sql (self->writer, "ROLLBACK");
}

static gboolean
batch_is_done (gpointer data)
{
  Batch *batch = data;
  BuildqJournal *self = batch->journal;

  BUILDQ_TAKE_OVER (batch);
  if (self->closed)
    return G_SOURCE_REMOVE;
  self->in_flight = FALSE;
  self->failed = batch->error != NULL;
  if (!self->failed)
    {
      self->commits++;
      self->entries += batch->entries->len;
      self->commit_us += batch->took_us;
    }
  self->done (batch->number, batch->error, self->user_data);
  return G_SOURCE_REMOVE;
}

static void
batch_release (gpointer data)
{
  Batch *batch = data;
  BuildqJournal *self = batch->journal;

  batch_free (batch);
  g_atomic_rc_box_release (self);
}

static int
remember_log_size (gpointer data, sqlite3 *db, const char *name, int pages)
{
  ((BuildqJournal *) data)->log_pages = pages;
  return SQLITE_OK;
}

/* Outside of commits, so that no answer waits for it. */
static void
checkpoint (BuildqJournal *self, int limit)
{
  if (self->log_pages < limit)
    return;
  sqlite3_wal_checkpoint_v2 (self->writer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  self->log_pages = 0;
}

/* Gives some of the pages that are free back to the file system, from the end of the
 * file; those that stay are filled again. Should it fail, the file stays as it is. */
static void
shrink (BuildqJournal *self)
{
  g_autofree char *sql = g_strdup_printf ("PRAGMA incremental_vacuum(%d)", SHRINK_PAGES);
  gint64 free_pages, pages;

  self->may_shrink
      = _buildq_journal_read_number (self->writer, "PRAGMA freelist_count", &free_pages)
        && _buildq_journal_read_number (self->writer, "PRAGMA page_count", &pages)
        && free_pages > SLACK_PAGES && free_pages > pages / SLACK_PART
        && run_sql (self->writer, sql);
  checkpoint (self, self->may_shrink ? CHECKPOINT_PAGES : 1);
}

static Batch *
take_batch (BuildqJournal *self)
{
  Batch *batch = NULL;

  while (batch == NULL)
    if (!self->may_shrink)
      batch = g_async_queue_pop (self->to_writer);
    else if ((batch = g_async_queue_timeout_pop (self->to_writer, IDLE_US)) == NULL)
      shrink (self);
  BUILDQ_TAKE_OVER (batch);
  return batch;
}

static gpointer
writer_thread (gpointer data)
{
  BuildqJournal *self = data;
  g_autoptr (GError) broken = NULL;
  Batch *batch;

  while ((batch = take_batch (self))->number != 0)
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      batch->took_us = -_buildq_clock_now ();
      write_batch (self, batch, &broken);
      batch->took_us += _buildq_clock_now ();
      BUILDQ_HAND_OVER (batch);
      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, batch_is_done, batch, batch_release);
      g_source_attach (source, self->context);
      checkpoint (self, g_async_queue_length (self->to_writer) > 0 ? CHECKPOINT_PAGES_NOW
                                                                   : CHECKPOINT_PAGES);
    }
  batch_free (batch);
  return NULL;
}

/* --- opening --- */

/* Whether there is room for the journal written anew, and for the log of that; a try
 * would take the room from the commits that follow. */
static gboolean
has_room_for_another (BuildqJournal *self)
{
  const char *path = sqlite3_db_filename (self->writer, "main");
  struct statvfs fs;
  struct stat file;

  return stat (path, &file) == 0 && statvfs (path, &fs) == 0
         && (guint64) fs.f_bavail * fs.f_frsize > (guint64) file.st_size * 3;
}

/* A journal that an older version made gives nothing back until it is written anew, once.
 * That needs room for a second one: without, it goes on as it is. */
static void
make_shrinkable (BuildqJournal *self)
{
  gint64 mode;

  if (!_buildq_journal_read_number (self->writer, "PRAGMA auto_vacuum", &mode)
      || mode == INCREMENTAL || !has_room_for_another (self))
    return;
  g_message ("the journal is written anew, so that it can shrink");
  if (!run_sql (self->writer, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM;"
                              "PRAGMA wal_checkpoint(TRUNCATE)"))
    g_message ("the journal cannot shrink: %s", sqlite3_errmsg (self->writer));
}

static gboolean
set_up_writer (BuildqJournal *self, GError **error)
{
  if (!run_sql (self->writer, "PRAGMA auto_vacuum = INCREMENTAL;"
                              "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF;"
                              "PRAGMA journal_size_limit = 16777216;" COMMIT_ON_DISK))
    return _buildq_journal_fail (self->writer, "opening", error);
  sqlite3_wal_hook (self->writer, remember_log_size, self);
  if (!_buildq_journal_migrate (self->writer, _buildq_journal_steps, error))
    return FALSE;
  make_shrinkable (self);
  for (guint i = 0; i < BUILDQ_JOURNAL_N_STATEMENTS; i++)
    if (sqlite3_prepare_v3 (self->writer, journal_statements[i].sql, -1,
                            SQLITE_PREPARE_PERSISTENT, &self->statements[i], NULL)
        != SQLITE_OK)
      return _buildq_journal_fail (self->writer, "preparing", error);
  return TRUE;
}

/* Two queues on one journal would each believe that it is theirs. */
static gboolean
take_lock (BuildqJournal *self, const char *path, GError **error)
{
  g_autofree char *lock_path = g_strconcat (path, ".lock", NULL);
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  self->lock_fd = open (lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (self->lock_fd >= 0 && fcntl (self->lock_fd, F_OFD_SETLK, &lock) == 0)
    return TRUE;
  if (self->lock_fd >= 0 && (errno == EAGAIN || errno == EACCES))
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS,
                 "%s: another queue is using it", path);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", lock_path,
                 g_strerror (errno));
  return FALSE;
}

/* SQLite would let others read it, though the farm's secret key is in it. It sees to it
 * that the name of the file lasts; the folders may be as new. */
static void
create_file (const char *path)
{
  g_autofree char *folder = NULL;
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if (fd < 0)
    return; /* it is there, or SQLite will say why it cannot be */
  close (fd);
  folder = g_canonicalize_filename (path, NULL);
  while (!g_str_equal (folder, "/"))
    {
      g_autofree char *file = g_steal_pointer (&folder);

      folder = g_path_get_dirname (file);
      _buildq_journal_sync_folder (folder);
    }
}

static gboolean
open_connections (BuildqJournal *self, const char *path, GError **error)
{
  if (!take_lock (self, path, error))
    return FALSE;
  create_file (path);
  self->writer
      = _buildq_journal_connect (path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
  if (self->writer == NULL)
    return FALSE;
  if (!set_up_writer (self, error))
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  self->reader = _buildq_journal_connect (path, SQLITE_OPEN_READWRITE, error);
  return self->reader != NULL
         && (run_sql (self->reader, COMMIT_ON_DISK)
             || _buildq_journal_fail (self->reader, "opening", error));
}

static void
close_connections (BuildqJournal *self)
{
  for (guint i = 0; i < BUILDQ_JOURNAL_N_STATEMENTS; i++)
    g_clear_pointer (&self->statements[i], sqlite3_finalize);
  for (guint i = 0; i < BUILDQ_JOURNAL_N_READS; i++)
    g_clear_pointer (&self->reads[i], sqlite3_finalize);
  g_clear_pointer (&self->reader, sqlite3_close);
  g_clear_pointer (&self->writer, sqlite3_close);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  self->lock_fd = -1;
}

BuildqJournal *
_buildq_journal_open (const char *path,
                      BuildqJournalDone done,
                      gpointer user_data,
                      GError **error)
{
  BuildqJournal *self = g_atomic_rc_box_new0 (BuildqJournal);

  self->lock_fd = -1;
  self->done = done;
  self->user_data = user_data;
  if (!open_connections (self, path, error))
    {
      close_connections (self);
      g_atomic_rc_box_release (self);
      return NULL;
    }
  self->context = g_main_context_ref_thread_default ();
  self->to_writer = g_async_queue_new_full (batch_free);
  self->open = batch_new (1);
  self->thread = _buildq_thread_new ("buildq-journal", writer_thread, self);
  return self;
}

static void
give_batch (BuildqJournal *self, Batch *batch)
{
  BUILDQ_HAND_OVER (batch);
  g_async_queue_push (self->to_writer, batch);
}

/* What was added is written, unless what came before it could not be. Batches that are
 * done may still be on their way to the owner, and hold a reference. */
void
_buildq_journal_close (BuildqJournal *self)
{
  self->closed = TRUE;
  if (!self->failed)
    {
      self->in_flight = FALSE;
      _buildq_journal_flush (self);
    }
  give_batch (self, batch_new (0));
  g_thread_join (self->thread);
  close_connections (self);
  g_clear_pointer (&self->open, batch_free);
  g_clear_pointer (&self->to_writer, g_async_queue_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_atomic_rc_box_release (self);
}

/* --- adding --- */

void
_buildq_journal_add (BuildqJournal *self, BuildqJournalStatement statement, ...)
{
  const char *types = journal_statements[statement].types;
  Batch *batch = self->open;
  Entry entry = { .statement = statement };
  va_list arguments;

  va_start (arguments, statement);
  for (guint i = 0; types[i] != '\0'; i++)
    if (types[i] == 'i')
      entry.values[i].integer = va_arg (arguments, gint64);
    else if (types[i] == 's')
      entry.values[i].string = g_strdup (va_arg (arguments, const char *));
    else
      entry.values[i].bytes = g_bytes_ref (va_arg (arguments, GBytes *));
  va_end (arguments);
  g_array_append_val (batch->entries, entry);
}

void
_buildq_journal_flush (BuildqJournal *self)
{
  Batch *batch = self->open;

  if (self->in_flight || batch->entries->len == 0)
    return;
  self->in_flight = TRUE;
  self->open = batch_new (batch->number + 1);
  batch->journal = g_atomic_rc_box_acquire (self);
  give_batch (self, batch);
}

guint64
_buildq_journal_get_open (BuildqJournal *self)
{
  return ((Batch *) self->open)->number;
}

guint64
_buildq_journal_get_pending (BuildqJournal *self)
{
  Batch *batch = self->open;

  if (batch->entries->len > 0)
    return batch->number;
  return self->in_flight ? batch->number - 1 : 0;
}
