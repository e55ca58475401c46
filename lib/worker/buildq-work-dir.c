/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-work-dir.h"
#include "archive/buildq-nar-private.h"
#include "core/buildq-thread.h"

#include <buildq/buildq-error.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOB_PREFIX "job-"
#define MAX_JOBS 100000
/* The processes of a worker that was killed die within seconds, and write until then. */
#define SWEEP_TRIES 10
#define SWEEP_PAUSE_US (500 * 1000)

struct _BuildqWorkDir
{
  char *path;
  int lock_fd;
};

static gboolean
set_io_error (GError **error, int number, const char *doing, const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s '%s': %s", doing,
               path, g_strerror (number));
  return FALSE;
}

static gboolean
lock (BuildqWorkDir *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, "lock", NULL);

  self->lock_fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (self->lock_fd < 0)
    return set_io_error (error, errno, "opening", path);
  if (flock (self->lock_fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno != EWOULDBLOCK)
    return set_io_error (error, errno, "locking", path);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS,
               "another worker uses the work directory '%s'", self->path);
  return FALSE;
}

BuildqWorkDir *
_buildq_work_dir_open (const char *path, GError **error)
{
  g_autoptr (BuildqWorkDir) self = g_new0 (BuildqWorkDir, 1);

  self->lock_fd = -1;
  self->path = g_canonicalize_filename (path, NULL);
  if (g_mkdir_with_parents (self->path, 0755) < 0)
    {
      set_io_error (error, errno, "making", self->path);
      return NULL;
    }
  if (!lock (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
_buildq_work_dir_free (BuildqWorkDir *self)
{
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  g_free (self->path);
  g_free (self);
}

char *
_buildq_work_dir_make (BuildqWorkDir *self, GError **error)
{
  for (guint i = 1; i <= MAX_JOBS; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/" JOB_PREFIX "%u", self->path, i);

      if (mkdir (path, 0755) == 0)
        return g_steal_pointer (&path);
      if (errno != EEXIST)
        {
          set_io_error (error, errno, "making", path);
          return NULL;
        }
    }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES,
               "'%s' holds too many directories of jobs", self->path);
  return NULL;
}

gboolean
_buildq_work_dir_is_of_job (const char *name)
{
  const char *digits = name + strlen (JOB_PREFIX);

  return g_str_has_prefix (name, JOB_PREFIX) && digits[0] != '\0'
         && strspn (digits, "0123456789") == strlen (digits);
}

static gboolean
remove_patiently (const char *path, GError **error)
{
  for (guint i = 1;; i++)
    {
      g_autoptr (GError) own_error = NULL;

      if (_buildq_tree_remove (path, &own_error)
          || !g_file_test (path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK))
        return TRUE;
      if (i == SWEEP_TRIES
          || (!g_error_matches (own_error, G_IO_ERROR, G_IO_ERROR_NOT_EMPTY)
              && !g_error_matches (own_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)))
        {
          g_propagate_error (error, g_steal_pointer (&own_error));
          return FALSE;
        }
      g_usleep (SWEEP_PAUSE_US);
    }
}

gboolean
_buildq_work_dir_sweep (const char *work_path, GHashTable *kept, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (work_path, 0, error);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *entry = g_build_filename (work_path, name, NULL);

      if (_buildq_work_dir_is_of_job (name) && !g_hash_table_contains (kept, name)
          && !remove_patiently (entry, error))
        return FALSE;
    }
  return TRUE;
}

typedef struct
{
  char *entry;
  char *path;
} Removal;

static void
removal_free (gpointer data)
{
  Removal *removal = data;

  g_free (removal->entry);
  g_free (removal->path);
  g_free (removal);
}

/* An entry without its directory would be of no use, a directory without its entry is
 * swept. */
static void
remove_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Removal *removal = data;
  GError *error = NULL;

  if (removal->entry != NULL && unlink (removal->entry) < 0 && errno != ENOENT)
    set_io_error (&error, errno, "removing", removal->entry);
  else if (removal->path != NULL)
    remove_patiently (removal->path, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
_buildq_work_dir_remove_async (const char *entry,
                               const char *path,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Removal *removal = g_new0 (Removal, 1);

  removal->entry = g_strdup (entry);
  removal->path = g_strdup (path);
  g_task_set_source_tag (task, _buildq_work_dir_remove_async);
  g_task_set_task_data (task, removal, removal_free);
  _buildq_task_run_in_thread (task, remove_thread);
}

gboolean
_buildq_work_dir_remove_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
