/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-result.h>
#include <string.h>

#include "core/buildq-hash.h"
#include "queue/buildq-engine.h"

/* The texts of jobs and results are in memory only until the journal has them. */

static void
note_uncommitted (BuildqEngine *self, EngineJob *job)
{
  if (job->json_batch == 0 && job->result_batch == 0)
    g_queue_push_tail (&self->uncommitted, job);
}

void
_buildq_engine_put_job (BuildqEngine *self,
                        EngineJob *job,
                        BuildqJob *value,
                        const char *digest)
{
  job->json = buildq_job_to_json (value);
  job->submitted_us = self->now_real;
  if (self->journal == NULL)
    return;

  note_uncommitted (self, job);
  job->json_batch = _buildq_journal_get_open (self->journal);
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_JOB, job->id, job->key,
                       job->class->name, job->submitted_us);
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_JOB_TEXT, job->id, digest,
                       job->json);
  for (guint i = 0; i < job->n_deps; i++)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_DEP, job->id,
                         job->deps[i]->id);
}

void
_buildq_engine_put_result (BuildqEngine *self, EngineJob *job, BuildqResult *result)
{
  g_free (job->result_json);
  g_free (job->result_token);
  job->result_json = buildq_result_to_json (result);
  job->result_token = g_strdup (result->token);
  job->has_result = TRUE;
  if (self->journal == NULL)
    return;

  note_uncommitted (self, job);
  job->result_batch = _buildq_journal_get_open (self->journal);
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_RESULT, job->id, result->token,
                       job->result_json);
}

/* What an earlier process or commit wrote must be readable; if not, the engine has
 * failed. */
static gpointer
read_value (BuildqEngine *self,
            EngineJob *job,
            const BuildqValueInfo *info,
            const char *json,
            GError *error)
{
  gpointer value = NULL;

  if (error == NULL && json != NULL)
    value = _buildq_value_from_json (info, json, -1, &error);
  if (error != NULL)
    {
      g_prefix_error (&error, "job '%s': ", job->key);
      _buildq_engine_fail (self, error);
    }
  return value;
}

/* NULL when the engine has failed. */
BuildqJob *
_buildq_engine_read_job (BuildqEngine *self, EngineJob *job)
{
  g_autofree char *stored = NULL;
  GError *error = NULL;

  if (job->json == NULL)
    stored = _buildq_journal_read_job (self->journal, job->id, NULL, &error);
  return read_value (self, job, &_buildq_job_info, job->json != NULL ? job->json : stored,
                     error);
}

char *
_buildq_engine_read_digest (BuildqEngine *self, EngineJob *job)
{
  g_autoptr (BuildqJob) value = NULL;
  char *digest = NULL;

  if (job->json == NULL)
    {
      g_autofree char *json
          = _buildq_journal_read_job (self->journal, job->id, &digest, NULL);

      if (json != NULL)
        return digest;
    }
  value = _buildq_engine_read_job (self, job);
  return value != NULL ? buildq_job_get_spec_digest (value) : NULL;
}

/* NULL when there is none, or when the engine has failed. */
BuildqResult *
_buildq_engine_read_result (BuildqEngine *self, EngineJob *job, char **token)
{
  g_autofree char *stored = NULL;
  GError *error = NULL;

  if (!job->has_result)
    return NULL;
  if (job->result_json == NULL)
    stored = _buildq_journal_read_result (self->journal, job->id, token, &error);
  else if (token != NULL)
    *token = g_strdup (job->result_token);
  return read_value (self, job, &_buildq_result_info,
                     job->result_json != NULL ? job->result_json : stored, error);
}

static BuildqArtifact *
find_output (BuildqResult *result, const char *output)
{
  for (guint i = 0; result != NULL && i < result->artifacts->len; i++)
    {
      BuildqArtifact *artifact = result->artifacts->pdata[i];

      if (g_strcmp0 (artifact->name, output) == 0)
        return artifact;
    }
  return NULL;
}

/* The job with the artifacts that its inputs stand for. */
BuildqJob *
_buildq_engine_resolve_job (BuildqEngine *self, EngineJob *job)
{
  g_autoptr (BuildqJob) stored = _buildq_engine_read_job (self, job);
  BuildqJob *resolved;

  if (stored == NULL)
    return NULL;
  resolved = _buildq_value_copy (&_buildq_job_info, stored);
  for (guint i = 0; i < resolved->inputs->len; i++)
    {
      BuildqInput *input = resolved->inputs->pdata[i];
      g_autoptr (BuildqResult) result = NULL;
      EngineJob *producer;
      BuildqArtifact *artifact;

      if (input->job == NULL)
        continue;
      producer = g_hash_table_lookup (self->jobs, input->job);
      result = _buildq_engine_read_result (self, producer, NULL);
      artifact = find_output (result, input->output != NULL ? input->output : "out");
      if (artifact == NULL)
        continue; /* the worker says what is missing */
      resolved->inputs->pdata[i] = buildq_input_resolve (input, artifact);
      buildq_input_unref (input);
    }
  return resolved;
}

/* Returns: (transfer full): @artifact with the farm's signature */
BuildqArtifact *
_buildq_engine_sign (BuildqEngine *self, BuildqArtifact *artifact)
{
  g_autoptr (GError) error = NULL;
  BuildqArtifact *signed_one;

  if (self->key == NULL)
    return buildq_artifact_ref (artifact);
  signed_one = buildq_key_sign_artifact (self->key, artifact, &error);
  if (signed_one != NULL)
    return signed_one;
  g_warning ("signing %s: %s", artifact->store_path, error->message);
  return buildq_artifact_ref (artifact);
}

/* --- texts that the queue owns --- */

char *
_buildq_engine_put_text (BuildqEngine *self, GBytes *text)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  gsize size;
  gconstpointer data = g_bytes_get_data (text, &size);
  char *hash;

  _buildq_hash_bytes (data, size, digest);
  hash = _buildq_hash_format (digest);
  if (self->journal == NULL)
    g_hash_table_replace (self->texts, g_strdup (hash), g_bytes_ref (text));
  else if (!_buildq_journal_has_text (self->journal, hash))
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_TEXT, hash, text);
  return hash;
}

GBytes *
_buildq_engine_get_text (BuildqEngine *self, const char *hash, GError **error)
{
  GError *local = NULL;
  GBytes *text;

  if (self->journal == NULL)
    {
      text = g_hash_table_lookup (self->texts, hash);
      if (text != NULL)
        g_bytes_ref (text);
    }
  else
    text = _buildq_journal_read_text (self->journal, hash, &local);
  if (local != NULL)
    g_propagate_error (error, local);
  else if (text == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "text '%s' is not here",
                 hash);
  return text;
}

gboolean
_buildq_engine_has_text (BuildqEngine *self, const char *hash)
{
  if (self->journal == NULL)
    return g_hash_table_contains (self->texts, hash);
  return _buildq_journal_has_text (self->journal, hash);
}
