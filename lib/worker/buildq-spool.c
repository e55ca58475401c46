/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-spool.h"

#include "core/buildq-process.h"
#include "core/buildq-hash.h"
#include "core/buildq-offload.h"
#include "core/buildq-thread.h"
#include "worker/buildq-work-dir.h"

#include <buildq/buildq-error.h>
#include <buildq/buildq-grant.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEASES "leases"
#define ASIDE "aside"
#define SUFFIX ".json"
#define SPOOL_VERSION 1
#define ID_BYTES 20
#define MAX_ENTRIES 10000
#define MAX_ASIDE 100 /* of one name */

static gboolean validate (gconstpointer value, GError **error);

/* clang-format off */
static const BuildqField fields[] = {
  { "version", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSpoolEntry, version), BUILDQ_FIELD_ALWAYS, 0 },
  { "state", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSpoolEntry, state), BUILDQ_FIELD_ALWAYS, BUILDQ_SPOOL_ACCEPTED },
  { "boot", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSpoolEntry, boot), 0, BUILDQ_MAX_NAME },
  { "dir", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (BuildqSpoolEntry, dir), 0, BUILDQ_MAX_NAME },
  { "cores", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSpoolEntry, cores), 0, 0 },
  { "started_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSpoolEntry, started_us), 0, 0 },
  { "started_monotonic_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqSpoolEntry, started_monotonic_us), 0, 0 },
  { "grant", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqSpoolEntry, grant), BUILDQ_FIELD_REQUIRED, 0, &_buildq_grant_info },
  { "inputs", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSpoolEntry, inputs), 0, BUILDQ_MAX_TEXT },
  { "candidates", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSpoolEntry, candidates), 0, BUILDQ_MAX_KEY },
  { "store_paths", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqSpoolEntry, store_paths), 0, BUILDQ_MAX_KEY },
  { "result", BUILDQ_FIELD_VALUE, G_STRUCT_OFFSET (BuildqSpoolEntry, result), 0, 0, &_buildq_result_info },
  { "published", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqSpoolEntry, published), 0, 10100, &_buildq_artifact_info },
};
/* clang-format on */

static const BuildqValueInfo entry_info = {
  "lease", sizeof (BuildqSpoolEntry), fields, G_N_ELEMENTS (fields), validate, NULL,
};

static gboolean
validate (gconstpointer value, GError **error)
{
  const BuildqSpoolEntry *entry = value;
  gboolean has_result = entry->state >= BUILDQ_SPOOL_BUILT;

  if (entry->version != SPOOL_VERSION)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_SUPPORTED,
                 "version %" G_GINT64_FORMAT " is not known", entry->version);
  else if (entry->grant == NULL || entry->grant->job == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "it has no job");
  else if (has_result && entry->result == NULL)
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "it has no result");
  else if (entry->dir != NULL && !_buildq_work_dir_is_of_job (entry->dir))
    g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                 "'%s' is no directory of a job", entry->dir);
  else
    return TRUE;
  return FALSE;
}

BuildqSpoolEntry *
_buildq_spool_entry_new (BuildqGrant *grant)
{
  BuildqSpoolEntry *entry = _buildq_value_new (&entry_info);

  entry->version = SPOOL_VERSION;
  entry->boot = _buildq_read_boot_id ();
  entry->grant = buildq_grant_ref (grant);
  return entry;
}

void
_buildq_spool_entry_unref (gpointer entry)
{
  _buildq_value_unref (&entry_info, entry);
}

gboolean
_buildq_spool_entry_is_of_this_boot (BuildqSpoolEntry *entry)
{
  g_autofree char *boot = _buildq_read_boot_id ();

  return g_strcmp0 (boot, entry->boot) == 0;
}

/* A token is whatever the queue likes, so it cannot be a name. */
static char *
make_name (const char *token)
{
  guint8 digest[BUILDQ_HASH_BYTES];
  g_autofree char *id = NULL;

  _buildq_hash_bytes (token, strlen (token), digest);
  id = _buildq_nix32_encode (digest, ID_BYTES);
  return g_strconcat (id, SUFFIX, NULL);
}

char *
_buildq_spool_path (const char *work_path, const char *token)
{
  g_autofree char *name = make_name (token);

  return g_build_filename (work_path, LEASES, name, NULL);
}

/* --- writing --- */

typedef struct
{
  char *path;
  char *json;
} Put;

static void
put_free (gpointer data)
{
  Put *put = data;

  g_free (put->path);
  g_free (put->json);
  g_free (put);
}

static void
put_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Put *put = data;
  GError *error = NULL;

  if (g_file_set_contents_full (
          put->path, put->json, -1,
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
_buildq_spool_put_async (const char *work_path,
                         BuildqSpoolEntry *entry,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Put *put = g_new0 (Put, 1);

  put->path = _buildq_spool_path (work_path, entry->grant->token);
  put->json = _buildq_value_to_json (&entry_info, entry);
  g_task_set_source_tag (task, _buildq_spool_put_async);
  g_task_set_task_data (task, put, put_free);
  _buildq_task_run_in_thread (task, put_thread);
}

gboolean
_buildq_spool_put_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- reading --- */

typedef struct
{
  GPtrArray *entries;
  GPtrArray *warnings; /* of char *: said where the worker belongs */
} Loaded;

static void
loaded_free (gpointer data)
{
  Loaded *loaded = data;

  g_ptr_array_unref (loaded->entries);
  g_ptr_array_unref (loaded->warnings);
  g_free (loaded);
}

/* Out of the way, and kept for whoever wants to look. */
static void
set_aside (const char *work_path, const char *path, const char *why, Loaded *loaded)
{
  g_autofree char *dir = g_build_filename (work_path, ASIDE, NULL);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *place = g_build_filename (dir, base, NULL);
  struct stat info;

  g_mkdir (dir, 0700);
  for (guint i = 1; i < MAX_ASIDE && lstat (place, &info) == 0; i++)
    {
      g_free (place);
      place = g_strdup_printf ("%s/%s.%u", dir, base, i);
    }
  if (lstat (place, &info) < 0 && g_rename (path, place) == 0)
    g_ptr_array_add (loaded->warnings,
                     g_strdup_printf ("moved '%s' to '%s': %s", path, place, why));
  else
    g_ptr_array_add (loaded->warnings,
                     g_strdup_printf ("passed over '%s': %s", path, why));
}

static BuildqSpoolEntry *
read_entry (const char *path, const char *name, GError **error)
{
  g_autoptr (BuildqSpoolEntry) entry = NULL;
  g_autofree char *text = NULL;
  g_autofree char *expected = NULL;
  struct stat info;
  gsize size;

  if (lstat (path, &info) < 0)
    {
      _buildq_set_errno (error, errno, "reading", path);
      return NULL;
    }
  if (!S_ISREG (info.st_mode) || info.st_size > BUILDQ_JSON_MAX_BYTES)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   S_ISREG (info.st_mode) ? "it is too big" : "it is no file");
      return NULL;
    }
  if (!g_file_get_contents (path, &text, &size, error))
    return NULL;
  entry = _buildq_value_from_json (&entry_info, text, size, error);
  if (entry == NULL)
    return NULL;
  expected = make_name (entry->grant->token);
  if (!g_str_equal (expected, name))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "it is that of lease '%s', which is '%s'", entry->grant->token,
                   expected);
      return NULL;
    }
  return g_steal_pointer (&entry);
}

/* What a writer that was killed left: ID.json and six characters. */
static gboolean
is_temporary (const char *name)
{
  const char *suffix = strstr (name, SUFFIX ".");

  return suffix != NULL && strlen (suffix) == strlen (SUFFIX ".") + 6
         && strspn (name, "0123456789abcdfghijklmnpqrsvwxyz") == (gsize) (suffix - name);
}

static void
load_one (const char *work_path, const char *name, Loaded *loaded)
{
  g_autofree char *path = g_build_filename (work_path, LEASES, name, NULL);
  g_autoptr (GError) error = NULL;
  BuildqSpoolEntry *entry;

  if (is_temporary (name) && g_unlink (path) == 0)
    return;
  entry = read_entry (path, name, &error);
  if (entry != NULL)
    g_ptr_array_add (loaded->entries, entry);
  else
    set_aside (work_path, path, error->message, loaded);
}

/* A file is as safe as the way to it. */
static void
sync_dir (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

static GDir *
open_leases (const char *work_path, Loaded *loaded, GError **error)
{
  g_autofree char *path = g_build_filename (work_path, LEASES, NULL);
  g_autofree char *parent = g_path_get_dirname (work_path);

  if (g_mkdir (path, 0700) < 0 && errno == EEXIST
      && !g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      set_aside (work_path, path, "it is no directory", loaded);
      g_mkdir (path, 0700);
    }
  sync_dir (work_path);
  sync_dir (parent);
  return g_dir_open (path, 0, error);
}

static gboolean
load (const char *work_path, Loaded *loaded, GError **error)
{
  g_autoptr (GDir) dir = open_leases (work_path, loaded, error);
  g_autoptr (GHashTable) kept = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) local = NULL;
  const char *name;

  if (dir == NULL)
    return FALSE;
  while (loaded->entries->len < MAX_ENTRIES && (name = g_dir_read_name (dir)) != NULL)
    load_one (work_path, name, loaded);
  for (guint i = 0; i < loaded->entries->len; i++)
    {
      BuildqSpoolEntry *entry = loaded->entries->pdata[i];

      if (entry->dir != NULL && entry->state < BUILDQ_SPOOL_FINISHED)
        g_hash_table_add (kept, entry->dir);
    }
  if (loaded->entries->len == MAX_ENTRIES)
    {
      g_ptr_array_add (
          loaded->warnings,
          g_strdup_printf ("there are more than %u leases in '%s': the rest, "
                           "and directories of jobs, are left as they are",
                           MAX_ENTRIES, work_path));
      return TRUE;
    }
  /* Numbers that are still taken are passed over. */
  if (!_buildq_work_dir_sweep (work_path, kept, &local))
    g_ptr_array_add (loaded->warnings, g_strdup (local->message));
  return TRUE;
}

static void
load_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Loaded *loaded = g_new0 (Loaded, 1);
  GError *error = NULL;

  loaded->entries = g_ptr_array_new_with_free_func (_buildq_spool_entry_unref);
  loaded->warnings = g_ptr_array_new_with_free_func (g_free);
  if (load (data, loaded, &error))
    {
      g_task_return_pointer (task, loaded, loaded_free);
      return;
    }
  loaded_free (loaded);
  g_task_return_error (task, error);
}

void
_buildq_spool_load_async (const char *work_path,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, _buildq_spool_load_async);
  g_task_set_task_data (task, g_strdup (work_path), g_free);
  _buildq_task_run_in_thread (task, load_thread);
}

GPtrArray *
_buildq_spool_load_finish (GAsyncResult *result, GError **error)
{
  Loaded *loaded = g_task_propagate_pointer (G_TASK (result), error);
  GPtrArray *entries;

  if (loaded == NULL)
    return NULL;
  for (guint i = 0; i < loaded->warnings->len; i++)
    g_warning ("%s", (const char *) loaded->warnings->pdata[i]);
  entries = g_ptr_array_ref (loaded->entries);
  loaded_free (loaded);
  return entries;
}
