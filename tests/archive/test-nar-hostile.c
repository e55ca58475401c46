/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Archives that nobody should make (tests/data/nars-bad), and targets that are not free.
 */
#include "config.h"

#include "nar-fixture.h"

#include "archive/buildq-nar-tokens.h"

#include <buildq/buildq-error.h>
#include <buildq/buildq-nar.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* --- what is around the target --- */

/* Where names such as '../kite', or a link 'kite' that is followed, would lead. */
static const char *const sentinels[] = { "kite", "mole", "inside/kite", "inside/mole" };

typedef struct
{
  struct stat status[G_N_ELEMENTS (sentinels)];
} Sentinels;

static void
sentinels_make (Sentinels *self, const char *dir)
{
  g_autofree char *inside = g_build_filename (dir, "inside", NULL);

  g_assert_no_errno (g_mkdir (inside, 0755));
  for (guint i = 0; i < G_N_ELEMENTS (sentinels); i++)
    {
      g_autofree char *path = g_build_filename (dir, sentinels[i], NULL);

      g_assert_true (g_file_set_contents (path, sentinels[i], -1, NULL));
      g_assert_no_errno (lstat (path, &self->status[i]));
    }
}

static void
sentinels_check (Sentinels *self, const char *dir)
{
  g_autofree char *inside = g_build_filename (dir, "inside", NULL);
  g_autoptr (GPtrArray) around = list_names (dir);
  g_autoptr (GPtrArray) beside = list_names (inside);

  g_assert_cmpuint (around->len, ==, 3);
  g_assert_cmpuint (beside->len, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (sentinels); i++)
    {
      g_autofree char *path = g_build_filename (dir, sentinels[i], NULL);
      g_autofree char *text = NULL;
      const struct stat *before = &self->status[i];
      struct stat now;

      g_assert_no_errno (lstat (path, &now));
      g_assert_cmpuint (now.st_ino, ==, before->st_ino);
      g_assert_cmpuint (now.st_mode, ==, before->st_mode);
      g_assert_cmpuint (now.st_nlink, ==, 1);
      g_assert_cmpint (now.st_mtim.tv_sec, ==, before->st_mtim.tv_sec);
      g_assert_cmpint (now.st_mtim.tv_nsec, ==, before->st_mtim.tv_nsec);
      g_assert_cmpint (now.st_ctim.tv_sec, ==, before->st_ctim.tv_sec);
      g_assert_cmpint (now.st_ctim.tv_nsec, ==, before->st_ctim.tv_nsec);
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      g_assert_cmpstr (text, ==, sentinels[i]);
    }
}

/* Each bad archive, and one link that leads out and is then named again, beside files
 * that it could reach. */
static void
test_sentinels (Fixture *fixture, gconstpointer data)
{
  static const char out[]
      = NAR_MAGIC NAR_OPEN NAR_TYPE NAR_DIRECTORY NAR_ENTRY NAR_OPEN NAR_NAME
      "\004\0\0\0\0\0\0\0kite\0\0\0\0" NAR_NODE NAR_OPEN NAR_TYPE NAR_SYMLINK NAR_TARGET
      "\007\0\0\0\0\0\0\0../kite\0" NAR_CLOSE NAR_CLOSE NAR_ENTRY NAR_OPEN NAR_NAME
      "\004\0\0\0\0\0\0\0kite\0\0\0\0" NAR_NODE NAR_OPEN NAR_TYPE NAR_REGULAR NAR_CONTENTS
      "\0\0\0\0\0\0\0\0" NAR_CLOSE NAR_CLOSE NAR_CLOSE;
  g_autofree char *target = g_build_filename (fixture->dir, "inside", "target", NULL);
  Memory memory = { (const guint8 *) out, sizeof out - 1, 0 };
  g_autoptr (GError) error = NULL;
  Sentinels made;

  sentinels_make (&made, fixture->dir);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      int fd = open_data ("nars-bad", bad[i].name);

      g_assert_false (buildq_nar_restore (fd, target, NULL, NULL));
      close (fd);
      sentinels_check (&made, fixture->dir);
    }
  g_assert_false (_buildq_nar_read (memory_source, &memory, target, TRUE, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "'kite' is there twice"));
  sentinels_check (&made, fixture->dir);
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/nar/bad", test_bad);
  ADD ("/nar/sentinels", test_sentinels);
  ADD ("/nar/legal", test_legal);
  ADD ("/nar/truncated", test_truncated);
  ADD ("/nar/too-deep", test_too_deep);
  ADD ("/nar/bad-links", test_bad_links);
  ADD ("/nar/message-names-entry", test_message_names_entry);
  ADD ("/nar/target-is-there", test_target_is_there);
  ADD ("/nar/no-parent", test_no_parent);
  ADD ("/nar/modes-without-canonical", test_modes_without_canonical);
  ADD ("/nar/umask", test_umask);
  return g_test_run ();
}
