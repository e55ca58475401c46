/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "mirror-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static gboolean
out_of_time (gpointer data)
{
  g_error ("nothing happened in time");
  return G_SOURCE_REMOVE;
}

void
take_result (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

GAsyncResult *
wait_for (GAsyncResult **place)
{
  guint timer = g_timeout_add_seconds (30, out_of_time, NULL);

  while (*place == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return *place;
}

static BuildqStore *
open_store (MirrorFixture *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->dir, name, NULL);
  g_autoptr (GError) error = NULL;
  BuildqStore *store = buildq_store_new_for_uri (path, NULL, &error);

  g_assert_no_error (error);
  return store;
}

void
mirror_fixture_set_up (MirrorFixture *self, gconstpointer data)
{
  g_autofree char *public_key = NULL;
  g_autoptr (GError) error = NULL;

  self->dir = g_dir_make_tmp ("buildq-mirror-XXXXXX", &error);
  g_assert_no_error (error);
  self->from = open_store (self, "from");
  self->to = open_store (self, "to");
  self->mirror_dir = g_build_filename (self->dir, "mirror", NULL);
  self->mirror = buildq_mirror_new_for_uri (self->mirror_dir, &error);
  g_assert_no_error (error);
  self->key = buildq_key_generate ("test-1", &error);
  g_assert_no_error (error);
  public_key = buildq_key_to_public_string (self->key);
  self->keyring = buildq_keyring_new ();
  buildq_keyring_add_string (self->keyring, public_key, &error);
  g_assert_no_error (error);
}

static void
remove_tree (const char *path)
{
  const char *argv[] = { "rm", "-rf", path, NULL };
  const char *chmod[] = { "chmod", "-R", "u+w", path, NULL };

  g_spawn_sync (NULL, (char **) chmod, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                NULL, NULL);
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                NULL, NULL);
}

void
mirror_fixture_tear_down (MirrorFixture *self, gconstpointer data)
{
  g_clear_object (&self->from);
  g_clear_object (&self->to);
  g_clear_object (&self->mirror);
  g_clear_object (&self->keyring);
  g_clear_pointer (&self->key, buildq_key_unref);
  remove_tree (self->dir);
  g_free (self->mirror_dir);
  g_free (self->dir);
}

BuildqArtifact *
mirror_fixture_add (MirrorFixture *self,
                    const char *name,
                    const char *text,
                    const char *const *references)
{
  g_autofree char *path = g_build_filename (self->dir, name, NULL);
  g_autoptr (GError) error = NULL;
  BuildqArtifact *artifact;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  artifact = buildq_store_add (self->from, path, NULL, references, NULL, &error);
  g_assert_no_error (error);
  return artifact;
}

BuildqArtifact *
mirror_fixture_publish (MirrorFixture *self,
                        BuildqArtifact *artifact,
                        const char *compression)
{
  g_autoptr (BuildqUploader) uploader = buildq_uploader_new (self->from);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (BuildqArtifact) uploaded = NULL;
  g_autoptr (GError) error = NULL;
  BuildqArtifact *signed_one;

  buildq_uploader_add_mirror (uploader, self->mirror);
  if (compression != NULL)
    buildq_uploader_set_compression (uploader, compression, &error);
  g_assert_no_error (error);
  buildq_uploader_upload_async (uploader, artifact, 0, NULL, take_result, &result);
  uploaded = buildq_uploader_upload_finish (uploader, wait_for (&result), &error);
  g_assert_no_error (error);
  signed_one = buildq_key_sign_artifact (self->key, uploaded, &error);
  g_assert_no_error (error);
  buildq_mirror_publish (self->mirror, signed_one, NULL, &error);
  g_assert_no_error (error);
  return signed_one;
}

BuildqResolver *
mirror_fixture_resolver (MirrorFixture *self)
{
  BuildqResolver *resolver = buildq_resolver_new (self->to, self->keyring);

  buildq_resolver_add_mirror (resolver, self->mirror);
  return resolver;
}

char *
mirror_fixture_file (BuildqArtifact *artifact)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  char *path;

  g_assert_cmpuint (locations->len, >, 0);
  path = g_filename_from_uri (buildq_location_get_uri (locations->pdata[0]), NULL, NULL);
  g_assert_nonnull (path);
  return path;
}

BuildqArtifact *
mirror_fixture_alter (BuildqArtifact *artifact, const char *from, const char *to)
{
  g_autofree char *json = buildq_artifact_to_json (artifact);
  g_auto (GStrv) parts = g_strsplit (json, from, 2);
  g_autofree char *changed = g_strjoinv (to, parts);
  g_autoptr (GError) error = NULL;
  BuildqArtifact *altered;

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  altered = buildq_artifact_new_from_json (changed, &error);
  g_assert_no_error (error);
  return altered;
}

guint
mirror_fixture_count_files (const char *dir)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  const char *name;
  guint count = 0;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR)
          && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        count += mirror_fixture_count_files (path);
      else if (!g_str_has_suffix (name, ".lock"))
        count++;
    }
  return count;
}
