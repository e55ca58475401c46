/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "mirror/buildq-mirror-private.h"

#include <buildq/buildq-artifact.h>
#include <string.h>

#include "core/buildq-path.h"
#include "core/buildq-thread.h"
#include "core/buildq-process.h"
#include "netutil/buildq-http-client.h"

/**
 * BuildqMirror:
 *
 * One place in the network where artifacts are: archives, and the records that say what
 * they are. Who fetches from one need not trust it: records are signed, and bytes must
 * hash to what they say.
 *
 * A mirror belongs to the thread-default main context of the thread that made it.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (BuildqMirror, buildq_mirror, G_TYPE_OBJECT)

static void
buildq_mirror_default_init (BuildqMirrorInterface *iface)
{
}

/**
 * buildq_mirror_new_for_uri:
 * @uri: a URI: `file:///DIR`, an absolute path, `http://…` or `https://…`, which can bear
 *   a user and a password
 * @error: `INVALID` when it is not well-formed, `NOT_SUPPORTED` when there is no such
 *   kind of mirror; `G_IO_ERROR` when a folder cannot be made
 *
 * Makes a mirror for a place. A folder is made when it is missing; an HTTP server is a
 * Nix cache, such as an nginx that takes uploads by PUT, or any that is only read.
 *
 * Returns: (transfer full): a new mirror
 *
 * Since: 0.1
 */
BuildqMirror *
buildq_mirror_new_for_uri (const char *uri, GError **error)
{
  g_autofree char *scheme = NULL;
  g_autofree char *path = NULL;

  g_return_val_if_fail (uri != NULL, NULL);

  path = _buildq_path_from_uri (uri);
  if (path != NULL)
    return _buildq_file_mirror_new (path, error);
  scheme = g_uri_parse_scheme (uri);
  if (g_strcmp0 (scheme, "http") == 0 || g_strcmp0 (scheme, "https") == 0)
    return _buildq_http_mirror_new (uri, error);
  g_set_error (error, BUILDQ_ERROR,
               scheme == NULL || g_str_equal (scheme, "file")
                   ? BUILDQ_ERROR_INVALID
                   : BUILDQ_ERROR_NOT_SUPPORTED,
               "mirror '%s' is none of file:///DIR, http://… and https://…", uri);
  return NULL;
}

/**
 * buildq_mirror_get_uri:
 * @self: a mirror
 *
 * Returns: (transfer none): its URI, without a password
 *
 * Since: 0.1
 */
const char *
buildq_mirror_get_uri (BuildqMirror *self)
{
  g_return_val_if_fail (BUILDQ_IS_MIRROR (self), NULL);

  return BUILDQ_MIRROR_GET_IFACE (self)->get_uri (self);
}

/**
 * buildq_mirror_lookup_async:
 * @self: a mirror
 * @store_path: a store path
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Asks for the record of a store path. Its locations are absolute. The record is not
 * verified.
 *
 * Since: 0.1
 */
void
buildq_mirror_lookup_async (BuildqMirror *self,
                            const char *store_path,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_MIRROR (self));
  g_return_if_fail (store_path != NULL);
  if (!_buildq_process_check_call (self, buildq_mirror_lookup_async, callback, user_data))
    return;

  BUILDQ_MIRROR_GET_IFACE (self)->lookup_async (self, store_path, io_priority,
                                                cancellable, callback, user_data);
}

/**
 * buildq_mirror_lookup_finish:
 * @self: a mirror
 * @result: what the callback was given
 * @error: `NOT_FOUND` when it has none, `UNAVAILABLE` when it cannot be asked, `INVALID`
 *   when what it has is not a record
 *
 * Returns: (transfer full): the record
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_mirror_lookup_finish (BuildqMirror *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_MIRROR (self), NULL);

  return BUILDQ_MIRROR_GET_IFACE (self)->lookup_finish (self, result, error);
}

/**
 * buildq_mirror_lookup:
 * @self: a mirror
 * @store_path: a store path
 * @cancellable: (nullable): to cancel it
 * @error: as for [method@Buildq.Mirror.lookup_finish]
 *
 * Asks for the record of a store path, and waits.
 *
 * Returns: (transfer full): the record
 *
 * Since: 0.1
 */
BuildqArtifact *
buildq_mirror_lookup (BuildqMirror *self,
                      const char *store_path,
                      GCancellable *cancellable,
                      GError **error)
{
  BuildqSync sync;
  BuildqArtifact *artifact;

  g_return_val_if_fail (BUILDQ_IS_MIRROR (self), NULL);
  g_return_val_if_fail (store_path != NULL, NULL);

  _buildq_sync_begin (&sync);
  buildq_mirror_lookup_async (self, store_path, G_PRIORITY_DEFAULT, cancellable,
                              _buildq_sync_ready, &sync);
  artifact = buildq_mirror_lookup_finish (self, _buildq_sync_wait (&sync), error);
  _buildq_sync_end (&sync);
  return artifact;
}

/**
 * buildq_mirror_put_file_async:
 * @self: a mirror
 * @name: its name in the mirror, such as `nar/HASH.nar.zst`
 * @path: (type filename): a local file
 * @content_type: (nullable): its media type
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Puts a file into the mirror. One whose name below `nar/` says its content is not sent
 * when it is there.
 *
 * Since: 0.1
 */
void
buildq_mirror_put_file_async (BuildqMirror *self,
                              const char *name,
                              const char *path,
                              const char *content_type,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_MIRROR (self));
  g_return_if_fail (name != NULL && path != NULL);
  if (!_buildq_process_check_call (self, buildq_mirror_put_file_async, callback,
                                   user_data))
    return;

  BUILDQ_MIRROR_GET_IFACE (self)->put_file_async (
      self, name, path, content_type, io_priority, cancellable, callback, user_data);
}

/**
 * buildq_mirror_put_file_finish:
 * @self: a mirror
 * @result: what the callback was given
 * @error: `UNAVAILABLE`, `UNAUTHORIZED`, `TOO_LARGE` as the mirror says; `G_IO_ERROR` for
 * a local disk
 *
 * Returns: (transfer full): the URI at which it can be had
 *
 * Since: 0.1
 */
char *
buildq_mirror_put_file_finish (BuildqMirror *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_MIRROR (self), NULL);

  return BUILDQ_MIRROR_GET_IFACE (self)->put_file_finish (self, result, error);
}

/**
 * buildq_mirror_publish_async:
 * @self: a mirror
 * @artifact: a record with its signatures and locations
 * @io_priority: the priority of the sources, such as %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): to cancel it
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: data of @callback
 *
 * Puts the record of an artifact, by which others find it.
 *
 * Since: 0.1
 */
void
buildq_mirror_publish_async (BuildqMirror *self,
                             BuildqArtifact *artifact,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (BUILDQ_IS_MIRROR (self));
  g_return_if_fail (artifact != NULL);
  if (!_buildq_process_check_call (self, buildq_mirror_publish_async, callback,
                                   user_data))
    return;

  BUILDQ_MIRROR_GET_IFACE (self)->publish_async (self, artifact, io_priority, cancellable,
                                                 callback, user_data);
}

/**
 * buildq_mirror_publish_finish:
 * @self: a mirror
 * @result: what the callback was given
 * @error: as for [method@Buildq.Mirror.put_file_finish]
 *
 * Returns: whether the record is there
 *
 * Since: 0.1
 */
gboolean
buildq_mirror_publish_finish (BuildqMirror *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_MIRROR (self), FALSE);

  return BUILDQ_MIRROR_GET_IFACE (self)->publish_finish (self, result, error);
}

/**
 * buildq_mirror_publish:
 * @self: a mirror
 * @artifact: a record with its signatures and locations
 * @cancellable: (nullable): to cancel it
 * @error: as for [method@Buildq.Mirror.put_file_finish]
 *
 * Puts the record of an artifact, and waits.
 *
 * Returns: whether the record is there
 *
 * Since: 0.1
 */
gboolean
buildq_mirror_publish (BuildqMirror *self,
                       BuildqArtifact *artifact,
                       GCancellable *cancellable,
                       GError **error)
{
  BuildqSync sync;
  gboolean ok;

  g_return_val_if_fail (BUILDQ_IS_MIRROR (self), FALSE);
  g_return_val_if_fail (artifact != NULL, FALSE);

  _buildq_sync_begin (&sync);
  buildq_mirror_publish_async (self, artifact, G_PRIORITY_DEFAULT, cancellable,
                               _buildq_sync_ready, &sync);
  ok = buildq_mirror_publish_finish (self, _buildq_sync_wait (&sync), error);
  _buildq_sync_end (&sync);
  return ok;
}

gboolean
_buildq_mirror_covers (BuildqMirror *self, const char *uri)
{
  const char *base = buildq_mirror_get_uri (self);

  return g_str_has_prefix (uri, base) && uri[strlen (base)] == '/';
}

/* One client for all URIs that belong to no mirror of the caller. */
static BuildqHttpClient *
shared_client (void)
{
  static gsize ready = 0;

  if (g_once_init_enter (&ready))
    g_once_init_leave (&ready, (gsize) _buildq_http_client_new ());
  return (BuildqHttpClient *) ready;
}

GInputStream *
_buildq_mirror_open (BuildqMirror *self,
                     const char *uri,
                     gint64 offset,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autofree char *scheme = NULL;
  g_autofree char *path = NULL;

  if (self != NULL)
    return BUILDQ_MIRROR_GET_IFACE (self)->open (self, uri, offset, cancellable, error);
  scheme = g_uri_parse_scheme (uri);
  if (g_strcmp0 (scheme, "http") == 0 || g_strcmp0 (scheme, "https") == 0)
    return _buildq_http_client_open (shared_client (), uri, offset, cancellable, error);
  if (g_strcmp0 (scheme, "file") == 0)
    {
      path = g_filename_from_uri (uri, NULL, error);
      return path != NULL ? _buildq_mirror_open_file (path, offset, cancellable, error)
                          : NULL;
    }
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
               "'%s' is none of file:///… and http(s)://…", uri);
  return NULL;
}
