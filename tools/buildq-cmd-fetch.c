/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <string.h>

typedef struct
{
  char **mirrors;
  char **keys;
  char *store;
} FetchOptions;

typedef struct
{
  GPtrArray *artifacts; /* records that the queue gave */
  GPtrArray *paths;     /* store paths to look up */
  char *store_dir;
} Wanted;

/* All store paths of a farm begin with the same directory. */
static gboolean
note_store_dir (Wanted *self, const char *store_path, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (store_path);

  if (self->store_dir == NULL)
    self->store_dir = g_steal_pointer (&dir);
  else if (!g_str_equal (self->store_dir, dir))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "'%s' is not in '%s': fetch from one farm at a time", store_path,
                   self->store_dir);
      return FALSE;
    }
  return TRUE;
}

static gboolean
add_job (Wanted *self, BuildqQueue *queue, const char *key, GError **error)
{
  g_autoptr (BuildqJobStatus) job = tool_get_job (queue, key, error);
  BuildqResult *result = job == NULL ? NULL : buildq_job_status_get_result (job);
  g_autoptr (GPtrArray) artifacts = NULL;

  if (job == NULL)
    return FALSE;
  if (buildq_job_status_get_state (job) != BUILDQ_JOB_STATE_SUCCEEDED || result == NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                   "job '%s' is %s: there is nothing to fetch", key,
                   buildq_job_state_to_string (buildq_job_status_get_state (job)));
      return FALSE;
    }
  artifacts = buildq_result_get_artifacts (result);
  if (artifacts->len == 0)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "job '%s' has no outputs",
                   key);
      return FALSE;
    }
  for (guint i = 0; i < artifacts->len; i++)
    {
      if (!note_store_dir (self, buildq_artifact_get_store_path (artifacts->pdata[i]),
                           error))
        return FALSE;
      g_ptr_array_add (self->artifacts, buildq_artifact_ref (artifacts->pdata[i]));
    }
  return TRUE;
}

static gboolean
collect (Wanted *self, char **names, GError **error)
{
  g_autoptr (BuildqQueue) queue = NULL;

  for (char **p = names; *p != NULL; p++)
    {
      if (g_path_is_absolute (*p))
        {
          if (!note_store_dir (self, *p, error))
            return FALSE;
          g_ptr_array_add (self->paths, *p);
          continue;
        }
      if (queue == NULL)
        queue = tool_connect ("reader", error);
      if (queue == NULL || !add_job (self, queue, *p, error))
        return FALSE;
    }
  g_ptr_array_add (self->paths, NULL);
  return TRUE;
}

static void
print_real_paths (Wanted *self, BuildqStore *store)
{
  for (guint i = 0; i < self->artifacts->len; i++)
    {
      const char *path = buildq_artifact_get_store_path (self->artifacts->pdata[i]);
      g_autofree char *real = buildq_store_get_real_path (store, path);

      tool_say ("%s", real);
    }
  for (guint i = 0; self->paths->pdata[i] != NULL; i++)
    {
      g_autofree char *real = buildq_store_get_real_path (store, self->paths->pdata[i]);

      tool_say ("%s", real);
    }
}

static gboolean
realise (Wanted *self,
         const char *path,
         char **mirrors,
         BuildqKeyring *keyring,
         GError **error)
{
  g_autofree char *uri = g_filename_to_uri (path, NULL, error);
  g_autoptr (BuildqStore) store = NULL;
  g_autoptr (BuildqResolver) resolver = NULL;
  g_autoptr (GPtrArray) got = NULL;

  if (uri == NULL || !tool_make_dir (path, error))
    return FALSE;
  store = buildq_store_new_for_uri (uri, self->store_dir, error);
  if (store == NULL)
    return FALSE;
  resolver = buildq_resolver_new (store, keyring);
  for (char **p = mirrors; p != NULL && *p != NULL; p++)
    {
      g_autoptr (BuildqMirror) mirror = tool_open_mirror (*p, error);

      if (mirror == NULL)
        return FALSE;
      buildq_resolver_add_mirror (resolver, mirror);
    }
  got = buildq_resolver_realise (resolver, self->artifacts,
                                 (const char *const *) self->paths->pdata, NULL, error);
  if (got == NULL)
    return FALSE;
  print_real_paths (self, store);
  return TRUE;
}

static int
fetch (char **names, const FetchOptions *options)
{
  Wanted wanted = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) artifacts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_artifact_unref);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  g_autofree char *store_dir = NULL;
  g_autoptr (BuildqKeyring) keyring = tool_open_keyring (options->keys, &error);
  gboolean ok;

  if (keyring == NULL)
    return tool_fail (error);
  wanted.artifacts = artifacts;
  wanted.paths = paths;
  ok = collect (&wanted, names, &error);
  tool_speak_to_queue (NULL);
  ok = ok && realise (&wanted, options->store, options->mirrors, keyring, &error);
  store_dir = wanted.store_dir;
  return ok ? TOOL_OK : tool_fail (error);
}

static int
run (gconstpointer data, char **arguments)
{
  const FetchOptions *options = data;

  if (options->keys == NULL)
    return tool_usage_error (
        "say which key is trusted: --key PUBLIC, such as farm.pub in the\n"
        "state directory of 'buildq serve'");
  return fetch (arguments, options);
}

/* clang-format off */
static const ToolOption options[] = {
  { "from", 0, TOOL_MIRRORS, offsetof (FetchOptions, mirrors), "URI",
    "a mirror, a directory or a URI, in the order in which they are asked",
    .group = "mirror", .otherwise = "all [mirror NAME] of the config files" },
  { "store", 0, TOOL_PATH, offsetof (FetchOptions, store), "DIR",
    "the directory to put it into", .value = "./store" },
  { "key", 'k', TOOL_STRINGS, offsetof (FetchOptions, keys), "PUBLIC",
    "a key that is trusted: NAME:BASE64, or a file with it", .group = "client" },
  { NULL },
};
/* clang-format on */

const ToolCommand tool_fetch_command = {
  .name = "fetch",
  .summary = "fetch what was built from the mirrors, and verify it",
  .arguments = "STORE-PATH|KEY…",
  .description
  = "Fetches what was built, with all that it refers to, from the mirrors, checks "
    "signatures\n"
    "and hashes, and prints where each is now. Store paths need mirrors and the key of "
    "the\n"
    "farm, and no queue. For the key of a job, the queue at BUILDQ_URI is asked what it "
    "made.",
  .notes
  = "The key of the farm is in the file farm.pub in the state directory of 'buildq "
    "serve'.\n"
    "What is in the directory already is not fetched again.\n"
    "\n"
    "Examples:\n"
    "  buildq fetch hello --from /srv/mirror --key farm.pub --store ./result\n"
    "  buildq fetch /buildq/store/4fgg81wbrcqwzf3kg9ws5978bd9rypz4-hello \\\n"
    "    --from http://mirror/ --key farm-1:9bXM…=",
  .min_arguments = 1,
  .max_arguments = -1,
  .options = options,
  .shared = { tool_client_options },
  .size = sizeof (FetchOptions),
  .run = run,
};
