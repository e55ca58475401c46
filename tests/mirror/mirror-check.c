/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "mirror-check.h"

#include <string.h>

#include "archive/buildq-nar-private.h"
#include "mirror/buildq-mirror-private.h"

#define NO_NGINX 77 /* exit status of nginx-dav */
#define WAIT_SECONDS 60

BuildqArtifact *
make_artifact (const char *uri)
{
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (BuildqLocation) location = buildq_location_new (uri, "zstd", NULL, 200000);
  g_autofree guchar *zeros = g_malloc0 (64);
  g_autofree char *encoded = g_base64_encode (zeros, 64);
  g_autofree char *signature = g_strconcat ("farm:", encoded, NULL);
  const char *signatures[] = { signature, NULL };
  g_autoptr (GError) error = NULL;
  BuildqArtifact *artifact;

  buildq_artifact_builder_set_store_path (builder, ITEM);
  buildq_artifact_builder_set_nar_hash (
      builder, "sha256:06ikkqw4jsxrd1qjp4xwfvy4anwdmaiy9i38lryihrqymlmc3mdk");
  buildq_artifact_builder_set_nar_size (builder, 1048);
  buildq_artifact_builder_set_signatures (builder, signatures);
  buildq_artifact_builder_add_location (builder, location);
  artifact = buildq_artifact_builder_build (builder, &error);
  g_assert_no_error (error);
  return artifact;
}

const char *
first_uri (BuildqArtifact *artifact)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);

  g_assert_cmpuint (locations->len, >, 0);
  return buildq_location_get_uri (locations->pdata[0]);
}

/* --- files --- */

char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("buildq-mirror-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

void
remove_folder (char *path)
{
  g_autoptr (GError) error = NULL;

  _buildq_tree_remove (path, &error);
  g_assert_no_error (error);
  g_free (path);
}

char *
make_file (const char *dir, const char *name, gsize size)
{
  char *path = g_build_filename (dir, name, NULL);
  g_autofree char *data = g_malloc (size);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < size; i++)
    data[i] = (char) (i * 7 + i / 251);
  g_file_set_contents (path, data, size, &error);
  g_assert_no_error (error);
  return path;
}

/* --- mirrors --- */

BuildqMirror *
make_mirror (const char *uri)
{
  g_autoptr (GError) error = NULL;
  BuildqMirror *mirror = buildq_mirror_new_for_uri (uri, &error);

  g_assert_no_error (error);
  return mirror;
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

char *
put_file (BuildqMirror *mirror, const char *name, const char *path, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_SECONDS * G_USEC_PER_SEC;
  g_autoptr (GAsyncResult) result = NULL;

  buildq_mirror_put_file_async (mirror, name, path, NULL, G_PRIORITY_DEFAULT, NULL,
                                keep_result, &result);
  while (result == NULL && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (result);
  return buildq_mirror_put_file_finish (mirror, result, error);
}

GBytes *
read_uri (BuildqMirror *mirror, const char *uri, gint64 offset, GError **error)
{
  g_autoptr (GInputStream) stream
      = _buildq_mirror_open (mirror, uri, offset, NULL, error);
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();

  if (stream == NULL
      || g_output_stream_splice (memory, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                 NULL, error)
             < 0)
    return NULL;
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

void
assert_message (const GError *error, const char *part)
{
  if (strstr (error->message, part) == NULL)
    g_error ("'%s' does not say '%s'", error->message, part);
}

static void
check_bytes (BuildqMirror *mirror, const char *uri, gint64 offset, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = read_uri (mirror, uri, offset, &error);
  g_autofree char *data = NULL;
  gsize size;

  g_assert_no_error (error);
  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   data + offset, size - offset);
}

static void
check_absent (BuildqMirror *mirror)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = g_strconcat (buildq_mirror_get_uri (mirror), "/nar/x", NULL);

  g_assert_null (buildq_mirror_lookup (mirror, ITEM, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  assert_message (error, ITEM_HASH ".narinfo");
  g_clear_error (&error);
  g_assert_null (read_uri (mirror, uri, 0, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
}

static void
check_bad_names (BuildqMirror *mirror, const char *path)
{
  const char *names[]
      = { "",    "/",     "/x",  "x/",  "a//b", ".", "../x", "nar/../../x",
          "a b", "a%20b", "a?b", "a#b", "ä" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (put_file (mirror, names[i], path, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
    }
}

void
check_mirror (BuildqMirror *mirror, const char *dir)
{
  g_autofree char *path = make_file (dir, "upload", 200000);
  g_autofree char *none = g_build_filename (dir, "none", NULL);
  g_autoptr (GError) error = NULL;

  check_absent (mirror);
  check_bad_names (mirror, path);
  g_assert_null (put_file (mirror, "nar/none", none, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);

  for (guint i = 0; i < 2; i++) /* all of it can be done twice */
    {
      g_autofree char *uri = put_file (mirror, "nar/1abc.nar.zst", path, &error);
      g_autofree char *expected
          = g_strconcat (buildq_mirror_get_uri (mirror), "/nar/1abc.nar.zst", NULL);
      g_autoptr (BuildqArtifact) artifact = NULL;
      g_autoptr (BuildqArtifact) found = NULL;

      g_assert_no_error (error);
      g_assert_cmpstr (uri, ==, expected);
      g_assert_true (_buildq_mirror_covers (mirror, uri));
      check_bytes (mirror, uri, 0, path);
      check_bytes (mirror, uri, 150001, path);
      artifact = make_artifact (uri);
      buildq_mirror_publish (mirror, artifact, NULL, &error);
      g_assert_no_error (error);
      found = buildq_mirror_lookup (mirror, ITEM, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (buildq_artifact_equal (artifact, found));
    }
}

/* --- nginx --- */

static gboolean
run_nginx_dav (const char *verb, const char *dir, const char *const *options, char **out)
{
  g_autofree char *script
      = g_test_build_filename (G_TEST_DIST, "services", "nginx-dav", NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_strv_builder_add_many (builder, script, verb, dir, NULL);
  if (options != NULL)
    g_strv_builder_addv (builder, (const char **) options);
  argv = g_strv_builder_end (builder);
  g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, out, NULL, &status,
                &error);
  g_assert_no_error (error);
  if (WIFEXITED (status) && WEXITSTATUS (status) == NO_NGINX)
    return FALSE;
  g_spawn_check_wait_status (status, &error);
  g_assert_no_error (error);
  return TRUE;
}

char *
start_nginx (const char *dir, const char *const *options)
{
  g_autofree char *out = NULL;
  g_auto (GStrv) lines = NULL;

  if (!run_nginx_dav ("start", dir, options, &out))
    {
      g_test_skip ("nginx is missing");
      return NULL;
    }
  lines = g_strsplit (out, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "url="))
      return g_strdup (*line + strlen ("url="));
  g_assert_not_reached ();
}

void
stop_nginx (const char *dir)
{
  g_autofree char *out = NULL;

  run_nginx_dav ("stop", dir, NULL, &out);
}
