/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The outputs of a command that ran elsewhere come to where they would be if it had run
 * here.
 */
#include "config.h"

#include "buildq-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_DIRECTORIES 16

gboolean
tool_check_outputs (BuildqRequest *request, GError **error)
{
  g_autoptr (GPtrArray) jobs = buildq_request_get_jobs (request);
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (jobs->pdata[0]);

  for (guint i = 0; i < outputs->len; i++)
    {
      const char *path = buildq_output_get_path (outputs->pdata[i]);

      if (!tool_exists (path))
        continue;
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS,
                   "--output '%s': there is one here already; move it away, or say "
                   "--force to replace it",
                   path);
      return FALSE;
    }
  return TRUE;
}

/* In a store all is read-only and from 1970. */
static int
make_ordinary (const char *path, const struct stat *status, int type, struct FTW *where)
{
  if (S_ISLNK (status->st_mode))
    return 0;
  if (g_chmod (path, (status->st_mode & 0777) | 0200) < 0)
    return -1;
  return utimensat (AT_FDCWD, path, NULL, 0);
}

static gboolean
move_here (const char *real, const char *path, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  int code;

  if (nftw (real, make_ordinary, OPEN_DIRECTORIES, FTW_PHYS) == 0
      && g_mkdir_with_parents (parent, 0777) == 0)
    {
      if (g_file_test (path, G_FILE_TEST_IS_DIR)) /* --force */
        tool_remove_tree (path);
      if (g_rename (real, path) == 0)
        return TRUE;
    }
  code = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "making '%s': %s", path,
               g_strerror (code));
  return FALSE;
}

static BuildqArtifact *
find_artifact (GPtrArray *artifacts, const char *name, GError **error)
{
  for (guint i = 0; i < artifacts->len; i++)
    if (g_strcmp0 (buildq_artifact_get_name (artifacts->pdata[i]), name) == 0)
      return artifacts->pdata[i];
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
               "the result has no output '%s'", name);
  return NULL;
}

/* The queue that we submitted to vouches for the records: no keys are asked for. */
static BuildqStore *
realise (const char *folder, GPtrArray *artifacts, char **mirrors, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (folder, NULL);
  g_autofree char *uri = g_filename_to_uri (path, NULL, error);
  g_autofree char *store_dir
      = g_path_get_dirname (buildq_artifact_get_store_path (artifacts->pdata[0]));
  g_autoptr (BuildqStore) store
      = uri == NULL ? NULL : buildq_store_new_for_uri (uri, store_dir, error);
  g_autoptr (BuildqResolver) resolver = NULL;
  g_autoptr (GPtrArray) got = NULL;

  if (store == NULL)
    return NULL;
  resolver = buildq_resolver_new (store, NULL);
  for (char **p = mirrors; p != NULL && *p != NULL; p++)
    {
      g_autoptr (BuildqMirror) mirror = tool_open_mirror (*p, error);

      if (mirror == NULL)
        return NULL;
      buildq_resolver_add_mirror (resolver, mirror);
    }
  got = buildq_resolver_realise (resolver, artifacts, NULL, NULL, error);
  return got == NULL ? NULL : g_steal_pointer (&store);
}

static gboolean
take_all (const char *folder,
          GPtrArray *outputs,
          GPtrArray *artifacts,
          char **mirrors,
          GError **error)
{
  g_autoptr (BuildqStore) store = realise (folder, artifacts, mirrors, error);

  if (store == NULL)
    return FALSE;
  for (guint i = 0; i < outputs->len; i++)
    {
      BuildqArtifact *artifact
          = find_artifact (artifacts, buildq_output_get_name (outputs->pdata[i]), error);
      g_autofree char *real = NULL;

      if (artifact == NULL)
        return FALSE;
      real
          = buildq_store_get_real_path (store, buildq_artifact_get_store_path (artifact));
      if (!move_here (real, buildq_output_get_path (outputs->pdata[i]), error))
        return FALSE;
    }
  return TRUE;
}

gboolean
tool_take_outputs (BuildqJob *job, BuildqResult *result, char **mirrors, GError **error)
{
  g_autoptr (GPtrArray) outputs = buildq_job_get_outputs (job);
  g_autoptr (GPtrArray) artifacts = NULL;
  g_autofree char *folder = NULL;
  gboolean ok;

  if (outputs->len == 0)
    return TRUE;
  artifacts = buildq_result_get_artifacts (result);
  if (artifacts->len == 0)
    return find_artifact (artifacts, buildq_output_get_name (outputs->pdata[0]), error)
           != NULL;
  /* Beside its place, so that it can be moved there. */
  folder = g_strdup (".buildq-XXXXXX");
  if (g_mkdtemp (folder) == NULL)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "making a directory here: %s", g_strerror (code));
      return FALSE;
    }
  ok = take_all (folder, outputs, artifacts, mirrors, error);
  tool_remove_tree (folder);
  return ok;
}
