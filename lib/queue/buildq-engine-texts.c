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

/* How long a text is kept that no job names: somebody may have put it to submit one. */
#define UNUSED_US (3600 * (gint64) G_USEC_PER_SEC)

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
    {
      _buildq_engine_take_texts (self, job, value->texts);
      return;
    }

  note_uncommitted (self, job);
  job->json_batch = _buildq_journal_get_open (self->journal);
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_JOB, job->id, job->key,
                       job->class->name, job->submitted_us);
  _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_JOB_TEXT, job->id, digest,
                       job->json);
  for (guint i = 0; i < job->n_deps; i++)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_DEP, job->id,
                         job->deps[i].dep->id);
  _buildq_engine_take_texts (self, job, value->texts);
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

void
_buildq_engine_text_free (gpointer data)
{
  EngineText *text = data;

  g_clear_pointer (&text->bytes, g_bytes_unref);
  g_free (text->hash);
  g_free (text);
}

EngineText *
_buildq_engine_add_text (BuildqEngine *self, const char *hash)
{
  EngineText *text = g_new0 (EngineText, 1);

  text->hash = g_strdup (hash);
  text->used_us = self->now;
  text->link.data = text;
  g_hash_table_insert (self->texts, text->hash, text);
  g_queue_push_tail_link (&self->unused_texts, &text->link);
  return text;
}

/* Somebody relies on it, and may submit a job that names it. */
static EngineText *
use_text (BuildqEngine *self, const char *hash)
{
  EngineText *text = g_hash_table_lookup (self->texts, hash);

  if (text == NULL || text->refs > 0)
    return text;
  text->used_us = self->now;
  g_queue_unlink (&self->unused_texts, &text->link);
  g_queue_push_tail_link (&self->unused_texts, &text->link);
  return text;
}

char *
_buildq_engine_put_text (BuildqEngine *self, GBytes *bytes)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  char *hash;

  _buildq_hash_bytes (data, size, digest);
  hash = _buildq_hash_format (digest);
  if (use_text (self, hash) != NULL)
    return hash;
  if (self->journal == NULL)
    _buildq_engine_add_text (self, hash)->bytes = g_bytes_ref (bytes);
  else
    {
      _buildq_engine_add_text (self, hash);
      _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_TEXT, hash, bytes);
    }
  return hash;
}

GBytes *
_buildq_engine_get_text (BuildqEngine *self, const char *hash, GError **error)
{
  EngineText *text = use_text (self, hash);
  GError *local = NULL;
  GBytes *bytes = NULL;

  if (text != NULL && text->bytes != NULL)
    bytes = g_bytes_ref (text->bytes);
  else if (text != NULL)
    bytes = _buildq_journal_read_text (self->journal, hash, &local);
  if (local != NULL)
    g_propagate_error (error, local);
  else if (bytes == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "text '%s' is not here",
                 hash);
  return bytes;
}

gboolean
_buildq_engine_has_text (BuildqEngine *self, const char *hash)
{
  return use_text (self, hash) != NULL;
}

/* The texts that @job names are kept as long as it is. Any that are not there are passed
 * over: an older queue did not look. */
void
_buildq_engine_load_texts (BuildqEngine *self, EngineJob *job, char **hashes)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();

  for (char **p = hashes; *p != NULL; p++)
    {
      EngineText *text = g_hash_table_lookup (self->texts, *p);

      if (text == NULL || g_ptr_array_find (texts, text, NULL))
        continue;
      if (text->refs++ == 0)
        g_queue_unlink (&self->unused_texts, &text->link);
      g_ptr_array_add (texts, text);
    }
  if (texts->len == 0)
    return;
  g_ptr_array_add (texts, NULL);
  job->texts = (EngineText **) g_ptr_array_free (g_steal_pointer (&texts), FALSE);
}

void
_buildq_engine_take_texts (BuildqEngine *self, EngineJob *job, char **hashes)
{
  _buildq_engine_load_texts (self, job, hashes);
  for (EngineText **p = job->texts; self->journal != NULL && p != NULL && *p != NULL; p++)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_PUT_TEXT_REF, job->id, (*p)->hash);
}

void
_buildq_engine_release_texts (BuildqEngine *self, EngineJob *job)
{
  for (EngineText **p = job->texts; p != NULL && *p != NULL; p++)
    {
      if (--(*p)->refs > 0)
        continue;
      (*p)->used_us = self->now;
      g_queue_push_tail_link (&self->unused_texts, &(*p)->link);
    }
  g_clear_pointer (&job->texts, g_free);
}

gint64
_buildq_engine_next_unused_text (BuildqEngine *self)
{
  EngineText *text = g_queue_peek_head (&self->unused_texts);

  return text != NULL ? text->used_us + UNUSED_US : -1;
}

/* Whether there was one whose time has come. */
gboolean
_buildq_engine_drop_unused_text (BuildqEngine *self)
{
  EngineText *text = g_queue_peek_head (&self->unused_texts);

  if (text == NULL || text->used_us + UNUSED_US > self->now)
    return FALSE;
  g_queue_unlink (&self->unused_texts, &text->link);
  if (self->journal != NULL)
    _buildq_journal_add (self->journal, BUILDQ_JOURNAL_DROP_TEXT, text->hash);
  g_hash_table_remove (self->texts, text->hash);
  return TRUE;
}
