/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * An HTTP server as a mirror: a Nix cache, which is read by GET and written by PUT.
 */
#include "config.h"

#include "mirror/buildq-mirror-call.h"

#include <buildq/buildq-artifact.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buildq-offload.h"
#include "core/buildq-values.h"
#include "core/buildq-process.h"
#include "netutil/buildq-http-client.h"

struct _BuildqHttpMirror
{
  GObject parent_instance;

  char *uri;     /* without a password, and without a "/" at its end */
  char *address; /* with the password, if there is one */
  BuildqHttpClient *client;
};

static void iface_init (BuildqMirrorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqHttpMirror,
                               _buildq_http_mirror,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_MIRROR, iface_init))

/* --- what runs in worker threads, on values --- */

static char *
address_of (BuildqMirrorCall *call, const char *name)
{
  return g_strdup_printf ("%s/%s", call->place, name);
}

/* A name below nar/ says its content, so what is there with that size need not be sent.
 */
static gboolean
is_there (BuildqMirrorCall *call, const char *address, GCancellable *cancellable)
{
  struct stat local;
  gint64 size;

  return g_str_has_prefix (call->name, "nar/") && stat (call->path, &local) == 0
         && _buildq_http_client_head (call->client, address, &size, cancellable, NULL)
         && size == local.st_size;
}

static void
put_file (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BuildqMirrorCall *call = data;
  g_autofree char *address = address_of (call, call->name);
  GError *error = NULL;

  if (is_there (call, address, cancellable)
      || _buildq_http_client_put_file (call->client, address, call->path,
                                       call->content_type, cancellable, &error))
    g_task_return_pointer (task, g_strdup_printf ("%s/%s", call->uri, call->name),
                           g_free);
  else
    g_task_return_error (task, error);
}

static gboolean
put_text (BuildqMirrorCall *call,
          const char *name,
          const char *text,
          const char *content_type,
          GCancellable *cancellable,
          GError **error)
{
  g_autofree char *address = address_of (call, name);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return _buildq_http_client_put (call->client, address, bytes, content_type, cancellable,
                                  error);
}

static gboolean
put_cache_info (BuildqMirrorCall *call, GCancellable *cancellable, GError **error)
{
  g_autofree char *address = address_of (call, "nix-cache-info");
  g_autofree char *text = _buildq_mirror_cache_info (call->artifact);
  g_autoptr (GError) local = NULL;
  gint64 size;

  if (_buildq_http_client_head (call->client, address, &size, cancellable, &local))
    return TRUE;
  if (!g_error_matches (local, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return put_text (call, "nix-cache-info", text, "text/x-nix-cache-info", cancellable,
                   error);
}

static void
publish (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BuildqMirrorCall *call = data;
  g_autofree char *name = _buildq_mirror_narinfo_name (call->artifact->store_path);
  GError *error = NULL;
  g_autofree char *text
      = _buildq_mirror_write_narinfo (call->artifact, call->uri, &error);

  if (text != NULL && put_cache_info (call, cancellable, &error)
      && put_text (call, name, text, BUILDQ_NARINFO_TYPE, cancellable, &error))
    g_task_return_pointer (task, BUILDQ_OFFLOAD_DONE, NULL);
  else
    g_task_return_error (task, error);
}

static void
lookup (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BuildqMirrorCall *call = data;
  g_autofree char *name = _buildq_mirror_narinfo_name (call->store_path);
  g_autofree char *address = address_of (call, name);
  GError *error = NULL;
  g_autoptr (GBytes) bytes = _buildq_http_client_get (
      call->client, address, BUILDQ_MAX_NARINFO_BYTES, cancellable, &error);
  BuildqArtifact *artifact = NULL;

  if (bytes != NULL)
    {
      g_autofree char *text
          = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

      artifact = _buildq_mirror_read_narinfo (text, call->store_path, call->uri, &error);
      if (artifact == NULL)
        g_prefix_error (&error, "GET %s/%s: ", call->uri, name);
    }
  if (artifact != NULL)
    g_task_return_pointer (task, artifact, (GDestroyNotify) buildq_artifact_unref);
  else
    g_task_return_error (task, error);
}

/* --- the interface --- */

static BuildqMirrorCall *
call_new (BuildqMirror *mirror)
{
  BuildqHttpMirror *self = BUILDQ_HTTP_MIRROR (mirror);

  return _buildq_mirror_call_new (self->uri, self->address, self->client);
}

static void
lookup_async (BuildqMirror *mirror,
              const char *store_path,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  _buildq_mirror_call_lookup (mirror, call_new (mirror), lookup, store_path, io_priority,
                              cancellable, callback, user_data);
}

static void
put_file_async (BuildqMirror *mirror,
                const char *name,
                const char *path,
                const char *content_type,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  _buildq_mirror_call_put_file (mirror, call_new (mirror), put_file, name, path,
                                content_type, io_priority, cancellable, callback,
                                user_data);
}

static void
publish_async (BuildqMirror *mirror,
               BuildqArtifact *artifact,
               int io_priority,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  _buildq_mirror_call_publish (mirror, call_new (mirror), publish, artifact, io_priority,
                               cancellable, callback, user_data);
}

static const char *
get_uri (BuildqMirror *mirror)
{
  return BUILDQ_HTTP_MIRROR (mirror)->uri;
}

/* The password goes to this mirror only. */
static GInputStream *
open_uri (BuildqMirror *mirror,
          const char *uri,
          gint64 offset,
          GCancellable *cancellable,
          GError **error)
{
  BuildqHttpMirror *self = BUILDQ_HTTP_MIRROR (mirror);
  g_autofree char *address = NULL;

  if (!_buildq_mirror_covers (mirror, uri))
    return _buildq_mirror_open (NULL, uri, offset, cancellable, error);
  address = g_strconcat (self->address, uri + strlen (self->uri), NULL);
  return _buildq_http_client_open (self->client, address, offset, cancellable, error);
}

static void
iface_init (BuildqMirrorInterface *iface)
{
  iface->get_uri = get_uri;
  iface->lookup_async = lookup_async;
  iface->put_file_async = put_file_async;
  iface->publish_async = publish_async;
  iface->open = open_uri;
  _buildq_mirror_call_set_finish (iface);
}

/* --- the object --- */

static void
_buildq_http_mirror_finalize (GObject *object)
{
  BuildqHttpMirror *self = BUILDQ_HTTP_MIRROR (object);

  g_clear_pointer (&self->client, _buildq_http_client_unref);
  g_free (self->uri);
  g_free (self->address);
  G_OBJECT_CLASS (_buildq_http_mirror_parent_class)->finalize (object);
}

static void
_buildq_http_mirror_class_init (BuildqHttpMirrorClass *class)
{
  G_OBJECT_CLASS (class)->finalize = _buildq_http_mirror_finalize;
}

static void
_buildq_http_mirror_init (BuildqHttpMirror *self)
{
  _buildq_process_note (self);
  self->client = _buildq_http_client_new ();
}

static void
strip_slashes (char *uri)
{
  for (gsize length = strlen (uri); length > 0 && uri[length - 1] == '/'; length--)
    uri[length - 1] = '\0';
}

BuildqMirror *
_buildq_http_mirror_new (const char *uri, GError **error)
{
  g_autoptr (GUri) parsed
      = g_uri_parse (uri, G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD, NULL);
  g_autofree char *hidden = _buildq_http_uri_hide_password (uri);
  BuildqHttpMirror *self;

  if (parsed == NULL || g_uri_get_host (parsed) == NULL
      || *g_uri_get_host (parsed) == '\0' || g_uri_get_query (parsed) != NULL
      || g_uri_get_fragment (parsed) != NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "mirror '%s' is not a URL with a host, and without '?' and '#'",
                   hidden);
      return NULL;
    }
  self = g_object_new (BUILDQ_TYPE_HTTP_MIRROR, NULL);
  self->address = g_strdup (uri);
  self->uri = g_steal_pointer (&hidden);
  strip_slashes (self->address);
  strip_slashes (self->uri);
  return BUILDQ_MIRROR (self);
}
