/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Where trees are made before they are taken in. Each store object has a directory of its
 * own for that, and holds a lock as long as it lives, so that another one can see which
 * directories were left behind by a process that died, and clean them up.
 */
#include "config.h"

#include "store/buildq-directory-store.h"

#include "archive/buildq-nar-private.h"
#include "core/buildq-hash.h"
#include "core/buildq-offload.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_SUFFIX ".lock"

/* A lock file must still have its name when its lock is held: somebody may have cleaned
 * it up between the two. */
static gboolean
try_lock (int fd)
{
  struct stat status;

  return flock (fd, LOCK_EX | LOCK_NB) == 0 && fstat (fd, &status) == 0
         && status.st_nlink > 0;
}

static void
remove_if_dead (const char *tmp, const char *lock_name)
{
  g_autofree char *lock = g_build_filename (tmp, lock_name, NULL);
  g_autofree char *tree = g_strndup (lock, strlen (lock) - strlen (LOCK_SUFFIX));
  int fd = open (lock, O_RDWR | O_CLOEXEC);

  if (fd < 0)
    return;
  if (try_lock (fd)
      && (_buildq_tree_remove (tree, NULL) || !g_file_test (tree, G_FILE_TEST_EXISTS)))
    g_unlink (lock);
  close (fd);
}

static void
remove_dead (const char *tmp)
{
  g_autoptr (GDir) dir = g_dir_open (tmp, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, LOCK_SUFFIX))
      remove_if_dead (tmp, name);
}

static gboolean
begin_staging (BuildqDirectoryStore *self, GError **error)
{
  g_autofree char *tmp = g_build_filename (self->real_dir, ".buildq", "tmp", NULL);

  if (g_mkdir_with_parents (tmp, 0755) < 0)
    return _buildq_set_errno (error, errno, "making", tmp);
  remove_dead (tmp);

  while (self->staging_fd < 0)
    {
      g_autofree char *dir
          = g_strdup_printf ("%s/%d-%08x", tmp, (int) getpid (), g_random_int ());
      g_autofree char *lock = g_strconcat (dir, LOCK_SUFFIX, NULL);
      int fd = open (lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

      if (fd < 0 && errno == EEXIST)
        continue;
      if (fd < 0)
        return _buildq_set_errno (error, errno, "making", lock);
      if (!try_lock (fd))
        {
          close (fd);
          continue;
        }
      if (g_mkdir (dir, 0700) < 0)
        {
          _buildq_set_errno (error, errno, "making", dir);
          g_unlink (lock);
          close (fd);
          return FALSE;
        }
      self->staging_fd = fd;
      self->staging_lock = g_steal_pointer (&lock);
      self->staging_dir = g_steal_pointer (&dir);
    }
  return TRUE;
}

/* A place that nothing is at, on the file system of the store. */
char *
_buildq_directory_store_stage (BuildqDirectoryStore *self,
                               const char *store_path,
                               GError **error)
{
  g_autofree char *place = NULL;

  g_mutex_lock (&self->mutex);
  if (self->staging_fd >= 0 || begin_staging (self, error))
    place = g_strdup_printf ("%s/%" G_GUINT64_FORMAT "-%.32s", self->staging_dir,
                             self->staged++, _buildq_store_path_base (store_path));
  g_mutex_unlock (&self->mutex);
  return g_steal_pointer (&place);
}

void
_buildq_directory_store_end_staging (BuildqDirectoryStore *self)
{
  if (self->staging_fd < 0)
    return;
  _buildq_tree_remove (self->staging_dir, NULL);
  g_unlink (self->staging_lock);
  close (self->staging_fd);
  self->staging_fd = -1;
}
