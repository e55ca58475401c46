/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-hash.h"
#include "core/buildq-thread.h"
#include "core/buildq-value.h"

#include <buildq/buildq-authority.h>
#include <buildq/buildq-principal.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#define TOKEN_BYTES 32

/* One who may come in. Only the hash of the token is kept. */
typedef struct
{
  char *name;
  int role;     /* BuildqRole */
  char *sha256; /* base16 */
  gint64 created_us;
} Entry;

typedef struct
{
  gint64 version;
  GPtrArray *tokens; /* of Entry */
} List;

/* clang-format off */
static const BuildqField entry_fields[] = {
  { "name", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (Entry, name), BUILDQ_FIELD_REQUIRED, BUILDQ_MAX_NAME },
  { "role", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (Entry, role), BUILDQ_FIELD_ALWAYS, 0, NULL, buildq_role_get_type },
  { "sha256", BUILDQ_FIELD_STRING, G_STRUCT_OFFSET (Entry, sha256), BUILDQ_FIELD_REQUIRED, 2 * BUILDQ_HASH_BYTES },
  { "created_us", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (Entry, created_us), 0, 0 },
};
static const BuildqValueInfo entry_info = {
  "token", sizeof (Entry), entry_fields, G_N_ELEMENTS (entry_fields), NULL, "name",
};
static const BuildqField list_fields[] = {
  { "version", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (List, version), BUILDQ_FIELD_ALWAYS, 1 },
  { "tokens", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (List, tokens), 0, 0, &entry_info },
};
static const BuildqValueInfo list_info = {
  "list of tokens", sizeof (List), list_fields, G_N_ELEMENTS (list_fields), NULL, NULL,
};
/* clang-format on */

/* What tells one state of the file from another. The file is replaced and never written
 * in place, so that the inode changes even when all times are within one tick. */
typedef struct
{
  dev_t dev;
  ino_t ino;
  off_t size;
  struct timespec mtime;
  struct timespec ctime;
} Stamp;

/**
 * BuildqAuthority:
 *
 * The list of the machines and people that a queue knows, each with a role and a token.
 *
 * The list is a JSON file that only its owner can read. Another process may change it at
 * any time: it is read again when it has changed. Of a token only the SHA-256 is kept.
 *
 * An authority belongs to the thread-default main context of the thread that made it. Its
 * functions read and write a small local file.
 *
 * Since: 0.1
 */
struct _BuildqAuthority
{
  GObject parent_instance;

  char *path; /* or NULL: only in memory */
  List *list;
  Stamp stamp; /* of the file when list was read; all 0: there was none */
};

G_DEFINE_FINAL_TYPE (BuildqAuthority, buildq_authority, G_TYPE_OBJECT)

static void
buildq_authority_finalize (GObject *object)
{
  BuildqAuthority *self = BUILDQ_AUTHORITY (object);

  g_free (self->path);
  if (self->list != NULL)
    _buildq_value_unref (&list_info, self->list);

  G_OBJECT_CLASS (buildq_authority_parent_class)->finalize (object);
}

static void
buildq_authority_class_init (BuildqAuthorityClass *class)
{
  G_OBJECT_CLASS (class)->finalize = buildq_authority_finalize;
}

static void
buildq_authority_init (BuildqAuthority *self)
{
}

static List *
list_new (void)
{
  List *list = _buildq_value_new (&list_info);

  list->version = 1;
  return list;
}

static void
set_list (BuildqAuthority *self, List *list, const Stamp *stamp)
{
  if (self->list != NULL)
    _buildq_value_unref (&list_info, self->list);
  self->list = list;
  self->stamp = *stamp;
}

static gboolean
stamp_file (const char *path, Stamp *stamp, GError **error)
{
  struct stat st;
  int saved;

  memset (stamp, 0, sizeof *stamp);
  if (stat (path, &st) == 0)
    {
      stamp->dev = st.st_dev;
      stamp->ino = st.st_ino;
      stamp->size = st.st_size;
      stamp->mtime = st.st_mtim;
      stamp->ctime = st.st_ctim;
      return TRUE;
    }
  saved = errno;
  if (saved == ENOENT)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "'%s': %s", path,
               g_strerror (saved));
  return FALSE;
}

static gboolean
stamp_equal (const Stamp *a, const Stamp *b)
{
  return a->dev == b->dev && a->ino == b->ino && a->size == b->size
         && a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec
         && a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static List *
read_file (const char *path, GError **error)
{
  g_autofree char *json = NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  gsize length;
  List *list;

  if (!g_file_load_contents (file, NULL, &json, &length, NULL, error))
    return NULL;
  list = _buildq_value_from_json (&list_info, json, (gssize) length, error);
  if (list == NULL)
    g_prefix_error (error, "list of tokens '%s': ", path);
  return list;
}

/* Brings the list up to date with the file. The stamp is taken before the file is read:
 * if it is replaced in between, the next call reads it once more. */
static gboolean
refresh (BuildqAuthority *self, GError **error)
{
  static const Stamp none = { 0 };
  Stamp now;
  List *list;

  if (self->path == NULL)
    return TRUE;
  if (!stamp_file (self->path, &now, error))
    return FALSE;
  if (self->list != NULL && stamp_equal (&now, &self->stamp))
    return TRUE;

  list = stamp_equal (&now, &none) ? list_new () : read_file (self->path, error);
  if (list == NULL)
    return FALSE;
  set_list (self, list, &now);
  return TRUE;
}

/* Held while the file is read, changed and replaced; closing it gives it back. The lock
 * is a file of its own, as the list is replaced. */
static int
lock_file (const char *path, GError **error)
{
  g_autofree char *name = g_strconcat (path, ".lock", NULL);
  int fd = open (name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int rc, saved;

  if (fd >= 0)
    {
      do
        rc = flock (fd, LOCK_EX);
      while (rc != 0 && errno == EINTR);
      if (rc == 0)
        return fd;
    }
  saved = errno;
  if (fd >= 0)
    close (fd);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "locking '%s': %s", name,
               g_strerror (saved));
  return -1;
}

static gboolean
store (BuildqAuthority *self, List *list, GError **error)
{
  g_autofree char *json = _buildq_value_to_json (&list_info, list);
  g_autofree char *text = g_strconcat (json, "\n", NULL);
  g_autoptr (GError) local = NULL;

  if (self->path == NULL
      || g_file_set_contents_full (
          self->path, text, -1,
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &local))
    return TRUE;
  g_set_error (error, G_IO_ERROR,
               local->domain == G_FILE_ERROR ? g_io_error_from_file_error (local->code)
                                             : G_IO_ERROR_FAILED,
               "writing the list of tokens: %s", local->message);
  return FALSE;
}

static gboolean
find_entry (List *list, const char *name, guint *index)
{
  for (guint i = 0; i < list->tokens->len; i++)
    if (strcmp (((Entry *) list->tokens->pdata[i])->name, name) == 0)
      {
        *index = i;
        return TRUE;
      }
  return FALSE;
}

/* Adds @entry, or with %NULL removes the entry @name: both under the lock, from what the
 * file says now. */
static gboolean
change (BuildqAuthority *self, const char *name, Entry *entry, GError **error)
{
  List *list;
  gboolean known, ok;
  guint index = 0;

  if (!refresh (self, error))
    return FALSE;
  known = find_entry (self->list, name, &index);
  if (known && entry != NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_EXISTS,
                   "there is a token for '%s' already", name);
      return FALSE;
    }
  if (!known && entry == NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND,
                   "there is no token for '%s'", name);
      return FALSE;
    }

  list = _buildq_value_copy (&list_info, self->list);
  if (entry != NULL)
    g_ptr_array_add (list->tokens, _buildq_value_ref (entry));
  else
    g_ptr_array_remove_index (list->tokens, index);
  ok = store (self, list, error);
  if (ok && self->path == NULL)
    set_list (self, list, &self->stamp);
  else
    _buildq_value_unref (&list_info, list);
  return ok && refresh (self, error);
}

static gboolean
change_locked (BuildqAuthority *self, const char *name, Entry *entry, GError **error)
{
  gboolean ok;
  int fd = -1;

  if (self->path != NULL && (fd = lock_file (self->path, error)) < 0)
    return FALSE;
  ok = change (self, name, entry, error);
  if (fd >= 0)
    close (fd);
  return ok;
}

static gboolean
check_name (const char *name, GError **error)
{
  if (g_ascii_isalnum (name[0]) && strlen (name) <= BUILDQ_MAX_NAME
      && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.@+") == strlen (name))
    return TRUE;
  g_set_error (
      error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
      "name '%s' is not a letter or digit followed by letters, digits and '-_.@+'", name);
  return FALSE;
}

static char *
make_token (GError **error)
{
  guint8 bytes[TOKEN_BYTES];
  g_autofree char *text = NULL;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED, "no random numbers");
      return NULL;
    }
  text = g_base64_encode (bytes, sizeof bytes);
  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  g_strdelimit (text, "=", '\0');
  return g_strconcat ("bq_", text, NULL);
}

static char *
hash_token (const char *token)
{
  guint8 digest[BUILDQ_HASH_BYTES];

  _buildq_hash_bytes (token, strlen (token), digest);
  return _buildq_hash_hex (digest);
}

/* Takes the same time whatever @a and @b have in common. */
static gboolean
equal_in_constant_time (const char *a, const char *b, gsize size)
{
  volatile guint8 difference = 0;

  for (gsize i = 0; i < size; i++)
    difference |= (guint8) a[i] ^ (guint8) b[i];
  return difference == 0;
}

/**
 * buildq_authority_new:
 * @path: (type filename) (nullable): the file of the list, which need not exist yet;
 * %NULL for a list that is only in memory
 * @error: `INVALID` when the file is not such a list, or an error of `G_IO_ERROR`
 *
 * Opens a list of tokens.
 *
 * Returns: (transfer full): a new authority
 *
 * Since: 0.1
 */
BuildqAuthority *
buildq_authority_new (const char *path, GError **error)
{
  g_autoptr (BuildqAuthority) self = g_object_new (BUILDQ_TYPE_AUTHORITY, NULL);

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self->path = g_strdup (path);
  if (path == NULL)
    self->list = list_new ();
  else if (!refresh (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * buildq_authority_get_path:
 * @self: an authority
 *
 * Returns: (transfer none) (nullable) (type filename): the file of the list
 *
 * Since: 0.1
 */
const char *
buildq_authority_get_path (BuildqAuthority *self)
{
  g_return_val_if_fail (BUILDQ_IS_AUTHORITY (self), NULL);
  return self->path;
}

/**
 * buildq_authority_add_token:
 * @self: an authority
 * @name: who it is for: a letter or digit, then letters, digits and `-_.@+`
 * @role: what they may do
 * @error: `EXISTS` when the name has a token, `INVALID` for the name, or an error of
 *    `G_IO_ERROR`
 *
 * Makes a token and writes it down, durably.
 *
 * Returns: (transfer full): the token. It cannot be asked for again
 *
 * Since: 0.1
 */
char *
buildq_authority_add_token (BuildqAuthority *self,
                            const char *name,
                            BuildqRole role,
                            GError **error)
{
  g_autofree char *token = NULL;
  Entry *entry;
  gboolean ok;

  g_return_val_if_fail (BUILDQ_IS_AUTHORITY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check_name (name, error))
    return NULL;
  token = make_token (error);
  if (token == NULL)
    return NULL;

  entry = _buildq_value_new (&entry_info);
  entry->name = g_strdup (name);
  entry->role = role;
  entry->sha256 = hash_token (token);
  entry->created_us = _buildq_clock_real ();
  ok = change_locked (self, name, entry, error);
  _buildq_value_unref (&entry_info, entry);
  return ok ? g_steal_pointer (&token) : NULL;
}

/**
 * buildq_authority_remove:
 * @self: an authority
 * @name: whose token
 * @error: `NOT_FOUND`, or an error of `G_IO_ERROR`
 *
 * Removes a token. It stops counting at once.
 *
 * Returns: whether it was removed
 *
 * Since: 0.1
 */
gboolean
buildq_authority_remove (BuildqAuthority *self, const char *name, GError **error)
{
  g_return_val_if_fail (BUILDQ_IS_AUTHORITY (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return change_locked (self, name, NULL, error);
}

/**
 * buildq_authority_list:
 * @self: an authority
 * @error: `INVALID` when the file is not such a list any more, or an error of
 * `G_IO_ERROR`
 *
 * Returns: (transfer container) (element-type BuildqPrincipal): who has a token, in the
 *    order in which they were given
 *
 * Since: 0.1
 */
GPtrArray *
buildq_authority_list (BuildqAuthority *self, GError **error)
{
  GPtrArray *principals;

  g_return_val_if_fail (BUILDQ_IS_AUTHORITY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!refresh (self, error))
    return NULL;
  principals = g_ptr_array_new_with_free_func ((GDestroyNotify) buildq_principal_unref);
  for (guint i = 0; i < self->list->tokens->len; i++)
    {
      Entry *entry = self->list->tokens->pdata[i];

      g_ptr_array_add (principals, buildq_principal_new (entry->name, entry->role));
    }
  return principals;
}

/**
 * buildq_authority_authenticate:
 * @self: an authority
 * @token: what somebody showed
 * @error: `UNAUTHORIZED` when it is not known, or an error of reading the list
 *
 * Tells whose token it is.
 *
 * Returns: (transfer full): who it is
 *
 * Since: 0.1
 */
BuildqPrincipal *
buildq_authority_authenticate (BuildqAuthority *self, const char *token, GError **error)
{
  g_autofree char *hash = NULL;
  Entry *found = NULL;

  g_return_val_if_fail (BUILDQ_IS_AUTHORITY (self), NULL);
  g_return_val_if_fail (token != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!refresh (self, error))
    return NULL;
  hash = hash_token (token);
  for (guint i = 0; i < self->list->tokens->len; i++)
    {
      Entry *entry = self->list->tokens->pdata[i];

      if (strlen (entry->sha256) == 2 * BUILDQ_HASH_BYTES
          && equal_in_constant_time (entry->sha256, hash, 2 * BUILDQ_HASH_BYTES))
        found = entry;
    }
  if (found == NULL)
    {
      g_set_error_literal (error, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                           "the token is not known");
      return NULL;
    }
  return buildq_principal_new (found->name, found->role);
}
