/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * growth JOBS CYCLES JOURNAL: fills a queue, does some of the jobs, starts it again.
 * growth JOURNAL REQUEST.json: submits one request.
 * Prints KEY=VALUE for each thing that was measured.
 */
#include <buildq/buildq.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define REQUEST_JOBS 10000

typedef struct
{
  BuildqQueue *queue;
  GAsyncResult *answer;
  guint seq;
} Bench;

static void
check (const GError *error)
{
  if (error == NULL)
    return;
  g_printerr ("growth: %s\n", error->message);
  exit (1);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Bench *) data)->answer = g_object_ref (result);
}

static void
wait_for_answer (Bench *self)
{
  while (self->answer == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static double
now_s (void)
{
  return (double) g_get_monotonic_time () / G_USEC_PER_SEC;
}

static double
cpu_s (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / G_USEC_PER_SEC;
}

static double
resident_bytes (void)
{
  g_autofree char *text = NULL;
  long pages = 0;

  malloc_trim (0);
  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    sscanf (text, "%*s %ld", &pages);
  return (double) pages * (double) sysconf (_SC_PAGESIZE);
}

static void
open_queue (Bench *self, const char *path)
{
  g_autoptr (GError) error = NULL;

  self->queue = buildq_queue_new_for_uri (path, NULL, &error);
  check (error);
}

/* The journal is closed when the thread that writes it is through. */
static void
close_queue (Bench *self)
{
  g_clear_object (&self->queue);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
submit (Bench *self, BuildqRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestStatus) status = NULL;

  buildq_queue_submit_async (self->queue, request, 0, NULL, answered, self);
  wait_for_answer (self);
  status = buildq_queue_submit_finish (self->queue, self->answer, &error);
  check (error);
  g_clear_object (&self->answer);
}

/* Like a derivation: a path of 80 bytes, a command, an output. */
static BuildqRequest *
make_request (guint first, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequestBuilder) builder = buildq_request_builder_new ();
  g_autofree char *id = g_strdup_printf ("request-%u", first);
  BuildqRequest *request;

  buildq_request_builder_set_id (builder, id);
  for (guint i = first; i < first + n; i++)
    {
      g_autoptr (BuildqJobBuilder) job = buildq_job_builder_new ();
      g_autoptr (BuildqJob) built = NULL;
      g_autoptr (BuildqOutput) out = buildq_output_new ("out", NULL);
      g_autofree char *key = g_strdup_printf (
          "/gnu/store/"
          "00000000000000000000%012u-package-with-a-name-of-usual-length-1.0.drv",
          i);

      buildq_job_builder_set_key (job, key);
      buildq_job_builder_set_kind (job, "command");
      buildq_job_builder_set_system (job, "x86_64-linux");
      buildq_job_builder_set_argv (job, (const char *const[]){ "make", "install", NULL });
      buildq_job_builder_add_output (job, out);
      built = buildq_job_builder_build (job, &error);
      check (error);
      buildq_request_builder_add_job (builder, built);
    }
  request = buildq_request_builder_build (builder, &error);
  check (error);
  return request;
}

static BuildqSyncReply *
say (Bench *self, const char *more)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json = g_strdup_printf (
      "{\"session\": \"s\", \"name\": \"ant\", \"seq\": %u%s}", ++self->seq, more);
  g_autoptr (BuildqSyncMessage) message
      = buildq_sync_message_new_from_json (json, &error);
  BuildqSyncReply *reply;

  check (error);
  buildq_queue_sync_async (self->queue, message, 0, NULL, answered, self);
  wait_for_answer (self);
  reply = buildq_queue_sync_finish (self->queue, self->answer, &error);
  check (error);
  g_clear_object (&self->answer);
  return reply;
}

/* One message brings the result of one job, and fetches the next. */
static char *
result_of (BuildqSyncReply *reply)
{
  g_autoptr (GPtrArray) grants = buildq_sync_reply_get_grants (reply);
  BuildqGrant *grant;

  g_assert (grants->len == 1);
  grant = g_ptr_array_index (grants, 0);
  return g_strdup_printf (
      ", \"claims\": [\"%s\"], \"results\": [{\"key\": \"%s\", \"token\": \"%s\","
      " \"attempt\": 1, \"outcome\": \"failed\"}]",
      buildq_grant_get_token (grant), buildq_job_get_key (buildq_grant_get_job (grant)),
      buildq_grant_get_token (grant));
}

static char *
attach (Bench *self)
{
  g_autoptr (BuildqSyncReply) reply
      = say (self, ", \"step\": \"attach\", \"offer\": {\"groups\": [{\"systems\":"
                   " [\"x86_64-linux\"], \"kinds\": [\"command\"], \"slots\": 1}]}");

  return result_of (reply);
}

static void
work (Bench *self, guint cycles)
{
  g_autofree char *more = attach (self);
  double start_s = now_s (), start_cpu_s = cpu_s ();

  for (guint i = 0; i < cycles; i++)
    {
      g_autoptr (BuildqSyncReply) reply = say (self, more);

      g_free (more);
      more = result_of (reply);
    }
  g_print ("cycle_us=%.1f\ncycle_cpu_us=%.1f\n", (now_s () - start_s) / cycles * 1e6,
           (cpu_s () - start_cpu_s) / cycles * 1e6);
}

static void
grow (Bench *self, guint jobs, guint cycles, const char *path)
{
  double before, start_s;

  open_queue (self, path);
  before = resident_bytes ();
  start_s = now_s ();
  for (guint first = 0; first < jobs; first += REQUEST_JOBS)
    {
      g_autoptr (BuildqRequest) request
          = make_request (first, MIN (REQUEST_JOBS, jobs - first));

      submit (self, request);
    }
  g_print ("submit_s=%.3f\n", now_s () - start_s);
  g_print ("bytes_a_job=%.0f\n", (resident_bytes () - before) / jobs);
  work (self, cycles);
  close_queue (self);
  start_s = now_s ();
  open_queue (self, path);
  self->seq = 0;
  g_free (attach (self));
  g_print ("restart_s=%.3f\n", now_s () - start_s);
  close_queue (self);
}

static void
submit_file (Bench *self, const char *path, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  g_autoptr (BuildqRequest) request = NULL;
  double start_s;

  g_file_get_contents (file, &json, NULL, &error);
  check (error);
  open_queue (self, path);
  start_s = now_s ();
  request = buildq_request_new_from_json (json, &error);
  check (error);
  g_print ("parse_s=%.3f\n", now_s () - start_s);
  submit (self, request);
  g_print ("graph_s=%.3f\n", now_s () - start_s);
  close_queue (self);
}

int
main (int argc, char *argv[])
{
  Bench self = { NULL };

  if (argc == 4)
    grow (&self, (guint) atoi (argv[1]), (guint) atoi (argv[2]), argv[3]);
  else if (argc == 3)
    submit_file (&self, argv[1], argv[2]);
  else
    return 2;
  return 0;
}
