/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What doc/protocol.md shows is read by the codec, and what it says to type works.
 */
#include "config.h"

#include <buildq/buildq-local-queue.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-server.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>

#include <glib/gstdio.h>
#include <string.h>

static char *
load_document (void)
{
  g_autofree char *path
      = g_test_build_filename (G_TEST_DIST, "..", "doc", "protocol.md", NULL);
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* The next block after *@place that begins with @fence, with what follows that on its
 * line. */
static char *
next_block (const char **place, const char *fence, char **kind)
{
  const char *start = strstr (*place, fence);
  const char *line, *end;

  if (start == NULL)
    return NULL;
  start += strlen (fence);
  line = strchr (start, '\n');
  end = strstr (line, "\n```");
  g_assert_nonnull (end);
  *place = end + 4;
  if (kind != NULL)
    *kind = g_strstrip (g_strndup (start, (gsize) (line - start)));
  return g_strndup (line + 1, (gsize) (end - line));
}

static gboolean
reads_as (const char *kind, const char *json, GError **error)
{
  if (strcmp (kind, "request") == 0)
    {
      g_autoptr (BuildqRequest) value = buildq_request_new_from_json (json, error);
      return value != NULL;
    }
  if (strcmp (kind, "request-status") == 0)
    {
      g_autoptr (BuildqRequestStatus) value
          = buildq_request_status_new_from_json (json, error);
      return value != NULL;
    }
  if (strcmp (kind, "sync-message") == 0)
    {
      g_autoptr (BuildqSyncMessage) value
          = buildq_sync_message_new_from_json (json, error);
      return value != NULL;
    }
  if (strcmp (kind, "offer") == 0)
    {
      g_autoptr (BuildqOffer) value = buildq_offer_new_from_json (json, error);
      return value != NULL;
    }
  if (strcmp (kind, "sync-reply") == 0)
    {
      g_autoptr (BuildqSyncReply) value = buildq_sync_reply_new_from_json (json, error);
      return value != NULL;
    }
  if (strcmp (kind, "result") == 0)
    {
      g_autoptr (BuildqResult) value = buildq_result_new_from_json (json, error);
      return value != NULL;
    }
  return strcmp (kind, "error") == 0;
}

static void
test_examples (void)
{
  g_autofree char *text = load_document ();
  const char *place = text;
  guint count = 0;

  for (;;)
    {
      g_autofree char *kind = NULL;
      g_autofree char *json = next_block (&place, "\n```json", &kind);
      g_autoptr (GError) error = NULL;
      gboolean ok;

      if (json == NULL)
        break;
      ok = reads_as (kind, json, &error);
      g_assert_no_error (error);
      g_assert_true (ok);
      count++;
    }
  g_assert_cmpuint (count, >=, 6);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer place)
{
  *(GAsyncResult **) place = g_object_ref (result);
}

static char *
collect_commands (void)
{
  g_autofree char *text = load_document ();
  const char *place = text;
  GString *script = g_string_new ("set -eux\n");
  char *block;

  while ((block = next_block (&place, "\n```sh", NULL)) != NULL)
    {
      g_string_append (script, block);
      g_free (block);
    }
  return g_string_free (script, FALSE);
}

static void
test_by_hand (void)
{
  g_autofree char *curl = g_find_program_in_path ("curl");
  g_autofree char *dir = NULL;
  g_autofree char *reply = NULL;
  g_autofree char *script = collect_commands ();
  g_autofree char *output = NULL;
  g_autoptr (BuildqLocalQueue) queue = NULL;
  g_autoptr (BuildqServer) server = NULL;
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) shell = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (curl == NULL)
    {
      g_test_skip ("there is no curl");
      return;
    }
  queue = buildq_local_queue_new (NULL, &error);
  g_assert_no_error (error);
  server = buildq_server_new (BUILDQ_QUEUE (queue), NULL);
  g_assert_true (buildq_server_listen (server, NULL, 0, &error));
  dir = g_dir_make_tmp ("buildq-protocol-XXXXXX", &error);
  g_assert_no_error (error);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                        | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_subprocess_launcher_setenv (launcher, "B", buildq_server_get_uri (server), TRUE);
  g_subprocess_launcher_set_cwd (launcher, dir);
  shell = g_subprocess_launcher_spawn (launcher, &error, "sh", "-c", script, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (shell, NULL, NULL, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_subprocess_communicate_utf8_finish (shell, result, &output, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("%s", output);
  g_assert_true (g_subprocess_get_successful (shell));

  reply = g_build_filename (dir, "reply", NULL);
  g_unlink (reply);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/protocol/examples", test_examples);
  g_test_add_func ("/protocol/by-hand", test_by_hand);
  return g_test_run ();
}
