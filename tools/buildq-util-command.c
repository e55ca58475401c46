/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A command line becomes a request of one job.
 */
#include "config.h"

#include "buildq-tool.h"

#include <string.h>

/* The path relative to the working directory, "." for that itself; %NULL if it is
 * elsewhere. */
static char *
below_here (const char *path)
{
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *whole = g_canonicalize_filename (path, here);
  gsize length = g_str_equal (here, "/") ? 0 : strlen (here);

  if (g_str_equal (whole, here))
    return g_strdup (".");
  if (strncmp (whole, here, length) == 0 && whole[length] == '/')
    return g_strdup (whole + length + 1);
  return NULL;
}

/* A name for the environment, such as "src_main_c", that none of @taken has. */
static char *
name_for (const char *place, GHashTable *taken)
{
  g_autofree char *name = g_str_equal (place, ".") ? g_strdup ("dir") : g_strdup (place);
  g_autofree char *unique = NULL;

  g_strcanon (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS, '_');
  unique = g_strdup_printf ("%s%.200s", g_ascii_isalpha (name[0]) ? "" : "f", name);
  for (guint i = 2; g_hash_table_contains (taken, unique); i++)
    {
      g_free (unique);
      unique = g_strdup_printf ("%s%.200s_%u", g_ascii_isalpha (name[0]) ? "" : "f", name,
                                i);
    }
  g_hash_table_add (taken, g_strdup (unique));
  return g_steal_pointer (&unique);
}

/* "PATH", or "AT=PATH" unless there is a file of that whole name. What is below the
 * working directory has the same place in the build directory; other things are at its
 * top. */
static gboolean
add_input (BuildqJobBuilder *builder, const char *text, GHashTable *taken, GError **error)
{
  const char *equals = tool_exists (text) ? NULL : strchr (text, '=');
  const char *path = equals == NULL ? text : equals + 1;
  g_autofree char *whole = g_canonicalize_filename (path, NULL);
  g_autofree char *at = NULL, *name = NULL;
  g_autoptr (BuildqInput) input = NULL;
  g_autoptr (BuildqInput) placed = NULL;

  if (*path == '\0' || !tool_exists (path))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                   "--input '%s': there is no file '%s'", text, path);
      return FALSE;
    }
  at = equals == NULL ? below_here (path) : g_strndup (text, (gsize) (equals - text));
  if (at == NULL)
    at = g_path_get_basename (whole);
  name = name_for (at, taken);
  input = buildq_input_new_for_file (name, whole);
  placed = buildq_input_place (input, at);
  buildq_job_builder_add_input (builder, placed);
  return TRUE;
}

static gboolean
add_output (BuildqJobBuilder *builder,
            const char *path,
            GHashTable *taken,
            GError **error)
{
  g_autofree char *place = below_here (path);
  g_autofree char *name = NULL;
  g_autoptr (BuildqOutput) output = NULL;

  if (place == NULL || g_str_equal (place, "."))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "--output '%s' is not a path below the working directory", path);
      return FALSE;
    }
  name = name_for (place, taken);
  output = buildq_output_new (name, place);
  buildq_job_builder_add_output (builder, output);
  return TRUE;
}

/* Each call is work of its own, unless it has a key. */
static char *
make_key (const char *program)
{
  g_autofree char *base = g_path_get_basename (program);
  g_autofree char *uuid = g_uuid_string_random ();

  return g_strdup_printf ("%.64s-%.8s", base, uuid);
}

static gboolean
add_places (BuildqJobBuilder *builder, const ToolCommandOptions *options, GError **error)
{
  g_autoptr (GHashTable) inputs
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) outputs
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (char **p = options->inputs; p != NULL && *p != NULL; p++)
    if (!add_input (builder, *p, inputs, error))
      return FALSE;
  for (char **p = options->outputs; p != NULL && *p != NULL; p++)
    if (!add_output (builder, *p, outputs, error))
      return FALSE;
  return TRUE;
}

BuildqRequest *
tool_command_request (const ToolCommandOptions *options, char **argv, GError **error)
{
  g_autofree char *key
      = options->key != NULL ? g_strdup (options->key) : make_key (argv[0]);
  g_autoptr (BuildqJobBuilder) builder = buildq_job_builder_new ();
  g_autoptr (BuildqRequestBuilder) request = buildq_request_builder_new ();
  g_autoptr (BuildqJob) job = NULL;

  buildq_job_builder_set_key (builder, key);
  buildq_job_builder_set_kind (builder, "command");
  buildq_job_builder_set_system (builder, options->system != NULL ? options->system
                                                                  : tool_system ());
  buildq_job_builder_set_argv (builder, (const char *const *) argv);
  buildq_job_builder_set_env (builder, (const char *const *) options->environment);
  buildq_job_builder_set_features (builder, (const char *const *) options->features);
  buildq_job_builder_set_cores (builder, options->cores);
  buildq_job_builder_set_timeout_s (builder, options->timeout_s);
  if (!add_places (builder, options, error))
    return NULL;
  job = buildq_job_builder_build (builder, error);
  if (job == NULL)
    return NULL;
  buildq_request_builder_add_job (request, job);
  return buildq_request_builder_build (request, error);
}
