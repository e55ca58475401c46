/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What is done to a request by who submitted it, or by an admin: cancel, try again.
 */
#include "config.h"

#include "http/buildq-server-private.h"

#include <buildq/buildq-job-status.h>
#include <buildq/buildq-principal.h>
#include <buildq/buildq-request-status.h>

#include <string.h>

static gboolean
is_admin (Exchange *self)
{
  return buildq_principal_get_role (self->who) == BUILDQ_ROLE_ADMIN;
}

/* --- the act itself --- */

static char *
status_json (BuildqRequestStatus *status)
{
  return status != NULL ? buildq_request_status_to_json (status) : NULL;
}

static void
cancel_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_cancel_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (msg, 200, status_json (status), error);
}

static void
retry_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_retry_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (msg, 200, status_json (status), error);
}

static void
act (Exchange *self, gpointer msg)
{
  BuildqQueue *queue = self->server->queue;

  if (self->route->handle == _buildq_owner_cancel)
    buildq_queue_cancel_async (queue, self->request, G_PRIORITY_DEFAULT, NULL,
                               cancel_ready, msg);
  else
    buildq_queue_retry_async (queue, self->request,
                              self->route->handle == _buildq_owner_retry_job ? self->arg
                                                                             : NULL,
                              G_PRIORITY_DEFAULT, NULL, retry_ready, msg);
}

/* --- whose it is --- */

static void
owner_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupServerMessage) msg = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_get_request_finish (BUILDQ_QUEUE (queue), result, &error);
  Exchange *self = _buildq_exchange_resume (msg);
  const char *owner
      = status != NULL ? buildq_request_status_get_submitter (status) : NULL;

  if (error == NULL && self->server == NULL)
    g_set_error_literal (&error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                         "the server stops");
  if (error == NULL && g_strcmp0 (owner, buildq_principal_get_name (self->who)) != 0)
    g_set_error (&error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                 "request '%s' was not submitted by '%s'", self->request,
                 buildq_principal_get_name (self->who));
  if (error != NULL)
    _buildq_exchange_refuse (self, 0, error);
  else
    act (self, g_steal_pointer (&msg));
}

static void
act_if_owner (Exchange *self, gpointer msg)
{
  if (is_admin (self))
    act (self, msg);
  else
    buildq_queue_get_request_async (self->server->queue, self->request,
                                    G_PRIORITY_DEFAULT, NULL, owner_ready, msg);
}

/* The request by which a job is tried again is the first that it names. */
static void
job_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupServerMessage) msg = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobStatus) status
      = buildq_queue_get_job_finish (BUILDQ_QUEUE (queue), result, &error);
  Exchange *self = _buildq_exchange_resume (msg);

  if (error == NULL && self->server == NULL)
    g_set_error_literal (&error, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                         "the server stops");
  if (error == NULL && status->requests[0] == NULL)
    g_set_error (&error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                 "there is no request that wants job '%s'", self->arg);
  if (error != NULL)
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  _buildq_set_string (&self->request, status->requests[0]);
  act_if_owner (self, g_steal_pointer (&msg));
}

/* --- the paths --- */

void
_buildq_owner_cancel (Exchange *self)
{
  _buildq_set_string (&self->request, self->arg);
  act_if_owner (self, _buildq_exchange_pause (self));
}

void
_buildq_owner_retry_request (Exchange *self)
{
  _buildq_set_string (&self->request, self->arg);
  act_if_owner (self, _buildq_exchange_pause (self));
}

/* Takes the `request` of the query; FALSE with @error when that is not well-formed. */
static gboolean
take_request (Exchange *self, GError **error)
{
  const char *query = g_uri_get_query (soup_server_message_get_uri (self->msg));
  g_autoptr (GError) local = NULL;
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;
  GUriParamsIter iter;

  g_uri_params_iter_init (&iter, query != NULL ? query : "", -1, "&",
                          G_URI_PARAMS_WWW_FORM);
  while (g_uri_params_iter_next (&iter, &name, &value, &local))
    {
      if (strcmp (name, "request") == 0)
        _buildq_set_string (&self->request, value);
      g_clear_pointer (&name, g_free);
      g_clear_pointer (&value, g_free);
    }
  if (local != NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "query: %s", local->message);
  return local == NULL;
}

void
_buildq_owner_retry_job (Exchange *self)
{
  g_autoptr (GError) error = NULL;
  gpointer msg;

  if (!take_request (self, &error))
    {
      _buildq_exchange_refuse (self, 0, error);
      return;
    }
  msg = _buildq_exchange_pause (self);
  if (self->request != NULL || is_admin (self))
    act_if_owner (self, msg);
  else
    buildq_queue_get_job_async (self->server->queue, self->arg, G_PRIORITY_DEFAULT, NULL,
                                job_ready, msg);
}
