/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-authority.h>
#include <buildq/buildq-principal.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("buildq-authority-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->dir, "tokens.json", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *lock = g_strconcat (f->path, ".lock", NULL);

  g_unlink (f->path);
  g_unlink (lock);
  g_assert_cmpint (g_rmdir (f->dir), ==, 0);
  g_free (f->dir);
  g_free (f->path);
}

static BuildqAuthority *
open_list (const char *path)
{
  g_autoptr (GError) error = NULL;
  BuildqAuthority *authority = buildq_authority_new (path, &error);

  g_assert_no_error (error);
  return authority;
}

static char *
add (BuildqAuthority *authority, const char *name, BuildqRole role)
{
  g_autoptr (GError) error = NULL;
  char *token = buildq_authority_add_token (authority, name, role, &error);

  g_assert_no_error (error);
  return token;
}

static void
assert_known (BuildqAuthority *authority,
              const char *token,
              const char *name,
              BuildqRole role)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqPrincipal) who
      = buildq_authority_authenticate (authority, token, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (buildq_principal_get_name (who), ==, name);
  g_assert_cmpint (buildq_principal_get_role (who), ==, role);
}

static void
assert_unknown (BuildqAuthority *authority, const char *token)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_authority_authenticate (authority, token, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  g_assert_true (token[0] == '\0' || strstr (error->message, token) == NULL);
}

static void
test_memory (void)
{
  g_autoptr (BuildqAuthority) authority = open_list (NULL);
  g_autofree char *worker = add (authority, "build-1", BUILDQ_ROLE_WORKER);
  g_autofree char *sue = add (authority, "sue@example.org", BUILDQ_ROLE_SUBMITTER);
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_authority_get_path (authority));
  g_assert_cmpuint (strlen (worker), ==, 3 + 43);
  g_assert_true (g_str_has_prefix (worker, "bq_"));
  g_assert_cmpuint (strspn (worker, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_"), ==,
                    46);
  g_assert_cmpstr (worker, !=, sue);
  assert_known (authority, worker, "build-1", BUILDQ_ROLE_WORKER);
  assert_known (authority, sue, "sue@example.org", BUILDQ_ROLE_SUBMITTER);
  assert_unknown (authority, "");
  assert_unknown (authority, "bq_0000000000000000000000000000000000000000000");
  worker[45] ^= 1;
  assert_unknown (authority, worker);
  worker[45] ^= 1;

  all = buildq_authority_list (authority, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_cmpstr (buildq_principal_get_name (all->pdata[0]), ==, "build-1");

  g_assert_true (buildq_authority_remove (authority, "build-1", &error));
  g_assert_no_error (error);
  assert_unknown (authority, worker);
  assert_known (authority, sue, "sue@example.org", BUILDQ_ROLE_SUBMITTER);
  g_assert_false (buildq_authority_remove (authority, "build-1", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND);
}

static void
test_names (void)
{
  static const char *const bad[] = { "", " a", "a b", "-a", "a\n", "ä", "a\"", "a/b" };
  g_autoptr (BuildqAuthority) authority = open_list (NULL);
  g_autofree char *token = add (authority, "a", BUILDQ_ROLE_READER);
  g_autofree char *longest = g_strnfill (255, 'x');
  g_autofree char *longer = g_strnfill (256, 'x');
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (
          buildq_authority_add_token (authority, bad[i], BUILDQ_ROLE_READER, &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
      g_clear_error (&error);
    }
  g_free (add (authority, longest, BUILDQ_ROLE_READER));
  g_assert_null (
      buildq_authority_add_token (authority, longer, BUILDQ_ROLE_READER, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_clear_error (&error);

  g_assert_null (buildq_authority_add_token (authority, "a", BUILDQ_ROLE_ADMIN, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS);
  assert_known (authority, token, "a", BUILDQ_ROLE_READER);
}

static void
test_file (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqAuthority) authority = open_list (f->path);
  g_autofree char *token = NULL;
  g_autofree char *text = NULL;
  g_autoptr (BuildqAuthority) again = NULL;
  struct stat st;
  mode_t mask;

  g_assert_cmpstr (buildq_authority_get_path (authority), ==, f->path);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
  mask = umask (0);
  token = add (authority, "build-1", BUILDQ_ROLE_RELAY);
  umask (mask);

  g_assert_cmpint (stat (f->path, &st), ==, 0);
  g_assert_cmphex (st.st_mode & 07777, ==, 0600);
  g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
  g_assert_null (strstr (text, token));
  g_assert_null (strstr (text, token + 3));
  g_assert_nonnull (strstr (text, "\"sha256\":\""));
  g_assert_nonnull (strstr (text, "\"role\":\"relay\""));

  again = open_list (f->path);
  assert_known (again, token, "build-1", BUILDQ_ROLE_RELAY);
}

/* What another process changes counts at once, each time. */
static void
test_changed_elsewhere (Fixture *f, gconstpointer data)
{
  g_autoptr (BuildqAuthority) server = open_list (f->path);
  g_autoptr (BuildqAuthority) tool = open_list (f->path);
  g_autoptr (GError) error = NULL;

  assert_unknown (server, "bq_x");
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *token = add (tool, "same", BUILDQ_ROLE_WORKER);

      assert_known (server, token, "same", BUILDQ_ROLE_WORKER);
      g_assert_true (
          buildq_authority_remove (i % 2 == 0 ? tool : server, "same", &error));
      g_assert_no_error (error);
      assert_unknown (server, token);
    }
  g_assert_cmpint (g_unlink (f->path), ==, 0);
  {
    g_autoptr (GPtrArray) all = buildq_authority_list (server, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (all->len, ==, 0);
  }
}

static gpointer
add_many (gpointer data)
{
  const char *const *args = data;
  g_autoptr (BuildqAuthority) authority = open_list (args[0]);

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s%u", args[1], i);

      g_free (add (authority, name, BUILDQ_ROLE_WORKER));
    }
  return NULL;
}

/* No writer undoes what another wrote. */
static void
test_two_writers (Fixture *f, gconstpointer data)
{
  const char *a[] = { f->path, "a" };
  const char *b[] = { f->path, "b" };
  GThread *one = g_thread_new ("one", add_many, a);
  GThread *two = g_thread_new ("two", add_many, b);
  g_autoptr (BuildqAuthority) authority = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;

  g_thread_join (one);
  g_thread_join (two);
  authority = open_list (f->path);
  all = buildq_authority_list (authority, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 40);
}

static void
test_bad_file (Fixture *f, gconstpointer data)
{
  static const char *const bad[] = {
    "",
    "{",
    "[]",
    "{\"version\":2}",
    "{\"version\":1,\"tokens\":[{}]}",
    "{\"version\":1,\"tokens\":[{\"name\":\"a\",\"sha256\":\"00\",\"role\":\"king\"}]}"
  };
  g_autoptr (BuildqAuthority) open = open_list (f->path);
  g_autofree char *token = add (open, "a", BUILDQ_ROLE_ADMIN);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_true (g_file_set_contents (f->path, bad[i], -1, NULL));
      g_assert_null (buildq_authority_new (f->path, &error));
      g_assert_nonnull (error);
      g_assert_true (error->domain == BUILDQ_ERROR);
      g_assert_nonnull (strstr (error->message, f->path));
      g_clear_error (&error);

      /* One that is open lets nobody in either, and does not write over the file. */
      g_assert_null (buildq_authority_authenticate (open, token, &error));
      g_assert_nonnull (error);
      g_clear_error (&error);
      g_assert_null (buildq_authority_add_token (open, "b", BUILDQ_ROLE_READER, &error));
      g_assert_nonnull (error);
      g_clear_error (&error);
    }

  /* A short hash is nobody's. */
  g_assert_true (g_file_set_contents (f->path,
                                      "{\"version\":1,\"tokens\":[{\"name\":\"a\","
                                      "\"sha256\":\"e3\",\"role\":\"admin\"}]}",
                                      -1, NULL));
  assert_unknown (open, "");
}

static void
test_no_directory (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "none", "tokens.json", NULL);
  g_autoptr (BuildqAuthority) authority = open_list (path);
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_authority_add_token (authority, "a", BUILDQ_ROLE_READER, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/authority/memory", test_memory);
  g_test_add_func ("/authority/names", test_names);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/authority/file", test_file);
  ADD ("/authority/changed-elsewhere", test_changed_elsewhere);
  ADD ("/authority/two-writers", test_two_writers);
  ADD ("/authority/bad-file", test_bad_file);
  ADD ("/authority/no-directory", test_no_directory);

  return g_test_run ();
}
