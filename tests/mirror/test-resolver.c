/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The resolver, over a mirror that is a folder, and one that lies.
 */
#include "config.h"

#include "mirror-fixture.h"

#include <locale.h>
#include <string.h>
#include <unistd.h>

static char *
read_item (MirrorFixture *self, BuildqArtifact *artifact)
{
  g_autofree char *path
      = buildq_store_get_real_path (self->to, buildq_artifact_get_store_path (artifact));
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* Realises one record, or store path, and gives the error. */
static GError *
realise (MirrorFixture *self, BuildqArtifact *artifact, const char *store_path)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (self);
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();
  const char *const paths[] = { store_path, NULL };
  g_autoptr (GPtrArray) found = NULL;
  GError *error = NULL;

  if (artifact != NULL)
    g_ptr_array_add (artifacts, artifact);
  found = buildq_resolver_realise (resolver, artifacts, paths, NULL, &error);
  g_assert_true ((found == NULL) == (error != NULL));
  return error;
}

/* What was refused has left nothing in the store. */
static void
assert_store_empty (MirrorFixture *self)
{
  g_autofree char *to = g_build_filename (self->dir, "to", NULL);

  g_assert_cmpuint (mirror_fixture_count_files (to), ==, 0);
}

static void
test_compression (MirrorFixture *self, gconstpointer data)
{
  static const char *const known[] = { "none", "gzip", "zstd", "xz", "lzip" };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autofree char *text = g_strdup_printf ("text %s", known[i]);
      g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, known[i], text, NULL);
      g_autoptr (BuildqArtifact) artifact
          = mirror_fixture_publish (self, plain, known[i]);
      g_autoptr (GError) error
          = realise (self, NULL, buildq_artifact_get_store_path (artifact));
      g_autofree char *got = NULL;

      g_assert_no_error (error);
      got = read_item (self, artifact);
      g_assert_cmpstr (got, ==, text);
    }
}

static void
test_closure (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) lib = mirror_fixture_add (self, "lib", "library", NULL);
  const char *candidates[]
      = { strrchr (buildq_artifact_get_store_path (lib), '/') + 1, NULL };
  g_autofree char *text
      = g_strdup_printf ("uses %s", buildq_artifact_get_store_path (lib));
  g_autoptr (BuildqArtifact) app = mirror_fixture_add (self, "app", text, candidates);
  g_autoptr (BuildqArtifact) lib_signed = mirror_fixture_publish (self, lib, NULL);
  g_autoptr (BuildqArtifact) app_signed = mirror_fixture_publish (self, app, NULL);
  const char *const paths[] = { buildq_artifact_get_store_path (app), NULL };
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (self);
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *got = NULL;

  g_assert_cmpstr (buildq_artifact_get_references (app)[0], ==, candidates[0]);
  found = buildq_resolver_realise (resolver, NULL, paths, NULL, &error);
  g_assert_no_error (error);
  got = read_item (self, lib);
  g_assert_cmpstr (got, ==, "library");
  /* What was asked for comes first, then all that it needs. */
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpstr (buildq_artifact_get_store_path (found->pdata[0]), ==, paths[0]);
  g_assert_cmpstr (buildq_artifact_get_store_path (found->pdata[1]), ==,
                   buildq_artifact_get_store_path (lib));
}

static void
test_missing (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (GError) error = realise (self, NULL, buildq_artifact_get_store_path (plain));

  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, buildq_artifact_get_store_path (plain)));
  g_assert_nonnull (strstr (error->message, self->mirror_dir));
  assert_store_empty (self);
  g_clear_error (&error);
  error = realise (self, NULL, "/etc/passwd");
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
}

/* The record stands in the mirror, but the bytes are gone. */
static void
test_bytes_gone (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, NULL);
  g_autofree char *file = mirror_fixture_file (artifact);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (unlink (file), ==, 0);
  error = realise (self, artifact, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, file));
  assert_store_empty (self);
}

static void
write_over (const char *file, const char *text, gssize length)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (file, text, length, &error);
  g_assert_no_error (error);
}

static void
test_wrong_bytes (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) other = mirror_fixture_add (self, "y", "evil", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, "none");
  g_autoptr (BuildqArtifact) evil = mirror_fixture_publish (self, other, "none");
  g_autofree char *file = mirror_fixture_file (artifact);
  g_autofree char *evil_file = mirror_fixture_file (evil);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (evil_file, &bytes, &length, &error);
  g_assert_no_error (error);
  write_over (file, bytes, length);
  error = realise (self, artifact, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  g_assert_nonnull (strstr (error->message, "instead of sha256:"));
  assert_store_empty (self);

  g_clear_error (&error);
  write_over (file, "no archive at all", -1);
  error = realise (self, artifact, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  assert_store_empty (self);

  g_clear_error (&error);
  write_over (file, bytes, length / 2);
  error = realise (self, artifact, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  assert_store_empty (self);
}

static void
test_signatures (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, NULL);
  g_autoptr (BuildqArtifact) lying
      = mirror_fixture_alter (artifact, "\"nar_size\":", "\"nar_size\":1");
  g_autoptr (BuildqKey) stranger = buildq_key_generate ("stranger-1", NULL);
  g_autoptr (BuildqKey) impostor = buildq_key_generate ("test-1", NULL);
  g_autoptr (BuildqArtifact) strange = buildq_key_sign_artifact (stranger, plain, NULL);
  g_autoptr (BuildqArtifact) forged = buildq_key_sign_artifact (impostor, plain, NULL);
  g_autoptr (GError) error = NULL;

  error = realise (self, lying, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  g_clear_error (&error);
  error = realise (self, forged, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  g_clear_error (&error);
  error = realise (self, strange, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  g_clear_error (&error);
  error = realise (self, plain, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  assert_store_empty (self);
}

/* A record in the mirror whose signature is gone. */
static void
test_unsigned_record (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, NULL);
  g_autofree char *name = g_strdup_printf (
      "%.32s.narinfo", strrchr (buildq_artifact_get_store_path (artifact), '/') + 1);
  g_autofree char *file = g_build_filename (self->mirror_dir, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (file, &text, NULL, &error);
  g_assert_no_error (error);
  *strstr (text, "Sig: ") = '\0';
  write_over (file, text, -1);
  error = realise (self, NULL, buildq_artifact_get_store_path (artifact));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  assert_store_empty (self);
}

/* The first location is dead, the second has it. */
static void
test_second_location (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, NULL);
  g_autoptr (BuildqArtifact) two
      = mirror_fixture_alter (artifact, "\"locations\":[",
                              "\"locations\":[{\"uri\":\"file:///nonexistent/x.nar\"},"
                              "{\"uri\":\"gopher://old.example/x.nar\"},");
  g_autoptr (GError) error = realise (self, two, NULL);

  g_assert_no_error (error);
}

static void
test_twice_at_once (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, "none");
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (self);
  const char *const paths[] = { buildq_artifact_get_store_path (artifact), NULL };
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) other = NULL;
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  g_autoptr (GError) error = NULL;

  buildq_resolver_realise_async (resolver, NULL, paths, 0, NULL, take_result, &first);
  buildq_resolver_realise_async (resolver, NULL, paths, 0, NULL, take_result, &second);
  one = buildq_resolver_realise_finish (resolver, wait_for (&first), &error);
  g_assert_no_error (error);
  other = buildq_resolver_realise_finish (resolver, wait_for (&second), &error);
  g_assert_no_error (error);
  g_assert_cmpint (buildq_resolver_get_fetched_bytes (resolver), ==,
                   buildq_location_get_file_size (locations->pdata[0]));
}

static void
test_cancel (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, NULL);
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (self);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const char *const paths[] = { buildq_artifact_get_store_path (artifact), NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  buildq_resolver_realise_async (resolver, NULL, paths, 0, cancellable, take_result,
                                 &result);
  g_cancellable_cancel (cancellable);
  g_assert_null (buildq_resolver_realise_finish (resolver, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* Who asks again gets it. */
  g_clear_error (&error);
  error = realise (self, NULL, paths[0]);
  g_assert_no_error (error);
}

/* Without a keyring, the caller vouches for what it gives, and for nothing else. */
static void
test_no_keyring (MirrorFixture *self, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (self, "x", "text", NULL);
  g_autoptr (BuildqArtifact) artifact = mirror_fixture_publish (self, plain, NULL);
  g_autoptr (BuildqResolver) resolver = buildq_resolver_new (self->to, NULL);
  const char *const paths[] = { buildq_artifact_get_store_path (artifact), NULL };
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  buildq_resolver_add_mirror (resolver, self->mirror);
  g_assert_null (buildq_resolver_realise (resolver, NULL, paths, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  g_clear_error (&error);
  g_ptr_array_add (artifacts, artifact);
  found = buildq_resolver_realise (resolver, artifacts, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 1);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/resolver/" name, MirrorFixture, NULL, mirror_fixture_set_up, func,       \
              mirror_fixture_tear_down)
  ADD ("compression", test_compression);
  ADD ("closure", test_closure);
  ADD ("missing", test_missing);
  ADD ("bytes-gone", test_bytes_gone);
  ADD ("wrong-bytes", test_wrong_bytes);
  ADD ("signatures", test_signatures);
  ADD ("unsigned-record", test_unsigned_record);
  ADD ("second-location", test_second_location);
  ADD ("twice-at-once", test_twice_at_once);
  ADD ("cancel", test_cancel);
  ADD ("no-keyring", test_no_keyring);
  return g_test_run ();
}
