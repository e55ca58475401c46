/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The resolver, over a server that goes wrong in the middle of an archive.
 */
#include "config.h"

#include "fault-server.h"
#include "mirror-fixture.h"

#include <string.h>

#define SIZE 300000

typedef struct
{
  MirrorFixture base;
  FaultServer *server;
  BuildqArtifact *artifact; /* of SIZE bytes, published there as it is */
  char *name;               /* of its archive on the server */
  char *text;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqArtifact) plain = NULL;
  g_autoptr (GPtrArray) locations = NULL;
  g_autoptr (GError) error = NULL;
  const char *uri;

  mirror_fixture_set_up (&f->base, NULL);
  f->server = fault_server_new ();
  g_clear_object (&f->base.mirror);
  f->base.mirror = buildq_mirror_new_for_uri (fault_server_get_uri (f->server), &error);
  g_assert_no_error (error);
  f->text = g_malloc0 (SIZE + 1);
  for (guint i = 0; i < SIZE; i++)
    f->text[i] = (char) ('a' + i * 7 % 23);
  plain = mirror_fixture_add (&f->base, "item", f->text, NULL);
  f->artifact = mirror_fixture_publish (&f->base, plain, "none");
  locations = buildq_artifact_get_locations (f->artifact);
  uri = buildq_location_get_uri (locations->pdata[0]);
  f->name = g_strdup (uri + strlen (fault_server_get_uri (f->server)));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  mirror_fixture_tear_down (&f->base, NULL);
  fault_server_free (f->server);
  buildq_artifact_unref (f->artifact);
  g_free (f->name);
  g_free (f->text);
}

static GError *
realise (Fixture *f)
{
  g_autoptr (BuildqResolver) resolver = mirror_fixture_resolver (&f->base);
  g_autoptr (GPtrArray) artifacts = g_ptr_array_new ();
  const char *const paths[] = { buildq_artifact_get_store_path (f->artifact), NULL };
  g_autoptr (GPtrArray) found = NULL;
  GError *error = NULL;

  found = buildq_resolver_realise (resolver, artifacts, paths, NULL, &error);
  g_assert_true ((found == NULL) == (error != NULL));
  return error;
}

static void
assert_realised (Fixture *f)
{
  g_autoptr (GError) error = realise (f);
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  path = buildq_store_get_real_path (f->base.to,
                                     buildq_artifact_get_store_path (f->artifact));
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, f->text);
}

static void
assert_refused (Fixture *f, BuildqError code)
{
  g_autofree char *to = g_build_filename (f->base.dir, "to", NULL);
  g_autoptr (GError) error = realise (f);

  g_assert_error (error, BUILDQ_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, f->name));
  g_assert_cmpuint (mirror_fixture_count_files (to), ==, 0);
}

static void
fail (Fixture *f, Fault fault, guint64 arg, guint times)
{
  fault_server_fail (f->server, "GET", f->name, fault, arg, times);
}

/* It goes on where it broke off: nothing comes twice. */
static void
test_resume (Fixture *f, gconstpointer data)
{
  g_autofree char *range = NULL;

  fail (f, FAULT_CUT, 100000, 2);
  assert_realised (f);
  g_assert_cmpuint (fault_server_count (f->server, "GET", f->name), ==, 3);
  range = fault_server_get_header (f->server, "Range");
  g_assert_cmpstr (range, ==, "bytes=200000-");
}

static void
test_resume_without_ranges (Fixture *f, gconstpointer data)
{
  fail (f, FAULT_CUT, 100000, 1);
  fail (f, FAULT_NO_RANGE, 0, 1);
  assert_realised (f);
}

static void
test_resume_misplaced (Fixture *f, gconstpointer data)
{
  fail (f, FAULT_CUT, 100000, 1);
  fail (f, FAULT_BAD_RANGE, 1, 1);
  assert_refused (f, BUILDQ_ERROR_PROTOCOL);
  assert_realised (f);
}

static void
test_breaks_always (Fixture *f, gconstpointer data)
{
  fail (f, FAULT_CUT, 10, 100);
  assert_refused (f, BUILDQ_ERROR_UNAVAILABLE);
}

static void
test_wrong_bytes (Fixture *f, gconstpointer data)
{
  fail (f, FAULT_CORRUPT, 200000, 1);
  assert_refused (f, BUILDQ_ERROR_CHECKSUM);
  assert_realised (f);
}

static void
test_endless (Fixture *f, gconstpointer data)
{
  fail (f, FAULT_ENDLESS, 0, 1);
  assert_refused (f, BUILDQ_ERROR_CHECKSUM);
  assert_realised (f);
}

static void
test_status (Fixture *f, gconstpointer data)
{
  fail (f, FAULT_STATUS, 503, 2);
  assert_realised (f);
}

static void
test_gone (Fixture *f, gconstpointer data)
{
  fail (f, FAULT_STATUS, 404, 1);
  assert_refused (f, BUILDQ_ERROR_NOT_FOUND);
}

#define ADD(name, function)                                                              \
  g_test_add ("/resolver-http/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("resume", test_resume);
  ADD ("resume-without-ranges", test_resume_without_ranges);
  ADD ("resume-misplaced", test_resume_misplaced);
  ADD ("breaks-always", test_breaks_always);
  ADD ("wrong-bytes", test_wrong_bytes);
  ADD ("endless", test_endless);
  ADD ("status", test_status);
  ADD ("gone", test_gone);
  return g_test_run ();
}
