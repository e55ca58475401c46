/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * One resolver, asked several things at once, or by several records of one path.
 */
#include "config.h"

#include "fault-server.h"
#include "mirror-fixture.h"

#include <locale.h>
#include <string.h>
#include <unistd.h>

#define ITEMS 5 /* one more than are fetched at once */
#define TIMEOUT_S 60

typedef struct
{
  MirrorFixture base; /* its mirror is the server */
  FaultServer *server;
  BuildqResolver *resolver;
  BuildqArtifact *items[ITEMS];
} Fixture;

static const char *
path_of (Fixture *f, guint i)
{
  return buildq_artifact_get_store_path (f->items[i]);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mirror_fixture_set_up (&f->base, NULL);
  f->server = fault_server_new ();
  g_clear_object (&f->base.mirror);
  f->base.mirror = buildq_mirror_new_for_uri (fault_server_get_uri (f->server), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < ITEMS; i++)
    {
      g_autofree char *name = g_strdup_printf ("item-%u", i);
      g_autoptr (BuildqArtifact) plain = mirror_fixture_add (&f->base, name, name, NULL);

      f->items[i] = mirror_fixture_publish (&f->base, plain, NULL);
    }
  f->resolver = mirror_fixture_resolver (&f->base);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  /* Nothing that was started still holds it. */
  g_assert_finalize_object (f->resolver);
  fault_server_free (f->server);
  for (guint i = 0; i < ITEMS; i++)
    buildq_artifact_unref (f->items[i]);
  mirror_fixture_tear_down (&f->base, NULL);
}

static void
start (Fixture *f,
       BuildqArtifact *artifact,
       GCancellable *cancellable,
       GAsyncResult **place)
{
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();

  g_ptr_array_add (artifacts, artifact);
  buildq_resolver_realise_async (f->resolver, artifacts, NULL, 0, cancellable,
                                 take_result, place);
}

static GError *
end (Fixture *f, GAsyncResult **place)
{
  g_autoptr (GPtrArray) found = NULL;
  GError *error = NULL;

  found = buildq_resolver_realise_finish (f->resolver, wait_for (place), &error);
  g_assert_true ((found == NULL) == (error != NULL));
  g_clear_object (place);
  return error;
}

/* Waits until the server has seen @count requests for NARs. */
static void
wait_for_fetches (Fixture *f, guint count)
{
  gint64 deadline = g_get_monotonic_time () + TIMEOUT_S * G_USEC_PER_SEC;
  guint seen;

  do
    {
      g_main_context_iteration (NULL, FALSE);
      seen = 0;
      for (guint i = 0; i < ITEMS; i++)
        {
          g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (f->items[i]);
          const char *uri = buildq_location_get_uri (locations->pdata[0]);

          seen += fault_server_count (f->server, "GET",
                                      uri + strlen (fault_server_get_uri (f->server)));
        }
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  while (seen < count);
}

static gpointer
cancel_when_asked (gpointer data)
{
  gpointer *pair = data;
  FaultServer *server = pair[0];
  guint before = GPOINTER_TO_UINT (pair[2]);

  while (fault_server_count (server, "GET", NULL) <= before)
    g_thread_yield ();
  g_cancellable_cancel (pair[1]);
  return NULL;
}

/* A call that waits does not depend on one that is not waited for. */
static void
test_sync_beside_async (Fixture *f, gconstpointer data)
{
  const char *const paths[] = { path_of (f, 0), path_of (f, 4), NULL };
  GAsyncResult *results[4] = { NULL };
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    start (f, f->items[i], NULL, &results[i]);
  found = buildq_resolver_realise (f->resolver, NULL, paths, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpint (buildq_resolver_get_fetched_bytes (f->resolver), >, 0);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    g_assert_null (results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      error = end (f, &results[i]);
      g_assert_no_error (error);
    }
}

/* What was cancelled takes nobody's turn away. */
static void
test_sync_cancelled (Fixture *f, gconstpointer data)
{
  const char *const paths[] = { path_of (f, 0), NULL };
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < ITEMS; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      gpointer data_of_thread[]
          = { f->server, cancellable,
              GUINT_TO_POINTER (fault_server_count (f->server, "GET", NULL)) };
      GThread *thread;

      fault_server_fail (f->server, "GET", NULL, FAULT_STALL, 0, 1);
      thread = g_thread_new ("cancel", cancel_when_asked, data_of_thread);
      g_assert_null (
          buildq_resolver_realise (f->resolver, NULL, paths, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_thread_join (thread);
    }
  found = buildq_resolver_realise (f->resolver, NULL, paths, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 1);
}

/* When the last one that waits is told, nothing of it is left. */
static void
test_cancelled_leaves_nothing (Fixture *f, gconstpointer data)
{
  g_autofree char *to = g_build_filename (f->base.dir, "to", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *results[ITEMS] = { NULL };

  fault_server_fail (f->server, "GET", NULL, FAULT_STALL, 10, ITEMS);
  for (guint i = 0; i < ITEMS; i++)
    start (f, f->items[i], cancellable, &results[i]);
  wait_for_fetches (f, 4);
  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < ITEMS; i++)
    {
      error = end (f, &results[i]);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
    }
  g_assert_cmpuint (mirror_fixture_count_files (to), ==, 0);
}

/* Who waits for its turn need not wait for it to be cancelled. */
static void
test_queued_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) all = g_cancellable_new ();
  g_autoptr (GCancellable) last = g_cancellable_new ();
  GAsyncResult *results[ITEMS] = { NULL };

  fault_server_fail (f->server, "GET", NULL, FAULT_STALL, 10, ITEMS);
  for (guint i = 0; i < ITEMS; i++)
    start (f, f->items[i], i == 4 ? last : all, &results[i]);
  wait_for_fetches (f, 4);
  g_cancellable_cancel (last);
  for (guint i = ITEMS; i-- > 0;)
    {
      g_autoptr (GError) error = end (f, &results[i]);

      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      if (i == 4)
        for (guint j = 0; j < 4; j++)
          g_assert_null (results[j]);
      g_cancellable_cancel (all);
    }
}

/* The same path by another record, of which the one is of no use: the bytes that it
 * promises are nowhere. */
static void
test_two_records (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) nowhere
      = mirror_fixture_alter (f->items[0], "/nar/", "/nowhere/");
  g_autofree char *record
      = g_strdup_printf ("/%.32s.narinfo", strrchr (path_of (f, 0), '/') + 1);
  GAsyncResult *bad = NULL;
  GAsyncResult *good = NULL;
  g_autoptr (GError) error = NULL;

  fault_server_fail (f->server, "GET", record, FAULT_STATUS, 404, 1000);
  start (f, nowhere, NULL, &bad);
  start (f, f->items[0], NULL, &good);
  error = end (f, &good);
  g_assert_no_error (error);
  error = end (f, &bad);
  /* It may have come just in time. */
  if (error != NULL)
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
}

static BuildqArtifact *
signed_with_hash (Fixture *f, BuildqArtifact *artifact, const char *hash)
{
  g_autoptr (BuildqArtifact) other
      = mirror_fixture_alter (artifact, buildq_artifact_get_nar_hash (artifact), hash);
  g_autoptr (GError) error = NULL;
  BuildqArtifact *signed_one = buildq_key_sign_artifact (f->base.key, other, &error);

  g_assert_no_error (error);
  return signed_one;
}

/* The store has another build of the path than the one that is asked for. */
static void
test_other_build_in_store (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) other
      = signed_with_hash (f, f->items[0], buildq_artifact_get_nar_hash (f->items[1]));
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  start (f, f->items[0], NULL, &result);
  error = end (f, &result);
  g_assert_no_error (error);
  start (f, other, NULL, &result);
  error = end (f, &result);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT);
  g_assert_nonnull (strstr (error->message, buildq_artifact_get_nar_hash (f->items[0])));
  g_assert_nonnull (strstr (error->message, buildq_artifact_get_nar_hash (f->items[1])));
}

/* The mirror has another build, with a good signature, than the one that is asked for. */
static void
test_other_build_in_mirror (Fixture *f, gconstpointer data)
{
  g_autofree char *to = g_build_filename (f->base.dir, "to", NULL);
  g_autoptr (BuildqArtifact) other
      = signed_with_hash (f, f->items[0], buildq_artifact_get_nar_hash (f->items[1]));
  g_autoptr (BuildqArtifact) lost = mirror_fixture_alter (other, "/nar/", "/nowhere/");
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  start (f, lost, NULL, &result);
  error = end (f, &result);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  g_assert_nonnull (strstr (error->message, "/nowhere/"));
  g_assert_nonnull (strstr (error->message, "narinfo"));
  g_assert_cmpuint (mirror_fixture_count_files (to), ==, 0);
}

/* Where a record is vouched for, anybody may say where its bytes are. */
static void
test_vouched_record (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) lost
      = mirror_fixture_alter (f->items[0], "/nar/", "/nowhere/");
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  g_object_unref (f->resolver);
  f->resolver = buildq_resolver_new (f->base.to, NULL);
  buildq_resolver_add_mirror (f->resolver, f->base.mirror);
  start (f, lost, NULL, &result);
  error = end (f, &result);
  g_assert_no_error (error);
}

#define ADD(name, func)                                                                  \
  g_test_add ("/resolver-shared/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  /* What is tested here fails by waiting for ever. */
  alarm (4 * TIMEOUT_S);
  ADD ("sync-beside-async", test_sync_beside_async);
  ADD ("sync-cancelled", test_sync_cancelled);
  ADD ("cancelled-leaves-nothing", test_cancelled_leaves_nothing);
  ADD ("queued-cancelled", test_queued_cancelled);
  ADD ("two-records", test_two_records);
  ADD ("other-build-in-store", test_other_build_in_store);
  ADD ("other-build-in-mirror", test_other_build_in_mirror);
  ADD ("vouched-record", test_vouched_record);
  return g_test_run ();
}
