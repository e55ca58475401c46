/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "fault-server.h"
#include "mirror-check.h"

#include <glib/gstdio.h>
#include <string.h>

#include "mirror/buildq-mirror-private.h"

#define RECORD "/" ITEM_HASH ".narinfo"

/* --- with a real nginx --- */

typedef struct
{
  char *dir;
  char *uri; /* NULL: no nginx */
} Nginx;

static void
nginx_set_up (Nginx *f, gconstpointer options)
{
  g_auto (GStrv) words = g_strsplit (options != NULL ? options : "", " ", -1);

  f->dir = make_folder ();
  f->uri = start_nginx (f->dir, (const char *const *) words);
}

static void
nginx_tear_down (Nginx *f, gconstpointer options)
{
  stop_nginx (f->dir);
  g_free (f->uri);
  remove_folder (f->dir);
}

static char *
read_text (Nginx *f, const char *name)
{
  g_autofree char *path = g_build_filename (f->dir, "data", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
test_contract (Nginx *f, gconstpointer options)
{
  g_autofree char *address = g_strconcat (f->uri, "/sub/folder//", NULL);
  g_autoptr (BuildqMirror) mirror = NULL;
  g_autofree char *record = NULL;
  g_autofree char *info = NULL;
  g_autofree char *log = NULL;
  g_autofree char *log_path = g_build_filename (f->dir, "access.log", NULL);
  const char *first;

  if (f->uri == NULL)
    return;
  mirror = make_mirror (address);
  check_mirror (mirror, f->dir);
  record = read_text (f, "sub/folder" RECORD);
  g_assert_nonnull (strstr (record, "\nURL: nar/1abc.nar.zst\n"));
  info = read_text (f, "sub/folder/nix-cache-info");
  g_assert_nonnull (strstr (info, "StoreDir: /buildq/store\n"));
  /* The archive was sent once, of the two times. */
  g_file_get_contents (log_path, &log, NULL, NULL);
  first = strstr (log, "PUT /sub/folder/nar/1abc.nar.zst");
  g_assert_nonnull (first);
  g_assert_null (strstr (first + 1, "PUT /sub/folder/nar/1abc.nar.zst"));
}

static void
test_password (Nginx *f, gconstpointer options)
{
  g_autofree char *path = NULL;
  g_autofree char *with = NULL;
  g_autofree char *wrong = NULL;
  g_autoptr (BuildqMirror) good = NULL;
  g_autoptr (BuildqMirror) bad = NULL;
  g_autoptr (GError) error = NULL;

  if (f->uri == NULL)
    return;
  path = make_file (f->dir, "file", 1000);
  with = g_strdup_printf ("http://ann:s%%40cret@%s", f->uri + strlen ("http://"));
  wrong = g_strdup_printf ("http://ann:nothing@%s", f->uri + strlen ("http://"));
  good = make_mirror (with);
  bad = make_mirror (wrong);
  g_assert_cmpstr (buildq_mirror_get_uri (good), ==, f->uri);
  check_mirror (good, f->dir);
  g_assert_null (put_file (bad, "nar/other", path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  assert_message (error, "401");
  assert_message (error, "/nar/other");
  g_assert_null (strstr (error->message, "nothing"));
}

static void
test_too_large (Nginx *f, gconstpointer options)
{
  g_autofree char *path = NULL;
  g_autoptr (BuildqMirror) mirror = NULL;
  g_autoptr (GError) error = NULL;

  if (f->uri == NULL)
    return;
  path = make_file (f->dir, "file", 32 * 1024 * 1024);
  mirror = make_mirror (f->uri);
  g_assert_null (put_file (mirror, "nar/large", path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  assert_message (error, "413");
}

/* Many at once, whose connections are shared. */
static void
count_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uri
      = buildq_mirror_put_file_finish (BUILDQ_MIRROR (source), result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (uri);
  (*(guint *) user_data)--;
}

static void
test_many (Nginx *f, gconstpointer options)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  g_autofree char *path = NULL;
  g_autoptr (BuildqMirror) mirror = NULL;
  guint left = 100;

  if (f->uri == NULL)
    return;
  path = make_file (f->dir, "file", 70000);
  mirror = make_mirror (f->uri);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("nar/%u.nar", i);

      buildq_mirror_put_file_async (mirror, name, path, NULL, G_PRIORITY_DEFAULT, NULL,
                                    count_down, &left);
    }
  while (left > 0 && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (left, ==, 0);
}

/* --- with a server that goes wrong --- */

typedef struct
{
  char *dir;
  FaultServer *server;
  BuildqMirror *mirror;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = make_folder ();
  f->server = fault_server_new ();
  f->mirror = make_mirror (fault_server_get_uri (f->server));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->mirror);
  fault_server_free (f->server);
  remove_folder (f->dir);
}

static void
add_record (Fixture *f, const char *uri)
{
  g_autoptr (BuildqArtifact) artifact = make_artifact (uri);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = buildq_narinfo_format (artifact, &error);

  g_assert_no_error (error);
  fault_server_add_text (f->server, RECORD, text);
}

static void
assert_lookup_fails (Fixture *f, BuildqError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_mirror_lookup (f->mirror, ITEM, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  assert_message (error, message);
  assert_message (error, fault_server_get_uri (f->server));
}

static void
test_lookup_faults (Fixture *f, gconstpointer data)
{
  add_record (f, "nar/1");
  fault_server_fail (f->server, NULL, RECORD, FAULT_STATUS, 403, 1);
  assert_lookup_fails (f, BUILDQ_ERROR_UNAUTHORIZED, "403");
  fault_server_fail (f->server, NULL, RECORD, FAULT_STATUS, 410, 1);
  assert_lookup_fails (f, BUILDQ_ERROR_NOT_FOUND, "410");
  fault_server_fail (f->server, NULL, RECORD, FAULT_STATUS, 418, 1);
  assert_lookup_fails (f, BUILDQ_ERROR_FAILED, "418");
  fault_server_fail (f->server, NULL, RECORD, FAULT_ENDLESS, 0, 1);
  assert_lookup_fails (f, BUILDQ_ERROR_TOO_LARGE, "1048576");
  fault_server_fail (f->server, NULL, RECORD, FAULT_CORRUPT, 2, 1);
  assert_lookup_fails (f, BUILDQ_ERROR_INVALID, RECORD);
}

static void
test_no_server (Fixture *f, gconstpointer data)
{
  g_autofree char *uri = g_strdup (fault_server_get_uri (f->server));
  g_autoptr (BuildqMirror) mirror = make_mirror (uri);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->server, fault_server_free);
  g_assert_null (buildq_mirror_lookup (mirror, ITEM, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  assert_message (error, "refused");
  f->server = fault_server_new ();
}

/* Records of a server must not make us read what is on this machine. */
static void
test_locations (Fixture *f, gconstpointer data)
{
  const struct
  {
    const char *url;
    const char *uri; /* NULL: none; "/…": below the mirror */
  } cases[] = { { "nar/1", "/nar/1" },
                { "/nar/1", "/nar/1" },
                { "http://127.0.0.1:1/x", "http://127.0.0.1:1/x" },
                { "file:///etc/passwd", NULL },
                { "ftp://127.0.0.1/x", NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (BuildqArtifact) found = NULL;
      g_autofree char *expected = NULL;

      add_record (f, cases[i].url);
      found = buildq_mirror_lookup (f->mirror, ITEM, NULL, &error);
      if (cases[i].uri == NULL)
        {
          g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
          assert_message (error, "location");
          continue;
        }
      g_assert_no_error (error);
      expected
          = g_strconcat (*cases[i].uri == '/' ? fault_server_get_uri (f->server) : "",
                         cases[i].uri, NULL);
      g_assert_cmpstr (first_uri (found), ==, expected);
    }
}

static void
test_publish_folders (Fixture *f, gconstpointer data)
{
  g_autofree char *uri = g_strconcat (fault_server_get_uri (f->server), "/nar/1", NULL);
  g_autoptr (BuildqArtifact) local = make_artifact ("file:///mirror/nar/1");
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (BuildqLocation) location = buildq_location_new (uri, NULL, NULL, 0);
  g_autoptr (BuildqArtifact) both = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) record = NULL;
  const char *text;

  g_assert_false (buildq_mirror_publish (f->mirror, local, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_clear_error (&error);
  buildq_artifact_builder_set_from (builder, local);
  buildq_artifact_builder_add_location (builder, location);
  both = buildq_artifact_builder_build (builder, &error);
  buildq_mirror_publish (f->mirror, both, NULL, &error);
  g_assert_no_error (error);
  record = fault_server_get (f->server, RECORD);
  text = g_bytes_get_data (record, NULL);
  g_assert_null (g_strstr_len (text, g_bytes_get_size (record), "file:"));
  g_assert_nonnull (g_strstr_len (text, g_bytes_get_size (record), "\nURL: nar/1\n"));
}

static void
test_put_faults (Fixture *f, gconstpointer data)
{
  g_autofree char *path = make_file (f->dir, "file", 300000);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  g_autoptr (GBytes) bytes = NULL;

  fault_server_fail (f->server, "PUT", NULL, FAULT_STATUS, 507, 1);
  g_assert_null (put_file (f->mirror, "nar/1", path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE);
  assert_message (error, "PUT ");
  assert_message (error, "/nar/1: 507 Insufficient Storage");
  g_assert_cmpuint (fault_server_count (f->server, "PUT", NULL), ==, 1);
  g_clear_error (&error);

  fault_server_fail (f->server, "PUT", NULL, FAULT_STATUS, 405, 1);
  g_assert_null (put_file (f->mirror, "nar/1", path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  fault_server_fail (f->server, "PUT", NULL, FAULT_STATUS, 503, 2);
  uri = put_file (f->mirror, "nar/1", path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (uri);
  bytes = fault_server_get (f->server, "/nar/1");
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 300000);
  g_assert_cmpuint (fault_server_count (f->server, "PUT", NULL), ==, 5);
}

/* Of another size, so not whole. */
static void
test_put_over_half (Fixture *f, gconstpointer data)
{
  g_autofree char *path = make_file (f->dir, "file", 3000);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  g_autoptr (GBytes) bytes = NULL;

  fault_server_add_text (f->server, "/nar/1", "half");
  uri = put_file (f->mirror, "nar/1", path, &error);
  g_assert_no_error (error);
  bytes = fault_server_get (f->server, "/nar/1");
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 3000);
}

static void
cancel (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_mirror_lookup_finish (BUILDQ_MIRROR (source), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *(gboolean *) user_data = TRUE;
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gboolean done = FALSE;

  fault_server_fail (f->server, NULL, NULL, FAULT_STALL, 0, 1);
  buildq_mirror_lookup_async (f->mirror, ITEM, G_PRIORITY_DEFAULT, cancellable, cancel,
                              &done);
  while (fault_server_count (f->server, NULL, NULL) == 0
         && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (cancellable);
  while (!done && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (done);
}

/* The mirror may go while its client is in use. */
static void
test_gone (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 30; i++)
    {
      g_autoptr (BuildqMirror) mirror = make_mirror (fault_server_get_uri (f->server));
      g_autoptr (GError) error = NULL;

      g_assert_null (buildq_mirror_lookup (mirror, ITEM, NULL, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
    }
}

static void
test_bad_uris (void)
{
  const char *uris[]
      = { "http:",  "http:///x",       "http://host/?x",          "https://host/#x",
          "http:x", "http://h:99999/", "http://u:se/cret@host:x/" };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (buildq_mirror_new_for_uri (uris[i], &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
      g_assert_null (strstr (error->message, "cret"));
    }
}

#define ADD_NGINX(name, options, function)                                               \
  g_test_add ("/http-mirror/nginx/" name, Nginx, options, nginx_set_up, function,        \
              nginx_tear_down)
/* A record with two places says first ours what is nearest, and to Nix last. */
static void
test_order_of_locations (Fixture *f, gconstpointer data)
{
  const char *base = fault_server_get_uri (f->server);
  g_autofree char *own = g_strconcat (base, "/nar/1", NULL);
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (BuildqLocation) ours = buildq_location_new (own, "none", NULL, 0);
  g_autoptr (BuildqLocation) other
      = buildq_location_new ("http://127.0.0.1:1/x", "none", NULL, 0);
  g_autofree char *record = g_strdup_printf ("/%.32s.narinfo", strrchr (ITEM, '/') + 1);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqArtifact) found = NULL;
  g_autoptr (GPtrArray) locations = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  add_record (f, "nar/1");
  found = buildq_mirror_lookup (f->mirror, ITEM, NULL, &error);
  g_assert_no_error (error);
  buildq_artifact_builder_set_store_path (builder, ITEM);
  buildq_artifact_builder_set_nar_hash (builder, buildq_artifact_get_nar_hash (found));
  buildq_artifact_builder_set_nar_size (builder, buildq_artifact_get_nar_size (found));
  buildq_artifact_builder_add_location (builder, ours);
  buildq_artifact_builder_add_location (builder, other);
  artifact = buildq_artifact_builder_build (builder, &error);
  g_assert_no_error (error);
  buildq_mirror_publish (f->mirror, artifact, NULL, &error);
  g_assert_no_error (error);

  bytes = fault_server_get (f->server, record);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_nonnull (strstr (text, "URL: http://127.0.0.1:1/x"));
  g_assert_nonnull (strstr (strstr (text, "URL: http://127.0.0.1:1/x"), "URL: nar/1"));
  g_clear_pointer (&found, buildq_artifact_unref);
  found = buildq_mirror_lookup (f->mirror, ITEM, NULL, &error);
  g_assert_no_error (error);
  locations = buildq_artifact_get_locations (found);
  g_assert_cmpuint (locations->len, ==, 2);
  g_assert_cmpstr (first_uri (found), ==, own);
}

#define ADD(name, function)                                                              \
  g_test_add ("/http-mirror/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD_NGINX ("contract", NULL, test_contract);
  ADD_NGINX ("password", "--user ann --password s@cret", test_password);
  ADD_NGINX ("too-large", "--max-size 1m", test_too_large);
  ADD_NGINX ("many", NULL, test_many);
  ADD ("lookup-faults", test_lookup_faults);
  ADD ("no-server", test_no_server);
  ADD ("locations", test_locations);
  ADD ("order-of-locations", test_order_of_locations);
  ADD ("publish-folders", test_publish_folders);
  ADD ("put-faults", test_put_faults);
  ADD ("put-over-half", test_put_over_half);
  ADD ("cancelled", test_cancelled);
  ADD ("gone", test_gone);
  g_test_add_func ("/http-mirror/bad-uris", test_bad_uris);
  return g_test_run ();
}
