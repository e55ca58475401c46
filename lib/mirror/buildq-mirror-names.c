/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What mirrors of all kinds have in common: the names and texts of a Nix cache.
 */
#include "config.h"

#include "mirror/buildq-mirror-private.h"

#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-artifact.h>
#include <buildq/buildq-location.h>
#include <buildq/buildq-narinfo.h>
#include <string.h>

#include "core/buildq-hash.h"
#include "core/buildq-values.h"

GInputStream *
_buildq_mirror_open_file (const char *path,
                          gint64 offset,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) local = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, &local);

  if (stream != NULL
      && (offset == 0
          || g_seekable_seek (G_SEEKABLE (stream), offset, G_SEEK_SET, cancellable,
                              &local)))
    return G_INPUT_STREAM (g_steal_pointer (&stream));
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "%s is not there", path);
  else if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE, "%s: %s", path,
                 local->message);
  return NULL;
}

char *
_buildq_mirror_narinfo_name (const char *store_path)
{
  return g_strdup_printf ("%.*s.narinfo", BUILDQ_STORE_HASH_LENGTH,
                          _buildq_store_path_base (store_path));
}

gboolean
_buildq_mirror_check_name (const char *name, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  gboolean ok = parts[0] != NULL;

  for (char **p = parts; *p != NULL; p++)
    ok &= **p != '\0' && !g_str_equal (*p, ".") && !g_str_equal (*p, "..");
  if (!ok)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                 "'%s' is not a name in a mirror", name);
  return ok;
}

/* @artifact with each location as @change makes it. */
static BuildqArtifact *
change_locations (BuildqArtifact *artifact,
                  char *(*change) (const char *uri, const char *base, GError **error),
                  const char *base,
                  GError **error)
{
  g_autoptr (BuildqArtifact) copy = _buildq_value_copy (&_buildq_artifact_info, artifact);

  for (guint i = 0; i < copy->locations->len; i++)
    {
      BuildqLocation *location = copy->locations->pdata[i];
      g_autofree char *uri = change (location->uri, base, error);

      if (uri == NULL)
        return NULL;
      copy->locations->pdata[i] = buildq_location_new (
          uri, location->compression, location->file_hash, location->file_size);
      buildq_location_unref (location);
    }
  return g_steal_pointer (&copy);
}

static char *
make_absolute (const char *uri, const char *base, GError **error)
{
  g_autofree char *folder
      = g_str_has_suffix (base, "/") ? g_strdup (base) : g_strconcat (base, "/", NULL);

  return g_uri_resolve_relative (folder, uri, G_URI_FLAGS_ENCODED, error);
}

static char *
make_relative (const char *uri, const char *base, GError **error)
{
  gsize length = strlen (base);

  if (g_str_has_prefix (uri, base) && uri[length] == '/')
    return g_strdup (uri + length + 1);
  return g_strdup (uri);
}

BuildqArtifact *
_buildq_mirror_read_narinfo (const char *text,
                             const char *store_path,
                             const char *base,
                             GError **error)
{
  g_autoptr (BuildqArtifact) artifact = buildq_narinfo_parse (text, error);

  if (artifact == NULL)
    return NULL;
  if (!g_str_equal (artifact->store_path, store_path))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_CHECKSUM, "it is the record of %s",
                   artifact->store_path);
      return NULL;
    }
  return change_locations (artifact, make_absolute, base, error);
}

char *
_buildq_mirror_write_narinfo (BuildqArtifact *artifact, const char *base, GError **error)
{
  g_autoptr (BuildqArtifact) relative
      = change_locations (artifact, make_relative, base, error);

  return relative != NULL ? buildq_narinfo_format (relative, error) : NULL;
}

char *
_buildq_mirror_cache_info (BuildqArtifact *artifact)
{
  g_autofree char *store_dir = g_path_get_dirname (artifact->store_path);

  return g_strdup_printf ("StoreDir: %s\nWantMassQuery: 1\nPriority: 40\n", store_dir);
}
