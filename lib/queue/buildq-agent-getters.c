/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-agent-private.h"

/**
 * buildq_agent_get_queue:
 * @self: an agent
 *
 * Returns: (transfer none): its queue
 *
 * Since: 0.1
 */
BuildqQueue *
buildq_agent_get_queue (BuildqAgent *self)
{
  g_return_val_if_fail (BUILDQ_IS_AGENT (self), NULL);

  return self->queue;
}

/**
 * buildq_agent_get_name:
 * @self: an agent
 *
 * Returns: (transfer none): the name of the machine
 *
 * Since: 0.1
 */
const char *
buildq_agent_get_name (BuildqAgent *self)
{
  g_return_val_if_fail (BUILDQ_IS_AGENT (self), NULL);

  return self->name;
}

/**
 * buildq_agent_is_attached:
 * @self: an agent
 *
 * Returns: whether the queue knows the session, as far as the agent can tell
 *
 * Since: 0.1
 */
gboolean
buildq_agent_is_attached (BuildqAgent *self)
{
  g_return_val_if_fail (BUILDQ_IS_AGENT (self), FALSE);

  return self->attached;
}

/**
 * buildq_agent_get_wanted_state:
 * @self: an agent
 *
 * Returns: `paused` or `draining` when the queue wants the machine to take no more jobs
 *
 * Since: 0.1
 */
BuildqWorkerState
buildq_agent_get_wanted_state (BuildqAgent *self)
{
  g_return_val_if_fail (BUILDQ_IS_AGENT (self), BUILDQ_WORKER_STATE_READY);

  return self->wanted;
}

/**
 * buildq_agent_get_store_dir:
 * @self: an agent
 *
 * Returns: (transfer none) (nullable): the store directory of the farm; %NULL before the
 *   agent has attached
 *
 * Since: 0.1
 */
const char *
buildq_agent_get_store_dir (BuildqAgent *self)
{
  g_return_val_if_fail (BUILDQ_IS_AGENT (self), NULL);

  return self->store_dir;
}

/**
 * buildq_agent_get_farm_keys:
 * @self: an agent
 *
 * Returns: (transfer none) (array zero-terminated=1): the public keys of the farm; empty
 *   before the agent has attached
 *
 * Since: 0.1
 */
const char *const *
buildq_agent_get_farm_keys (BuildqAgent *self)
{
  g_return_val_if_fail (BUILDQ_IS_AGENT (self), NULL);

  return (const char *const *) self->farm_keys;
}
