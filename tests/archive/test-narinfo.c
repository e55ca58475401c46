/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include <buildq/buildq.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define PATH_A "/nix/store/80isls7nns6mbnin0ykr0cnf7srgq8ax-appa-0.9"
#define HASH_A "sha256:06ikkqw4jsxrd1qjp4xwfvy4anwdmaiy9i38lryihrqymlmc3mdk"
#define HEAD "StorePath: " PATH_A "\n"
#define TAIL "NarHash: " HASH_A "\nNarSize: 1048\n"

static char *
read_text (const char *dir, const char *subdir, const char *name)
{
  g_autofree char *path
      = g_test_build_filename (G_TEST_DIST, "data", dir, subdir, name, NULL);
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static BuildqArtifact *
parse_good (const char *text)
{
  g_autoptr (GError) error = NULL;
  BuildqArtifact *artifact = buildq_narinfo_parse (text, &error);

  g_assert_no_error (error);
  return artifact;
}

static void
assert_bad (const char *text, BuildqError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (buildq_narinfo_parse (text, &error));
  g_assert_error (error, BUILDQ_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("'%s' does not say '%s'", error->message, message);
}

/* --- what Nix wrote --- */

static void
assert_strings (JsonObject *expected, const char *member, const char *const *strings)
{
  JsonArray *array = json_object_get_array_member (expected, member);

  g_assert_cmpint (g_strv_length ((char **) strings), ==, json_array_get_length (array));
  for (guint i = 0; strings[i] != NULL; i++)
    g_assert_cmpstr (strings[i], ==, json_array_get_string_element (array, i));
}

static const char *
string_or_null (JsonObject *object, const char *member)
{
  return json_object_get_null_member (object, member)
             ? NULL
             : json_object_get_string_member (object, member);
}

static void
check_fields (BuildqArtifact *artifact, JsonObject *expected)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  g_autofree char *fingerprint = buildq_artifact_get_fingerprint (artifact);
  BuildqLocation *location;

  g_assert_cmpstr (buildq_artifact_get_store_path (artifact), ==,
                   json_object_get_string_member (expected, "storePath"));
  g_assert_cmpstr (buildq_artifact_get_nar_hash (artifact), ==,
                   json_object_get_string_member (expected, "narHash"));
  g_assert_cmpint (buildq_artifact_get_nar_size (artifact), ==,
                   json_object_get_int_member (expected, "narSize"));
  g_assert_cmpstr (buildq_artifact_get_deriver (artifact), ==,
                   string_or_null (expected, "deriver"));
  g_assert_cmpstr (buildq_artifact_get_ca (artifact), ==,
                   string_or_null (expected, "ca"));
  assert_strings (expected, "references", buildq_artifact_get_references (artifact));
  assert_strings (expected, "sigs", buildq_artifact_get_signatures (artifact));
  g_assert_cmpstr (fingerprint, ==,
                   json_object_get_string_member (expected, "fingerprint"));

  g_assert_cmpint (locations->len, ==, 1);
  location = locations->pdata[0];
  g_assert_cmpstr (buildq_location_get_uri (location), ==,
                   json_object_get_string_member (expected, "url"));
  g_assert_cmpstr (buildq_location_get_compression (location), ==,
                   json_object_get_string_member (expected, "compression"));
  g_assert_cmpstr (buildq_location_get_file_hash (location), ==,
                   json_object_get_string_member (expected, "fileHash"));
  g_assert_cmpint (buildq_location_get_file_size (location), ==,
                   json_object_get_int_member (expected, "fileSize"));
}

static void
check_narinfo (const char *cache, const char *name)
{
  g_autofree char *text = read_text ("nix", cache, name);
  g_autofree char *stem = g_strndup (name, strlen (name) - strlen (".narinfo"));
  g_autofree char *json_name = g_strconcat (stem, ".json", NULL);
  g_autofree char *json = read_text ("nix", cache, json_name);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqArtifact) again = NULL;
  g_autofree char *record = NULL;
  g_autofree char *formatted = NULL;
  g_autoptr (GError) error = NULL;

  artifact = parse_good (text);
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  check_fields (artifact, json_node_get_object (json_parser_get_root (parser)));

  formatted = buildq_narinfo_format (artifact, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (formatted, ==, text);

  /* As a record, nothing of it gets lost. */
  record = buildq_artifact_to_json (artifact);
  again = buildq_artifact_new_from_json (record, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (artifact, again));
}

static void
test_cache (gconstpointer cache)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "nix", cache, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint seen = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".narinfo"))
      {
        check_narinfo (cache, name);
        seen++;
      }
  g_assert_cmpint (seen, >, 0);
}

static void
test_unsupported (void)
{
  g_autofree char *br
      = read_text ("nix", "cache-br", "kp7jai3lslpmlwrh5cjw1bjaas42xh85.narinfo");

  assert_bad (br, BUILDQ_ERROR_NOT_SUPPORTED, "Compression 'br' is not supported");
}

/* --- what was altered --- */

typedef enum
{
  GOOD,     /* read, and a trusted key signed it */
  UNSIGNED, /* read, but no trusted key signed it: UNAUTHORIZED */
  FORGED,   /* read, but the signature is wrong: CHECKSUM */
  REFUSED,  /* not even read */
} Verdict;

/* As Nix judges, but for duplicate-narhash, which Nix takes. */
static const struct
{
  const char *name;
  Verdict verdict;
} altered[] = {
  { "compression-missing", GOOD },
  { "crlf", REFUSED },
  { "deriver-unknown", GOOD },
  { "duplicate-narhash", REFUSED },
  { "extra-field", GOOD },
  { "filehash-changed", GOOD },
  { "narhash-changed", FORGED },
  { "narhash-hex", GOOD },
  { "narsize-changed", FORGED },
  { "no-final-newline", REFUSED },
  { "reference-dropped", FORGED },
  { "sig-corrupt", FORGED },
  { "sig-other-key-name", UNSIGNED },
  { "sig-removed", UNSIGNED },
  { "storepath-other", FORGED },
  { "url-missing", REFUSED },
};

static void
check_altered (const char *name, Verdict verdict, BuildqKeyring *keyring)
{
  g_autofree char *file = g_strconcat (name, ".narinfo", NULL);
  g_autofree char *text = read_text ("nix", "narinfo-bad", file);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", name);
  if (verdict == REFUSED)
    {
      assert_bad (text, BUILDQ_ERROR_INVALID, "bad narinfo: ");
      return;
    }
  artifact = parse_good (text);
  g_assert_cmpint (buildq_keyring_verify_artifact (keyring, artifact, &error), ==,
                   verdict == GOOD);
  if (verdict == UNSIGNED)
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED);
  else if (verdict == FORGED)
    g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  else
    g_assert_no_error (error);
}

static void
test_altered (void)
{
  g_autofree char *json = read_text ("nix", "narinfo-bad", "verdicts.json");
  g_autofree char *key = read_text ("nix", "keys", "key1.pub");
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *verdicts;

  g_assert_true (buildq_keyring_add_string (keyring, key, NULL));
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  verdicts = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpint (json_object_get_size (verdicts), ==, G_N_ELEMENTS (altered));
  for (guint i = 0; i < G_N_ELEMENTS (altered); i++)
    {
      JsonObject *verdict = json_object_get_object_member (verdicts, altered[i].name);

      g_assert_nonnull (verdict);
      if (!json_object_get_boolean_member (verdict, "nix_accepts"))
        g_assert_cmpint (altered[i].verdict, !=, GOOD);
      check_altered (altered[i].name, altered[i].verdict, keyring);
    }
}

/* --- the details --- */

static void
test_missing_compression (void)
{
  g_autoptr (BuildqArtifact) artifact = parse_good (HEAD "URL: nar/a\n" TAIL);
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);

  g_assert_cmpstr (buildq_location_get_compression (locations->pdata[0]), ==, "bzip2");
  g_assert_null (buildq_location_get_file_hash (locations->pdata[0]));
  g_assert_cmpint (buildq_location_get_file_size (locations->pdata[0]), ==, 0);
}

static void
test_optional_fields (void)
{
  g_autoptr (BuildqArtifact) none = parse_good (HEAD "URL: nar/a\n" TAIL);
  g_autoptr (BuildqArtifact) unknown
      = parse_good (HEAD "URL: nar/a\n" TAIL "References:\nDeriver: unknown-deriver\n");

  g_assert_null (buildq_artifact_get_deriver (unknown));
  g_assert_null (buildq_artifact_get_ca (none));
  g_assert_null (buildq_artifact_get_references (none)[0]);
  g_assert_true (buildq_artifact_equal (none, unknown));
}

/* Any spelling of a hash, and any order of references, is one and the same record. */
static void
test_normal_form (void)
{
  g_autoptr (BuildqArtifact) artifact = parse_good (
      HEAD
      "URL: nar/a\nNarSize: 1048\n"
      "NarHash: sha256:b3d5c12aad1e67187da668c4e4a3aa8d5b45fc76bc932b7168b96b49389e331a\n"
      "References: i4j98vbzhckaqwywh3bqjzfbf8srk3as-b  "
      "80isls7nns6mbnin0ykr0cnf7srgq8ax-a i4j98vbzhckaqwywh3bqjzfbf8srk3as-b\n");
  const char *const *references = buildq_artifact_get_references (artifact);

  g_assert_cmpstr (buildq_artifact_get_nar_hash (artifact), ==, HASH_A);
  g_assert_cmpint (g_strv_length ((char **) references), ==, 2);
  g_assert_cmpstr (references[0], ==, "80isls7nns6mbnin0ykr0cnf7srgq8ax-a");
  g_assert_cmpstr (references[1], ==, "i4j98vbzhckaqwywh3bqjzfbf8srk3as-b");
}

/* As Guix writes them: the signature is of a kind of its own, and passed over. */
static void
test_several_locations (void)
{
  static const char *const expected[][2]
      = { { "nar/gzip/6ypxqik5hzshjc3i4j7vdsy5kpk1sb6j-exea", "gzip" },
          { "nar/zstd/6ypxqik5hzshjc3i4j7vdsy5kpk1sb6j-exea", "zstd" },
          { "nar/lzip/6ypxqik5hzshjc3i4j7vdsy5kpk1sb6j-exea", "lzip" } };
  g_autofree char *path
      = g_test_build_filename (G_TEST_DIST, "data", "guix", "exea.narinfo", NULL);
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqArtifact) again = NULL;
  g_autoptr (GPtrArray) locations = NULL;
  g_autofree char *text = NULL;
  g_autofree char *formatted = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  artifact = parse_good (text);
  g_assert_cmpint (g_strv_length ((char **) buildq_artifact_get_signatures (artifact)),
                   ==, 0);
  locations = buildq_artifact_get_locations (artifact);
  g_assert_cmpint (locations->len, ==, 3);
  for (guint i = 0; i < locations->len; i++)
    {
      g_assert_cmpstr (buildq_location_get_uri (locations->pdata[i]), ==, expected[i][0]);
      g_assert_cmpstr (buildq_location_get_compression (locations->pdata[i]), ==,
                       expected[i][1]);
      g_assert_cmpint (buildq_location_get_file_size (locations->pdata[i]), >, 0);
    }

  formatted = buildq_narinfo_format (artifact, NULL);
  again = parse_good (formatted);
  g_assert_true (buildq_artifact_equal (artifact, again));
}

/* What we cannot read is passed over when there is something else. */
static void
test_unusable_location (void)
{
  g_autoptr (BuildqArtifact) artifact = parse_good (
      HEAD "URL: nar/a.br\nCompression: br\nURL: nar/a.xz\nCompression: xz\n"
           "URL: nar/a.lzo\nCompression: lzop\n" TAIL);
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);

  g_assert_cmpint (locations->len, ==, 1);
  g_assert_cmpstr (buildq_location_get_uri (locations->pdata[0]), ==, "nar/a.xz");
}

static void
test_malformed (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } cases[] = {
    { "", "does not end in a newline" },
    { "\n", "line 1: '' has not the form" },
    { HEAD "URL: a\n" TAIL "\n", "line 5: '' has not the form" },
    { HEAD "URL: a\n" TAIL "nonsense\n", "line 5: 'nonsense' has not the form" },
    { HEAD "URL: a\n" TAIL ": x\n", "line 5: ': x' has not the form" },
    { HEAD "URL:a\n" TAIL, "line 2: after 'URL:' there is no space" },
    { "URL: a\n" TAIL, "StorePath is missing" },
    { HEAD "URL: a\nNarSize: 1\n", "NarHash is missing" },
    { HEAD "URL: a\nNarHash: " HASH_A "\n", "NarSize is missing" },
    { HEAD TAIL, "URL is missing" },
    { HEAD "URL: \n" TAIL, "URL '' is not a URL" },
    { HEAD "URL: a b\n" TAIL, "URL 'a b' is not a URL" },
    { HEAD "URL: a\tb\n" TAIL, "a control code" },
    { HEAD "URL: a\nNarHash: " HASH_A "\nNarSize: 0\n", "NarSize is 0" },
    { HEAD "URL: a\nNarHash: " HASH_A "\nNarSize: -1\n", "NarSize '-1' is not a size" },
    { HEAD "URL: a\nNarHash: " HASH_A "\nNarSize:  1\n", "NarSize ' 1' is not a size" },
    { HEAD "URL: a\nNarHash: " HASH_A "\nNarSize: 0x10\n",
      "NarSize '0x10' is not a size" },
    { HEAD "URL: a\nNarHash: " HASH_A "\nNarSize: 9223372036854775808\n",
      "is not a size" },
    { HEAD "URL: a\nNarHash: sha256:xyz\nNarSize: 1\n", "NarHash: 'sha256:xyz' is not" },
    { HEAD "URL: a\nFileHash: md5:1\n" TAIL, "FileHash: 'md5:1' is not" },
    { HEAD "URL: a\nFileSize: many\n" TAIL, "FileSize 'many' is not a size" },
    { HEAD "URL: a\nCompression: xz\nCompression: xz\n" TAIL,
      "Compression is there twice" },
    { HEAD "URL: a\nFileSize: 1\nFileSize: 1\n" TAIL, "FileSize is there twice" },
    { HEAD "URL: a\n" TAIL HEAD, "line 5: StorePath is there twice" },
    { HEAD "URL: a\n" TAIL "CA: a\nCA: a\n", "line 6: CA is there twice" },
    { HEAD "URL: a\n" TAIL "References: \nReferences: \n", "References is there twice" },
    { HEAD "URL: a\n" TAIL "References: /nix/store/x\n", "reference of '" PATH_A "'" },
    { HEAD "URL: a\n" TAIL "Deriver: ../x\n", "Deriver: '../x' is not a store path" },
    { "StorePath: x\nURL: a\n" TAIL, "'x' is not a store path" },
    { "StorePath: /nix/../80isls7nns6mbnin0ykr0cnf7srgq8ax-a\nURL: a\n" TAIL,
      "not a store path" },
    { HEAD "URL: \xff\n" TAIL, "not UTF-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_bad (cases[i].text, BUILDQ_ERROR_INVALID, cases[i].message);
}

static void
test_too_large (void)
{
  g_autofree char *blank = g_strnfill (1024 * 1024, 'x');
  g_autofree char *text = g_strconcat (HEAD "URL: a\n" TAIL "X: ", blank, "\n", NULL);

  assert_bad (text, BUILDQ_ERROR_TOO_LARGE, "over the limit of 1048576");
}

/* --- writing --- */

static void
assert_not_formatted (BuildqArtifactBuilder *builder, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact = buildq_artifact_builder_build (builder, &error);

  g_assert_no_error (error);
  g_assert_null (buildq_narinfo_format (artifact, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID);
  if (strstr (error->message, message) == NULL || strstr (error->message, PATH_A) == NULL)
    g_error ("'%s' does not say '%s'", error->message, message);
}

/* No value can bring in lines of its own. */
static void
test_format_refuses (void)
{
  static const char *const bad_signatures[] = { "a:b\nCA: x", NULL };
  g_autoptr (BuildqArtifactBuilder) builder = buildq_artifact_builder_new ();
  g_autoptr (BuildqLocation) location = buildq_location_new ("nar/a", NULL, NULL, 0);
  g_autoptr (BuildqLocation) bad_uri = buildq_location_new ("a\nSig: x", NULL, NULL, 0);
  g_autoptr (BuildqArtifact) good = NULL;
  g_autofree char *text = NULL;

  buildq_artifact_builder_set_store_path (builder, PATH_A);
  buildq_artifact_builder_set_nar_hash (builder, HASH_A);
  assert_not_formatted (builder, "it has no location");
  buildq_artifact_builder_add_location (builder, location);
  assert_not_formatted (builder, "it has no NAR size");
  buildq_artifact_builder_set_nar_size (builder, 1048);
  good = buildq_artifact_builder_build (builder, NULL);
  text = buildq_narinfo_format (good, NULL);
  g_assert_cmpstr (text, ==,
                   HEAD "URL: nar/a\nCompression: none\n" TAIL "References: \n");

  buildq_artifact_builder_set_deriver (builder, "x\nSig: y");
  assert_not_formatted (builder, "Deriver has a control code in it");
  buildq_artifact_builder_set_deriver (builder, NULL);
  buildq_artifact_builder_set_ca (builder, "x\n");
  assert_not_formatted (builder, "CA has a control code in it");
  buildq_artifact_builder_set_ca (builder, NULL);
  buildq_artifact_builder_set_signatures (builder, bad_signatures);
  assert_not_formatted (builder, "Sig has a control code in it");
  buildq_artifact_builder_set_signatures (builder, NULL);
  buildq_artifact_builder_add_location (builder, bad_uri);
  assert_not_formatted (builder, "URL has a control code in it");
}

int
main (int argc, char **argv)
{
  static const char *const caches[]
      = { "cache-xz",       "cache-zstd",  "cache-none", "cache-bzip2",
          "cache-gzip",     "cache-lzip",  "cache-lz4",  "cache-two-signatures",
          "cache-unsigned", "cache-extras" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (caches); i++)
    {
      g_autofree char *path = g_strconcat ("/narinfo/nix/", caches[i], NULL);

      g_test_add_data_func (path, caches[i], test_cache);
    }
  g_test_add_func ("/narinfo/unsupported", test_unsupported);
  g_test_add_func ("/narinfo/altered", test_altered);
  g_test_add_func ("/narinfo/missing-compression", test_missing_compression);
  g_test_add_func ("/narinfo/optional-fields", test_optional_fields);
  g_test_add_func ("/narinfo/normal-form", test_normal_form);
  g_test_add_func ("/narinfo/several-locations", test_several_locations);
  g_test_add_func ("/narinfo/unusable-location", test_unusable_location);
  g_test_add_func ("/narinfo/malformed", test_malformed);
  g_test_add_func ("/narinfo/too-large", test_too_large);
  g_test_add_func ("/narinfo/format-refuses", test_format_refuses);
  return g_test_run ();
}
