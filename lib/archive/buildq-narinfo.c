/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-narinfo.h>

#include "archive/buildq-stream.h"
#include "core/buildq-hash.h"

#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-artifact.h>
#include <buildq/buildq-location.h>
#include <string.h>

#define MAX_BYTES (1024 * 1024)

/* Fields that stand once; the others are those of a location, Sig, and what is passed
 * over. */
typedef enum
{
  FIELD_STORE_PATH,
  FIELD_NAR_HASH,
  FIELD_NAR_SIZE,
  FIELD_REFERENCES,
  FIELD_DERIVER,
  FIELD_CA,
  FIELD_SYSTEM,
  N_FIELDS,
} Field;

static const char *const field_names[N_FIELDS]
    = { "StorePath", "NarHash", "NarSize", "References", "Deriver", "CA", "System" };

/* Fields of a location. A URL starts the next one. */
typedef enum
{
  PLACE_URL,
  PLACE_COMPRESSION,
  PLACE_FILE_HASH,
  PLACE_FILE_SIZE,
  N_PLACES,
} Place;

static const char *const place_names[N_PLACES]
    = { "URL", "Compression", "FileHash", "FileSize" };

typedef struct
{
  const char *fields[N_FIELDS];
  const char *place[N_PLACES];
  GPtrArray *signatures;
  BuildqArtifactBuilder *builder;
  guint locations; /* that can be used */
  char *unusable;  /* the compression of one that cannot */
} Parser;

static gboolean fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (
      error, g_error_new_valist (BUILDQ_ERROR, BUILDQ_ERROR_INVALID, format, args));
  va_end (args);
  return FALSE;
}

static gboolean
parse_size (const char *name, const char *text, gint64 *size, GError **error)
{
  guint64 number;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &number, NULL)
      && g_ascii_isdigit (text[0]))
    {
      *size = number;
      return TRUE;
    }
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "%s '%s' is not a size", name,
               text);
  return FALSE;
}

/* Spells a hash in the one way that is used everywhere. */
static char *
normalize_hash (const char *name, const char *text, GError **error)
{
  guint8 digest[BUILDQ_HASH_BYTES];

  if (_buildq_hash_parse (text, digest, error))
    return _buildq_hash_format (digest);
  g_prefix_error (error, "%s: ", name);
  return NULL;
}

/* Makes a location of what was read of it. One that is compressed in a way that we cannot
 * read is passed over, if there is another. */
static gboolean
finish_location (Parser *self, GError **error)
{
  const char *url = self->place[PLACE_URL];
  const char *compression = self->place[PLACE_COMPRESSION];
  g_autoptr (BuildqLocation) location = NULL;
  g_autofree char *hash = NULL;
  gint64 size = 0;

  if (url == NULL)
    return fail (error, "URL is missing");
  if (url[0] == '\0' || strchr (url, ' ') != NULL)
    return fail (error, "URL '%s' is not a URL", url);
  if (self->place[PLACE_FILE_HASH] != NULL)
    {
      hash = normalize_hash ("FileHash", self->place[PLACE_FILE_HASH], error);
      if (hash == NULL)
        return FALSE;
    }
  if (self->place[PLACE_FILE_SIZE] != NULL
      && !parse_size ("FileSize", self->place[PLACE_FILE_SIZE], &size, error))
    return FALSE;
  /* By the format; it is older than the field. */
  if (compression == NULL)
    compression = "bzip2";
  memset (self->place, 0, sizeof self->place);
  if (!_buildq_compression_is_known (compression, NULL))
    {
      g_free (self->unusable);
      self->unusable = g_strdup (compression);
      return TRUE;
    }

  location = buildq_location_new (url, compression, hash, size);
  buildq_artifact_builder_add_location (self->builder, location);
  self->locations++;
  return TRUE;
}

static gboolean
set_once (const char **value, const char *name, const char *text, GError **error)
{
  if (*value != NULL)
    return fail (error, "%s is there twice", name);
  *value = text;
  return TRUE;
}

static gboolean
parse_field (Parser *self, const char *name, const char *text, GError **error)
{
  if (g_str_equal (name, "Sig"))
    {
      g_ptr_array_add (self->signatures, (gpointer) text);
      return TRUE;
    }
  for (guint i = 0; i < N_FIELDS; i++)
    if (g_str_equal (name, field_names[i]))
      return set_once (&self->fields[i], name, text, error);
  if (g_str_equal (name, "URL") && self->place[PLACE_URL] != NULL
      && !finish_location (self, error))
    return FALSE;
  for (guint i = 0; i < N_PLACES; i++)
    if (g_str_equal (name, place_names[i]))
      return set_once (&self->place[i], name, text, error);
  return TRUE;
}

/* Splits a line in place. */
static gboolean
parse_line (Parser *self, char *line, GError **error)
{
  char *colon = strchr (line, ':');

  if (colon == NULL || colon == line)
    return fail (error, "'%s' has not the form NAME: VALUE", line);
  *colon++ = '\0';
  if (*colon == ' ')
    colon++;
  else if (*colon != '\0')
    return fail (error, "after '%s:' there is no space", line);
  return parse_field (self, line, colon, error);
}

static gboolean
parse_lines (Parser *self, char *text, GError **error)
{
  guint number = 1;
  char *end;

  for (char *line = text; *line != '\0'; line = end + 1, number++)
    {
      end = strchr (line, '\n');
      *end = '\0';
      if (!parse_line (self, line, error))
        {
          g_prefix_error (error, "line %u: ", number);
          return FALSE;
        }
    }
  return finish_location (self, error);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Nix has a set of them: sorted, each once. */
static void
set_references (Parser *self, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, " ", -1);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  g_autoptr (GPtrArray) unique = g_ptr_array_new ();

  for (char **p = parts; *p != NULL; p++)
    if (**p != '\0')
      g_ptr_array_add (sorted, *p);
  g_ptr_array_sort (sorted, compare_strings);
  for (guint i = 0; i < sorted->len; i++)
    if (i == 0 || !g_str_equal (sorted->pdata[i], sorted->pdata[i - 1]))
      g_ptr_array_add (unique, sorted->pdata[i]);
  g_ptr_array_add (unique, NULL);
  buildq_artifact_builder_set_references (self->builder,
                                          (const char *const *) unique->pdata);
}

static gboolean
set_deriver (Parser *self, GError **error)
{
  const char *deriver = self->fields[FIELD_DERIVER];

  if (deriver == NULL || deriver[0] == '\0' || g_str_equal (deriver, "unknown-deriver"))
    return TRUE;
  if (!_buildq_store_path_check (deriver, TRUE, error))
    {
      g_prefix_error (error, "Deriver: ");
      return FALSE;
    }
  buildq_artifact_builder_set_deriver (self->builder, deriver);
  return TRUE;
}

static BuildqArtifact *
build (Parser *self, GError **error)
{
  static const Field required[] = { FIELD_STORE_PATH, FIELD_NAR_HASH, FIELD_NAR_SIZE };
  g_autofree char *hash = NULL;
  gint64 size;

  for (guint i = 0; i < G_N_ELEMENTS (required); i++)
    if (self->fields[required[i]] == NULL)
      {
        fail (error, "%s is missing", field_names[required[i]]);
        return NULL;
      }
  hash = normalize_hash ("NarHash", self->fields[FIELD_NAR_HASH], error);
  if (hash == NULL || !parse_size ("NarSize", self->fields[FIELD_NAR_SIZE], &size, error)
      || !set_deriver (self, error))
    return NULL;
  if (size == 0)
    {
      fail (error, "NarSize is 0");
      return NULL;
    }
  if (self->locations == 0)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                   "Compression '%s' is not supported", self->unusable);
      return NULL;
    }

  buildq_artifact_builder_set_store_path (self->builder, self->fields[FIELD_STORE_PATH]);
  buildq_artifact_builder_set_nar_hash (self->builder, hash);
  buildq_artifact_builder_set_nar_size (self->builder, size);
  buildq_artifact_builder_set_ca (self->builder, self->fields[FIELD_CA]);
  if (self->fields[FIELD_REFERENCES] != NULL)
    set_references (self, self->fields[FIELD_REFERENCES]);
  g_ptr_array_add (self->signatures, NULL);
  buildq_artifact_builder_set_signatures (self->builder,
                                          (const char *const *) self->signatures->pdata);
  return buildq_artifact_builder_build (self->builder, error);
}

static gboolean
check_text (const char *text, GError **error)
{
  gsize size = strlen (text);

  if (size > MAX_BYTES)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "%" G_GSIZE_FORMAT " bytes are over the limit of %d", size, MAX_BYTES);
      return FALSE;
    }
  if (!g_utf8_validate (text, size, NULL))
    return fail (error, "it is not UTF-8");
  if (size == 0 || text[size - 1] != '\n')
    return fail (error, "it does not end in a newline");
  for (const char *p = text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p) && *p != '\n')
      return fail (error, "it has %s in it",
                   *p == '\r' ? "a carriage return" : "a control code");
  return TRUE;
}

/**
 * buildq_narinfo_parse:
 * @text: a narinfo, as Nix binary caches have it
 * @error: `INVALID`, `TOO_LARGE`, or `NOT_SUPPORTED` when it can only be had in a
 *    compression that we cannot read; the message names the line or the field
 *
 * Reads a narinfo. Each `URL`, with the `Compression`, `FileHash` and `FileSize` after
 * it, becomes a location; relative URLs stay relative, and a missing compression means
 * `bzip2`. Fields that are not known are passed over, but no field may stand twice that
 * has one value. The signatures are not checked: see
 * [method@Buildq.Keyring.verify_artifact].
 *
 * Returns: (transfer full): a new artifact
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_narinfo_parse (const char *text, GError **error)
{
  g_autoptr (BuildqArtifactBuilder) builder = NULL;
  g_autoptr (GPtrArray) signatures = NULL;
  g_autofree char *copy = NULL;
  BuildqArtifact *artifact = NULL;
  Parser self = { 0 };

  g_return_val_if_fail (text != NULL, NULL);

  if (check_text (text, error))
    {
      copy = g_strdup (text);
      self.builder = builder = buildq_artifact_builder_new ();
      self.signatures = signatures = g_ptr_array_new ();
      if (parse_lines (&self, copy, error))
        artifact = build (&self, error);
    }
  g_free (self.unusable);
  if (artifact == NULL)
    g_prefix_error (error, "bad narinfo: ");
  return artifact;
}

/* A value with a control code in it could bring in lines of its own. */
static gboolean
append (GString *out, const char *name, const char *value, GError **error)
{
  for (const char *p = value; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return fail (error, "%s has a control code in it", name);
  g_string_append_printf (out, "%s: %s\n", name, value);
  return TRUE;
}

static gboolean
append_location (GString *out, BuildqLocation *location, GError **error)
{
  const char *compression = buildq_location_get_compression (location);
  const char *hash = buildq_location_get_file_hash (location);
  g_autofree char *normal = NULL;

  if (!append (out, "URL", buildq_location_get_uri (location), error)
      || !append (out, "Compression", compression != NULL ? compression : "none", error))
    return FALSE;
  if (hash != NULL)
    {
      normal = normalize_hash ("FileHash", hash, error);
      if (normal == NULL || !append (out, "FileHash", normal, error))
        return FALSE;
    }
  if (buildq_location_get_file_size (location) > 0)
    g_string_append_printf (out, "FileSize: %" G_GINT64_FORMAT "\n",
                            buildq_location_get_file_size (location));
  return TRUE;
}

static gboolean
append_artifact (GString *out, BuildqArtifact *artifact, GError **error)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  const char *const *signatures = buildq_artifact_get_signatures (artifact);
  const char *deriver = buildq_artifact_get_deriver (artifact);
  const char *ca = buildq_artifact_get_ca (artifact);
  g_autofree char *references = NULL;
  g_autofree char *hash = NULL;

  if (locations->len == 0)
    return fail (error, "it has no location");
  if (buildq_artifact_get_nar_size (artifact) <= 0)
    return fail (error, "it has no NAR size");
  g_string_append_printf (out, "StorePath: %s\n",
                          buildq_artifact_get_store_path (artifact));
  for (guint i = 0; i < locations->len; i++)
    if (!append_location (out, locations->pdata[i], error))
      return FALSE;
  hash = normalize_hash ("NarHash", buildq_artifact_get_nar_hash (artifact), error);
  references = g_strjoinv (" ", (char **) buildq_artifact_get_references (artifact));
  if (hash == NULL)
    return FALSE;
  g_string_append_printf (out,
                          "NarHash: %s\nNarSize: %" G_GINT64_FORMAT "\nReferences: %s\n",
                          hash, buildq_artifact_get_nar_size (artifact), references);
  if (deriver != NULL && !append (out, "Deriver", deriver, error))
    return FALSE;
  for (; *signatures != NULL; signatures++)
    if (!append (out, "Sig", *signatures, error))
      return FALSE;
  return ca == NULL || append (out, "CA", ca, error);
}

/**
 * buildq_narinfo_format:
 * @artifact: an artifact with at least one location
 * @error: `INVALID` for what cannot stand in a narinfo; the message names the field
 *
 * Writes a narinfo: the same bytes that Nix writes.
 *
 * Returns: (transfer full): the text
 *
 * Since: 0.1
 */
char *
buildq_narinfo_format (BuildqArtifact *artifact, GError **error)
{
  g_autoptr (GString) text = g_string_sized_new (1024);

  g_return_val_if_fail (artifact != NULL, NULL);

  if (append_artifact (text, artifact, error))
    return g_string_free (g_steal_pointer (&text), FALSE);
  g_prefix_error (error, "narinfo of '%s': ", buildq_artifact_get_store_path (artifact));
  return NULL;
}
