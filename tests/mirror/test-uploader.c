/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The uploader, into mirrors that are folders.
 */
#include "config.h"

#include "mirror-fixture.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/* nix-store --add of a file hello.txt with "hello\n". */
#define NIX_ADD_HELLO "/nix/store/i9pmrzmpshapij2kin22pff6fc2adavx-hello.txt"

static BuildqUploader *
make_uploader (MirrorFixture *self)
{
  BuildqUploader *uploader = buildq_uploader_new (self->from);

  buildq_uploader_add_mirror (uploader, self->mirror);
  return uploader;
}

static BuildqArtifact *
upload (BuildqUploader *uploader, BuildqArtifact *artifact, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_uploader_upload_async (uploader, artifact, 0, NULL, take_result, &result);
  return buildq_uploader_upload_finish (uploader, wait_for (&result), error);
}

static BuildqArtifact *
upload_path (BuildqUploader *uploader, const char *path, const char *name, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_uploader_upload_path_async (uploader, path, name, 0, NULL, take_result, &result);
  return buildq_uploader_upload_path_finish (uploader, wait_for (&result), error);
}

static BuildqLocation *
upload_log (BuildqUploader *uploader, const char *path, const char *name, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_uploader_upload_log_async (uploader, path, name, 0, NULL, take_result, &result);
  return buildq_uploader_upload_log_finish (uploader, wait_for (&result), error);
}

/* What a Nix cache must be: relative URLs, the store's directory, and the record that was
 * accepted. */
static void
test_publish (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqUploader) uploader = make_uploader (self);
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqArtifact) signed_one = NULL;
  g_autoptr (BuildqArtifact) found = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strdup_printf (
      "%.32s.narinfo", strrchr (buildq_artifact_get_store_path (plain), '/') + 1);
  g_autofree char *narinfo = g_build_filename (self->mirror_dir, name, NULL);
  g_autofree char *info = g_build_filename (self->mirror_dir, "nix-cache-info", NULL);
  g_autofree char *text = NULL;
  g_autofree char *info_text = NULL;

  artifact = upload (uploader, plain, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (narinfo, G_FILE_TEST_EXISTS));

  signed_one = buildq_key_sign_artifact (self->key, artifact, &error);
  g_assert_no_error (error);
  buildq_uploader_publish_async (uploader, signed_one, 0, NULL, take_result, &result);
  g_assert_true (buildq_uploader_publish_finish (uploader, wait_for (&result), &error));
  g_file_get_contents (narinfo, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "\nURL: nar/"));
  g_assert_nonnull (strstr (text, "\nCompression: zstd\n"));
  g_assert_nonnull (strstr (text, "\nSig: test-1:"));
  g_file_get_contents (info, &info_text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (info_text, "StoreDir: /buildq/store\n"));

  found = buildq_mirror_lookup (self->mirror, buildq_artifact_get_store_path (plain),
                                NULL, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_keyring_verify_artifact (self->keyring, found, &error));
}

static void
test_twice (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqUploader) uploader = make_uploader (self);
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) first = NULL;
  g_autoptr (BuildqArtifact) second = NULL;
  g_autoptr (GError) error = NULL;

  first = upload (uploader, plain, &error);
  g_assert_no_error (error);
  second = upload (uploader, plain, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (first, second));
  g_assert_cmpuint (mirror_fixture_count_files (self->mirror_dir), ==, 1);
}

/* The same name as `nix-store --add` gives, but for the store's directory. */
static void
test_path (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqStore) nix_store = NULL;
  g_autoptr (BuildqUploader) uploader = NULL;
  g_autofree char *store_dir = g_build_filename (self->dir, "nix", NULL);
  g_autofree char *file = g_build_filename (self->dir, "hello.txt", NULL);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GError) error = NULL;

  nix_store = buildq_store_new_for_uri (store_dir, "/nix/store", &error);
  g_assert_no_error (error);
  uploader = buildq_uploader_new (nix_store);
  buildq_uploader_add_mirror (uploader, self->mirror);
  g_file_set_contents (file, "hello\n", -1, &error);
  g_assert_no_error (error);
  artifact = upload_path (uploader, file, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_artifact_get_store_path (artifact), ==, NIX_ADD_HELLO);
}

static void
test_no_mirror (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqUploader) uploader = buildq_uploader_new (self->from);
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) same = NULL;
  g_autoptr (GError) error = NULL;

  same = upload (uploader, plain, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (plain, same));
  g_assert_null (upload_path (uploader, self->dir, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
}

/* A mirror whose folder became a file takes nothing; another one may. */
static void
test_one_dead (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqUploader) uploader = make_uploader (self);
  g_autofree char *dead_dir = g_build_filename (self->dir, "dead", NULL);
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqUploader) alone = buildq_uploader_new (self->from);
  g_autoptr (BuildqMirror) dead = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GPtrArray) locations = NULL;
  g_autoptr (GError) error = NULL;

  dead = buildq_mirror_new_for_uri (dead_dir, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_rmdir (dead_dir), ==, 0);
  g_file_set_contents (dead_dir, "in the way", -1, &error);
  g_assert_no_error (error);
  buildq_uploader_add_mirror (uploader, dead);
  artifact = upload (uploader, plain, &error);
  g_assert_no_error (error);
  locations = buildq_artifact_get_locations (artifact);
  g_assert_cmpuint (locations->len, ==, 1);

  buildq_uploader_add_mirror (alone, dead);
  g_assert_null (upload (alone, plain, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, dead_dir));
}

static void
test_changed (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqUploader) uploader = make_uploader (self);
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autofree char *path
      = buildq_store_get_real_path (self->from, buildq_artifact_get_store_path (plain));
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  g_file_set_contents (path, "other", -1, &error);
  g_assert_no_error (error);
  g_assert_null (upload (uploader, plain, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  g_assert_cmpuint (mirror_fixture_count_files (self->mirror_dir), ==, 0);
}

static void
test_logs (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqUploader) uploader = make_uploader (self);
  g_autofree char *file = g_build_filename (self->dir, "log", NULL);
  g_autofree char *big = g_strnfill (100000, 'x');
  g_autoptr (BuildqLocation) location = NULL;
  g_autoptr (BuildqLocation) big_location = NULL;
  g_autoptr (GError) error = NULL;

  g_file_set_contents (file, "a line\n", -1, &error);
  g_assert_no_error (error);
  location = upload_log (uploader, file, "job/1-1", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (buildq_location_get_uri (location), "/log/job-1-1"));
  g_file_set_contents (file, big, -1, &error);
  g_assert_no_error (error);
  big_location = upload_log (uploader, file, "job-2", &error);
  g_assert_no_error (error);
  g_assert_true (
      g_str_has_suffix (buildq_location_get_uri (big_location), "/log/job-2.zst"));
  g_assert_cmpint (buildq_location_get_file_size (big_location), <, 1000);
}

static void
test_bad_names (MirrorFixture *self, gconstpointer data)
{
  static const char *const bad[] = { "../x", "/x", "nar//x", "nar/./x", "" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      buildq_mirror_put_file_async (self->mirror, bad[i], "/etc/hostname", NULL, 0, NULL,
                                    take_result, &result);
      g_assert_null (
          buildq_mirror_put_file_finish (self->mirror, wait_for (&result), &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
    }
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/uploader/" name, MirrorFixture, NULL, mirror_fixture_set_up, func,       \
              mirror_fixture_tear_down)
  ADD ("publish", test_publish);
  ADD ("twice", test_twice);
  ADD ("path", test_path);
  ADD ("no-mirror", test_no_mirror);
  ADD ("one-dead", test_one_dead);
  ADD ("changed", test_changed);
  ADD ("logs", test_logs);
  ADD ("bad-names", test_bad_names);
  return g_test_run ();
}
