/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What must be true of a queue that starts from what a disk kept.
 */
#include "config.h"

#include "crash-story.h"

#include <sqlite3.h>

/* What no journal of a working queue holds; each counts what is wrong. The states are
 * those of BuildqJobState, in its order. */
static const struct
{
  const char *what;
  const char *sql;
} impossible[] = {
  { "a job without its text",
    "SELECT count(*) FROM jobs WHERE id NOT IN (SELECT id FROM job_texts)" },
  { "a dependency that is nowhere",
    "SELECT count(*) FROM deps WHERE job NOT IN (SELECT id FROM jobs)"
    " OR dep NOT IN (SELECT id FROM jobs)" },
  { "a waiting job that waits for nothing",
    "SELECT count(*) FROM jobs WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM deps JOIN"
    " jobs AS d ON dep = d.id WHERE job = jobs.id AND d.state <> 3)" },
  { "a job that is ready, leased or done before its dependencies",
    "SELECT count(*) FROM jobs JOIN deps ON job = jobs.id JOIN jobs AS d ON dep = d.id"
    " WHERE jobs.state IN (1, 2, 3) AND d.state <> 3" },
  { "a leased job without its lease",
    "SELECT count(*) FROM jobs WHERE state = 2 AND NOT EXISTS (SELECT 1 FROM leases"
    " WHERE job = id AND leases.attempt = jobs.attempt)" },
  { "two leases for one attempt",
    "SELECT count(*) FROM (SELECT 1 FROM leases GROUP BY job, attempt HAVING count(*) > "
    "1)" },
  { "a job that succeeded without a result that says so",
    "SELECT count(*) FROM jobs WHERE state = 3 AND NOT EXISTS (SELECT 1 FROM results"
    " WHERE results.id = jobs.id AND json LIKE '%\"outcome\":\"succeeded\"%')" },
  { "a success of a job that is not finished",
    "SELECT count(*) FROM jobs JOIN results USING (id) WHERE state < 3"
    " AND json LIKE '%\"outcome\":\"succeeded\"%'" },
  { "a job that could not be built, though nothing failed",
    "SELECT count(*) FROM jobs WHERE state = 5 AND NOT EXISTS (SELECT 1 FROM deps JOIN"
    " jobs AS d ON dep = d.id WHERE job = jobs.id AND d.state IN (4, 5, 6))" },
  { "a job that nobody wants, and that is not cancelled",
    "SELECT count(*) FROM jobs WHERE state < 3 AND id NOT IN (SELECT job FROM"
    " request_jobs JOIN requests ON request = number WHERE requests.state = 0)" },
  { "a cancelled job that somebody wants",
    "SELECT count(*) FROM jobs JOIN request_jobs ON job = jobs.id JOIN requests ON"
    " request = number WHERE jobs.state = 6 AND requests.state = 0" },
  { "an active request that is done",
    "SELECT count(*) FROM requests WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM"
    " request_jobs JOIN jobs ON job = jobs.id WHERE request = number"
    " AND jobs.state < 3)" },
  { "a finished request whose jobs are not",
    "SELECT count(*) FROM requests JOIN request_jobs ON request = number JOIN jobs ON"
    " job = jobs.id WHERE requests.state IN (1, 2) AND jobs.state < 3" },
};

typedef struct
{
  Story *story;
  BuildqLocalQueue *queue;
  guint at;
  guint seq;
  char *problem; /* the first */
} Check;

static void G_GNUC_PRINTF (2, 3) problem (Check *check, const char *format, ...)
{
  va_list arguments;

  if (check->problem != NULL)
    return;
  va_start (arguments, format);
  check->problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

/* --- the tables --- */

static char *
ask_sql (sqlite3 *db, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  char *text = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW)
    text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  else
    text = g_strdup (sqlite3_errmsg (db));
  sqlite3_finalize (statement);
  return text;
}

static void
check_tables (Check *check, const char *path)
{
  g_autofree char *integrity = NULL;
  g_autofree char *version = NULL;
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  integrity = ask_sql (db, "PRAGMA integrity_check");
  if (!g_str_equal (integrity, "ok"))
    problem (check, "the database is damaged: %s", integrity);
  version = ask_sql (db, "PRAGMA user_version");
  for (guint i = 0; !g_str_equal (version, "0") && i < G_N_ELEMENTS (impossible); i++)
    {
      g_autofree char *count = ask_sql (db, impossible[i].sql);

      if (!g_str_equal (count, "0"))
        problem (check, "%s: %s", impossible[i].what, count);
    }
  sqlite3_close (db);
}

/* --- the facts --- */

static BuildqJobState
get_state (Check *check, const char *key)
{
  g_autoptr (BuildqJobStatus) job = call_get_job (check->queue, key, NULL);

  return job != NULL ? buildq_job_status_get_state (job) : BUILDQ_JOB_STATE_WAITING;
}

static gboolean
has_text (Check *check, const char *hash)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) text = NULL;

  buildq_queue_get_text_async (BUILDQ_QUEUE (check->queue), hash, G_PRIORITY_DEFAULT,
                               NULL, call_done, &result);
  text = buildq_queue_get_text_finish (BUILDQ_QUEUE (check->queue), call_wait (&result),
                                       NULL);
  return text != NULL;
}

static BuildqVerdict
send_success (Check *check, const Fact *fact, gboolean holding)
{
  g_autofree char *held
      = holding ? g_strdup_printf ("\"holding\": [\"%s\"],", fact->token) : g_strdup ("");
  g_autofree char *json = g_strdup_printf (
      "{\"session\": \"s-%s\", \"name\": \"of-%s\", \"seq\": %u, \"step\": \"attach\","
      " %s \"results\": [{\"key\": \"%s\", \"token\": \"%s\", \"outcome\": "
      "\"succeeded\"}]}",
      fact->what, fact->what, ++check->seq, held, fact->what, fact->token);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqSyncReply) reply = call_sync (check->queue, json, &error);
  GPtrArray *receipts;

  g_assert_no_error (error);
  receipts = buildq_sync_reply_get_receipts (reply);
  g_assert_cmpuint (receipts->len, ==, 1);
  return buildq_receipt_get_verdict (receipts->pdata[0]);
}

static gboolean
is_true (Check *check, const Fact *fact)
{
  g_autoptr (BuildqRequestStatus) request = NULL;
  g_autofree char *key = NULL;

  switch (fact->kind)
    {
    case FACT_KEY:
      key = buildq_key_to_public_string (buildq_local_queue_get_key (check->queue));
      return g_str_equal (key, fact->what);
    case FACT_TEXT:
      return has_text (check, fact->what);
    case FACT_REQUEST:
      request = call_get_request (check->queue, fact->what, NULL);
      return request != NULL;
    case FACT_CANCEL:
      request = call_get_request (check->queue, fact->what, NULL);
      return request != NULL
             && buildq_request_status_get_state (request)
                    == BUILDQ_REQUEST_STATE_CANCELLED;
    case FACT_RESULT:
      return get_state (check, fact->what) == fact->state;
    default:
      return TRUE;
    }
}

static void
check_fact (Check *check, const Fact *fact)
{
  static const char *const names[]
      = { "key", "text", "request", "cancelled request", "lease", "result" };
  gboolean found = is_true (check, fact);

  if (fact->said != 0 && fact->said <= check->at && !found)
    problem (check, "%s '%s' was acknowledged at %u, and is lost", names[fact->kind],
             fact->what, fact->said);
  /* Of the key it is not known before. */
  if (fact->asked > check->at && found && fact->kind != FACT_KEY
      && fact->kind != FACT_LEASE)
    problem (check, "%s '%s' is there, and is asked for only at %u", names[fact->kind],
             fact->what, fact->asked);
}

/* Whoever has a result accepted, or holds a lease, can go on: the job ends once. */
static void
check_goes_on (Check *check, const Fact *fact)
{
  gboolean done = buildq_job_state_is_final (get_state (check, fact->what));
  BuildqVerdict verdict;

  if (fact->said == 0 || fact->said > check->at
      || (fact->given_back != 0 && fact->given_back <= check->at))
    return;
  if (fact->kind == FACT_RESULT)
    {
      verdict = send_success (check, fact, FALSE);
      if (verdict != BUILDQ_VERDICT_DUPLICATE)
        problem (check, "the result of '%s', sent again, is %s", fact->what,
                 buildq_verdict_to_string (verdict));
    }
  else if (!done)
    {
      verdict = send_success (check, fact, TRUE);
      if (verdict != BUILDQ_VERDICT_ACCEPTED)
        problem (check, "the result for the lease of '%s' is %s", fact->what,
                 buildq_verdict_to_string (verdict));
      if (get_state (check, fact->what) != BUILDQ_JOB_STATE_SUCCEEDED
          || send_success (check, fact, FALSE) != BUILDQ_VERDICT_DUPLICATE)
        problem (check, "'%s' has not succeeded, and once", fact->what);
    }
}

static void
check_queue (Check *check, const char *path)
{
  g_autoptr (GError) error = NULL;

  check->queue = buildq_local_queue_new (path, &error);
  if (check->queue == NULL)
    {
      problem (check, "no queue starts from it: %s", error->message);
      return;
    }
  for (guint i = 0; i < check->story->facts->len; i++)
    check_fact (check, check->story->facts->pdata[i]);
  for (guint i = 0; check->problem == NULL && i < check->story->facts->len; i++)
    {
      const Fact *fact = check->story->facts->pdata[i];

      if (fact->kind == FACT_LEASE || fact->kind == FACT_RESULT)
        check_goes_on (check, fact);
    }
  g_clear_object (&check->queue);
}

char *
story_find_problem (Story *self, const char *path, guint at)
{
  Check check = { .story = self, .at = at };

  /* Before the queue has seen it: every other time, as looking is a recovery, too. */
  if (at % 2 == 0)
    check_tables (&check, path);
  if (check.problem == NULL)
    check_queue (&check, path);
  if (check.problem == NULL)
    check_tables (&check, path);
  return check.problem;
}
