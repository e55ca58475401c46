/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Local files become artifacts in mirrors before their jobs are submitted.
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

typedef struct
{
  char **mirrors;
  const char *store_dir;
  BuildqUploader *uploader; /* made when it is needed */
  char *store;              /* an empty one, for that */
  GHashTable *done;         /* path → BuildqArtifact */
} Upload;

/* Only a store can say which directory store paths begin with, if not with the default.
 */
static BuildqStore *
open_store (Upload *self, GError **error)
{
  g_autofree char *uri = NULL;

  self->store = g_dir_make_tmp ("buildq-submit-XXXXXX", error);
  if (self->store == NULL)
    return NULL;
  uri = g_filename_to_uri (self->store, NULL, error);
  return uri == NULL ? NULL : buildq_store_new_for_uri (uri, self->store_dir, error);
}

static gboolean
open_uploader (Upload *self, GError **error)
{
  g_autoptr (BuildqStore) store = NULL;

  if (!g_str_equal (self->store_dir, TOOL_DEFAULT_STORE_DIR))
    {
      store = open_store (self, error);
      if (store == NULL)
        return FALSE;
    }
  self->uploader = buildq_uploader_new (store);
  for (char **p = self->mirrors; p != NULL && *p != NULL; p++)
    {
      g_autoptr (BuildqMirror) mirror = tool_open_mirror (*p, error);

      if (mirror == NULL)
        return FALSE;
      buildq_uploader_add_mirror (self->uploader, mirror);
    }
  return TRUE;
}

/* (transfer none) */
static BuildqArtifact *
upload (Upload *self, const char *path, GError **error)
{
  BuildqArtifact *artifact = g_hash_table_lookup (self->done, path);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GAsyncResult) result = NULL;

  if (artifact != NULL)
    return artifact;
  if (self->uploader == NULL && !open_uploader (self, error))
    return NULL;
  buildq_uploader_upload_path_async (self->uploader, path, name, G_PRIORITY_DEFAULT, NULL,
                                     tool_done, &result);
  artifact
      = buildq_uploader_upload_path_finish (self->uploader, tool_wait (&result), error);
  if (artifact != NULL)
    g_hash_table_insert (self->done, g_strdup (path), artifact);
  return artifact;
}

static gboolean
upload_input (Upload *self, const char *job, JsonObject *input, GError **error)
{
  const char *path = json_object_get_string_member_with_default (input, "file", NULL);
  const char *name = json_object_get_string_member (input, "name");
  g_autofree char *json = NULL;
  BuildqArtifact *artifact;
  JsonNode *node;

  if (path == NULL)
    return TRUE;
  if (self->mirrors == NULL || self->mirrors[0] == NULL)
    {
      g_set_error (
          error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
          "job '%s': input '%s' is a local file: say with --mirror where the workers "
          "can get it",
          job, name);
      return FALSE;
    }
  artifact = upload (self, path, error);
  if (artifact == NULL)
    {
      g_prefix_error (error, "job '%s': input '%s': ", job, name);
      return FALSE;
    }
  json = buildq_artifact_to_json (artifact);
  node = json_from_string (json, error);
  if (node == NULL)
    return FALSE;
  json_object_set_member (input, "artifact", node);
  json_object_remove_member (input, "file");
  return TRUE;
}

static gboolean
upload_all (Upload *self, JsonObject *request, GError **error)
{
  JsonArray *jobs = json_object_get_array_member (request, "jobs");

  for (guint i = 0; i < json_array_get_length (jobs); i++)
    {
      JsonObject *job = json_array_get_object_element (jobs, i);
      JsonArray *inputs = json_object_has_member (job, "inputs")
                              ? json_object_get_array_member (job, "inputs")
                              : NULL;

      for (guint j = 0; inputs != NULL && j < json_array_get_length (inputs); j++)
        if (!upload_input (self, json_object_get_string_member (job, "key"),
                           json_array_get_object_element (inputs, j), error))
          return FALSE;
    }
  return TRUE;
}

/* Goes through JSON, where an input can be changed in its place. */
BuildqRequest *
tool_upload_inputs (BuildqRequest *request,
                    char **mirrors,
                    const char *store_dir,
                    GError **error)
{
  g_autofree char *before = buildq_request_to_json (request);
  g_autoptr (JsonNode) root = json_from_string (before, error);
  g_autoptr (GHashTable) done = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) buildq_artifact_unref);
  Upload self = { .mirrors = mirrors, .store_dir = store_dir, .done = done };
  g_autofree char *after = NULL;
  gboolean ok;

  if (root == NULL)
    return NULL;
  ok = upload_all (&self, json_node_get_object (root), error);
  g_clear_object (&self.uploader);
  if (self.store != NULL)
    tool_remove_tree (self.store);
  g_free (self.store);
  if (!ok)
    return NULL;
  after = json_to_string (root, FALSE);
  return buildq_request_new_from_json (after, error);
}
