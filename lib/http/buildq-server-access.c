/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-server-private.h"

#include <buildq/buildq-principal.h>
#include <buildq/buildq-sync-message.h>

#include <string.h>

static gboolean
is_loopback_name (const char *name)
{
  g_autoptr (GInetAddress) address = NULL;

  if (g_ascii_strcasecmp (name, "localhost") == 0)
    return TRUE;
  address = g_inet_address_new_from_string (name);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

/* Without tokens, who reaches the server may do everything. A page in a browser on this
 * machine reaches it too, directly or by a name of its own that resolves to loopback: it
 * is told by the headers that no script can leave out. */
gboolean
_buildq_access_check_peer (Exchange *self, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->msg);
  const char *host = soup_message_headers_get_one (headers, "Host");
  const char *origin = soup_message_headers_get_one (headers, "Origin");
  const char *name = g_uri_get_host (soup_server_message_get_uri (self->msg));

  if (self->server->authority != NULL || self->route->roles == 0)
    return TRUE;
  if (host != NULL && (name == NULL || !is_loopback_name (name)))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                   "host '%s' is not loopback, and the server has no tokens", host);
      return FALSE;
    }
  if (origin != NULL
      && (host == NULL || !g_str_has_prefix (origin, "http://")
          || g_ascii_strcasecmp (origin + strlen ("http://"), host) != 0))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                   "origin '%s' is not this server, and the server has no tokens",
                   origin);
      return FALSE;
    }
  return TRUE;
}

/* The password. A browser sends it with whatever another site makes it ask for, so it
 * counts for looking only. */
static char *
get_basic_token (Exchange *self, const char *encoded)
{
  gsize size;
  g_autofree char *padded = g_strdup (encoded);
  g_autofree guchar *pair = NULL;
  const char *colon;

  if (strcmp (self->route->method, "GET") != 0 || self->route->handle == NULL)
    return NULL;
  pair = g_base64_decode (g_strstrip (padded), &size);
  colon = memchr (pair, ':', size);
  if (colon == NULL)
    return NULL;
  return g_strndup (colon + 1, (const char *) pair + size - (colon + 1));
}

static char *
get_token (Exchange *self)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->msg);
  const char *value = soup_message_headers_get_one (headers, "Authorization");

  if (value != NULL && g_ascii_strncasecmp (value, "Basic ", strlen ("Basic ")) == 0)
    return get_basic_token (self, value + strlen ("Basic "));
  if (value == NULL || g_ascii_strncasecmp (value, "Bearer ", strlen ("Bearer ")) != 0)
    return NULL;
  return g_strstrip (g_strdup (value + strlen ("Bearer ")));
}

/* Who asks, and whether they may. */
gboolean
_buildq_access_identify (Exchange *self, guint *status, GError **error)
{
  if (self->route->roles == 0)
    return TRUE;
  if (self->server->authority == NULL)
    {
      self->who = buildq_principal_new ("local", BUILDQ_ROLE_ADMIN);
      return TRUE;
    }

  self->token = get_token (self);
  if (self->token == NULL)
    {
      *status = 401;
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                           "a token is needed");
      return FALSE;
    }
  self->who = buildq_authority_authenticate (self->server->authority, self->token, error);
  if (self->who == NULL)
    {
      *status
          = g_error_matches (*error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED) ? 401 : 500;
      return FALSE;
    }
  if ((self->route->roles & (1u << buildq_principal_get_role (self->who))) == 0)
    {
      *status = 403;
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                   "'%s' is a %s, and may not do this",
                   buildq_principal_get_name (self->who),
                   buildq_role_to_string (buildq_principal_get_role (self->who)));
      return FALSE;
    }
  return TRUE;
}

gboolean
_buildq_access_check_name (BuildqPrincipal *who,
                           BuildqSyncMessage *message,
                           GError **error)
{
  const char *own = buildq_principal_get_name (who);

  if (buildq_principal_get_role (who) == BUILDQ_ROLE_ADMIN
      || strcmp (own, buildq_sync_message_get_name (message)) == 0)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
               "'%s' may not sync as '%s'", own, buildq_sync_message_get_name (message));
  return FALSE;
}
