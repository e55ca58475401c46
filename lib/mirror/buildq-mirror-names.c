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
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buildq-hash.h"
#include "core/buildq-values.h"

/* A location can name anything: a pipe or a device is not opened, as it could block. */
static int
open_regular (const char *path, gint64 offset)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat st;

  if (fd < 0)
    return -1;
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && lseek (fd, offset, SEEK_SET) >= 0)
    return fd;
  close (fd);
  errno = EINVAL;
  return -1;
}

GInputStream *
_buildq_mirror_open_file (const char *path,
                          gint64 offset,
                          GCancellable *cancellable,
                          GError **error)
{
  int fd = open_regular (path, offset);

  if (fd >= 0)
    return g_unix_input_stream_new (fd, TRUE);
  if (errno == ENOENT || errno == ENOTDIR)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "%s is not there", path);
  else
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE, "%s: %s", path,
                 errno == EINVAL ? "it is not a regular file" : g_strerror (errno));
  return NULL;
}

char *
_buildq_mirror_narinfo_name (const char *store_path)
{
  return g_strdup_printf ("%.*s.narinfo", BUILDQ_STORE_HASH_LENGTH,
                          _buildq_store_path_base (store_path));
}

/* Names stand in URIs as they are. */
gboolean
_buildq_mirror_check_name (const char *name, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  gboolean ok = TRUE;

  for (char **p = parts; ok && *p != NULL; p++)
    ok = **p != '\0' && !g_str_equal (*p, ".") && !g_str_equal (*p, "..")
         && strspn (*p, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~+=") == strlen (*p);
  if (ok && *name != '\0')
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "'%s' is not a name in a mirror", name);
  return FALSE;
}

static gboolean
is_http (const char *uri)
{
  return g_str_has_prefix (uri, "http://") || g_str_has_prefix (uri, "https://");
}

static gboolean
is_below (const char *uri, const char *base)
{
  return g_str_has_prefix (uri, base) && uri[strlen (base)] == '/';
}

/* Whether a location is in the mirror, by its full URI or a relative one. */
static gboolean
is_own (const char *uri, const char *base)
{
  g_autofree char *scheme = g_uri_parse_scheme (uri);

  return scheme == NULL || is_below (uri, base);
}

/* @artifact with each location as @change makes it, those of the mirror at @base
 * @own_last or else first. A folder is known to one machine only, so what comes from or
 * goes to a server has no locations in folders. */
static BuildqArtifact *
change_locations (BuildqArtifact *artifact,
                  char *(*change) (const char *uri, const char *base),
                  const char *base,
                  gboolean own_last,
                  GError **error)
{
  g_autoptr (BuildqArtifact) copy = _buildq_value_copy (&_buildq_artifact_info, artifact);

  g_ptr_array_set_size (copy->locations, 0);
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < artifact->locations->len; i++)
      {
        BuildqLocation *location = artifact->locations->pdata[i];
        g_autofree char *uri = change (location->uri, base);

        if (uri != NULL && is_own (location->uri, base) == (own_last == (pass == 1)))
          g_ptr_array_add (copy->locations,
                           buildq_location_new (uri, location->compression,
                                                location->file_hash,
                                                location->file_size));
      }
  if (copy->locations->len > 0)
    return g_steal_pointer (&copy);
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "%s has no location that can stand in %s", artifact->store_path, base);
  return NULL;
}

static char *
make_absolute (const char *uri, const char *base)
{
  g_autofree char *folder
      = g_str_has_suffix (base, "/") ? g_strdup (base) : g_strconcat (base, "/", NULL);
  g_autofree char *absolute
      = g_uri_resolve_relative (folder, uri, G_URI_FLAGS_ENCODED, NULL);

  if (absolute == NULL || (is_http (base) && !is_http (absolute)))
    return NULL;
  return g_steal_pointer (&absolute);
}

static char *
make_relative (const char *uri, const char *base)
{
  if (is_below (uri, base))
    return g_strdup (uri + strlen (base) + 1);
  return is_http (base) && !is_http (uri) ? NULL : g_strdup (uri);
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
  return change_locations (artifact, make_absolute, base, FALSE, error);
}

char *
_buildq_mirror_write_narinfo (BuildqArtifact *artifact, const char *base, GError **error)
{
  /* Nix heeds the last of several URLs, and shall find the bytes where it found the
   * record. */
  g_autoptr (BuildqArtifact) relative
      = change_locations (artifact, make_relative, base, TRUE, error);

  return relative != NULL ? buildq_narinfo_format (relative, error) : NULL;
}

char *
_buildq_mirror_cache_info (BuildqArtifact *artifact)
{
  g_autofree char *store_dir = g_path_get_dirname (artifact->store_path);

  return g_strdup_printf ("StoreDir: %s\nWantMassQuery: 1\nPriority: 40\n", store_dir);
}
