/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The page at "/": what the queue does, for people, without a script. It is as large as
 * there are classes and machines, however many jobs there are.
 */
#include "config.h"

#include "http/buildq-server-private.h"

#include <string.h>

#include <buildq/buildq-job-page.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-stats.h>
#include <buildq/buildq-worker-status.h>

#include "core/buildq-thread.h"

#define REFRESH_S "10"
#define MAX_WORKERS 200
#define MAX_JOBS 200
#define MAX_CHARS 200 /* of a name or a message */
#define MAX_LOG_BYTES (64 * 1024)
#define MAX_NAMES 5

static const char style[]
    = ":root{color-scheme:light dark;font:15px/1.4 system-ui,sans-serif}"
      "body{margin:1.5em auto;padding:0 1em;max-width:72em}"
      "h1{font-size:1.4em}h2{font-size:1.1em;margin:1.6em 0 .4em}"
      "table{border-collapse:collapse;width:100%}"
      "th,td{text-align:left;padding:.2em .8em .2em 0;vertical-align:top;"
      "border-bottom:1px solid #8884;overflow-wrap:anywhere}"
      "th{font-weight:600}.n{text-align:right}"
      ".succeeded,.ready{color:#2a7d2a}.failed,.away{color:#c22}"
      ".dep-failed,.gated,.paused{color:#b60}"
      "pre{overflow:auto;padding:.8em;background:#8882}"
      "@media(prefers-color-scheme:dark){.succeeded,.ready{color:#7c7}"
      ".failed,.away{color:#f88}.dep-failed,.gated,.paused{color:#fb6}}";

/* What is being gathered. */
typedef struct
{
  SoupServerMessage *msg;
  BuildqStats *stats;
  GPtrArray *workers;
  guint next; /* of the jobs that ended */
  GString *html;
} Page;

static void
page_free (Page *self)
{
  g_clear_object (&self->msg);
  g_clear_pointer (&self->stats, buildq_stats_unref);
  g_clear_pointer (&self->workers, g_ptr_array_unref);
  if (self->html != NULL)
    g_string_free (self->html, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Page, page_free)

/* --- text --- */

static gboolean
is_visible (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* some change the direction of what follows */
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
      return c == '\n' || c == '\t';
    default:
      return TRUE;
    }
}

/* Text from anybody. */
static void
add_text (GString *html, const char *text, glong max_chars)
{
  const char *p = text;

  for (glong n = 0; *p != '\0' && n < max_chars; p = g_utf8_next_char (p), n++)
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '<')
        g_string_append (html, "&lt;");
      else if (c == '&')
        g_string_append (html, "&amp;");
      else if (c == '"')
        g_string_append (html, "&quot;");
      else
        g_string_append_unichar (html, is_visible (c) ? c : 0xFFFD);
    }
  if (*p != '\0')
    g_string_append (html, "…");
}

/* One cell; @class is one of our own words, or NULL. */
static void
add_cell (GString *html, const char *class, const char *text)
{
  g_string_append (html, "<td");
  if (class != NULL)
    g_string_append_printf (html, " class=\"%s\"", class);
  g_string_append_c (html, '>');
  add_text (html, text != NULL ? text : "", MAX_CHARS);
  g_string_append (html, "</td>");
}

static void
add_number (GString *html, gint64 number)
{
  g_string_append_printf (html, "<td class=\"n\">%" G_GINT64_FORMAT "</td>", number);
}

static void
add_link (GString *html, const char *what, const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);

  g_string_append_printf (html, "<td><a href=\"?%s=%s\">", what, escaped);
  add_text (html, name, MAX_CHARS);
  g_string_append (html, "</a></td>");
}

static char *
format_time (gint64 us)
{
  gint64 s = MAX (us, 0) / G_USEC_PER_SEC;

  if (s < 120)
    return g_strdup_printf ("%" G_GINT64_FORMAT " s", s);
  if (s < 120 * 60)
    return g_strdup_printf ("%" G_GINT64_FORMAT " min", s / 60);
  if (s < 48 * 3600)
    return g_strdup_printf ("%" G_GINT64_FORMAT " h", s / 3600);
  return g_strdup_printf ("%" G_GINT64_FORMAT " d", s / 86400);
}

static void
add_age (GString *html, gint64 when_us)
{
  g_autofree char *age
      = when_us > 0 ? format_time (_buildq_clock_real () - when_us) : g_strdup ("");

  g_string_append_printf (html, "<td class=\"n\">%s</td>", age);
}

static char *
join_some (char **names)
{
  guint length = g_strv_length (names);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MIN (length, MAX_NAMES); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", names[i]);
  if (length > MAX_NAMES)
    g_string_append_printf (text, " and %u more", length - MAX_NAMES);
  return g_string_free (text, FALSE);
}

static GString *
begin_html (const char *title)
{
  GString *html
      = g_string_new ("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                      "<meta name=\"viewport\" content=\"width=device-width\">"
                      "<meta name=\"color-scheme\" content=\"light dark\"><title>");

  add_text (html, title, MAX_CHARS);
  g_string_append_printf (html, "</title><style>%s</style></head>\n<body><h1>", style);
  add_text (html, title, MAX_CHARS);
  g_string_append (html, "</h1>\n");
  return html;
}

/* Nothing but the style of the page is loaded or run, whatever it says. */
static void
send_html (Exchange *self, GString *html, gboolean refresh)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->msg);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *hash = NULL, *policy = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint8 digest[32];
  gsize size = sizeof digest;

  g_checksum_update (checksum, (const guchar *) style, sizeof style - 1);
  g_checksum_get_digest (checksum, digest, &size);
  hash = g_base64_encode (digest, size);
  policy = g_strdup_printf ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
                            "form-action 'none'; frame-ancestors 'none'",
                            hash);
  soup_message_headers_replace (headers, "Content-Security-Policy", policy);
  soup_message_headers_replace (headers, "Referrer-Policy", "no-referrer");
  if (refresh)
    soup_message_headers_replace (headers, "Refresh", REFRESH_S);
  g_string_append_printf (html, "<p>%s %s</p></body></html>\n", PACKAGE_NAME,
                          PACKAGE_VERSION);
  bytes = g_string_free_to_bytes (html);
  _buildq_exchange_send (self, 200, "text/html; charset=utf-8", bytes);
}

/* --- the queue --- */

static const char *
label_of (const BuildqSample *sample, const char *name)
{
  gsize length = strlen (name);

  for (char **p = sample->labels; *p != NULL; p++)
    if (strncmp (*p, name, length) == 0 && (*p)[length] == '=')
      return *p + length + 1;
  return "";
}

static gboolean
is_same_class (const BuildqSample *a, const BuildqSample *b)
{
  return b != NULL && strcmp (label_of (a, "kind"), label_of (b, "kind")) == 0
         && strcmp (label_of (a, "system"), label_of (b, "system")) == 0
         && strcmp (label_of (a, "features"), label_of (b, "features")) == 0;
}

/* The samples of a class follow each other, in the order of the states. */
static void
add_classes (GString *html, BuildqStats *stats)
{
  const BuildqSample *last = NULL;

  g_string_append (html, "<h2>Jobs</h2>\n<table><thead><tr><th>kind</th><th>system</th>"
                         "<th>features</th>");
  for (int i = 0; i <= BUILDQ_JOB_STATE_CANCELLED; i++)
    g_string_append_printf (html, "<th class=\"n\">%s</th>",
                            buildq_job_state_to_string (i));
  g_string_append (html, "</tr></thead><tbody>\n");
  for (guint i = 0; i < stats->samples->len; i++)
    {
      const BuildqSample *sample = stats->samples->pdata[i];

      if (strcmp (sample->name, "jobs") != 0)
        continue;
      if (!is_same_class (sample, last))
        {
          g_string_append (html, last != NULL ? "</tr>\n<tr>" : "<tr>");
          add_cell (html, NULL, label_of (sample, "kind"));
          add_cell (html, NULL, label_of (sample, "system"));
          add_cell (html, NULL, label_of (sample, "features"));
        }
      add_number (html, sample->value);
      last = sample;
    }
  g_string_append (html, last != NULL ? "</tr></tbody></table>\n" : "</tbody></table>\n");
}

static void
add_workers (GString *html, GPtrArray *workers)
{
  g_string_append (html, "<h2>Machines</h2>\n<table><thead><tr><th>name</th>"
                         "<th>state</th><th>why</th><th>jobs</th>"
                         "<th class=\"n\">heard of</th></tr></thead><tbody>\n");
  for (guint i = 0; i < MIN (workers->len, MAX_WORKERS); i++)
    {
      const BuildqWorkerStatus *worker = workers->pdata[i];
      const char *state = buildq_worker_state_to_string (worker->state);
      g_autofree char *reasons = join_some (worker->reasons);
      g_autofree char *holding = join_some (worker->holding);

      g_string_append (html, "<tr>");
      add_cell (html, NULL, worker->name);
      add_cell (html, state, state);
      add_cell (html, NULL, reasons);
      add_cell (html, NULL, holding);
      add_age (html, worker->seen_us);
      g_string_append (html, "</tr>\n");
    }
  g_string_append (html, "</tbody></table>\n");
  if (workers->len > MAX_WORKERS)
    g_string_append_printf (html, "<p>and %u more</p>\n", workers->len - MAX_WORKERS);
}

static void
add_progress (GString *html, const BuildqRequestStatus *request)
{
  gint64 done
      = request->succeeded + request->failed + request->dep_failed + request->cancelled;

  g_string_append_printf (
      html,
      "<td><progress max=\"%" G_GINT64_FORMAT "\" value=\"%" G_GINT64_FORMAT
      "\"></progress> %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT "</td>",
      MAX (request->total, 1), MIN (done, MAX (request->total, 1)), done, request->total);
}

static void
add_requests (GString *html, BuildqStats *stats)
{
  g_string_append (html,
                   "<h2>Requests</h2>\n<table><thead><tr><th>request</th><th>group</th>"
                   "<th>by</th><th>done</th><th class=\"n\">running</th>"
                   "<th class=\"n\">failed</th><th class=\"n\">age</th></tr></thead>"
                   "<tbody>\n");
  for (guint i = 0; i < stats->requests->len; i++)
    {
      const BuildqRequestStatus *request = stats->requests->pdata[i];

      g_string_append (html, "<tr>");
      add_link (html, "request", request->id != NULL ? request->id : "");
      add_cell (html, NULL, request->group);
      add_cell (html, NULL, request->submitter);
      add_progress (html, request);
      add_number (html, request->leased);
      add_number (html, request->failed + request->dep_failed);
      add_age (html, request->created_us);
      g_string_append (html, "</tr>\n");
    }
  g_string_append (html, "</tbody></table>\n");
}

static void
add_jobs_head (GString *html, const char *title)
{
  g_string_append_printf (html,
                          "<h2>%s</h2>\n<table><thead><tr><th>job</th><th>state</th>"
                          "<th>outcome</th><th>machine</th><th class=\"n\">took</th>"
                          "<th>what was said</th></tr></thead><tbody>\n",
                          title);
}

static void
add_job (GString *html, const BuildqJobStatus *job)
{
  const char *state = buildq_job_state_to_string (job->state);
  const BuildqResult *result = job->result;
  g_autofree char *took = result != NULL && result->started_us > 0
                              ? format_time (result->finished_us - result->started_us)
                              : NULL;

  g_string_append (html, "<tr>");
  add_link (html, "job", job->key);
  add_cell (html, state, state);
  add_cell (html, NULL, result != NULL ? buildq_outcome_to_string (result->outcome) : "");
  add_cell (html, NULL, job->worker);
  add_cell (html, "n", took);
  add_cell (html, NULL, job->message);
  g_string_append (html, "</tr>\n");
}

/* --- gathering --- */

static void
fail (Page *page, const GError *error)
{
  _buildq_exchange_refuse (_buildq_exchange_resume (page->msg), 0, error);
}

static void next_ended (Page *page);

static void
ended_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  Page *page = data;
  g_autoptr (BuildqJobStatus) job
      = buildq_queue_get_job_finish (BUILDQ_QUEUE (queue), result, NULL);

  if (job != NULL) /* else it was forgotten meanwhile */
    add_job (page->html, job);
  next_ended (page);
}

static void
next_ended (Page *page)
{
  Exchange *self = _buildq_exchange_resume (page->msg);
  const char *key = page->stats->ended[page->next];

  if (key != NULL && self->server != NULL)
    {
      page->next++;
      buildq_queue_get_job_async (self->server->queue, key, G_PRIORITY_DEFAULT, NULL,
                                  ended_ready, page);
      return;
    }
  g_string_append (page->html, "</tbody></table>\n");
  send_html (self, g_steal_pointer (&page->html), TRUE);
  page_free (page);
}

static void
workers_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (Page) page = data;
  g_autoptr (GError) error = NULL;

  page->workers = buildq_queue_list_workers_finish (BUILDQ_QUEUE (queue), result, &error);
  if (page->workers == NULL)
    {
      fail (page, error);
      return;
    }
  page->html = begin_html ("Build queue");
  add_classes (page->html, page->stats);
  add_workers (page->html, page->workers);
  add_requests (page->html, page->stats);
  add_jobs_head (page->html, "Ended last");
  next_ended (g_steal_pointer (&page));
}

static void
stats_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (Page) page = data;
  g_autoptr (GError) error = NULL;

  page->stats = buildq_queue_get_stats_finish (BUILDQ_QUEUE (queue), result, &error);
  if (page->stats == NULL)
    {
      fail (page, error);
      return;
    }
  buildq_queue_list_workers_async (BUILDQ_QUEUE (queue), G_PRIORITY_DEFAULT, NULL,
                                   workers_ready, g_steal_pointer (&page));
}

/* --- a request, a job --- */

static void
jobs_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (Page) page = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobPage) jobs
      = buildq_queue_list_jobs_finish (BUILDQ_QUEUE (queue), result, &error);

  if (jobs == NULL)
    {
      fail (page, error);
      return;
    }
  add_jobs_head (page->html, "Jobs");
  for (guint i = 0; i < jobs->jobs->len; i++)
    add_job (page->html, jobs->jobs->pdata[i]);
  g_string_append (page->html, "</tbody></table>\n");
  if (jobs->next != 0)
    g_string_append (page->html, "<p>and more: buildq status REQUEST</p>\n");
  send_html (_buildq_exchange_resume (page->msg), g_steal_pointer (&page->html), TRUE);
}

static void
request_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (Page) page = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) request
      = buildq_queue_get_request_finish (BUILDQ_QUEUE (queue), result, &error);
  g_autoptr (BuildqQuery) query = NULL;

  if (request == NULL)
    {
      fail (page, error);
      return;
    }
  page->html = begin_html (request->id);
  g_string_append_printf (page->html, "<table><tbody><tr><th>%s</th>",
                          buildq_request_state_to_string (request->state));
  add_progress (page->html, request);
  g_string_append (page->html, "</tr></tbody></table>\n");
  query = buildq_query_new (request->id, NULL, 0, MAX_JOBS);
  buildq_queue_list_jobs_async (BUILDQ_QUEUE (queue), query, G_PRIORITY_DEFAULT, NULL,
                                jobs_ready, g_steal_pointer (&page));
}

/* The end of the log, from the beginning of a character on. */
static void
add_log (GString *html, const char *log)
{
  gsize length = strlen (log);
  const char *start = length > MAX_LOG_BYTES ? log + length - MAX_LOG_BYTES : log;

  while (start > log && (*start & 0xC0) == 0x80)
    start++;
  g_string_append (html, "<h2>The end of the log</h2>\n<pre>\n");
  add_text (html, start, MAX_LOG_BYTES);
  g_string_append (html, "</pre>\n");
}

static void
job_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (Page) page = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqJobStatus) job
      = buildq_queue_get_job_finish (BUILDQ_QUEUE (queue), result, &error);

  if (job == NULL)
    {
      fail (page, error);
      return;
    }
  page->html = begin_html (job->key);
  add_jobs_head (page->html, "Job");
  add_job (page->html, job);
  g_string_append (page->html, "</tbody></table>\n");
  if (job->result != NULL && job->result->log_tail != NULL)
    add_log (page->html, job->result->log_tail);
  send_html (_buildq_exchange_resume (page->msg), g_steal_pointer (&page->html),
             !buildq_job_state_is_final (job->state));
}

void
_buildq_handle_page (Exchange *self)
{
  const char *query = g_uri_get_query (soup_server_message_get_uri (self->msg));
  g_autoptr (GHashTable) params
      = g_uri_parse_params (query != NULL ? query : "", -1, "&", G_URI_PARAMS_NONE, NULL);
  const char *request = params != NULL ? g_hash_table_lookup (params, "request") : NULL;
  const char *job = params != NULL ? g_hash_table_lookup (params, "job") : NULL;
  BuildqQueue *queue = self->server->queue;
  Page *page = g_new0 (Page, 1);

  page->msg = _buildq_exchange_pause (self);
  if (request != NULL)
    buildq_queue_get_request_async (queue, request, G_PRIORITY_DEFAULT, NULL,
                                    request_ready, page);
  else if (job != NULL)
    buildq_queue_get_job_async (queue, job, G_PRIORITY_DEFAULT, NULL, job_ready, page);
  else
    buildq_queue_get_stats_async (queue, G_PRIORITY_DEFAULT, NULL, stats_ready, page);
}
