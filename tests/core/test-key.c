/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Keys and keyrings, against the keys and signatures of Nix (tests/data/nix).
 */
#include <buildq/buildq.h>
#include <glib/gstdio.h>
#include <string.h>

#define PATH_A "/nix/store/80isls7nns6mbnin0ykr0cnf7srgq8ax-appa-0.9"
#define BASE_A "80isls7nns6mbnin0ykr0cnf7srgq8ax-appa-0.9"
#define BASE_B "i4j98vbzhckaqwywh3bqjzfbf8srk3as-lib"
#define HASH_A "sha256:06ikkqw4jsxrd1qjp4xwfvy4anwdmaiy9i38lryihrqymlmc3mdk"
#define ZEROS_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static BuildqKey *
read_key (const char *name)
{
  g_autofree char *path
      = g_test_build_filename (G_TEST_DIST, "data", "nix", "keys", name, NULL);
  g_autoptr (GError) error = NULL;
  BuildqKey *key = buildq_key_new_from_file (path, &error);

  g_assert_no_error (error);
  return key;
}

static char *
read_text (const char *subdir, const char *name)
{
  g_autofree char *path
      = g_test_build_filename (G_TEST_DIST, "data", "nix", subdir, name, NULL);
  char *text;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static GBytes *
bytes (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

/* Both halves say what Nix says. */
static void
test_nix_keys (void)
{
  static const char *const names[][2]
      = { { "key1.pub", "key1.sec" }, { "key2.pub", "key2.sec" } };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *public_text = read_text ("keys", names[i][0]);
      g_autofree char *secret_text = read_text ("keys", names[i][1]);
      g_autoptr (BuildqKey) public_key = read_key (names[i][0]);
      g_autoptr (BuildqKey) secret_key = read_key (names[i][1]);
      g_autofree char *a = buildq_key_to_public_string (public_key);
      g_autofree char *b = buildq_key_to_public_string (secret_key);
      g_autofree char *c = buildq_key_to_secret_string (secret_key);

      g_assert_false (buildq_key_is_secret (public_key));
      g_assert_true (buildq_key_is_secret (secret_key));
      g_assert_cmpstr (a, ==, public_text);
      g_assert_cmpstr (b, ==, public_text);
      g_assert_cmpstr (c, ==, secret_text);
      g_assert_null (buildq_key_to_secret_string (public_key));
      g_assert_true (g_str_has_prefix (a, buildq_key_get_name (public_key)));
    }
}

/* Signs anew what Nix signed: the narinfo must not change by a byte. */
static void
check_narinfo (const char *cache, const char *name, BuildqKey *first, BuildqKey *second)
{
  g_autofree char *text = read_text (cache, name);
  g_autoptr (BuildqArtifact) theirs = buildq_narinfo_parse (text, NULL);
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (BuildqArtifact) bare = NULL;
  g_autoptr (BuildqArtifact) once = NULL;
  g_autoptr (BuildqArtifact) ours = NULL;
  g_autoptr (BuildqArtifact) again = NULL;
  g_autofree char *formatted = NULL;
  g_autoptr (GError) error = NULL;

  buildq_artifact_builder_set_from (builder, theirs);
  buildq_artifact_builder_set_signatures (builder, NULL);
  bare = buildq_artifact_builder_build (builder, NULL);
  once = buildq_key_sign_artifact (first, bare, &error);
  g_assert_no_error (error);
  ours = second != NULL ? buildq_key_sign_artifact (second, once, &error)
                        : buildq_artifact_ref (once);
  g_assert_no_error (error);
  formatted = buildq_narinfo_format (ours, NULL);
  g_assert_cmpstr (formatted, ==, text);

  /* A second signature by the same key takes the place of the first. */
  again = buildq_key_sign_artifact (first, ours, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (ours, again));
}

static void
test_sign_as_nix (void)
{
  g_autofree char *path
      = g_test_build_filename (G_TEST_DIST, "data", "nix", "cache-xz", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (BuildqKey) first = read_key ("key1.sec");
  g_autoptr (BuildqKey) second = read_key ("key2.sec");
  const char *name;
  guint seen = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".narinfo"))
      {
        check_narinfo ("cache-xz", name, first, NULL);
        seen++;
      }
  g_assert_cmpint (seen, >, 10);
  check_narinfo ("cache-two-signatures", "437apxpngcwnc5fl4cxzi2bvvz1zf7bx.narinfo",
                 first, second);
}

static void
test_generate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqKey) key = buildq_key_generate ("farm-1", &error);
  g_autoptr (BuildqKey) other = buildq_key_generate ("farm-1", NULL);
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (BuildqKey) again = NULL;
  g_autofree char *secret = NULL;
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  g_autofree char *signature = NULL;
  g_autoptr (GBytes) text = bytes ("text");
  g_autoptr (GBytes) changed = bytes ("texT");

  g_assert_no_error (error);
  a = buildq_key_to_public_string (key);
  b = buildq_key_to_public_string (other);
  g_assert_cmpstr (a, !=, b);
  g_assert_cmpstr (buildq_key_get_name (key), ==, "farm-1");

  secret = buildq_key_to_secret_string (key);
  again = buildq_key_new_from_string (secret, &error);
  g_assert_no_error (error);
  signature = buildq_key_sign (again, text, &error);
  g_assert_no_error (error);

  buildq_keyring_add (keyring, key);
  g_assert_true (buildq_keyring_verify (keyring, text, signature, &error));
  g_assert_no_error (error);
  g_assert_false (buildq_keyring_verify (keyring, changed, signature, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
}

static void
test_empty_text (void)
{
  g_autoptr (BuildqKey) key = buildq_key_generate ("a", NULL);
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autofree char *signature = buildq_key_sign (key, empty, NULL);

  buildq_keyring_add (keyring, key);
  g_assert_true (buildq_keyring_verify (keyring, empty, signature, NULL));
}

static void
test_bad_keys (void)
{
  static const char *const bad[] = {
    "",
    ":",
    "name",
    "name:",
    ":" ZEROS_32,
    "na me:" ZEROS_32,
    "name: " ZEROS_32,
    "name:" ZEROS_32 "\n",
    "name:" ZEROS_32 "=",
    "name:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  /* no padding */
    "name:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", /* bits that say nothing */
    "name:AAAA*AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "name:AAAA",
    /* Of key1.sec, with the public half of key2. */
    "bq-vec-a-1:UkfkMpg4g94v7Ddm3azcgmu9C0ke7MGc8bPjKzh+79QSBYUUbuqXFR2lzN+"
    "KQkQv17NV8H5D2OSumAyX"
    "lah4Iw==",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (buildq_key_new_from_string (bad[i], &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
      g_assert_null (strstr (error->message, "AAAA"));
      g_assert_null (strstr (error->message, "UkfkM"));
    }
}

static void
test_bad_names (void)
{
  static const char *const bad[] = { "", "a b", "a:b", "a\n", "\303\244" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (buildq_key_generate (bad[i], &error));
      g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
    }
}

static void
test_files (void)
{
  g_autofree char *dir = g_dir_make_tmp ("buildq-key-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "key", NULL);
  g_autofree char *large = g_strnfill (1024 * 1024, 'a');
  g_autoptr (BuildqKey) key = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_key_new_from_file (path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (path, "name:" ZEROS_32 "\n", -1, NULL));
  key = buildq_key_new_from_file (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buildq_key_get_name (key), ==, "name");

  g_assert_true (g_file_set_contents (path, "name:" ZEROS_32 "\n\n", -1, NULL));
  g_assert_null (buildq_key_new_from_file (path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (path, large, -1, NULL));
  g_assert_null (buildq_key_new_from_file (path, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "too large"));
  g_clear_error (&error);

  g_assert_null (buildq_key_new_from_file (dir, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_assert_no_errno (g_unlink (path));
  g_assert_no_errno (g_rmdir (dir));
}

static void
test_public_cannot_sign (void)
{
  g_autoptr (BuildqKey) key = read_key ("key1.pub");
  g_autoptr (GBytes) text = bytes ("text");
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_key_sign (key, text, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==,
                   "key 'bq-vec-a-1' is not secret, so it cannot sign");
}

/* --- keyrings --- */

static void
assert_verdict (BuildqKeyring *keyring,
                const char *text,
                const char *signature,
                BuildqError code)
{
  g_autoptr (GBytes) data = bytes (text);
  g_autoptr (GError) error = NULL;

  g_assert_false (buildq_keyring_verify (keyring, data, signature, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
}

static void
test_keyring_verify (void)
{
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (BuildqKey) key = read_key ("key1.sec");
  g_autoptr (BuildqKey) stranger = read_key ("key2.sec");
  g_autoptr (GBytes) text = bytes ("text");
  g_autofree char *signature = buildq_key_sign (key, text, NULL);
  g_autofree char *strange = buildq_key_sign (stranger, text, NULL);
  g_autofree char *forged = g_strconcat ("bq-vec-a-1:", strchr (strange, ':') + 1, NULL);

  assert_verdict (keyring, "text", signature, BUILDQ_ERROR_UNAUTHORIZED);
  buildq_keyring_add (keyring, key);
  g_assert_true (buildq_keyring_verify (keyring, text, signature, NULL));
  assert_verdict (keyring, "other", signature, BUILDQ_ERROR_CHECKSUM);
  assert_verdict (keyring, "text", strange, BUILDQ_ERROR_UNAUTHORIZED);
  assert_verdict (keyring, "text", forged, BUILDQ_ERROR_CHECKSUM);
  assert_verdict (keyring, "text", "", BUILDQ_ERROR_INVALID);
  assert_verdict (keyring, "text", "bq-vec-a-1:AAAA", BUILDQ_ERROR_CHECKSUM);
  assert_verdict (keyring, "text", "bq-second-a-1:AAAA", BUILDQ_ERROR_UNAUTHORIZED);
  assert_verdict (keyring, "text", "bq-vec-a-1", BUILDQ_ERROR_INVALID);
}

/* Two keys may have one name, as while one is replaced. */
static void
test_keyring_same_name (void)
{
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (BuildqKey) old = buildq_key_generate ("farm", NULL);
  g_autoptr (BuildqKey) new = buildq_key_generate ("farm", NULL);
  g_autoptr (GBytes) text = bytes ("text");
  g_autofree char *a = buildq_key_sign (old, text, NULL);
  g_autofree char *b = buildq_key_sign (new, text, NULL);

  buildq_keyring_add (keyring, old);
  assert_verdict (keyring, "text", b, BUILDQ_ERROR_CHECKSUM);
  buildq_keyring_add (keyring, new);
  g_assert_true (buildq_keyring_verify (keyring, text, a, NULL));
  g_assert_true (buildq_keyring_verify (keyring, text, b, NULL));
}

/* It keeps no secrets, and nothing twice. */
static void
test_keyring_keys (void)
{
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (BuildqKey) secret = read_key ("key1.sec");
  g_autofree char *text = read_text ("keys", "key1.pub");
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) error = NULL;

  buildq_keyring_add (keyring, secret);
  g_assert_true (buildq_keyring_add_string (keyring, text, &error));
  g_assert_no_error (error);
  g_assert_false (buildq_keyring_add_string (keyring, "nonsense", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  keys = buildq_keyring_get_keys (keyring);
  g_assert_cmpint (keys->len, ==, 1);
  g_assert_false (buildq_key_is_secret (keys->pdata[0]));
  g_assert_cmpstr (buildq_key_get_name (keys->pdata[0]), ==, "bq-vec-a-1");
}

static BuildqArtifact *
make_artifact (const char *const *signatures)
{
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (GError) error = NULL;
  BuildqArtifact *artifact;

  buildq_artifact_builder_set_store_path (builder, PATH_A);
  buildq_artifact_builder_set_nar_hash (builder, HASH_A);
  buildq_artifact_builder_set_nar_size (builder, 1048);
  buildq_artifact_builder_set_signatures (builder, signatures);
  artifact = buildq_artifact_builder_build (builder, &error);
  g_assert_no_error (error);
  return artifact;
}

/* As for Nix, references are a set: their order, and how often, is not signed. */
static void
test_fingerprint (void)
{
  static const char *const references[] = { BASE_B, BASE_A, BASE_B, NULL };
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autofree char *text = NULL;

  buildq_artifact_builder_set_store_path (builder, PATH_A);
  buildq_artifact_builder_set_nar_hash (builder, HASH_A);
  buildq_artifact_builder_set_nar_size (builder, 1048);
  buildq_artifact_builder_set_references (builder, references);
  artifact = buildq_artifact_builder_build (builder, NULL);
  text = buildq_artifact_get_fingerprint (artifact);
  g_assert_cmpstr (
      text, ==, "1;" PATH_A ";" HASH_A ";1048;/nix/store/" BASE_A ",/nix/store/" BASE_B);
}

static void
assert_artifact (BuildqKeyring *keyring,
                 BuildqArtifact *artifact,
                 BuildqError code,
                 const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (buildq_keyring_verify_artifact (keyring, artifact, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_keyring_artifact (void)
{
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (BuildqKey) first = read_key ("key1.sec");
  g_autoptr (BuildqKey) second = read_key ("key2.sec");
  g_autoptr (BuildqArtifact) bare = make_artifact (NULL);
  g_autoptr (BuildqArtifact) once = buildq_key_sign_artifact (second, bare, NULL);
  g_autoptr (BuildqArtifact) twice = buildq_key_sign_artifact (first, once, NULL);
  g_autofree char *zeros = g_strnfill (86, 'A');
  g_autofree char *wrong = g_strconcat ("bq-vec-a-1:", zeros, "==", NULL);
  const char *forged[]
      = { wrong, "nonsense", buildq_artifact_get_signatures (once)[0], NULL };
  g_autoptr (BuildqArtifact) mixed = make_artifact (forged);
  g_autoptr (GError) error = NULL;

  assert_artifact (keyring, twice, BUILDQ_ERROR_UNAUTHORIZED,
                   "'" PATH_A
                   "' is signed by 'bq-second-a-1', 'bq-vec-a-1', of which none is "
                   "trusted");
  buildq_keyring_add (keyring, first);
  assert_artifact (keyring, bare, BUILDQ_ERROR_UNAUTHORIZED,
                   "'" PATH_A "' is not signed");
  assert_artifact (keyring, once, BUILDQ_ERROR_UNAUTHORIZED,
                   "'" PATH_A "' is signed by 'bq-second-a-1', of which none is trusted");
  g_assert_true (buildq_keyring_verify_artifact (keyring, twice, &error));
  g_assert_no_error (error);

  /* A wrong signature does not spoil a good one. */
  assert_artifact (keyring, mixed, BUILDQ_ERROR_CHECKSUM,
                   "'" PATH_A "': the signature by 'bq-vec-a-1' is wrong");
  buildq_keyring_add (keyring, second);
  g_assert_true (buildq_keyring_verify_artifact (keyring, mixed, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/key/nix-keys", test_nix_keys);
  g_test_add_func ("/key/sign-as-nix", test_sign_as_nix);
  g_test_add_func ("/key/generate", test_generate);
  g_test_add_func ("/key/empty-text", test_empty_text);
  g_test_add_func ("/key/bad-keys", test_bad_keys);
  g_test_add_func ("/key/bad-names", test_bad_names);
  g_test_add_func ("/key/files", test_files);
  g_test_add_func ("/key/public-cannot-sign", test_public_cannot_sign);
  g_test_add_func ("/keyring/verify", test_keyring_verify);
  g_test_add_func ("/keyring/same-name", test_keyring_same_name);
  g_test_add_func ("/keyring/keys", test_keyring_keys);
  g_test_add_func ("/key/fingerprint", test_fingerprint);
  g_test_add_func ("/keyring/artifact", test_keyring_artifact);
  return g_test_run ();
}
