/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Compression, by itself and in the chain that reads what Nix published.
 */
#include "config.h"

#include "archive/buildq-nar-private.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-error.h>
#include <buildq/buildq-location.h>
#include <buildq/buildq-narinfo.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static const char *const written[] = { "none", "gzip", "zstd", "xz", "lzip" };

typedef struct
{
  const guint8 *data;
  gsize size;
  gsize step;    /* bytes a read; 0 for all that is wanted */
  gsize fail_at; /* after so many bytes; 0 for never */
  gsize given;
} Memory;

static gssize
memory_source (gpointer memory, void *buffer, gsize size, GError **error)
{
  Memory *self = memory;
  gsize part = MIN (size, self->size - self->given);

  if (self->step > 0)
    part = MIN (part, self->step);
  if (self->fail_at > 0 && self->given + part >= self->fail_at)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "gone");
      return -1;
    }
  if (part > 0)
    memcpy (buffer, self->data + self->given, part);
  self->given += part;
  return part;
}

static gboolean
append_sink (gpointer array, const void *data, gsize size, GError **error)
{
  g_byte_array_append (array, data, size);
  return TRUE;
}

/* Bytes that compress to about a half. */
static GByteArray *
make_data (gsize size)
{
  GByteArray *data = g_byte_array_sized_new (size);
  guint32 state = 1;

  g_byte_array_set_size (data, size);
  for (gsize i = 0; i < size; i++)
    {
      state = state * 1664525 + 1013904223;
      data->data[i] = state >> 28;
    }
  return data;
}

static GByteArray *
compress (const char *compression, GByteArray *data, gsize step)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqCompressor) compressor
      = _buildq_compressor_new (compression, append_sink, out, &error);

  g_assert_no_error (error);
  for (gsize i = 0; i < data->len; i += step)
    {
      gsize part = MIN (step, data->len - i);

      g_assert_true (_buildq_compressor_sink (compressor, data->data + i, part, &error));
      g_assert_no_error (error);
    }
  g_assert_true (_buildq_compressor_finish (compressor, &error));
  g_assert_no_error (error);
  return out;
}

/* NULL with @error, or what came out. */
static GByteArray *
decompress (const char *compression, Memory *memory, gsize step, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree guint8 *buffer = g_malloc (step);
  g_autoptr (GError) local = NULL;
  g_autoptr (BuildqDecompressor) decompressor
      = _buildq_decompressor_new (compression, memory_source, memory, &local);
  gssize got;

  g_assert_no_error (local);
  while ((got = _buildq_decompressor_source (decompressor, buffer, step, error)) > 0)
    g_byte_array_append (out, buffer, got);
  if (got == 0)
    {
      g_assert_cmpint (_buildq_decompressor_source (decompressor, buffer, step, NULL), ==,
                       0);
      return g_steal_pointer (&out);
    }
  /* It stays broken. */
  g_assert_cmpint (_buildq_decompressor_source (decompressor, buffer, step, NULL), ==,
                   -1);
  return NULL;
}

static void
test_round_trip (gconstpointer compression)
{
  static const gsize sizes[] = { 0, 1, 96, 4096, 65537, 1000000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) data = make_data (sizes[i]);
      g_autoptr (GByteArray) packed = compress (compression, data, MAX (sizes[i] / 3, 1));
      g_autoptr (GByteArray) again = compress (compression, data, MAX (sizes[i], 1));
      g_autoptr (GByteArray) unpacked = NULL;
      g_autoptr (GError) error = NULL;
      Memory memory = { packed->data, packed->len, sizes[i] / 7, 0, 0 };

      /* Nothing of the time, or of how it was fed, gets into it. */
      if (!g_str_equal (compression, "zstd"))
        g_assert_cmpmem (packed->data, packed->len, again->data, again->len);
      unpacked = decompress (compression, &memory, 40000, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (unpacked->data, unpacked->len, data->data, data->len);
      if (sizes[i] > 4096 && !g_str_equal (compression, "none"))
        g_assert_cmpint (packed->len, <, data->len * 2 / 3);
    }
}

static void
assert_not_unpacked (const char *compression, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  Memory memory = { data, size, 0, 0, 0 };

  g_assert_null (decompress (compression, &memory, 65536, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM);
  g_assert_nonnull (strstr (error->message, compression));
}

static void
test_truncated (gconstpointer compression)
{
  g_autoptr (GByteArray) data = make_data (300000);
  g_autoptr (GByteArray) packed = compress (compression, data, data->len);

  for (gsize cut = 0; cut < packed->len; cut += cut < 40 ? 1 : 9973)
    assert_not_unpacked (compression, packed->data, cut);
  assert_not_unpacked (compression, packed->data, packed->len - 1);
}

/* libarchive looks at no checksum of gzip, and writes none for zstd: there, some damage
 * just gives other bytes. Who must be sure compares the hash of what came out, as all of
 * our users do. */
static void
test_corrupt (gconstpointer compression)
{
  g_autoptr (GByteArray) data = make_data (300000);
  g_autoptr (GByteArray) packed = compress (compression, data, data->len);

  for (gsize at = 0; at < 4; at++)
    {
      packed->data[at] ^= 0x20;
      assert_not_unpacked (compression, packed->data, packed->len);
      packed->data[at] ^= 0x20;
    }
  if (g_str_equal (compression, "gzip") || g_str_equal (compression, "zstd"))
    return;
  packed->data[packed->len / 2] ^= 1;
  assert_not_unpacked (compression, packed->data, packed->len);
}

/* What is in another form, or in none, or twice in the same, does not pass. */
static void
test_wrong_form (gconstpointer compression)
{
  g_autoptr (GByteArray) data = make_data (10000);
  g_autoptr (GByteArray) once = compress (compression, data, data->len);
  g_autoptr (GByteArray) twice = compress (compression, once, once->len);

  for (guint i = 0; i < G_N_ELEMENTS (written); i++)
    {
      g_autoptr (GByteArray) packed = compress (written[i], data, data->len);

      if (!g_str_equal (written[i], compression))
        assert_not_unpacked (compression, packed->data, packed->len);
    }
  assert_not_unpacked (compression, twice->data, twice->len);
}

static void
test_source_fails (gconstpointer compression)
{
  static const gsize moments[] = { 1, 5, 60000 };
  g_autoptr (GByteArray) data = make_data (300000);
  g_autoptr (GByteArray) packed = compress (compression, data, data->len);

  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      Memory memory = { packed->data, packed->len, 4, moments[i], 0 };
      g_autoptr (GError) error = NULL;

      g_assert_null (decompress (compression, &memory, 65536, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    }
}

typedef struct
{
  gsize room;
  guint calls_after;
} FullDisk;

static gboolean
full_sink (gpointer full_disk, const void *data, gsize size, GError **error)
{
  FullDisk *self = full_disk;

  if (self->room >= size)
    {
      self->room -= size;
      return TRUE;
    }
  self->calls_after++;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "full");
  return FALSE;
}

static void
test_sink_fails (gconstpointer compression)
{
  g_autoptr (GByteArray) data = make_data (3000000);
  g_autoptr (GError) error = NULL;
  FullDisk disk = { 100000, 0 };
  g_autoptr (BuildqCompressor) compressor
      = _buildq_compressor_new (compression, full_sink, &disk, &error);

  g_assert_no_error (error);
  if (_buildq_compressor_sink (compressor, data->data, data->len, &error))
    g_assert_false (_buildq_compressor_finish (compressor, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_clear_pointer (&compressor, _buildq_compressor_free);
  g_assert_cmpint (disk.calls_after, ==, 1);
}

/* One that is dropped in the middle pushes nothing more. */
static void
test_dropped (gconstpointer compression)
{
  g_autoptr (GByteArray) data = make_data (1000);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  BuildqCompressor *compressor
      = _buildq_compressor_new (compression, append_sink, out, NULL);
  guint before;

  g_assert_true (_buildq_compressor_sink (compressor, data->data, data->len, NULL));
  before = out->len;
  _buildq_compressor_free (compressor);
  g_assert_cmpint (out->len, ==, before);
}

static gint64
peak_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = strstr (text, "VmHWM:");
  g_assert_nonnull (line);
  return g_ascii_strtoll (line + strlen ("VmHWM:"), NULL, 10) * 1024;
}

/* 256 MiB of zeros in a few bytes: it is unpacked in pieces. */
static void
test_bounded_memory (void)
{
  static const guint8 zeros[1024 * 1024];
  g_autoptr (GByteArray) packed = g_byte_array_new ();
  g_autoptr (BuildqCompressor) compressor
      = _buildq_compressor_new ("zstd", append_sink, packed, NULL);
  g_autofree guint8 *buffer = g_malloc (sizeof zeros);
  g_autoptr (BuildqDecompressor) decompressor = NULL;
  BuildqHashLink limited = { .max_size = 200 * sizeof zeros };
  Memory memory = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 before = peak_memory ();
  gssize got;

  for (guint i = 0; i < 256; i++)
    g_assert_true (_buildq_compressor_sink (compressor, zeros, sizeof zeros, NULL));
  g_assert_true (_buildq_compressor_finish (compressor, NULL));
  g_assert_cmpint (packed->len, <, sizeof zeros);

  memory.data = packed->data;
  memory.size = packed->len;
  decompressor = _buildq_decompressor_new ("zstd", memory_source, &memory, NULL);
  limited.source = _buildq_decompressor_source;
  limited.next = decompressor;
  while ((got = _buildq_hash_source (&limited, buffer, sizeof zeros, &error)) > 0)
    g_assert_cmpmem (buffer, got, zeros, got);
  g_assert_cmpint (got, ==, -1);
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE);
  g_assert_cmpint (limited.size, <=, limited.max_size);
  g_assert_cmpint (peak_memory () - before, <, 64 * 1024 * 1024);
}

static void
test_names (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (_buildq_compression_suffix (NULL), ==, "");
  g_assert_cmpstr (_buildq_compression_suffix ("none"), ==, "");
  g_assert_cmpstr (_buildq_compression_suffix ("gzip"), ==, ".gz");
  g_assert_cmpstr (_buildq_compression_suffix ("zstd"), ==, ".zst");
  g_assert_cmpstr (_buildq_compression_suffix ("xz"), ==, ".xz");
  g_assert_cmpstr (_buildq_compression_suffix ("lzip"), ==, ".lz");
  g_assert_true (_buildq_compression_is_known ("bzip2", NULL));
  g_assert_true (_buildq_compression_is_written ("lzip", NULL));
  g_assert_false (_buildq_compression_is_written ("bzip2", NULL));
  g_assert_false (_buildq_compression_is_known ("br", &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_null (_buildq_compressor_new ("bzip2", append_sink, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_null (_buildq_decompressor_new ("br", memory_source, NULL, &error));
  g_assert_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED);
}

/* --- the whole chain, over what Nix published --- */

static void
fetch (const char *cache, BuildqArtifact *artifact, const char *target)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  BuildqLocation *location = locations->pdata[0];
  g_autofree char *file
      = g_build_filename (cache, buildq_location_get_uri (location), NULL);
  g_autoptr (BuildqHash) file_hash = _buildq_hash_new ();
  g_autoptr (BuildqHash) nar_hash = _buildq_hash_new ();
  BuildqFdLink in = { .fd = g_open (file, O_RDONLY | O_CLOEXEC, 0) };
  BuildqHashLink packed = { .hash = file_hash, .source = _buildq_fd_source, .next = &in };
  BuildqHashLink nar = { .hash = nar_hash, .source = _buildq_decompressor_source };
  g_autoptr (BuildqDecompressor) decompressor = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *file_text = NULL;
  g_autofree char *nar_text = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];

  g_assert_cmpint (in.fd, >=, 0);
  decompressor = _buildq_decompressor_new (buildq_location_get_compression (location),
                                           _buildq_hash_source, &packed, &error);
  g_assert_no_error (error);
  nar.next = decompressor;
  g_assert_true (
      _buildq_nar_read (_buildq_hash_source, &nar, target, TRUE, NULL, &error));
  g_assert_no_error (error);
  close (in.fd);

  _buildq_hash_finish (file_hash, digest);
  file_text = _buildq_hash_format (digest);
  g_assert_cmpstr (file_text, ==, buildq_location_get_file_hash (location));
  g_assert_cmpint (packed.size, ==, buildq_location_get_file_size (location));
  _buildq_hash_finish (nar_hash, digest);
  nar_text = _buildq_hash_format (digest);
  g_assert_cmpstr (nar_text, ==, buildq_artifact_get_nar_hash (artifact));
  g_assert_cmpint (nar.size, ==, buildq_artifact_get_nar_size (artifact));
}

static void
test_nix_cache (gconstpointer name)
{
  g_autofree char *cache = g_test_build_filename (G_TEST_DIST, "data", "nix", name, NULL);
  g_autoptr (GDir) dir = g_dir_open (cache, 0, NULL);
  g_autofree char *temp = g_dir_make_tmp ("buildq-cache-XXXXXX", NULL);
  const char *entry;
  guint fetched = 0;

  g_assert_nonnull (dir);
  while ((entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (cache, entry, NULL);
      g_autofree char *target = g_build_filename (temp, entry, NULL);
      g_autoptr (BuildqArtifact) artifact = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      if (!g_str_has_suffix (entry, ".narinfo"))
        continue;
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      artifact = buildq_narinfo_parse (text, &error);
      g_assert_no_error (error);
      fetch (cache, artifact, target);
      fetched++;
    }
  g_assert_cmpint (fetched, >, 0);
  g_assert_true (_buildq_tree_remove (temp, NULL));
}

static void
add_each (const char *prefix, GTestDataFunc func, gboolean with_none)
{
  for (guint i = 0; i < G_N_ELEMENTS (written); i++)
    {
      g_autofree char *path = g_strconcat (prefix, written[i], NULL);

      if (with_none || !g_str_equal (written[i], "none"))
        g_test_add_data_func (path, written[i], func);
    }
}

int
main (int argc, char **argv)
{
  static const char *const caches[]
      = { "cache-xz",   "cache-zstd", "cache-none", "cache-bzip2",
          "cache-gzip", "cache-lzip", "cache-lz4" };

  g_test_init (&argc, &argv, NULL);
  add_each ("/compression/round-trip/", test_round_trip, TRUE);
  add_each ("/compression/truncated/", test_truncated, FALSE);
  add_each ("/compression/corrupt/", test_corrupt, FALSE);
  add_each ("/compression/wrong-form/", test_wrong_form, FALSE);
  add_each ("/compression/source-fails/", test_source_fails, TRUE);
  add_each ("/compression/sink-fails/", test_sink_fails, TRUE);
  add_each ("/compression/dropped/", test_dropped, TRUE);
  g_test_add_func ("/compression/bounded-memory", test_bounded_memory);
  g_test_add_func ("/compression/names", test_names);
  for (guint i = 0; i < G_N_ELEMENTS (caches); i++)
    {
      g_autofree char *path = g_strconcat ("/chain/", caches[i], NULL);

      g_test_add_data_func (path, caches[i], test_nix_cache);
    }
  return g_test_run ();
}
