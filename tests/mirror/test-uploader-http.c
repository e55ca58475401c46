/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The uploader, into servers that go wrong.
 */
#include "config.h"

#include "fault-server.h"
#include "mirror-fixture.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#define REFUSED "http://127.0.0.1:1" /* where nobody listens */

typedef struct
{
  MirrorFixture base;
  FaultServer *server;
  FaultServer *other;
  BuildqUploader *uploader; /* into both */
  BuildqArtifact *plain;
} Fixture;

static void
add_mirror (BuildqUploader *uploader, const char *uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqMirror) mirror = buildq_mirror_new_for_uri (uri, &error);

  g_assert_no_error (error);
  buildq_uploader_add_mirror (uploader, mirror);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  mirror_fixture_set_up (&f->base, NULL);
  f->server = fault_server_new ();
  f->other = fault_server_new ();
  f->uploader = buildq_uploader_new (f->base.from);
  add_mirror (f->uploader, fault_server_get_uri (f->server));
  add_mirror (f->uploader, fault_server_get_uri (f->other));
  f->plain = mirror_fixture_add (&f->base, "item", "text", NULL);
}

/* Packed archives, which have no name, that are still open. */
static guint
count_temporary (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint count = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      count += target != NULL && g_str_has_prefix (target, g_get_tmp_dir ())
               && g_str_has_suffix (target, " (deleted)");
    }
  return count;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->uploader);
  g_assert_cmpuint (count_temporary (), ==, 0);
  fault_server_free (f->server);
  fault_server_free (f->other);
  buildq_artifact_unref (f->plain);
  mirror_fixture_tear_down (&f->base, NULL);
}

static BuildqArtifact *
upload (BuildqUploader *uploader, BuildqArtifact *artifact, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_uploader_upload_async (uploader, artifact, 0, NULL, take_result, &result);
  return buildq_uploader_upload_finish (uploader, wait_for (&result), error);
}

static BuildqLocation *
upload_log (BuildqUploader *uploader, const char *path, const char *name, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_uploader_upload_log_async (uploader, path, name, 0, NULL, take_result, &result);
  return buildq_uploader_upload_log_finish (uploader, wait_for (&result), error);
}

static gboolean
publish (BuildqUploader *uploader, BuildqArtifact *artifact, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  buildq_uploader_publish_async (uploader, artifact, 0, NULL, take_result, &result);
  return buildq_uploader_publish_finish (uploader, wait_for (&result), error);
}

static void
assert_message (const GError *error, const char *part)
{
  if (strstr (error->message, part) == NULL)
    g_error ("'%s' does not say '%s'", error->message, part);
}

static guint
count_locations (BuildqArtifact *artifact)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);

  return locations->len;
}

static void
assert_location (BuildqArtifact *artifact, guint index, FaultServer *server)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  const char *uri = buildq_location_get_uri (locations->pdata[index]);
  const char *base = fault_server_get_uri (server);
  g_autoptr (GBytes) bytes = NULL;

  g_assert_true (g_str_has_prefix (uri, base));
  bytes = fault_server_get (server, uri + strlen (base));
  g_assert_nonnull (bytes);
  g_assert_cmpint (g_bytes_get_size (bytes), ==,
                   buildq_location_get_file_size (locations->pdata[index]));
}

static void
test_both (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BuildqArtifact) artifact = upload (f->uploader, f->plain, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (count_locations (artifact), ==, 2);
      assert_location (artifact, 0, f->server);
      assert_location (artifact, 1, f->other);
    }
  /* It was there the second time. */
  g_assert_cmpuint (fault_server_count (f->server, "PUT", NULL), ==, 1);
  g_assert_cmpuint (fault_server_count (f->other, "PUT", NULL), ==, 1);
}

/* The magic numbers that each file begins with. */
static const struct
{
  const char *name;
  const char *suffix;
  const char *start;
  gsize length;
} compressions[] = {
  { "none", ".nar", "\x0d\0\0\0\0\0\0\0nix-archive-1", 21 },
  { "gzip", ".nar.gz", "\x1f\x8b", 2 },
  { "zstd", ".nar.zst", "\x28\xb5\x2f\xfd", 4 },
  { "xz", ".nar.xz", "\xfd\x37zXZ", 5 },
  { "lzip", ".nar.lz", "LZIP", 4 },
};

static void
test_compressions (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (compressions); i++)
    {
      g_autoptr (BuildqArtifact) artifact = NULL;
      g_autoptr (GPtrArray) locations = NULL;
      g_autoptr (GBytes) bytes = NULL;
      const char *uri;

      buildq_uploader_set_compression (f->uploader, compressions[i].name, &error);
      g_assert_no_error (error);
      artifact = upload (f->uploader, f->plain, &error);
      g_assert_no_error (error);
      locations = buildq_artifact_get_locations (artifact);
      uri = buildq_location_get_uri (locations->pdata[0]);
      g_assert_true (g_str_has_suffix (uri, compressions[i].suffix));
      g_assert_cmpstr (buildq_location_get_compression (locations->pdata[0]), ==,
                       compressions[i].name);
      bytes
          = fault_server_get (f->server, uri + strlen (fault_server_get_uri (f->server)));
      g_assert_nonnull (bytes);
      g_assert_cmpuint (g_bytes_get_size (bytes), >, compressions[i].length);
      g_assert_cmpmem (g_bytes_get_data (bytes, NULL), compressions[i].length,
                       compressions[i].start, compressions[i].length);
    }
  g_assert_false (buildq_uploader_set_compression (f->uploader, "bzip2", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (buildq_uploader_set_compression (f->uploader, "rot13", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED);
}

static void
test_one_dead (Fixture *f, gconstpointer data)
{
  g_autofree char *file = g_build_filename (f->base.dir, "log", NULL);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqLocation) location = NULL;
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "PUT", NULL, FAULT_STATUS, 507, 2);
  artifact = upload (f->uploader, f->plain, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_locations (artifact), ==, 1);
  assert_location (artifact, 0, f->other);

  g_file_set_contents (file, "a line\n", -1, &error);
  g_assert_no_error (error);
  location = upload_log (f->uploader, file, "job", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (buildq_location_get_uri (location),
                                   fault_server_get_uri (f->other)));
}

static void
assert_all_named (Fixture *f, const GError *error)
{
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  assert_message (error, fault_server_get_uri (f->server));
  assert_message (error, "507");
  assert_message (error, fault_server_get_uri (f->other));
  assert_message (error, "413");
  assert_message (error, REFUSED);
  assert_message (error, "refused");
}

static void
test_all_dead (Fixture *f, gconstpointer data)
{
  g_autofree char *file = g_build_filename (f->base.dir, "log", NULL);
  g_autoptr (GError) error = NULL;

  add_mirror (f->uploader, REFUSED);
  fault_server_fail (f->server, "PUT", NULL, FAULT_STATUS, 507, 100);
  fault_server_fail (f->other, "PUT", NULL, FAULT_STATUS, 413, 100);
  g_assert_null (upload (f->uploader, f->plain, &error));
  assert_all_named (f, error);
  assert_message (error, buildq_artifact_get_store_path (f->plain));
  g_clear_error (&error);

  g_file_set_contents (file, "a line\n", -1, &error);
  g_assert_no_error (error);
  g_assert_null (upload_log (f->uploader, file, "job", &error));
  assert_all_named (f, error);
}

static void
test_tried_again (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "PUT", NULL, FAULT_STATUS, 500, 2);
  artifact = upload (f->uploader, f->plain, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_locations (artifact), ==, 2);
  assert_location (artifact, 0, f->server);
  g_assert_cmpuint (fault_server_count (f->server, "PUT", NULL), ==, 3);
}

/* A record goes where its archive is, and a mirror that refuses does not keep it from the
 * others. */
static void
test_publish (Fixture *f, gconstpointer data)
{
  g_autofree char *record = g_strdup_printf (
      "/%.32s.narinfo", strrchr (buildq_artifact_get_store_path (f->plain), '/') + 1);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqArtifact) signed_one = NULL;
  g_autoptr (GBytes) refused = NULL;
  g_autoptr (GBytes) taken = NULL;
  g_autoptr (GError) error = NULL;

  add_mirror (f->uploader, f->base.mirror_dir);
  g_assert_cmpint (g_rmdir (f->base.mirror_dir), ==, 0);
  g_file_set_contents (f->base.mirror_dir, "in the way", -1, &error);
  g_assert_no_error (error);
  artifact = upload (f->uploader, f->plain, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_locations (artifact), ==, 2);
  signed_one = buildq_key_sign_artifact (f->base.key, artifact, &error);
  g_assert_no_error (error);

  fault_server_fail (f->server, "PUT", record, FAULT_STATUS, 403, 1);
  g_assert_false (publish (f->uploader, signed_one, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  assert_message (error, fault_server_get_uri (f->server));
  refused = fault_server_get (f->server, record);
  g_assert_null (refused);
  taken = fault_server_get (f->other, record);
  g_assert_nonnull (taken);

  g_clear_error (&error);
  publish (f->uploader, signed_one, &error);
  g_assert_no_error (error);
  refused = fault_server_get (f->server, record);
  g_assert_nonnull (refused);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "PUT", NULL, FAULT_STALL, 0, 1);
  buildq_uploader_upload_async (f->uploader, f->plain, 0, cancellable, take_result,
                                &result);
  while (fault_server_count (f->server, "PUT", NULL) == 0
         && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (count_temporary (), >, 0);
  g_cancellable_cancel (cancellable);
  g_assert_null (buildq_uploader_upload_finish (f->uploader, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fault_server_count (f->other, NULL, NULL), ==, 0);
}

/* A folder: its record says all that a store would say of it. */
static void
test_path (Fixture *f, gconstpointer data)
{
  g_autofree char *tree = g_build_filename (f->base.dir, "my tree", NULL);
  g_autofree char *file = g_build_filename (tree, "file", NULL);
  g_autofree char *none = g_build_filename (f->base.dir, "none", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) missing = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqArtifact) added = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (tree, 0755), ==, 0);
  g_file_set_contents (file, "text", -1, &error);
  g_assert_no_error (error);
  buildq_uploader_upload_path_async (f->uploader, tree, NULL, 0, NULL, take_result,
                                     &result);
  artifact = buildq_uploader_upload_path_finish (f->uploader, wait_for (&result), &error);
  g_assert_no_error (error);
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  added = buildq_store_add (f->base.from, tree, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_artifact_get_store_path (artifact), ==,
                   buildq_artifact_get_store_path (added));
  g_assert_cmpstr (buildq_artifact_get_nar_hash (artifact), ==,
                   buildq_artifact_get_nar_hash (added));
  g_assert_cmpint (buildq_artifact_get_nar_size (artifact), ==,
                   buildq_artifact_get_nar_size (added));
  g_assert_cmpstr (buildq_artifact_get_ca (artifact), ==, buildq_artifact_get_ca (added));

  buildq_uploader_upload_path_async (f->uploader, none, NULL, 0, NULL, take_result,
                                     &missing);
  g_assert_null (
      buildq_uploader_upload_path_finish (f->uploader, wait_for (&missing), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_message (error, none);
}

int
main (int argc, char **argv)
{
  const char *parent = g_getenv ("TMPDIR") != NULL ? g_getenv ("TMPDIR") : "/tmp";
  g_autofree char *tmp = g_build_filename (parent, "buildq-uploader-XXXXXX", NULL);
  int status;

  /* Nobody else's temporary files are in it. GLib is not asked for its parent, as it
   * remembers the first answer. */
  g_assert_nonnull (g_mkdtemp (tmp));
  g_setenv ("TMPDIR", tmp, TRUE);
  setlocale (LC_ALL, "C");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/uploader-http/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("both", test_both);
  ADD ("compressions", test_compressions);
  ADD ("one-dead", test_one_dead);
  ADD ("all-dead", test_all_dead);
  ADD ("tried-again", test_tried_again);
  ADD ("publish", test_publish);
  ADD ("cancel", test_cancel);
  ADD ("path", test_path);
  status = g_test_run ();
  g_rmdir (tmp);
  return status;
}
