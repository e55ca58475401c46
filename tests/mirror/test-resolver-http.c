/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The resolver, over a server that goes wrong.
 */
#include "config.h"

#include "fault-server.h"
#include "mirror-fixture.h"

#include <locale.h>
#include <string.h>

#define ITEM_BYTES 600000
#define REFUSED "http://127.0.0.1:1" /* where nobody listens */

/* One published item, of a NAR that is not compressed. */
typedef struct
{
  MirrorFixture base; /* its mirror is the server */
  FaultServer *server;
  BuildqArtifact *plain; /* as it is in the store */
  BuildqArtifact *artifact;
  const char *store_path;
  char *nar; /* paths on the server */
  char *record;
} Fixture;

/* Text that does not look the same anywhere. */
static char *
make_text (guint32 seed)
{
  g_autoptr (GRand) rand = NULL;
  char *text = g_malloc (ITEM_BYTES + 1);

  rand = g_rand_new_with_seed (seed);
  for (guint i = 0; i < ITEM_BYTES; i++)
    text[i] = (char) g_rand_int_range (rand, ' ', '~');
  text[ITEM_BYTES] = '\0';
  return text;
}

static char *
nar_on_server (Fixture *f, BuildqArtifact *artifact)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  const char *uri = buildq_location_get_uri (locations->pdata[0]);

  g_assert_true (g_str_has_prefix (uri, fault_server_get_uri (f->server)));
  return g_strdup (uri + strlen (fault_server_get_uri (f->server)));
}

static char *
record_on_server (const char *store_path)
{
  return g_strdup_printf ("/%.32s.narinfo", strrchr (store_path, '/') + 1);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *text = make_text (1);
  g_autoptr (GError) error = NULL;

  mirror_fixture_set_up (&f->base, NULL);
  f->server = fault_server_new ();
  g_clear_object (&f->base.mirror);
  f->base.mirror = buildq_mirror_new_for_uri (fault_server_get_uri (f->server), &error);
  g_assert_no_error (error);
  f->plain = mirror_fixture_add (&f->base, "item", text, NULL);
  f->artifact = mirror_fixture_publish (&f->base, f->plain, "none");
  f->store_path = buildq_artifact_get_store_path (f->artifact);
  f->nar = nar_on_server (f, f->artifact);
  f->record = record_on_server (f->store_path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  fault_server_free (f->server);
  buildq_artifact_unref (f->plain);
  buildq_artifact_unref (f->artifact);
  g_free (f->nar);
  g_free (f->record);
  mirror_fixture_tear_down (&f->base, NULL);
}

static void
add_mirror (BuildqResolver *resolver, const char *uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqMirror) mirror = buildq_mirror_new_for_uri (uri, &error);

  g_assert_no_error (error);
  buildq_resolver_add_mirror (resolver, mirror);
}

/* Realises one record, or the store path of the item, and gives the error. */
static GError *
realise_with (Fixture *f, BuildqResolver *resolver, BuildqArtifact *artifact)
{
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();
  const char *const paths[] = { artifact == NULL ? f->store_path : NULL, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) found = NULL;
  GError *error = NULL;

  if (artifact != NULL)
    g_ptr_array_add (artifacts, artifact);
  buildq_resolver_realise_async (resolver, artifacts, paths, 0, NULL, take_result,
                                 &result);
  found = buildq_resolver_realise_finish (resolver, wait_for (&result), &error);
  g_assert_true ((found == NULL) == (error != NULL));
  return error;
}

static GError *
realise (Fixture *f, BuildqArtifact *artifact)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (&f->base);

  return realise_with (f, resolver, artifact);
}

static void
assert_message (const GError *error, const char *part)
{
  if (strstr (error->message, part) == NULL)
    g_error ("'%s' does not say '%s'", error->message, part);
}

static void
assert_store_empty (Fixture *f)
{
  g_autofree char *to = g_build_filename (f->base.dir, "to", NULL);

  g_assert_cmpuint (mirror_fixture_count_files (to), ==, 0);
}

/* It failed, with the blame on that place, and left nothing. */
static void
assert_fails (Fixture *f, BuildqArtifact *artifact, BuildqError code, const char *place)
{
  g_autoptr (GError) error = realise (f, artifact);

  g_assert_error (error, BUILDQ_ERROR, (int) code);
  assert_message (error, fault_server_get_uri (f->server));
  assert_message (error, place);
  assert_message (error, f->store_path);
  assert_store_empty (f);
}

static void
assert_item (Fixture *f)
{
  g_autofree char *path = buildq_store_get_real_path (f->base.to, f->store_path);
  g_autofree char *expected = make_text (1);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_equal (text, expected));
}

static BuildqArtifact *
sign (Fixture *f, BuildqArtifact *artifact)
{
  g_autoptr (GError) error = NULL;
  BuildqArtifact *signed_one = buildq_key_sign_artifact (f->base.key, artifact, &error);

  g_assert_no_error (error);
  return signed_one;
}

/* The record, with that location before its own. */
static BuildqArtifact *
with_location (Fixture *f, const char *uri)
{
  g_autofree char *first = g_strdup_printf ("\"locations\":[{\"uri\":\"%s\"},", uri);

  return mirror_fixture_alter (f->artifact, "\"locations\":[", first);
}

/* --- connections that break --- */

static void
test_resumed (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (&f->base);
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (f->artifact);
  g_autofree char *range = NULL;
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "GET", f->nar, FAULT_CUT, 100000, 2);
  error = realise_with (f, resolver, NULL);
  g_assert_no_error (error);
  assert_item (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->nar), ==, 3);
  range = fault_server_get_header (f->server, "Range");
  g_assert_cmpstr (range, ==, "bytes=200000-");
  /* Nothing twice. */
  g_assert_cmpint (buildq_resolver_get_fetched_bytes (resolver), ==,
                   buildq_location_get_file_size (locations->pdata[0]));
}

static void
test_no_ranges (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "GET", f->nar, FAULT_CUT, 100000, 1);
  fault_server_fail (f->server, "GET", f->nar, FAULT_NO_RANGE, 0, 1);
  error = realise (f, NULL);
  g_assert_no_error (error);
  assert_item (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->nar), ==, 2);
}

static void
test_wrong_range (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, "GET", f->nar, FAULT_CUT, 100000, 1);
  fault_server_fail (f->server, "GET", f->nar, FAULT_BAD_RANGE, 1, 1);
  assert_fails (f, NULL, BUILDQ_ERROR_PROTOCOL, f->nar);
}

static void
test_breaks_off (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, "GET", f->nar, FAULT_CUT, 1000, 100);
  assert_fails (f, NULL, BUILDQ_ERROR_UNAVAILABLE, f->nar);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->nar), ==, 4);
}

static void
test_tried_again (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "GET", f->record, FAULT_STATUS, 500, 2);
  fault_server_fail (f->server, "GET", f->nar, FAULT_STATUS, 502, 2);
  error = realise (f, NULL);
  g_assert_no_error (error);
  assert_item (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->record), ==, 3);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->nar), ==, 3);
}

static void
test_redirect_loops (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "GET", f->nar, FAULT_LOOP, 0, 1000);
  error = realise (f, NULL);
  g_assert_nonnull (error);
  assert_message (error, f->nar);
  assert_store_empty (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->nar), <, 50);

  g_clear_error (&error);
  fault_server_fail (f->server, "GET", f->record, FAULT_LOOP, 0, 1000);
  error = realise (f, NULL);
  g_assert_nonnull (error);
  assert_message (error, f->record);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->record), <, 50);
}

static void
test_endless (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, "GET", f->record, FAULT_ENDLESS, 0, 1);
  assert_fails (f, NULL, BUILDQ_ERROR_TOO_LARGE, f->record);
  fault_server_fail (f->server, "GET", f->nar, FAULT_ENDLESS, 0, 1);
  assert_fails (f, NULL, BUILDQ_ERROR_CHECKSUM, f->nar);
}

/* All that is promised comes, and then more without an end. */
static void
test_runs_on (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) packed = mirror_fixture_publish (&f->base, f->plain, "zstd");
  g_autofree char *nar = nar_on_server (f, packed);
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (packed);
  g_autofree char *size
      = g_strdup_printf (",\"file_size\":%" G_GINT64_FORMAT,
                         buildq_location_get_file_size (locations->pdata[0]));
  g_autoptr (BuildqArtifact) no_size = mirror_fixture_alter (packed, size, "");

  fault_server_fail (f->server, "GET", f->record, FAULT_STATUS, 404, 2);
  fault_server_fail (f->server, "GET", nar, FAULT_RUN_ON, 0, 2);
  assert_fails (f, packed, BUILDQ_ERROR_CHECKSUM, nar);
  assert_fails (f, no_size, BUILDQ_ERROR_CHECKSUM, nar);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (&f->base);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const char *const paths[] = { f->store_path, NULL };
  g_autofree char *tmp = g_build_filename (f->base.dir, "to", ".buildq", "tmp", NULL);
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "GET", f->nar, FAULT_STALL, 400000, 1);
  buildq_resolver_realise_async (resolver, NULL, paths, 0, cancellable, take_result,
                                 &result);
  while (mirror_fixture_count_files (tmp) == 0 && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (mirror_fixture_count_files (tmp), ==, 1);
  g_cancellable_cancel (cancellable);
  g_assert_null (buildq_resolver_realise_finish (resolver, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  while (mirror_fixture_count_files (tmp) != 0 && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  assert_store_empty (f);
}

/* Of two who wait for the same, one goes. */
static void
test_cancel_one (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (&f->base);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const char *const paths[] = { f->store_path, NULL };
  g_autoptr (GAsyncResult) goes = NULL;
  g_autoptr (GAsyncResult) stays = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  buildq_resolver_realise_async (resolver, NULL, paths, 0, cancellable, take_result,
                                 &goes);
  buildq_resolver_realise_async (resolver, NULL, paths, 0, NULL, take_result, &stays);
  g_cancellable_cancel (cancellable);
  g_assert_null (buildq_resolver_realise_finish (resolver, wait_for (&goes), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  found = buildq_resolver_realise_finish (resolver, wait_for (&stays), &error);
  g_assert_no_error (error);
  assert_item (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->nar), ==, 1);
}

/* --- what is not what was promised --- */

static void
test_wrong_bytes (Fixture *f, gconstpointer data)
{
  g_autofree char *evil = g_strconcat (fault_server_get_uri (f->server), "/evil", NULL);
  g_autoptr (BuildqArtifact) two = with_location (f, evil);
  g_autoptr (GBytes) bytes = fault_server_get (f->server, f->nar);
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "GET", f->nar, FAULT_CORRUPT, 300000, 2);
  assert_fails (f, f->artifact, BUILDQ_ERROR_CHECKSUM, f->nar);
  /* The good one among several is found. */
  fault_server_add (f->server, "/evil", bytes);
  fault_server_fail (f->server, "GET", "/evil", FAULT_CORRUPT, 300000, 1);
  error = realise (f, two);
  g_assert_no_error (error);
  assert_item (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", "/evil"), ==, 1);
}

static void
test_wrong_sizes (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) longer
      = mirror_fixture_alter (f->plain, "\"nar_size\":", "\"nar_size\":1");
  g_autofree char *size = g_strdup_printf ("\"nar_size\":%" G_GINT64_FORMAT,
                                           buildq_artifact_get_nar_size (f->plain));
  g_autoptr (BuildqArtifact) shorter
      = mirror_fixture_alter (f->plain, size, "\"nar_size\":1000");
  g_autofree char *uri = g_strconcat (fault_server_get_uri (f->server), f->nar, NULL);
  BuildqArtifact *const wrong[] = { longer, shorter };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
      g_autoptr (BuildqLocation) location = buildq_location_new (uri, NULL, NULL, 0);
      g_autoptr (BuildqArtifact) placed = NULL;
      g_autoptr (BuildqArtifact) signed_one = NULL;
      g_autoptr (GError) error = NULL;

      buildq_artifact_builder_set_from (builder, wrong[i]);
      buildq_artifact_builder_add_location (builder, location);
      placed = buildq_artifact_builder_build (builder, &error);
      g_assert_no_error (error);
      signed_one = sign (f, placed);
      fault_server_fail (f->server, "GET", f->record, FAULT_STATUS, 404, 1);
      assert_fails (f, signed_one, BUILDQ_ERROR_CHECKSUM, f->nar);
    }
}

/* The hash and the size of the file are not signed, but must be right all the same. */
static void
test_wrong_file (Fixture *f, gconstpointer data)
{
  g_autofree char *hash = g_strdup_printf ("\"file_hash\":\"%s\"",
                                           buildq_artifact_get_nar_hash (f->artifact));
  g_autoptr (BuildqArtifact) other_hash = mirror_fixture_alter (
      f->artifact, hash,
      "\"file_hash\":"
      "\"sha256:06ikkqw4jsxrd1qjp4xwfvy4anwdmaiy9i38lryihrqymlmc3mdk\"");
  g_autoptr (BuildqArtifact) longer
      = mirror_fixture_alter (f->artifact, "\"file_size\":", "\"file_size\":1");

  fault_server_fail (f->server, "GET", f->record, FAULT_STATUS, 404, 2);
  assert_fails (f, other_hash, BUILDQ_ERROR_CHECKSUM, f->nar);
  assert_fails (f, longer, BUILDQ_ERROR_CHECKSUM, f->nar);
}

/* The record of something else. */
static void
test_wrong_record (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = mirror_fixture_add (&f->base, "other", "text", NULL);
  g_autoptr (BuildqArtifact) other = mirror_fixture_publish (&f->base, plain, NULL);
  g_autofree char *name = record_on_server (buildq_artifact_get_store_path (other));
  g_autoptr (GBytes) record = fault_server_get (f->server, name);

  fault_server_add (f->server, f->record, record);
  assert_fails (f, NULL, BUILDQ_ERROR_CHECKSUM, buildq_artifact_get_store_path (other));
}

/* --- several places --- */

static void
test_no_server (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqResolver) resolver = buildq_resolver_new (f->base.to, f->base.keyring);
  g_autoptr (BuildqResolver) both = buildq_resolver_new (f->base.to, f->base.keyring);
  g_autoptr (GError) error = NULL;

  add_mirror (resolver, REFUSED);
  error = realise_with (f, resolver, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  assert_message (error, REFUSED);
  g_clear_error (&error);

  add_mirror (both, REFUSED);
  buildq_resolver_add_mirror (both, f->base.mirror);
  error = realise_with (f, both, NULL);
  g_assert_no_error (error);
  assert_item (f);
}

static void
test_nobody (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (&f->base);
  g_autoptr (GError) error = NULL;

  add_mirror (resolver, f->base.mirror_dir);
  fault_server_fail (f->server, "GET", f->record, FAULT_STATUS, 404, 1);
  error = realise_with (f, resolver, NULL);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  assert_message (error, f->store_path);
  assert_message (error, fault_server_get_uri (f->server));
  assert_message (error, f->base.mirror_dir);
}

/* The record is there, the archive is not. */
static void
test_gone (Fixture *f, gconstpointer data)
{
  fault_server_fail (f->server, "GET", f->nar, FAULT_STATUS, 404, 1);
  assert_fails (f, NULL, BUILDQ_ERROR_NOT_FOUND, f->nar);
}

static void
test_order (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (&f->base);
  g_autoptr (BuildqArtifact) small_plain
      = mirror_fixture_add (&f->base, "small", "text", NULL);
  g_autoptr (BuildqArtifact) small = mirror_fixture_publish (&f->base, small_plain, NULL);
  g_autoptr (BuildqArtifact) there = mirror_fixture_publish (&f->base, small_plain, "xz");
  const char *small_path = buildq_artifact_get_store_path (small);
  const char *const paths[] = { f->store_path, small_path, f->store_path, NULL };
  const char *const expected[] = { small_path, f->store_path, small_path, f->store_path };
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (artifacts, there);
  found = buildq_resolver_realise (resolver, artifacts, paths, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < found->len; i++)
    g_assert_cmpstr (buildq_artifact_get_store_path (found->pdata[i]), ==, expected[i]);
  g_clear_pointer (&found, g_ptr_array_unref);

  /* What is there is not asked for. */
  fault_server_fail (f->server, NULL, NULL, FAULT_STATUS, 404, 1000);
  found = buildq_resolver_realise (resolver, NULL, paths, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->nar), ==, 1);
}

/* What it refers to is nowhere. */
static void
test_open_closure (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) lib = mirror_fixture_add (&f->base, "lib", "text", NULL);
  const char *lib_path = buildq_artifact_get_store_path (lib);
  const char *const candidates[] = { lib_path, NULL };
  g_autoptr (BuildqArtifact) app
      = mirror_fixture_add (&f->base, "app", lib_path, candidates);
  g_autoptr (BuildqArtifact) published = mirror_fixture_publish (&f->base, app, NULL);
  g_autoptr (GError) error = realise (f, published);

  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
  assert_message (error, lib_path);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                  \
  g_test_add ("/resolver-http/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("resumed", test_resumed);
  ADD ("no-ranges", test_no_ranges);
  ADD ("wrong-range", test_wrong_range);
  ADD ("breaks-off", test_breaks_off);
  ADD ("tried-again", test_tried_again);
  ADD ("redirect-loops", test_redirect_loops);
  ADD ("endless", test_endless);
  ADD ("runs-on", test_runs_on);
  ADD ("cancel", test_cancel);
  ADD ("cancel-one", test_cancel_one);
  ADD ("wrong-bytes", test_wrong_bytes);
  ADD ("wrong-sizes", test_wrong_sizes);
  ADD ("wrong-file", test_wrong_file);
  ADD ("wrong-record", test_wrong_record);
  ADD ("no-server", test_no_server);
  ADD ("nobody", test_nobody);
  ADD ("gone", test_gone);
  ADD ("order", test_order);
  ADD ("open-closure", test_open_closure);
  return g_test_run ();
}
