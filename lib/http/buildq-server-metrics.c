/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * How the queue and the server do, for machines: /healthz, /metrics in the text format
 * 0.0.4 of Prometheus, and the same numbers of the queue as JSON.
 */
#include "config.h"

#include "http/buildq-server-private.h"

#include <string.h>

#include <buildq/buildq-sample.h>
#include <buildq/buildq-stats.h>

#include "core/buildq-thread.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static const struct
{
  const char *name;
  const char *help;
} families[] = {
  { "build_info", "What answers: its value is always 1." },
  { "uptime_us", "Time since the server was made." },
  { "queue_up", "Whether the queue can commit: 1 or 0." },
  { "jobs", "Jobs of the queue by class and state." },
  { "jobs_submitted_total", "Jobs that were submitted, and new." },
  { "leases_granted_total", "Jobs that were offered to a machine." },
  { "requests_active", "Requests that are not finished." },
  { "requests_submitted_total", "Requests that were submitted, and new." },
  { "sessions", "Machines by whether they are connected." },
  { "workers", "Machines by what they do." },
  { "slots", "Leases that the connected machines can hold at once." },
  { "leases_held", "Leases that machines hold or are offered." },
  { "leases_lapsed_total", "Offers that were not claimed in time." },
  { "leases_lost_total", "Leases whose holder was not heard of any more." },
  { "results_total", "Results by their outcome, and what was said to them." },
  { "retries_total", "Attempts that ended so that the job is tried again." },
  { "journal_commits_total", "Commits to the journal." },
  { "journal_commit_us_total", "Time that these commits took." },
  { "journal_entries_total", "Changes that were written with these commits." },
  { "journal_bytes", "Size of the journal." },
  { "journal_log_bytes", "Size of its write-ahead log." },
  { "http_answers_total", "Answers by method, path and class of status." },
  { "http_received_bytes_total", "Bodies of requests by method and path." },
  { "http_sent_bytes_total", "Bodies of answers by method and path." },
  { "websocket_connections", "WebSockets that are open." },
  { "websocket_messages_received_total", "Messages that came by WebSocket." },
  { "websocket_messages_sent_total", "Messages that left by WebSocket." },
  { "received_bytes_total", "What came over all connections, as TCP counts it." },
  { "sent_bytes_total", "What left over all connections, as TCP counts it." },
};

/* --- what the server counts --- */

void
_buildq_server_count_answer (
    BuildqServer *self, const Route *route, guint status, gint64 received, gint64 sent)
{
  guint place = route != NULL ? (guint) (route - _buildq_routes) : _buildq_n_routes;
  RouteCount *count = &self->counts[place];

  count->received += received;
  count->sent += sent;
  if (status >= 100 && status < 600)
    count->answers[status / 100 - 1]++;
}

static const Route *
nth_route (guint i)
{
  static const Route other = { "other", "other", 0, 0, NULL };

  return i < _buildq_n_routes ? &_buildq_routes[i] : &other;
}

static void
add_answers (BuildqServer *self, BuildqStats *stats)
{
  for (guint i = 0; i <= _buildq_n_routes; i++)
    for (guint j = 0; j < ANSWER_CLASSES; j++)
      {
        const char code[] = { (char) ('1' + j), 'x', 'x', '\0' };

        if (self->counts[i].answers[j] > 0)
          _buildq_stats_add (stats, "http_answers_total", self->counts[i].answers[j],
                             "method", nth_route (i)->method, "path", nth_route (i)->path,
                             "code", code, NULL);
      }
  for (guint i = 0; i <= _buildq_n_routes; i++)
    if (self->counts[i].received > 0)
      _buildq_stats_add (stats, "http_received_bytes_total", self->counts[i].received,
                         "method", nth_route (i)->method, "path", nth_route (i)->path,
                         NULL);
  for (guint i = 0; i <= _buildq_n_routes; i++)
    if (self->counts[i].sent > 0)
      _buildq_stats_add (stats, "http_sent_bytes_total", self->counts[i].sent, "method",
                         nth_route (i)->method, "path", nth_route (i)->path, NULL);
}

static BuildqStats *
own_stats (BuildqServer *self, gboolean queue_up)
{
  BuildqStats *stats = _buildq_value_new (&_buildq_stats_info);

  _buildq_socket_count_all (self);
  _buildq_stats_add (stats, "build_info", 1, "version", PACKAGE_VERSION, "protocol",
                     G_STRINGIFY (BUILDQ_PROTOCOL_VERSION), NULL);
  _buildq_stats_add (stats, "uptime_us", _buildq_clock_now () - self->made_us, NULL);
  _buildq_stats_add (stats, "queue_up", queue_up, NULL);
  add_answers (self, stats);
  _buildq_stats_add (stats, "websocket_connections", g_hash_table_size (self->channels),
                     NULL);
  _buildq_stats_add (stats, "websocket_messages_received_total", self->messages_received,
                     NULL);
  _buildq_stats_add (stats, "websocket_messages_sent_total", self->messages_sent, NULL);
  _buildq_stats_add (stats, "received_bytes_total", self->received_bytes, NULL);
  _buildq_stats_add (stats, "sent_bytes_total", self->sent_bytes, NULL);
  return stats;
}

/* --- as text --- */

/* Another queue may have sent anything. */
static gboolean
is_name (const char *name)
{
  return name[0] != '\0' && !g_ascii_isdigit (name[0])
         && strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen (name);
}

static void
append_label (GString *text, const char *label)
{
  const char *value = strchr (label, '=');
  g_autofree char *name = value != NULL ? g_strndup (label, value - label) : NULL;

  if (name == NULL || !is_name (name))
    return;
  g_string_append_printf (text, "%s%s=\"", g_str_has_suffix (text->str, "{") ? "" : ",",
                          name);
  for (const char *p = value + 1; *p != '\0'; p++)
    if (*p == '\n')
      g_string_append (text, "\\n");
    else
      {
        if (*p == '"' || *p == '\\')
          g_string_append_c (text, '\\');
        g_string_append_c (text, *p);
      }
  g_string_append_c (text, '"');
}

/* The name in Prometheus' words: times are in seconds. */
static char *
metric_name (const char *name, gboolean *is_time)
{
  const char *unit = strstr (name, "_us");

  *is_time = unit != NULL && (unit[3] == '\0' || strcmp (unit + 3, "_total") == 0);
  if (!*is_time)
    return g_strconcat ("buildq_", name, NULL);
  return g_strdup_printf ("buildq_%.*s_seconds%s", (int) (unit - name), name, unit + 3);
}

static void
append_head (GString *text, const char *name, const char *metric)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (strcmp (families[i].name, name) == 0)
      g_string_append_printf (text, "# HELP %s %s\n", metric, families[i].help);
  g_string_append_printf (text, "# TYPE %s %s\n", metric,
                          g_str_has_suffix (metric, "_total") ? "counter" : "gauge");
}

static void
append_sample (GString *text, const BuildqSample *sample, const char *last)
{
  gboolean is_time;
  g_autofree char *metric = metric_name (sample->name, &is_time);

  if (g_strcmp0 (last, sample->name) != 0)
    append_head (text, sample->name, metric);
  g_string_append (text, metric);
  if (sample->labels[0] != NULL)
    {
      g_string_append_c (text, '{');
      for (char **p = sample->labels; *p != NULL; p++)
        append_label (text, *p);
      g_string_append_c (text, '}');
    }
  if (is_time)
    g_string_append_printf (text, " %.6f\n", (double) sample->value / G_USEC_PER_SEC);
  else
    g_string_append_printf (text, " %" G_GINT64_FORMAT "\n", sample->value);
}

static void
append_stats (GString *text, const BuildqStats *stats)
{
  const char *last = NULL;

  for (guint i = 0; i < stats->samples->len; i++)
    {
      const BuildqSample *sample = stats->samples->pdata[i];

      if (!is_name (sample->name))
        continue;
      append_sample (text, sample, last);
      last = sample->name;
    }
}

/* --- the paths --- */

static void
metrics_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupServerMessage) msg = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqStats) stats
      = buildq_queue_get_stats_finish (BUILDQ_QUEUE (queue), result, &error);
  g_autoptr (BuildqStats) own = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GString *text = g_string_new (NULL);
  Exchange *self = _buildq_exchange_resume (msg);

  if (self->server != NULL)
    {
      own = own_stats (self->server, stats != NULL);
      append_stats (text, own);
    }
  if (stats != NULL)
    append_stats (text, stats);
  bytes = g_string_free_to_bytes (text);
  _buildq_exchange_send (self, 200, METRICS_TYPE, bytes);
}

/* Answers also when the queue cannot: that is when one looks. */
void
_buildq_handle_metrics (Exchange *self)
{
  buildq_queue_get_stats_async (self->server->queue, G_PRIORITY_DEFAULT, NULL,
                                metrics_ready, _buildq_exchange_pause (self));
}

static void
health_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupServerMessage) msg = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqStats) stats
      = buildq_queue_get_stats_finish (BUILDQ_QUEUE (queue), result, &error);
  Exchange *self = _buildq_exchange_resume (msg);

  /* A queue elsewhere that cannot be asked has at least answered. */
  if (stats != NULL || g_error_matches (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND))
    _buildq_exchange_answer (self, 200, g_strdup ("{\"status\":\"ok\"}"));
  else
    _buildq_exchange_refuse (self, 503, error);
}

void
_buildq_handle_health (Exchange *self)
{
  buildq_queue_get_stats_async (self->server->queue, G_PRIORITY_DEFAULT, NULL,
                                health_ready, _buildq_exchange_pause (self));
}

static void
stats_ready (GObject *queue, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupServerMessage) msg = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqStats) stats
      = buildq_queue_get_stats_finish (BUILDQ_QUEUE (queue), result, &error);
  Exchange *self = _buildq_exchange_resume (msg);

  if (stats != NULL)
    _buildq_exchange_answer (self, 200, buildq_stats_to_json (stats));
  else
    _buildq_exchange_refuse (self, 0, error);
}

void
_buildq_handle_stats (Exchange *self)
{
  buildq_queue_get_stats_async (self->server->queue, G_PRIORITY_DEFAULT, NULL,
                                stats_ready, _buildq_exchange_pause (self));
}
