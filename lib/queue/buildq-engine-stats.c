/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the engine counts. All of it is kept as it changes: telling it costs as much as
 * there are classes and sessions, however many jobs there are.
 */
#include "config.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-stats.h>
#include <string.h>

#include "queue/buildq-engine.h"

#define MAX_CLASSES 100 /* that are told apart */
#define MAX_REQUESTS 50

/* Classes that have the same labels: their sizes are not told. */
typedef struct
{
  const char *kind;
  const char *system;
  char *features;
  gint64 counts[ENGINE_N_STATES];
  gint64 submitted, granted;
} Row;

static void
row_clear (gpointer data)
{
  g_free (((Row *) data)->features);
}

static guint
job_count (const Row *row)
{
  guint count = 0;

  for (guint i = 0; i < ENGINE_N_STATES; i++)
    count += row->counts[i];
  return count;
}

/* Those with many jobs first, and in an order that is always the same. */
static int
compare_rows (gconstpointer a, gconstpointer b)
{
  const Row *x = a;
  const Row *y = b;
  guint many = job_count (x), more = job_count (y);
  int order = (many < more) - (many > more);

  if (order == 0)
    order = strcmp (x->kind, y->kind);
  if (order == 0)
    order = strcmp (x->system, y->system);
  return order != 0 ? order : strcmp (x->features, y->features);
}

static void
row_add (Row *row, const gint64 counts[], gint64 submitted, gint64 granted)
{
  for (guint i = 0; i < ENGINE_N_STATES; i++)
    row->counts[i] += counts[i];
  row->submitted += submitted;
  row->granted += granted;
}

static void
add_class (GArray *rows, GHashTable *index, const EngineClass *class)
{
  g_autofree char *features = g_strjoinv (",", class->features);
  char *name = g_strjoin ("\x1f", class->kind, class->system, features, NULL);
  gpointer place = g_hash_table_lookup (index, name);
  gint64 counts[ENGINE_N_STATES];

  if (place == NULL)
    {
      Row row = { .kind = class->kind, .system = class->system };

      row.features = g_steal_pointer (&features);
      g_array_append_val (rows, row);
      place = GUINT_TO_POINTER (rows->len);
      g_hash_table_insert (index, g_steal_pointer (&name), place);
    }
  g_free (name);
  for (guint i = 0; i < ENGINE_N_STATES; i++)
    counts[i] = class->counts[i];
  row_add (&g_array_index (rows, Row, GPOINTER_TO_UINT (place) - 1), counts,
           class->submitted, class->granted);
}

static GArray *
make_rows (BuildqEngine *self)
{
  GArray *rows = g_array_new (FALSE, TRUE, sizeof (Row));
  g_autoptr (GHashTable) index
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer class;
  Row rest = { .kind = "other", .system = "other" };

  g_array_set_clear_func (rows, row_clear);
  g_hash_table_iter_init (&iter, self->classes);
  while (g_hash_table_iter_next (&iter, NULL, &class))
    add_class (rows, index, class);
  g_array_sort (rows, compare_rows);
  if (rows->len <= MAX_CLASSES)
    return rows;

  for (guint i = MAX_CLASSES; i < rows->len; i++)
    {
      Row *row = &g_array_index (rows, Row, i);

      row_add (&rest, row->counts, row->submitted, row->granted);
    }
  g_array_set_size (rows, MAX_CLASSES);
  rest.features = g_strdup ("");
  g_array_append_val (rows, rest);
  return rows;
}

static void
add_rows (BuildqEngine *self, BuildqStats *stats)
{
  g_autoptr (GArray) rows = make_rows (self);

  for (guint i = 0; i < rows->len; i++)
    {
      Row *row = &g_array_index (rows, Row, i);

      for (guint state = 0; state < ENGINE_N_STATES; state++)
        _buildq_stats_add (stats, "jobs", row->counts[state], "kind", row->kind, "system",
                           row->system, "features", row->features, "state",
                           buildq_job_state_to_string (state), NULL);
    }
  for (guint i = 0; i < rows->len; i++)
    {
      Row *row = &g_array_index (rows, Row, i);

      _buildq_stats_add (stats, "jobs_submitted_total", row->submitted, "kind", row->kind,
                         "system", row->system, "features", row->features, NULL);
    }
  for (guint i = 0; i < rows->len; i++)
    {
      Row *row = &g_array_index (rows, Row, i);

      _buildq_stats_add (stats, "leases_granted_total", row->granted, "kind", row->kind,
                         "system", row->system, "features", row->features, NULL);
    }
}

static void
add_sessions (BuildqEngine *self, BuildqStats *stats)
{
  gint64 states[BUILDQ_WORKER_STATE_AWAY + 1] = { 0 };
  gint64 connected = 0, held = 0, slots = 0;

  for (GList *l = self->session_queue.head; l != NULL; l = l->next)
    {
      EngineSession *session = l->data;

      held += session->leases->len;
      connected += session->connected;
      states[_buildq_engine_session_state (self, session)]++;
      for (guint i = 0; session->connected && i < session->groups->len; i++)
        slots += g_array_index (session->groups, EngineGroup, i).offer->slots;
    }
  _buildq_stats_add (stats, "sessions", connected, "state", "connected", NULL);
  _buildq_stats_add (stats, "sessions", self->session_queue.length - connected, "state",
                     "detached", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    _buildq_stats_add (stats, "workers", states[i], "state",
                       buildq_worker_state_to_string (i), NULL);
  _buildq_stats_add (stats, "slots", slots, NULL);
  _buildq_stats_add (stats, "leases_held", held, NULL);
}

/* Only what has happened: most pairs never do. */
static void
add_outcomes (BuildqEngine *self, BuildqStats *stats)
{
  const EngineCounters *counters = &self->counters;

  for (guint i = 0; i < ENGINE_N_OUTCOMES; i++)
    for (guint j = 0; j < ENGINE_N_VERDICTS; j++)
      if (counters->results[i][j] > 0)
        _buildq_stats_add (stats, "results_total", counters->results[i][j], "outcome",
                           buildq_outcome_to_string (i), "verdict",
                           buildq_verdict_to_string (j), NULL);
  for (guint i = 0; i < ENGINE_N_OUTCOMES; i++)
    if (counters->retries[i] > 0)
      _buildq_stats_add (stats, "retries_total", counters->retries[i], "cause",
                         buildq_outcome_to_string (i), NULL);
}

/* The jobs that ended last, the latest first. */
void
_buildq_engine_note_ended (BuildqEngine *self, EngineJob *job)
{
  gint64 moved = job->id;

  for (guint i = 0; i < ENGINE_N_ENDED && moved != 0; i++)
    {
      gint64 there = self->ended[i];
      EngineJob *other = _buildq_id_map_lookup (&self->jobs_by_id, there);

      if (other != NULL && other != job && other->finished_us > job->finished_us)
        continue;
      self->ended[i] = moved;
      moved = there == job->id ? 0 : there;
    }
}

static void
add_ended (BuildqEngine *self, BuildqStats *stats)
{
  for (guint i = 0; i < ENGINE_N_ENDED && self->ended[i] != 0; i++)
    {
      gint64 id = self->ended[i];
      EngineJob *job = _buildq_id_map_lookup (&self->jobs_by_id, id);

      if (job != NULL && buildq_job_state_is_final (job->state))
        _buildq_strv_add (&stats->ended, job->key);
    }
}

BuildqStats *
_buildq_engine_stats (BuildqEngine *self)
{
  BuildqStats *stats = _buildq_value_new (&_buildq_stats_info);
  guint left = MAX_REQUESTS;

  add_rows (self, stats);
  _buildq_stats_add (stats, "requests_active", self->active.length, NULL);
  _buildq_stats_add (stats, "requests_submitted_total", self->counters.requests, NULL);
  add_sessions (self, stats);
  _buildq_stats_add (stats, "leases_lapsed_total", self->counters.lapsed, NULL);
  _buildq_stats_add (stats, "leases_lost_total", self->counters.lost, NULL);
  add_outcomes (self, stats);
  if (self->journal != NULL)
    _buildq_journal_add_stats (self->journal, stats);

  for (GList *l = self->active.head; l != NULL && left-- > 0; l = l->next)
    g_ptr_array_add (stats->requests, _buildq_engine_request_counts (l->data));
  add_ended (self, stats);
  return stats;
}
