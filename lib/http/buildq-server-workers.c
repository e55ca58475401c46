/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What an admin wants of a machine: that it takes no more jobs, or leaves.
 */
#include "config.h"

#include "http/buildq-server-private.h"

#include <buildq/buildq-worker-status.h>

static void
set_ready (GObject *queue, GAsyncResult *result, gpointer msg)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqWorkerStatus) status
      = buildq_queue_set_worker_state_finish (BUILDQ_QUEUE (queue), result, &error);

  _buildq_exchange_conclude (
      msg, 200, status != NULL ? buildq_worker_status_to_json (status) : NULL, error);
}

static void
set_state (Exchange *self, BuildqWorkerState state)
{
  buildq_queue_set_worker_state_async (self->server->queue, self->arg, state,
                                       G_PRIORITY_DEFAULT, NULL, set_ready,
                                       _buildq_exchange_pause (self));
}

void
_buildq_workers_pause (Exchange *self)
{
  set_state (self, BUILDQ_WORKER_STATE_PAUSED);
}

void
_buildq_workers_resume (Exchange *self)
{
  set_state (self, BUILDQ_WORKER_STATE_READY);
}

void
_buildq_workers_drain (Exchange *self)
{
  set_state (self, BUILDQ_WORKER_STATE_DRAINING);
}
