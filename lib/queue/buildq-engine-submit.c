/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Taking a request in. All of it is checked before anything is changed.
 */
#include "config.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job.h>
#include <string.h>

#include "core/buildq-hash.h"
#include "queue/buildq-engine.h"

typedef struct
{
  BuildqJob *job; /* of the request */
  EngineJob *known;
  char *digest;
  GPtrArray *deps; /* keys, each once */
  guint open;      /* dependencies inside the request that the search has not passed */
  gboolean passed;
} Plan;

typedef struct
{
  BuildqEngine *engine;
  GArray *plans;     /* Plan, as in the request */
  GHashTable *index; /* key → Plan */
} Intake;

static void
plan_clear (gpointer data)
{
  Plan *plan = data;

  g_free (plan->digest);
  g_ptr_array_unref (plan->deps);
}

/* The keys that @job names, by itself and by its inputs, each once. */
static GPtrArray *
collect_deps (BuildqJob *job)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *deps = g_ptr_array_new ();

  for (char **p = job->depends; *p != NULL; p++)
    if (g_hash_table_add (seen, *p))
      g_ptr_array_add (deps, *p);
  for (guint i = 0; i < job->inputs->len; i++)
    {
      BuildqInput *input = job->inputs->pdata[i];

      if (input->job != NULL && g_hash_table_add (seen, input->job))
        g_ptr_array_add (deps, input->job);
    }
  return deps;
}

static gboolean
has_output (BuildqJob *job, const char *name)
{
  for (guint i = 0; i < job->outputs->len; i++)
    if (g_str_equal (((BuildqOutput *) job->outputs->pdata[i])->name, name))
      return TRUE;
  return FALSE;
}

/* --- checks --- */

static gboolean
check_input (Intake *intake, Plan *plan, BuildqInput *input, GError **error)
{
  const char *output = input->output != NULL ? input->output : "out";
  Plan *producer;

  if (input->file != NULL)
    {
      g_set_error (
          error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
          "job '%s': input '%s' names the local file '%s', which must be put into a "
          "mirror first",
          plan->job->key, input->name, input->file);
      return FALSE;
    }
  producer = input->job != NULL ? g_hash_table_lookup (intake->index, input->job) : NULL;
  if (producer == NULL || has_output (producer->job, output))
    return TRUE;
  g_set_error (
      error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
      "job '%s': input '%s' is output '%s' of job '%s', which has no such output",
      plan->job->key, input->name, output, input->job);
  return FALSE;
}

static gboolean
check_deps (Intake *intake, Plan *plan, GError **error)
{
  for (guint i = 0; i < plan->deps->len; i++)
    {
      const char *key = plan->deps->pdata[i];

      if (g_hash_table_contains (intake->index, key))
        plan->open++;
      else if (!g_hash_table_contains (intake->engine->jobs, key))
        {
          g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                       "job '%s' depends on '%s', which is neither in the request nor in "
                       "the queue",
                       plan->job->key, key);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_texts (Intake *intake, Plan *plan, GError **error)
{
  for (char **p = plan->job->texts; *p != NULL; p++)
    if (!_buildq_engine_has_text (intake->engine, *p))
      {
        g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                     "job '%s' needs the text '%s', which the queue does not have",
                     plan->job->key, *p);
        return FALSE;
      }
  return TRUE;
}

/* Another job under a key that is taken is refused, with the field that differs. */
static gboolean
check_known (Intake *intake, Plan *plan, GError **error)
{
  g_autofree char *digest = NULL;
  g_autoptr (BuildqJob) before = NULL;
  const char *field;

  plan->known = g_hash_table_lookup (intake->engine->jobs, plan->job->key);
  if (plan->known == NULL)
    return TRUE;
  digest = _buildq_engine_read_digest (intake->engine, plan->known);
  if (g_strcmp0 (digest, plan->digest) == 0)
    return TRUE;

  before = _buildq_engine_read_job (intake->engine, plan->known);
  field = before != NULL ? _buildq_value_first_difference (&_buildq_job_info, before,
                                                           plan->job, TRUE)
                         : NULL;
  g_set_error (
      error, BUILDQ_ERROR, BUILDQ_ERROR_CONFLICT,
      "job '%s' was submitted before with another '%s'; give the changed job another key",
      plan->job->key, field != NULL ? field : "text");
  return FALSE;
}

static gboolean
make_plans (Intake *intake, BuildqRequest *request, GError **error)
{
  g_array_set_size (intake->plans, request->jobs->len);
  for (guint i = 0; i < request->jobs->len; i++)
    {
      Plan *plan = &g_array_index (intake->plans, Plan, i);
      BuildqJob *job = request->jobs->pdata[i];

      plan->job = job;
      plan->digest = buildq_job_get_spec_digest (job);
      plan->deps = collect_deps (job);
      g_hash_table_insert (intake->index, job->key, plan);
    }

  for (guint i = 0; i < intake->plans->len; i++)
    {
      Plan *plan = &g_array_index (intake->plans, Plan, i);

      for (guint j = 0; j < plan->job->inputs->len; j++)
        if (!check_input (intake, plan, plan->job->inputs->pdata[j], error))
          return FALSE;
      if (!check_deps (intake, plan, error) || !check_texts (intake, plan, error)
          || !check_known (intake, plan, error))
        return FALSE;
    }
  return TRUE;
}

/* Each plan that is left waits for another that is left: following them must come back.
 */
static void
spell_cycle (Intake *intake, Plan *start, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  Plan *plan = start;
  Plan *first;

  for (int round = 0; round < 2; round++)
    {
      g_hash_table_remove_all (seen);
      for (first = plan; g_hash_table_add (seen, plan);)
        {
          if (round == 1)
            g_string_append_printf (text, "'%s' → ", plan->job->key);
          for (guint i = 0; i < plan->deps->len; i++)
            {
              Plan *dep = g_hash_table_lookup (intake->index, plan->deps->pdata[i]);

              if (dep == NULL || dep->passed)
                continue;
              plan = dep;
              break;
            }
        }
    }
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "jobs depend on each other: %s'%s'", text->str, first->job->key);
}

/* The plans in an order in which each follows its dependencies. */
static GPtrArray *
sort_plans (Intake *intake, GError **error)
{
  g_autoptr (GPtrArray) order = g_ptr_array_sized_new (intake->plans->len);
  g_autoptr (GHashTable) waiting = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < intake->plans->len; i++)
    {
      Plan *plan = &g_array_index (intake->plans, Plan, i);

      if (plan->open == 0)
        g_ptr_array_add (order, plan);
      for (guint j = 0; plan->open > 0 && j < plan->deps->len; j++)
        {
          const char *key = plan->deps->pdata[j];
          GPtrArray *list = g_hash_table_lookup (waiting, key);

          if (!g_hash_table_contains (intake->index, key))
            continue;
          if (list == NULL)
            g_hash_table_insert (waiting, (gpointer) key, list = g_ptr_array_new ());
          g_ptr_array_add (list, plan);
        }
    }
  for (guint done = 0; done < order->len; done++)
    {
      Plan *plan = order->pdata[done];
      GPtrArray *list = g_hash_table_lookup (waiting, plan->job->key);

      plan->passed = TRUE;
      for (guint i = 0; list != NULL && i < list->len; i++)
        if (--((Plan *) list->pdata[i])->open == 0)
          g_ptr_array_add (order, list->pdata[i]);
    }
  if (order->len == intake->plans->len)
    return g_steal_pointer (&order);

  for (guint i = 0; i < intake->plans->len; i++)
    if (!g_array_index (intake->plans, Plan, i).passed)
      {
        spell_cycle (intake, &g_array_index (intake->plans, Plan, i), error);
        break;
      }
  return NULL;
}

/* --- changes --- */

/* An item whose path follows from its content needs nobody's word, so the farm gives its
 * own. For any other the submitter must bring a signature that the workers trust. */
static gboolean
is_content_addressed (BuildqArtifact *artifact)
{
  g_autofree char *store_dir = g_path_get_dirname (artifact->store_path);
  const char *base = _buildq_store_path_base (artifact->store_path);
  g_autofree char *path = NULL;
  guint8 digest[BUILDQ_HASH_BYTES];

  if (artifact->references[0] != NULL
      || !_buildq_hash_parse (artifact->nar_hash, digest, NULL))
    return FALSE;
  path = _buildq_store_path_make (store_dir, "source", digest,
                                  base + BUILDQ_STORE_HASH_LENGTH + 1);
  return g_str_equal (path, artifact->store_path);
}

static BuildqJob *
sign_inputs (BuildqEngine *self, BuildqJob *job)
{
  BuildqJob *copy = _buildq_value_copy (&_buildq_job_info, job);

  for (guint i = 0; i < copy->inputs->len; i++)
    {
      BuildqInput *input = copy->inputs->pdata[i];
      g_autoptr (BuildqArtifact) artifact = NULL;

      if (input->artifact == NULL || !is_content_addressed (input->artifact))
        continue;
      artifact = _buildq_engine_sign (self, input->artifact);
      copy->inputs->pdata[i] = buildq_input_resolve (input, artifact);
      buildq_input_unref (input);
    }
  return copy;
}

static void
add_new_jobs (BuildqEngine *self, Intake *intake, GPtrArray *order)
{
  gint64 first_id = self->last_job + 1;
  gint64 next = first_id;

  /* Age follows the request; only dependencies must be there before they are pointed to.
   */
  for (guint i = 0; i < intake->plans->len; i++)
    {
      Plan *plan = &g_array_index (intake->plans, Plan, i);
      g_autofree char *class = NULL;

      if (plan->known != NULL)
        continue;
      class = _buildq_engine_class_name (plan->job);
      plan->known = _buildq_engine_add_job (self, next++, plan->job->key,
                                            _buildq_engine_class (self, class));
      plan->known->class->submitted++;
    }
  for (guint i = 0; i < order->len; i++)
    {
      Plan *plan = order->pdata[i];
      g_autoptr (GPtrArray) deps = NULL;
      g_autoptr (BuildqJob) signed_job = NULL;

      if (plan->known->id < first_id)
        continue;
      deps = g_ptr_array_new ();
      for (guint j = 0; j < plan->deps->len; j++)
        g_ptr_array_add (deps, g_hash_table_lookup (self->jobs, plan->deps->pdata[j]));
      _buildq_engine_set_deps (plan->known, deps);
      signed_job = sign_inputs (self, plan->job);
      _buildq_engine_put_job (self, plan->known, signed_job, plan->digest);
    }
}

typedef struct
{
  EngineJob *job;
  guint next; /* of its dependencies */
} Visit;

/* @roots and all that they depend on, dependencies first. */
GPtrArray *
_buildq_engine_closure (BuildqEngine *self, char **roots)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (Visit));
  GPtrArray *jobs = g_ptr_array_new ();

  for (char **p = roots; *p != NULL; p++)
    {
      Visit visit = { g_hash_table_lookup (self->jobs, *p), 0 };

      if (g_hash_table_add (seen, visit.job))
        g_array_append_val (path, visit);
      while (path->len > 0)
        {
          Visit *top = &g_array_index (path, Visit, path->len - 1);

          if (top->next == top->job->n_deps)
            {
              g_ptr_array_add (jobs, top->job);
              g_array_set_size (path, path->len - 1);
              continue;
            }
          visit = (Visit){ top->job->deps[top->next++].dep, 0 };
          if (g_hash_table_add (seen, visit.job))
            g_array_append_val (path, visit);
        }
    }
  return jobs;
}

/* Whether a job that was there before is to be tried again. */
static gboolean
begins_again (const EngineJob *job, gboolean named, gboolean rebuild)
{
  switch ((BuildqJobState) job->state)
    {
    case BUILDQ_JOB_STATE_CANCELLED:
    case BUILDQ_JOB_STATE_DEP_FAILED:
      return TRUE;
    case BUILDQ_JOB_STATE_FAILED:
      return named;
    case BUILDQ_JOB_STATE_SUCCEEDED:
      return named && rebuild;
    default:
      return FALSE;
    }
}

static void
journal_request (BuildqEngine *self, EngineRequest *request)
{
  g_autoptr (GString) wanted = g_string_new ("[");

  if (self->journal == NULL)
    return;
  for (guint i = 0; request->wanted[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (wanted, ',');
      _buildq_json_append_string (wanted, request->wanted[i]);
    }
  g_string_append_c (wanted, ']');
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_REQUEST, request->number,
                       request->id, request->submitter, request->group,
                       (gint64) request->priority, wanted->str, request->created_us);
  for (guint i = 0; i < request->jobs->len; i++)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_REQUEST_JOB, request->number,
                         ((EngineJob *) request->jobs->pdata[i])->id);
}

static char **
all_keys (BuildqRequest *value)
{
  char **keys = g_new0 (char *, value->jobs->len + 1);

  for (guint i = 0; i < value->jobs->len; i++)
    keys[i] = g_strdup (((BuildqJob *) value->jobs->pdata[i])->key);
  return keys;
}

/* Jobs of the request that nothing wanted depends on. */
static void
drop_unwanted (BuildqEngine *self, gint64 first_new)
{
  for (gint64 id = first_new; id <= self->last_job; id++)
    {
      EngineJob *job = _buildq_id_map_lookup (&self->jobs_by_id, id);

      if (job->requests != NULL)
        continue;
      _buildq_engine_set_message (job, g_strdup ("no request wants it"));
      _buildq_engine_set_state (self, job, BUILDQ_JOB_STATE_CANCELLED);
      _buildq_engine_loosen (self, job);
    }
}

static EngineRequest *
add_request (BuildqEngine *self, Intake *intake, BuildqRequest *value, gint64 first_new)
{
  EngineRequest *request
      = _buildq_engine_request_new (self, self->last_request + 1, value->id);
  g_autoptr (GPtrArray) jobs = NULL;

  request->submitter = g_strdup (value->submitter);
  request->group = g_strdup (value->group);
  request->priority = value->priority;
  request->created_us = self->now_real;
  _buildq_engine_note_request (self, request);
  self->counters.requests++;
  request->wanted
      = value->wanted[0] != NULL ? g_strdupv (value->wanted) : all_keys (value);

  jobs = _buildq_engine_closure (self, request->wanted);
  for (guint i = 0; i < jobs->len; i++)
    {
      EngineJob *job = jobs->pdata[i];
      gboolean named = g_hash_table_contains (intake->index, job->key);

      _buildq_engine_request_add_job (self, request, job);
      if (job->id >= first_new || begins_again (job, named, value->rebuild))
        _buildq_engine_start_job (self, job);
    }
  drop_unwanted (self, first_new);
  request->touched = TRUE;
  g_ptr_array_add (self->touched, request);
  journal_request (self, request);
  return request;
}

/* Submitting under the id of a request that is there is a repeat, and changes nothing. */
EngineRequest *
_buildq_engine_submit (BuildqEngine *self, BuildqRequest *request, GError **error)
{
  EngineRequest *known = g_hash_table_lookup (self->requests, request->id);
  Intake intake = { .engine = self };
  g_autoptr (GArray) plans = g_array_new (FALSE, TRUE, sizeof (Plan));
  g_autoptr (GHashTable) index = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) order = NULL;
  gint64 first_new = self->last_job + 1;

  if (known != NULL)
    return known;

  g_array_set_clear_func (plans, plan_clear);
  intake.plans = plans;
  intake.index = index;
  if (!make_plans (&intake, request, error))
    return NULL;
  order = sort_plans (&intake, error);
  if (order == NULL)
    return NULL;

  add_new_jobs (self, &intake, order);
  return add_request (self, &intake, request, first_new);
}
