/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Which job goes to which machine. An offer is matched with the classes once, so that the
 * best job costs as many looks as there are classes that match, however long the queue
 * is.
 */
#include "config.h"

#include <buildq/buildq-machine-group.h>
#include <buildq/buildq-offer.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "queue/buildq-engine.h"

#define TOKEN_BYTES 16

static gboolean
has (char **list, const char *item)
{
  return g_strv_contains ((const char *const *) list, item);
}

static gboolean
group_matches (const BuildqMachineGroup *offer, const EngineClass *class)
{
  if (!has (offer->kinds, class->kind) || !has (offer->systems, class->system))
    return FALSE;
  if ((offer->cores > 0 && class->cores > offer->cores)
      || (offer->memory_bytes > 0 && class->memory_bytes > offer->memory_bytes))
    return FALSE;
  for (char **p = class->features; *p != NULL; p++)
    if (!has (offer->features, *p))
      return FALSE;
  return TRUE;
}

static void
group_clear (gpointer data)
{
  EngineGroup *group = data;

  g_clear_pointer (&group->classes, g_ptr_array_unref);
}

static void
refresh_classes (BuildqEngine *self, EngineGroup *group)
{
  GHashTableIter iter;
  gpointer class;

  if (group->classes != NULL && group->generation == self->generation)
    return;
  g_clear_pointer (&group->classes, g_ptr_array_unref);
  group->classes = g_ptr_array_new ();
  group->generation = self->generation;
  g_hash_table_iter_init (&iter, self->classes);
  while (g_hash_table_iter_next (&iter, NULL, &class))
    if (group_matches (group->offer, class))
      g_ptr_array_add (group->classes, class);
}

/* --- room in a group --- */

static EngineGroup *
get_group (EngineLease *lease)
{
  GArray *groups = lease->session->groups;

  return lease->group < groups->len ? &g_array_index (groups, EngineGroup, lease->group)
                                    : NULL;
}

void
_buildq_engine_take_room (EngineLease *lease)
{
  EngineGroup *group = get_group (lease);
  const EngineClass *class = lease->job->class;

  if (group == NULL)
    return;
  lease->cores = MAX (class->cores, group->offer->job_cores);
  lease->memory_bytes = MAX (class->memory_bytes, group->offer->job_memory_bytes);
  group->used++;
  group->used_cores += lease->cores;
  group->used_memory_bytes += lease->memory_bytes;
}

void
_buildq_engine_return_room (EngineLease *lease)
{
  EngineGroup *group = get_group (lease);

  if (group == NULL)
    return;
  group->used--;
  group->used_cores -= lease->cores;
  group->used_memory_bytes -= lease->memory_bytes;
}

/* A group that does not say what a job takes up at least counts its slots only. */
static gboolean
has_room (const EngineGroup *group, const EngineClass *class)
{
  const BuildqMachineGroup *offer = group->offer;

  if (offer->job_cores > 0
      && group->used_cores + MAX (class->cores, offer->job_cores)
             > offer->cores + offer->returned_cores)
    return FALSE;
  return offer->job_memory_bytes == 0
         || group->used_memory_bytes + MAX (class->memory_bytes, offer->job_memory_bytes)
                <= offer->memory_bytes + offer->returned_memory_bytes;
}

/* Takes what a session offers; what it holds counts as used in the group it was given
 * for. */
void
_buildq_engine_set_offer (BuildqEngine *self, EngineSession *session, BuildqOffer *offer)
{
  if (session->offer != NULL && buildq_offer_equal (session->offer, offer))
    return;
  g_clear_pointer (&session->offer, buildq_offer_unref);
  session->offer = buildq_offer_ref (offer);
  g_array_set_clear_func (session->groups, group_clear);
  g_array_set_size (session->groups, 0);
  g_array_set_size (session->groups, offer->groups->len);
  for (guint i = 0; i < offer->groups->len; i++)
    g_array_index (session->groups, EngineGroup, i)
        = (EngineGroup){ .offer = offer->groups->pdata[i] };
  for (guint i = 0; i < session->leases->len; i++)
    {
      EngineLease *lease = session->leases->pdata[i];

      if (lease->group >= offer->groups->len)
        lease->group = 0;
      _buildq_engine_take_room (lease);
    }
}

static EngineJob *
best_job (BuildqEngine *self, EngineSession *session, guint *group_index)
{
  EngineJob *best = NULL;
  guint64 best_key = G_MAXUINT64;

  for (guint i = 0; i < session->groups->len; i++)
    {
      EngineGroup *group = &g_array_index (session->groups, EngineGroup, i);

      if (group->used >= group->offer->slots)
        continue;
      refresh_classes (self, group);
      for (guint j = 0; j < group->classes->len; j++)
        {
          EngineClass *class = group->classes->pdata[j];
          guint64 key;
          EngineJob *job = _buildq_heap_peek (&class->ready, &key);

          if (job == NULL || key >= best_key || !has_room (group, class))
            continue;
          best = job;
          best_key = key;
          *group_index = i;
        }
    }
  return best;
}

static char *
make_token (void)
{
  guint8 bytes[TOKEN_BYTES];
  char *token = g_malloc (2 * TOKEN_BYTES + 1);

  while (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_assert (errno == EINTR);
  for (guint i = 0; i < TOKEN_BYTES; i++)
    g_snprintf (token + 2 * i, 3, "%02x", bytes[i]);
  return token;
}

static void
grant (BuildqEngine *self, EngineSession *session, EngineJob *job, guint group)
{
  g_autofree char *token = make_token ();
  EngineLease *lease;

  job->attempt++;
  job->class->granted++;
  lease = _buildq_engine_lease_new (self, job, token);
  lease->worker = g_ref_string_acquire (session->name);
  g_clear_pointer (&job->worker, g_ref_string_release);
  job->worker = g_ref_string_acquire (session->name);
  _buildq_engine_set_message (job, NULL);
  _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_LEASED);
  job->lease = lease;
  _buildq_engine_lease_hold (lease, session, group);
  _buildq_engine_set_deadline (self, &lease->timer, self->now + self->claim_us);
  session->dirty = TRUE;
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_LEASE, token, job->id,
                         (gint64) lease->attempt, lease->worker);
}

/* A session that nobody listens to is given work only while it is being answered, and so
 * is one that did not claim what it was given. */
static gboolean
can_be_told (EngineSession *session)
{
  return session->in_sync || (session->push && session->connected && !session->silent);
}

/* Gives out what can be given. Whoever waited longest comes first and gets one job at a
 * time, so that no machine takes many while others have none. */
void
_buildq_engine_dispatch (BuildqEngine *self)
{
  gboolean progress = TRUE;

  while (progress && self->n_ready > 0)
    {
      guint length = g_queue_get_length (&self->session_queue);

      progress = FALSE;
      for (GList *l = self->session_queue.head, *next; l != NULL && length-- > 0;
           l = next)
        {
          EngineSession *session = l->data;
          guint group = 0;
          EngineJob *job;

          next = l->next;
          if (!can_be_told (session)
              || _buildq_engine_wanted_state (self, session->name)
                     != BUILDQ_WORKER_STATE_READY)
            continue;
          job = best_job (self, session, &group);
          if (job == NULL)
            continue;
          grant (self, session, job, group);
          g_queue_unlink (&self->session_queue, l);
          g_queue_push_tail_link (&self->session_queue, l);
          progress = TRUE;
        }
    }
}

/* --- why a ready job waits --- */

typedef struct
{
  gboolean kind, system, features, size;
} Matches;

static void
note_matches (const BuildqMachineGroup *offer, const EngineClass *class, Matches *any)
{
  if (!has (offer->kinds, class->kind))
    return;
  any->kind = TRUE;
  if (!has (offer->systems, class->system))
    return;
  any->system = TRUE;
  for (char **p = class->features; *p != NULL; p++)
    if (!has (offer->features, *p))
      return;
  any->features = TRUE;
  any->size |= group_matches (offer, class);
}

/* Returns: (nullable): why no connected machine can take @job, whatever it does now */
char *
_buildq_engine_why_not_placed (BuildqEngine *self, EngineJob *job)
{
  const EngineClass *class = job->class;
  Matches any = { FALSE };

  for (GList *l = self->session_queue.head; l != NULL; l = l->next)
    {
      EngineSession *session = l->data;

      for (guint i = 0; i < session->groups->len; i++)
        note_matches (g_array_index (session->groups, EngineGroup, i).offer, class, &any);
    }
  if (self->session_queue.head == NULL)
    return g_strdup ("no worker is connected");
  if (!any.kind)
    return g_strdup_printf ("no connected worker runs jobs of kind '%s'", class->kind);
  if (!any.system)
    return g_strdup_printf ("no connected worker builds for system '%s'", class->system);
  if (!any.features)
    {
      g_autofree char *features = g_strjoinv (", ", class->features);

      return g_strdup_printf ("no connected worker has the features %s", features);
    }
  if (!any.size)
    return g_strdup ("no connected worker has the cores and memory that it needs");
  return NULL;
}
