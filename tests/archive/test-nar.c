/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * NARs against those of Nix (tests/data/nars) and against hostile ones (nars-bad).
 */
#include "config.h"

#include "archive/buildq-nar-private.h"
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

typedef struct
{
  char *dir;    /* of the test, empty but for what it makes */
  char *target; /* in it; not there */
} Fixture;

static void
setup (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("buildq-nar-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->target = g_build_filename (fixture->dir, "target", NULL);
}

static void
teardown (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (_buildq_tree_remove (fixture->dir, &error));
  g_assert_no_error (error);
  g_free (fixture->dir);
  g_free (fixture->target);
}

static char *
data_path (const char *dir, const char *name, const char *suffix)
{
  g_autofree char *base = g_strconcat (name, suffix, NULL);

  return g_test_build_filename (G_TEST_DIST, "data", dir, base, NULL);
}

static int
open_data (const char *dir, const char *name)
{
  g_autofree char *path = data_path (dir, name, ".nar");
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static gboolean
append_sink (gpointer array, const void *data, gsize size, GError **error)
{
  g_byte_array_append (array, data, size);
  return TRUE;
}

typedef struct
{
  const guint8 *data;
  gsize size;
  gsize step; /* bytes a read; 0 for all that is wanted */
} Memory;

static gssize
memory_source (gpointer memory, void *buffer, gsize size, GError **error)
{
  Memory *self = memory;
  gsize part = MIN (size, self->size);

  if (self->step > 0)
    part = MIN (part, self->step);
  memcpy (buffer, self->data, part);
  self->data += part;
  self->size -= part;
  return part;
}

static char *
read_data (const char *dir, const char *name, gsize *size)
{
  g_autofree char *path = data_path (dir, name, ".nar");
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, size, &error);
  g_assert_no_error (error);
  return text;
}

static GPtrArray *
list_names (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  return names;
}

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

/* --- what nobody should make --- */

/* What of the message shows that it was refused for the reason it was made for. */
static const struct
{
  const char *name;
  const char *message;
} bad[] = {
  { "contents-before-executable", "')' is missing" },
  { "duplicate", "'kite' is there twice" },
  { "empty-input", "it ends too early" },
  { "entry-in-regular", "')' is missing" },
  { "executable-nonempty", "'contents' is missing" },
  { "huge-length", "it ends too early" },
  { "huge-string", "a type of 1099511627776 bytes" },
  { "length-high-bit", "the size of the file is not possible" },
  { "missing-node", "'node' is missing" },
  { "name-dot", "'.' cannot be a name" },
  { "name-dotdot-slash", "'../kite' cannot be a name" },
  { "name-dotdot", "'..' cannot be a name" },
  { "name-empty", "an entry name of 0 bytes" },
  { "name-nul", "a NUL in it" },
  { "name-slash", "'kite/mole' cannot be a name" },
  { "nonzero-padding-contents", "padding is not zero" },
  { "nonzero-padding-tag", "padding is not zero" },
  { "regular-no-contents", "'contents' is missing" },
  { "symlink-no-target", "'target' is missing" },
  { "symlink-then-child", "'kite' is there twice" },
  { "trailing-bytes", "something follows" },
  { "truncated-before-close", "it ends too early" },
  { "truncated-contents", "it ends too early" },
  { "type-twice", "is missing" },
  { "unknown-type", "'fifo' is not known" },
  { "unsorted", "'kite' is not sorted" },
  { "wrong-magic", "'nix-archive-1' is missing" },
};

/* All vectors but these must be in the table: names that differ in case are legal. */
static const char *const legal[] = { "case-clash", "good-control", NULL };

static void
assert_refused (Fixture *fixture, GError *error, const char *message)
{
  g_autoptr (GPtrArray) left = list_names (fixture->dir);

  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, message));
  g_assert_nonnull (strstr (error->message, fixture->target));
  g_assert_cmpint (left->len, ==, 0);
}

static void
test_bad (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "nars-bad", NULL);
  g_autoptr (GPtrArray) names = list_names (path);
  guint archives = 0;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      int fd = open_data ("nars-bad", bad[i].name);

      g_assert_false (buildq_nar_restore (fd, fixture->target, NULL, &error));
      assert_refused (fixture, error, bad[i].message);
      close (fd);
    }
  for (guint i = 0; i < names->len; i++)
    archives += g_str_has_suffix (names->pdata[i], ".nar");
  g_assert_cmpint (archives, ==, G_N_ELEMENTS (bad) + G_N_ELEMENTS (legal) - 1);
}

static void
test_legal (Fixture *fixture, gconstpointer data)
{
  for (const char *const *p = legal; *p != NULL; p++)
    {
      g_autofree char *path = g_build_filename (fixture->dir, *p, NULL);
      g_autoptr (GPtrArray) names = NULL;
      g_autoptr (GError) error = NULL;
      int fd = open_data ("nars-bad", *p);

      g_assert_true (buildq_nar_restore (fd, path, NULL, &error));
      g_assert_no_error (error);
      close (fd);
      names = list_names (path);
      g_assert_cmpint (names->len, ==, 2);
    }
}

static void
assert_bytes_refused (Fixture *fixture,
                      const void *bytes,
                      gsize size,
                      const char *message)
{
  g_autoptr (GError) error = NULL;
  Memory memory = { bytes, size, 0 };

  g_assert_false (
      _buildq_nar_read (memory_source, &memory, fixture->target, TRUE, NULL, &error));
  assert_refused (fixture, error, message);
}

/* Cut anywhere, it is refused, and nothing is left. */
static void
test_truncated (Fixture *fixture, gconstpointer data)
{
  gsize size;
  g_autofree char *nar = read_data ("nars", "mixed", &size);

  for (gsize cut = 0; cut < size; cut += cut < 700 ? 1 : 97)
    assert_bytes_refused (fixture, nar, cut, "bad archive");
}

#define DEEPER                                                                           \
  NAR_OPEN NAR_TYPE NAR_DIRECTORY NAR_ENTRY NAR_OPEN NAR_NAME                            \
      "\001\0\0\0\0\0\0\0a\0\0\0\0\0\0\0" NAR_NODE

static void
test_too_deep (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) nar = g_byte_array_new ();

  g_byte_array_append (nar, (const guint8 *) NAR_MAGIC, sizeof NAR_MAGIC - 1);
  for (guint i = 0; i < NAR_MAX_DEPTH + 1; i++)
    g_byte_array_append (nar, (const guint8 *) DEEPER, sizeof DEEPER - 1);
  assert_bytes_refused (fixture, nar->data, nar->len, "nested too deeply");
}

#define LINK(size) NAR_MAGIC NAR_OPEN NAR_TYPE NAR_SYMLINK NAR_TARGET size

static void
test_bad_links (Fixture *fixture, gconstpointer data)
{
  static const char empty[] = LINK ("\0\0\0\0\0\0\0\0") NAR_CLOSE;
  static const char nul[] = LINK ("\003\0\0\0\0\0\0\0") "a\0b\0\0\0\0\0" NAR_CLOSE;
  static const char padded[] = LINK ("\001\0\0\0\0\0\0\0") "a\0b\0\0\0\0\0" NAR_CLOSE;
  static const char huge[] = LINK ("\0\020\0\0\0\0\0\0");

  assert_bytes_refused (fixture, empty, sizeof empty - 1, "a link target of 0 bytes");
  assert_bytes_refused (fixture, nul, sizeof nul - 1, "a link target with a NUL");
  assert_bytes_refused (fixture, padded, sizeof padded - 1, "padding is not zero");
  assert_bytes_refused (fixture, huge, sizeof huge - 1, "a link target of 4096 bytes");
}

/* The message says in which entry it went wrong. */
static void
test_message_names_entry (Fixture *fixture, gconstpointer data)
{
  static const char node_words[]
      = "libbirch.so.1.2\0" NAR_NODE NAR_OPEN NAR_TYPE NAR_REGULAR;
  gsize size;
  g_autofree char *nar = read_data ("nars", "mixed", &size);
  g_autofree char *entry
      = g_build_filename (fixture->target, "lib", "libbirch.so.1.2", NULL);
  char *node = memmem (nar, size, node_words, sizeof node_words - 1);

  g_assert_nonnull (node);
  node[sizeof node_words - 3] = 'R';
  assert_bytes_refused (fixture, nar, size, entry);
}

/* --- the target --- */

static void
assert_exists (Fixture *fixture, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  int fd = open_data ("nars", "one-file");

  g_assert_false (buildq_nar_restore (fd, fixture->target, NULL, &error));
  close (fd);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  if (expected == NULL)
    return;
  g_file_get_contents (fixture->target, &text, NULL, NULL);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_target_is_there (Fixture *fixture, gconstpointer data)
{
  g_autofree char *elsewhere = g_build_filename (fixture->dir, "elsewhere", NULL);

  g_assert_true (g_file_set_contents (fixture->target, "mine", -1, NULL));
  assert_exists (fixture, "mine");
  g_assert_no_errno (g_unlink (fixture->target));

  g_assert_no_errno (symlink (elsewhere, fixture->target));
  assert_exists (fixture, NULL);
  g_assert_false (g_file_test (elsewhere, G_FILE_TEST_EXISTS));
  g_assert_no_errno (g_unlink (fixture->target));

  g_assert_no_errno (g_mkdir (fixture->target, 0755));
  assert_exists (fixture, NULL);
  g_assert_true (g_file_test (fixture->target, G_FILE_TEST_IS_DIR));
}

static void
test_no_parent (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->target, "inner", NULL);
  g_autoptr (GError) error = NULL;
  int fd = open_data ("nars", "one-file");

  g_assert_false (buildq_nar_restore (fd, path, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  close (fd);
}

static void
test_modes_without_canonical (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct stat status;
  mode_t mask = umask (022);
  int fd = open_data ("nars", "executable");

  g_assert_true (buildq_nar_restore (fd, fixture->target, NULL, &error));
  g_assert_no_error (error);
  close (fd);
  umask (mask);
  g_assert_no_errno (lstat (fixture->target, &status));
  g_assert_cmpint (status.st_mode & 0777, ==, 0755);
  g_assert_cmpint (status.st_mtime, !=, 1);
}

/* Canonical modes do not depend on the umask. */
static void
test_umask (Fixture *fixture, gconstpointer data)
{
  BuildqFdLink in = { .fd = open_data ("nars", "executable") };
  g_autoptr (GError) error = NULL;
  struct stat status;
  mode_t mask = umask (077);

  g_assert_true (
      _buildq_nar_read (_buildq_fd_source, &in, fixture->target, TRUE, NULL, &error));
  g_assert_no_error (error);
  umask (mask);
  close (in.fd);
  g_assert_no_errno (lstat (fixture->target, &status));
  g_assert_cmpint (status.st_mode & 0777, ==, 0555);
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

/* --- removing trees --- */

static void
test_remove_deep (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  int fd = g_open (fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  const char *name = "target";

  /* Deeper than the path of a file may be long. */
  for (guint i = 0; i < 3000; i++)
    {
      int next;

      g_assert_no_errno (mkdirat (fd, name, 0755));
      next = openat (fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      g_assert_cmpint (next, >=, 0);
      close (fd);
      fd = next;
      name = "a";
    }
  g_assert_no_errno (symlinkat ("/", fd, "root"));
  close (fd);
  g_assert_true (_buildq_tree_remove (fixture->target, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (fixture->target, G_FILE_TEST_EXISTS));
}

static void
test_remove_read_only (Fixture *fixture, gconstpointer data)
{
  g_autofree char *inner = g_build_filename (fixture->target, "inner", NULL);
  g_autofree char *file = g_build_filename (inner, "file", NULL);
  g_autofree char *outside = g_build_filename (fixture->dir, "outside", NULL);
  g_autofree char *kept = g_build_filename (outside, "kept", NULL);
  g_autofree char *link_path = g_build_filename (inner, "link", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir (outside, 0755));
  g_assert_true (g_file_set_contents (kept, "", 0, NULL));
  g_assert_no_errno (g_mkdir_with_parents (inner, 0755));
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_no_errno (symlink (outside, link_path));
  g_assert_no_errno (chmod (inner, 0));
  g_assert_no_errno (chmod (fixture->target, 0555));
  g_assert_true (_buildq_tree_remove (fixture->target, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));

  g_assert_false (_buildq_tree_remove (fixture->target, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strconcat ("/nar/good/", good[i], NULL);

      g_test_add (path, Fixture, good[i], setup, test_good, teardown);
    }
  ADD ("/nar/short-reads", test_short_reads);
  ADD ("/nar/bad", test_bad);
  ADD ("/nar/legal", test_legal);
  ADD ("/nar/truncated", test_truncated);
  ADD ("/nar/too-deep", test_too_deep);
  ADD ("/nar/bad-links", test_bad_links);
  ADD ("/nar/message-names-entry", test_message_names_entry);
  ADD ("/nar/target-is-there", test_target_is_there);
  ADD ("/nar/no-parent", test_no_parent);
  ADD ("/nar/modes-without-canonical", test_modes_without_canonical);
  ADD ("/nar/umask", test_umask);
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
  ADD ("/tree/remove-deep", test_remove_deep);
  ADD ("/tree/remove-read-only", test_remove_read_only);
  return g_test_run ();
}
