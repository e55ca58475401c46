/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "crash-story.h"

#include "crash-vfs.h"

/* A machine for each job: so it is clear who gets what. */
#define MESSAGE                                                                          \
  "{\"session\": \"s-%s\", \"name\": \"of-%s\", \"seq\": %u, %s \"offer\": {\"groups\":" \
  " [{\"kinds\": [\"k\"], \"systems\": [\"%s\"], \"slots\": %d}]}}"

static void
fact_free (gpointer data)
{
  Fact *fact = data;

  g_free (fact->what);
  g_free (fact->token);
  g_free (fact);
}

Story *
story_new (const char *path)
{
  Story *self = g_new0 (Story, 1);

  self->path = g_strdup (path);
  self->facts = g_ptr_array_new_with_free_func (fact_free);
  return self;
}

void
story_free (Story *self)
{
  g_clear_object (&self->queue);
  g_ptr_array_unref (self->facts);
  g_free (self->path);
  g_free (self);
}

/* Something is asked for now. */
static Fact *
ask (Story *self, FactKind kind, const char *what)
{
  Fact *fact = g_new0 (Fact, 1);

  fact->kind = kind;
  fact->asked = crash_vfs_count ();
  fact->what = g_strdup (what);
  g_ptr_array_add (self->facts, fact);
  return fact;
}

/* The queue has said that it is so. */
static void
said (Fact *fact)
{
  fact->said = crash_vfs_count ();
}

static Fact *
find_lease (Story *self, const char *key)
{
  for (guint i = self->facts->len; i-- > 0;)
    {
      Fact *fact = self->facts->pdata[i];

      if (fact->kind == FACT_LEASE && g_str_equal (fact->what, key))
        return fact;
    }
  g_assert_not_reached ();
}

/* --- what happens --- */

void
story_open (Story *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = NULL;
  guint asked = crash_vfs_count ();
  Fact *fact;

  /* What it says of itself at once must be on the disk by then, not a bit later. */
  crash_vfs_hold_others (TRUE);
  self->queue = buildq_local_queue_new (self->path, &error);
  g_assert_no_error (error);
  key = buildq_key_to_public_string (buildq_local_queue_get_key (self->queue));
  fact = ask (self, FACT_KEY, key);
  fact->asked = asked;
  said (fact);
  crash_vfs_hold_others (FALSE);
}

void
story_close (Story *self)
{
  g_clear_object (&self->queue);
}

void
story_put_text (Story *self, const char *text, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, size);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = NULL;
  Fact *fact = ask (self, FACT_TEXT, NULL);

  buildq_queue_put_text_async (BUILDQ_QUEUE (self->queue), bytes, G_PRIORITY_DEFAULT,
                               NULL, call_done, &result);
  hash = buildq_queue_put_text_finish (BUILDQ_QUEUE (self->queue), call_wait (&result),
                                       &error);
  g_assert_no_error (error);
  fact->what = g_steal_pointer (&hash);
  said (fact);
}

typedef struct
{
  Fact *fact;
  guint *pending;
} Submission;

static void
submitted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Submission *submission = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status
      = buildq_queue_submit_finish (BUILDQ_QUEUE (source), result, &error);

  g_assert_no_error (error);
  said (submission->fact);
  --*submission->pending;
}

void
story_submit (Story *self, const char *const *ids)
{
  guint pending = g_strv_length ((char **) ids);

  for (; *ids != NULL; ids++)
    {
      g_autofree char *json = g_strdup_printf (
          "{\"id\": \"%s\", \"jobs\": [{\"key\": \"%s-a\", \"kind\": \"k\", \"system\":"
          " \"%s-a\"}, {\"key\": \"%s-b\", \"kind\": \"k\", \"system\": \"%s-b\","
          " \"depends\": [\"%s-a\"]}]}",
          *ids, *ids, *ids, *ids, *ids, *ids);
      g_autoptr (GError) error = NULL;
      g_autoptr (BuildqRequest) request = buildq_request_new_from_json (json, &error);
      Submission *submission = g_new0 (Submission, 1);

      g_assert_no_error (error);
      submission->fact = ask (self, FACT_REQUEST, *ids);
      submission->pending = &pending;
      buildq_queue_submit_async (BUILDQ_QUEUE (self->queue), request, G_PRIORITY_DEFAULT,
                                 NULL, submitted, submission);
    }
  while (pending > 0)
    g_main_context_iteration (NULL, TRUE);
}

void
story_cancel (Story *self, const char *id)
{
  Fact *fact = ask (self, FACT_CANCEL, id);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = call_cancel (self->queue, id, &error);

  g_assert_no_error (error);
  said (fact);
}

/* The machine of the job says something. */
static BuildqSyncReply *
send (Story *self, const char *key, const char *members, int slots)
{
  g_autofree char *json
      = g_strdup_printf (MESSAGE, key, key, ++self->seq, members, key, slots);
  g_autoptr (GError) error = NULL;
  BuildqSyncReply *reply = call_sync (self->queue, json, &error);

  g_assert_no_error (error);
  return reply;
}

void
story_lease (Story *self, const char *key)
{
  Fact *fact = ask (self, FACT_LEASE, key);
  g_autoptr (BuildqSyncReply) reply = send (self, key, "\"step\": \"attach\",", 1);
  GPtrArray *grants = buildq_sync_reply_get_grants (reply);
  g_autoptr (BuildqSyncReply) claimed = NULL;
  g_autofree char *claim = NULL;

  g_assert_cmpuint (grants->len, ==, 1);
  fact->token = g_strdup (buildq_grant_get_token (grants->pdata[0]));
  said (fact);
  claim = g_strdup_printf ("\"claims\": [\"%s\"],", fact->token);
  claimed = send (self, key, claim, 1);
}

void
story_release (Story *self, const char *key)
{
  Fact *lease = find_lease (self, key);
  const char *token = lease->token;
  g_autofree char *members
      = g_strdup_printf ("\"step\": \"attach\", \"holding\": [\"%s\"], \"releases\":"
                         " [\"%s\"],",
                         token, token);
  g_autoptr (BuildqSyncReply) reply = NULL;

  lease->given_back = crash_vfs_count ();
  reply = send (self, key, members, 0);
}

/* Attaches anew with the lease, and hands in a result for it. */
static BuildqVerdict
hand_in (Story *self, const char *key, const char *token, BuildqOutcome outcome)
{
  g_autofree char *members = g_strdup_printf (
      "\"step\": \"attach\", \"holding\": [\"%s\"], \"results\": [{\"key\": \"%s\","
      " \"token\": \"%s\", \"outcome\": \"%s\"}],",
      token, key, token, buildq_outcome_to_string (outcome));
  g_autoptr (BuildqSyncReply) reply = send (self, key, members, 0);
  GPtrArray *receipts = buildq_sync_reply_get_receipts (reply);

  g_assert_cmpuint (receipts->len, ==, 1);
  return buildq_receipt_get_verdict (receipts->pdata[0]);
}

void
story_end (Story *self, const char *key, BuildqOutcome outcome)
{
  Fact *fact = ask (self, FACT_RESULT, key);

  fact->token = g_strdup (find_lease (self, key)->token);
  fact->state = outcome == BUILDQ_OUTCOME_SUCCEEDED ? BUILDQ_JOB_STATE_SUCCEEDED
                                                    : BUILDQ_JOB_STATE_FAILED;
  g_assert_cmpint (hand_in (self, key, fact->token, outcome), ==,
                   BUILDQ_VERDICT_ACCEPTED);
  said (fact);
}
