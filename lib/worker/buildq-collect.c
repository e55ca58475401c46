/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-collect.h"
#include "core/buildq-hash.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-output.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
compare_inputs (gconstpointer a, gconstpointer b)
{
  return strcmp (buildq_input_get_name (*(BuildqInput *const *) a),
                 buildq_input_get_name (*(BuildqInput *const *) b));
}

BuildqArtifact *
_buildq_input_find_artifact (BuildqInput *input, GPtrArray *known)
{
  const char *path = buildq_input_get_path (input);

  if (buildq_input_get_artifact (input) != NULL || path == NULL || known == NULL)
    return buildq_input_get_artifact (input);
  for (guint i = 0; i < known->len; i++)
    if (g_str_equal (buildq_artifact_get_store_path (known->pdata[i]), path))
      return known->pdata[i];
  return NULL;
}

static gboolean
append_inputs (BuildqJob *job, GPtrArray *known, GString *text, GError **error)
{
  g_autoptr (GPtrArray) inputs = buildq_job_get_inputs (job);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();

  for (guint i = 0; i < inputs->len; i++)
    g_ptr_array_add (sorted, inputs->pdata[i]);
  g_ptr_array_sort (sorted, compare_inputs);
  for (guint i = 0; i < sorted->len; i++)
    {
      const char *name = buildq_input_get_name (sorted->pdata[i]);
      BuildqArtifact *artifact = _buildq_input_find_artifact (sorted->pdata[i], known);

      if (artifact == NULL)
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                       "input '%s' has no artifact", name);
          return FALSE;
        }
      g_string_append_printf (text, "\n%s=%s %s", name,
                              buildq_artifact_get_store_path (artifact),
                              buildq_artifact_get_nar_hash (artifact));
    }
  return TRUE;
}

char *
_buildq_output_store_path (BuildqJob *job,
                           GPtrArray *known,
                           const char *store_dir,
                           const char *output,
                           GError **error)
{
  const char *name = buildq_job_get_name (job);
  g_autofree char *spec = buildq_job_get_spec_digest (job);
  g_autofree char *type = g_strconcat ("output:", output, NULL);
  g_autofree char *suffix = NULL, *full = NULL, *clean = NULL;
  g_autoptr (GString) text = g_string_new (spec);
  guint8 digest[BUILDQ_HASH_BYTES];

  if (!append_inputs (job, known, text, error))
    return NULL;
  _buildq_hash_bytes (text->str, text->len, digest);
  if (!g_str_equal (output, "out"))
    suffix = g_strconcat ("-", output, NULL);
  full = g_strconcat (name != NULL ? name : buildq_job_get_key (job), suffix, NULL);
  clean = _buildq_store_name_clean (full);
  return _buildq_store_path_make (store_dir, type, digest, clean);
}

static gboolean
lies_in (const char *path, const char *dir)
{
  gsize length = strlen (dir);

  return strncmp (path, dir, length) == 0
         && (path[length] == '/' || path[length] == '\0');
}

static char *
fail_to_collect (BuildqOutput *output, const char *path, int number, GError **error)
{
  const char *name = buildq_output_get_name (output);

  if (number == ENOENT || number == ENOTDIR)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "output '%s' was not made",
                 name);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number),
                 "output '%s' at '%s': %s", name, path, g_strerror (number));
  return NULL;
}

/* Without a path, the output itself may be a link to anywhere, which is taken as a link;
 * with one, links are followed, and lead to what is taken. */
char *
_buildq_output_collect (BuildqRun *run, BuildqOutput *output, GError **error)
{
  const char *relative = buildq_output_get_path (output);
  g_autofree char *path
      = _buildq_run_get_output_path (run, buildq_output_get_name (output));
  g_autofree char *outputs
      = g_build_filename (_buildq_run_get_dir (run), "outputs", NULL);
  g_autofree char *top = realpath (relative != NULL ? _buildq_run_get_build_dir (run)
                                                    : _buildq_run_get_dir (run),
                                   NULL);
  g_autofree char *real = realpath (relative != NULL ? path : outputs, NULL);
  struct stat info;

  if (top == NULL || real == NULL || lstat (path, &info) < 0)
    return fail_to_collect (output, path, errno, error);
  if (!lies_in (real, top))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "output '%s' lies outside of the build directory, at '%s'",
                   buildq_output_get_name (output), real);
      return NULL;
    }
  return relative != NULL ? g_steal_pointer (&real) : g_steal_pointer (&path);
}
