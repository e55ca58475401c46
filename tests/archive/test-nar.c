/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * NARs against those of Nix (tests/data/nars), and what cannot be in one.
 */
#include "config.h"

#include "nar-fixture.h"

#include "archive/buildq-nar-tokens.h"

#include <buildq/buildq-error.h>
#include <buildq/buildq-nar.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- what Nix made --- */

static const char *const good[] = { "deep",      "empty-dir", "empty-file", "executable",
                                    "hardlinks", "large",     "many",       "mixed",
                                    "modes",     "names",     "one-file",   "raw-bytes",
                                    "sizes",     "symlink" };

/* The path of an entry, which may be no UTF-8. */
static char *
entry_path (JsonObject *entry, const char *target)
{
  GString *path = g_string_new (target);

  if (json_object_has_member (entry, "path_hex"))
    {
      const char *hex = json_object_get_string_member (entry, "path_hex");

      g_string_append_c (path, '/');
      for (; *hex != '\0'; hex += 2)
        g_string_append_c (path, (char) (g_ascii_xdigit_value (hex[0]) << 4
                                         | g_ascii_xdigit_value (hex[1])));
    }
  else if (json_object_get_string_member (entry, "path")[0] != '\0')
    g_string_append_printf (path, "/%s", json_object_get_string_member (entry, "path"));
  return g_string_free (path, FALSE);
}

/* In the JSON a byte of a target that is not printable stands as \xHH. */
static char *
unescape (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (g_str_has_prefix (text, "\\x"))
      {
        g_string_append_c (out, (char) (g_ascii_xdigit_value (text[2]) << 4
                                        | g_ascii_xdigit_value (text[3])));
        text += 3;
      }
    else
      g_string_append_c (out, *text);
  return g_string_free (out, FALSE);
}

static void
check_regular (JsonObject *entry, const char *path, const struct stat *status)
{
  const char *expected = json_object_get_string_member (entry, "sha256");
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *hex = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];
  gsize size;

  g_assert_true (S_ISREG (status->st_mode));
  g_assert_cmpint (status->st_size, ==, json_object_get_int_member (entry, "size"));
  g_assert_cmpint (status->st_mode & 0777, ==,
                   json_object_get_boolean_member (entry, "executable") ? 0555 : 0444);
  g_file_get_contents (path, &text, &size, &error);
  g_assert_no_error (error);
  _buildq_hash_bytes (text, size, digest);
  hex = _buildq_hash_hex (digest);
  g_assert_cmpstr (hex, ==, expected);
}

static void
check_entry (JsonObject *entry, const char *path)
{
  const char *type = json_object_get_string_member (entry, "type");
  struct stat status;

  g_assert_no_errno (lstat (path, &status));
  g_assert_cmpint (status.st_mtime, ==, 1);
  if (g_str_equal (type, "regular"))
    check_regular (entry, path, &status);
  else if (g_str_equal (type, "symlink"))
    {
      g_autofree char *target = g_file_read_link (path, NULL);
      g_autofree char *expected
          = unescape (json_object_get_string_member (entry, "target"));

      g_assert_cmpstr (target, ==, expected);
    }
  else
    {
      g_autoptr (GPtrArray) names = list_names (path);

      g_assert_cmpstr (type, ==, "directory");
      g_assert_cmpint (names->len, ==, json_object_get_int_member (entry, "entries"));
      g_assert_cmpint (status.st_mode & 0777, ==, 0555);
    }
}

static void
test_good (Fixture *fixture, gconstpointer data)
{
  const char *name = data;
  g_autofree char *json = data_path ("nars", name, ".json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GByteArray) again = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *nar = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *expected = NULL;
  BuildqFdLink in = { .fd = open_data ("nars", name) };
  JsonObject *root;
  JsonArray *tree;
  gint64 hashed;
  gsize size;

  g_assert_true (json_parser_load_from_file (parser, json, NULL));
  root = json_node_get_object (json_parser_get_root (parser));
  g_assert_true (
      _buildq_nar_read (_buildq_fd_source, &in, fixture->target, TRUE, NULL, &error));
  g_assert_no_error (error);
  close (in.fd);

  tree = json_object_get_array_member (root, "tree");
  for (guint i = 0; i < json_array_get_length (tree); i++)
    {
      JsonObject *entry = json_array_get_object_element (tree, i);
      g_autofree char *path = entry_path (entry, fixture->target);

      check_entry (entry, path);
    }

  nar = read_data ("nars", name, &size);
  g_assert_true (_buildq_nar_write (fixture->target, append_sink, again, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (again->data, again->len, nar, size);
  g_assert_cmpint (size, ==, in.size);

  hash = buildq_nar_hash (fixture->target, &hashed, NULL, &error);
  g_assert_no_error (error);
  expected = g_strconcat (
      "sha256:", json_object_get_string_member (root, "narHash_nix32"), NULL);
  g_assert_cmpstr (hash, ==, expected);
  g_assert_cmpint (hashed, ==, json_object_get_int_member (root, "narSize"));
}

/* A source may give a byte at a time. */
static void
test_short_reads (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) again = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gsize size;
  g_autofree char *nar = read_data ("nars", "mixed", &size);
  Memory memory = { (guint8 *) nar, size, 1 };

  g_assert_true (
      _buildq_nar_read (memory_source, &memory, fixture->target, FALSE, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (_buildq_nar_write (fixture->target, append_sink, again, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (again->data, again->len, nar, size);
}

/* --- writing --- */

static void
assert_not_written (Fixture *fixture, const char *name, const char *message)
{
  g_autofree char *path = g_build_filename (fixture->target, name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_nar_hash (fixture->target, NULL, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, message));
  g_assert_nonnull (strstr (error->message, path));
  g_assert_no_errno (g_unlink (path));
}

static void
test_special_files (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fifo = g_build_filename (fixture->target, "fifo", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (g_mkdir (fixture->target, 0755));
  g_assert_no_errno (mkfifo (fifo, 0644));
  assert_not_written (fixture, "fifo", "a named pipe cannot be archived");

  g_snprintf (address.sun_path, sizeof address.sun_path, "%s/socket", fixture->target);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  assert_not_written (fixture, "socket", "a socket cannot be archived");
  close (fd);
}

static void
test_device (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_nar_hash ("/dev/null", NULL, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==,
                   "archiving '/dev/null': a device cannot be archived");
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_nar_hash (fixture->target, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, fixture->target));
}

/* Only the x bit of the owner counts. */
static void
test_odd_modes (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    mode_t mode;
    gboolean executable;
  } modes[] = { { 0444, FALSE }, { 0655, FALSE }, { 0666, FALSE }, { 0411, FALSE },
                { 0744, TRUE },  { 0500, TRUE },  { 04755, TRUE }, { 0777, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr (GByteArray) nar = g_byte_array_new ();
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (fixture->target, "a", -1, NULL));
      g_assert_no_errno (chmod (fixture->target, modes[i].mode));
      g_assert_true (_buildq_nar_write (fixture->target, append_sink, nar, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpint (memmem (nar->data, nar->len, "executable", 10) != NULL, ==,
                       modes[i].executable);
      g_assert_no_errno (g_unlink (fixture->target));
    }
}

/* Hard links are files of their own to a NAR, and links are not followed. */
static void
test_links (Fixture *fixture, gconstpointer data)
{
  g_autofree char *first = g_build_filename (fixture->target, "a", NULL);
  g_autofree char *second = g_build_filename (fixture->target, "b", NULL);
  g_autofree char *linked = g_strconcat (fixture->target, "-linked", NULL);
  g_autofree char *copied = g_strconcat (fixture->target, "-copied", NULL);
  g_autofree char *hash = NULL;
  g_autofree char *other = NULL;

  g_assert_no_errno (g_mkdir (fixture->target, 0755));
  g_assert_true (g_file_set_contents (first, "text", -1, NULL));
  g_assert_no_errno (link (first, second));
  hash = buildq_nar_hash (fixture->target, NULL, NULL, NULL);
  g_assert_no_errno (g_unlink (second));
  g_assert_true (g_file_set_contents (second, "text", -1, NULL));
  other = buildq_nar_hash (fixture->target, NULL, NULL, NULL);
  g_assert_nonnull (hash);
  g_assert_cmpstr (hash, ==, other);

  g_clear_pointer (&other, g_free);
  g_assert_no_errno (symlink (fixture->target, linked));
  other = buildq_nar_hash (linked, NULL, NULL, NULL);
  g_assert_cmpstr (hash, !=, other);
}

static void
test_too_deep_to_write (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) path = g_string_new (fixture->target);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < NAR_MAX_DEPTH + 1; i++)
    {
      g_assert_no_errno (g_mkdir (path->str, 0755));
      g_string_append (path, "/a");
    }
  g_assert_null (buildq_nar_hash (fixture->target, NULL, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "nested too deeply"));
}

static gboolean
full_sink (gpointer unused, const void *data, gsize size, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "full");
  return FALSE;
}

static void
test_sink_fails (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (fixture->target, "a", -1, NULL));
  g_assert_false (_buildq_nar_write (fixture->target, full_sink, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int fd = open_data ("nars", "mixed");

  g_cancellable_cancel (cancellable);
  g_assert_false (buildq_nar_restore (fd, fixture->target, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (fixture->target, G_FILE_TEST_EXISTS));
  close (fd);
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (fixture->target, "a", -1, NULL));
  g_assert_null (buildq_nar_hash (fixture->target, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gpointer
cancel_thread (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* A pipe that nobody writes to can be given up. */
static void
test_cancel_while_waiting (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GThread) thread = NULL;
  int fds[2];

  g_assert_no_errno (pipe (fds));
  thread = g_thread_new ("cancel", cancel_thread, cancellable);
  g_assert_false (buildq_nar_restore (fds[0], fixture->target, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (g_steal_pointer (&thread));
  close (fds[0]);
  close (fds[1]);
}

static void
test_dump_to_fd (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->dir, "nar", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize size;
  g_autofree char *nar = read_data ("nars", "large", &size);
  gsize written;
  int in = open_data ("nars", "large");
  int out = g_open (file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

  g_assert_true (buildq_nar_restore (in, fixture->target, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (buildq_nar_dump (fixture->target, out, NULL, &error));
  g_assert_no_error (error);
  close (in);
  close (out);
  g_assert_true (g_file_get_contents (file, &text, &written, NULL));
  g_assert_cmpmem (text, written, nar, size);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strconcat ("/nar/good/", good[i], NULL);

      g_test_add (path, Fixture, good[i], nar_fixture_setup, test_good,
                  nar_fixture_teardown);
    }
  ADD ("/nar/short-reads", test_short_reads);
  ADD ("/nar/special-files", test_special_files);
  g_test_add_func ("/nar/device", test_device);
  ADD ("/nar/missing", test_missing);
  ADD ("/nar/odd-modes", test_odd_modes);
  ADD ("/nar/links", test_links);
  ADD ("/nar/too-deep-to-write", test_too_deep_to_write);
  ADD ("/nar/sink-fails", test_sink_fails);
  ADD ("/nar/cancelled", test_cancelled);
  ADD ("/nar/cancel-while-waiting", test_cancel_while_waiting);
  ADD ("/nar/dump-to-fd", test_dump_to_fd);
  return g_test_run ();
}
