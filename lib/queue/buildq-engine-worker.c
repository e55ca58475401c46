/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Machines as people see them, and what people want of them: that they take no more jobs,
 * or leave. Such a wish is kept until it is taken back, also for a machine that is away.
 */
#include "config.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-worker-status.h>

#include "queue/buildq-engine.h"

#define MAX_WISHES 100000
#define META_NAME "workers" /* in the journal: {"NAME":"paused", …} */

/* --- what they are --- */

static gboolean
has_free_slot (EngineSession *session)
{
  for (guint i = 0; i < session->groups->len; i++)
    {
      EngineGroup *group = &g_array_index (session->groups, EngineGroup, i);

      if (group->used < group->offer->slots)
        return TRUE;
    }
  return FALSE;
}

/* What the machine says, unless it is known better here. */
BuildqWorkerState
_buildq_engine_session_state (BuildqEngine *self, EngineSession *session)
{
  BuildqWorkerState wanted = _buildq_engine_wanted_state (self, session->name);
  BuildqWorkerState state
      = session->offer != NULL ? session->offer->state : BUILDQ_WORKER_STATE_READY;

  if (!session->connected)
    return BUILDQ_WORKER_STATE_AWAY;
  if (state == BUILDQ_WORKER_STATE_READY && !has_free_slot (session))
    state = BUILDQ_WORKER_STATE_BUSY;
  return MAX (state, wanted);
}

static void
add_wish (BuildqWorkerStatus *status, BuildqWorkerState wanted)
{
  const char *wish = wanted == BUILDQ_WORKER_STATE_PAUSED ? "paused at the queue"
                                                          : "drained at the queue";

  if (wanted != BUILDQ_WORKER_STATE_READY
      && !g_strv_contains ((const char *const *) status->reasons, wish))
    _buildq_strv_add (&status->reasons, wish);
}

static BuildqWorkerStatus *
make_status (BuildqEngine *self, const char *name, EngineSession *session)
{
  BuildqWorkerStatus *status = _buildq_value_new (&_buildq_worker_status_info);

  status->name = g_strdup (name);
  status->state = BUILDQ_WORKER_STATE_AWAY;
  if (session != NULL && session->offer != NULL)
    {
      g_strfreev (status->reasons);
      status->reasons = g_strdupv (session->offer->reasons);
    }
  add_wish (status, _buildq_engine_wanted_state (self, name));
  if (session == NULL)
    return status;
  status->state = _buildq_engine_session_state (self, session);
  status->connected = session->connected;
  status->offer = session->offer != NULL ? buildq_offer_ref (session->offer) : NULL;
  status->seen_us = session->seen_us;
  for (guint i = 0; i < session->leases->len; i++)
    _buildq_strv_add (&status->holding,
                      ((EngineLease *) session->leases->pdata[i])->job->key);
  return status;
}

/* Those that have a session, and those that somebody wants something of. */
GPtrArray *
_buildq_engine_list_workers (BuildqEngine *self)
{
  GPtrArray *workers = _buildq_values_new (&_buildq_worker_status_info);
  GHashTableIter iter;
  gpointer name;

  for (GList *l = self->session_queue.head; l != NULL; l = l->next)
    {
      EngineSession *session = l->data;

      g_ptr_array_add (workers, make_status (self, session->name, session));
    }
  g_hash_table_iter_init (&iter, self->wishes);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_hash_table_contains (self->names, name))
      g_ptr_array_add (workers, make_status (self, name, NULL));
  return workers;
}

/* --- what is wanted of them --- */

BuildqWorkerState
_buildq_engine_wanted_state (BuildqEngine *self, const char *name)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (self->wishes, name));
}

static void
write_wishes (BuildqEngine *self)
{
  g_autoptr (GString) json = g_string_new ("{");
  GHashTableIter iter;
  gpointer name, state;

  if (self->journal == NULL)
    return;
  g_hash_table_iter_init (&iter, self->wishes);
  while (g_hash_table_iter_next (&iter, &name, &state))
    {
      if (json->len > 1)
        g_string_append_c (json, ',');
      _buildq_json_append_string (json, name);
      g_string_append_c (json, ':');
      _buildq_json_append_string (
          json, buildq_worker_state_to_string (GPOINTER_TO_INT (state)));
    }
  g_string_append_c (json, '}');
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_META, META_NAME, json->str);
}

static void
set_wish (BuildqEngine *self, const char *name, BuildqWorkerState state)
{
  EngineSession *session = g_hash_table_lookup (self->names, name);

  if (_buildq_engine_wanted_state (self, name) == state)
    return;
  if (state == BUILDQ_WORKER_STATE_READY)
    g_hash_table_remove (self->wishes, name);
  else
    g_hash_table_insert (self->wishes, g_strdup (name), GINT_TO_POINTER (state));
  write_wishes (self);
  if (session != NULL)
    session->dirty = TRUE;
}

BuildqWorkerStatus *
_buildq_engine_set_worker_state (BuildqEngine *self,
                                 const char *name,
                                 BuildqWorkerState state,
                                 GError **error)
{
  EngineSession *session = g_hash_table_lookup (self->names, name);

  if (session == NULL && !g_hash_table_contains (self->wishes, name))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                   "worker '%s' is not known", name);
      return NULL;
    }
  if (g_hash_table_size (self->wishes) >= MAX_WISHES
      && state != BUILDQ_WORKER_STATE_READY)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "%u workers are paused or drained, and no more can be",
                   g_hash_table_size (self->wishes));
      return NULL;
    }
  set_wish (self, name, state);
  _buildq_engine_dispatch (self);
  return make_status (self, name, session);
}

/* A machine that was drained has left. When it is started again it stays, and waits. */
void
_buildq_engine_worker_left (BuildqEngine *self, const char *name)
{
  if (_buildq_engine_wanted_state (self, name) == BUILDQ_WORKER_STATE_DRAINING)
    set_wish (self, name, BUILDQ_WORKER_STATE_PAUSED);
}

static void
read_wish (JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
  BuildqEngine *self = data;
  const char *text = json_node_get_value_type (node) == G_TYPE_STRING
                         ? json_node_get_string (node)
                         : "";
  int state;

  if (_buildq_enum_from_string (BUILDQ_TYPE_WORKER_STATE, text, &state)
      && state != BUILDQ_WORKER_STATE_READY)
    g_hash_table_insert (self->wishes, g_strdup (name), GINT_TO_POINTER (state));
}

gboolean
_buildq_engine_load_wishes (BuildqEngine *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *json = _buildq_journal_read_meta (self->journal, META_NAME, &local);
  g_autoptr (JsonNode) node = json != NULL ? _buildq_json_parse (json, -1, &local) : NULL;

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), read_wish, self);
  return TRUE;
}
