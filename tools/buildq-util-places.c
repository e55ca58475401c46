/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Where things are.
 */
#include "config.h"

#include "buildq-tool.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define OPEN_DIRECTORIES 16

char *
tool_state_dir (void)
{
  const char *service = g_getenv ("STATE_DIRECTORY"); /* of systemd */

  if (tool_shared.state != NULL)
    return g_strdup (tool_shared.state);
  if (service != NULL && *service == '/')
    return g_strndup (service, strcspn (service, ":"));
  if (geteuid () == 0)
    return g_strdup ("/var/lib/buildq");
  return g_build_filename (g_get_user_state_dir (), "buildq", NULL);
}

/* Keys and tokens are in there: nobody else may look in. */
gboolean
tool_make_dir (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               "making the directory '%s': %s", path, g_strerror (errno));
  return FALSE;
}

/* The user of a service must be able to read what root puts into its directory. */
gboolean
tool_be_owner_of (const char *path, GError **error)
{
  struct stat status;

  if (geteuid () != 0 || stat (path, &status) < 0 || status.st_uid == 0)
    return TRUE;
  if (setgroups (0, NULL) == 0 && setgid (status.st_gid) == 0
      && setuid (status.st_uid) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               "acting as the user whose directory '%s' is: %s", path,
               g_strerror (errno));
  return FALSE;
}

/* Also a link to nowhere. */
gboolean
tool_exists (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS)
         || g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

/* What is in a read-only directory cannot be removed. */
static int
unlock_entry (const char *path, const struct stat *status, int type, struct FTW *where)
{
  if (S_ISDIR (status->st_mode))
    g_chmod (path, 0700);
  return 0;
}

static int
remove_entry (const char *path, const struct stat *status, int type, struct FTW *where)
{
  return g_remove (path);
}

void
tool_remove_tree (const char *path)
{
  nftw (path, unlock_entry, OPEN_DIRECTORIES, FTW_PHYS);
  nftw (path, remove_entry, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}

static char *
detect_system (void)
{
  struct utsname name;
  g_autofree char *os = NULL;
  const char *machine;

  if (uname (&name) != 0)
    return g_strdup ("unknown");
  os = g_ascii_strdown (name.sysname, -1);
  machine = name.machine;
  /* The names that Nix and Guix use. */
  if (g_pattern_match_simple ("i?86", machine))
    machine = "i686";
  else if (g_pattern_match_simple ("armv[78]l", machine)
           || g_str_has_prefix (machine, "armv7"))
    machine = "armv7l";
  return g_strdup_printf ("%s-%s", machine, os);
}

const char *
tool_system (void)
{
  static char *system;

  if (system == NULL)
    system = detect_system ();
  return system;
}

/* "ADDRESS:PORT", "[V6]:PORT", "PORT" or ":PORT". */
gboolean
tool_parse_listen (const char *text, char **address, guint *port, GError **error)
{
  const char *colon = strrchr (text, ':');
  const char *digits = colon == NULL ? text : colon + 1;
  g_autofree char *host = g_strndup (text, colon == NULL ? 0 : (gsize) (colon - text));
  gsize length = strlen (host);
  guint64 number;

  if (!g_ascii_string_to_unsigned (digits, 10, 0, 65535, &number, NULL)
      || (strchr (host, ':') != NULL && *host != '['))
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "'%s' is not ADDRESS:PORT, such as " TOOL_DEFAULT_LISTEN
                   " or [::1]:8720",
                   text);
      return FALSE;
    }
  if (length >= 2 && *host == '[' && host[length - 1] == ']')
    *address = g_strndup (host + 1, length - 2);
  else
    *address = g_strdup (length == 0 ? "127.0.0.1" : host);
  *port = (guint) number;
  return TRUE;
}

/* A key itself, or the file that it is in. */
static gboolean
add_key (BuildqKeyring *keyring, const char *text_or_file, GError **error)
{
  g_autoptr (BuildqKey) key = NULL;

  if (strchr (text_or_file, ':') != NULL
      && !g_file_test (text_or_file, G_FILE_TEST_EXISTS))
    return buildq_keyring_add_string (keyring, text_or_file, error);
  key = buildq_key_new_from_file (text_or_file, error);
  if (key == NULL)
    return FALSE;
  buildq_keyring_add (keyring, key);
  return TRUE;
}

BuildqKeyring *
tool_open_keyring (char **texts_or_files, GError **error)
{
  g_autoptr (BuildqKeyring) keyring = buildq_keyring_new ();

  for (char **p = texts_or_files; p != NULL && *p != NULL; p++)
    if (!add_key (keyring, *p, error))
      {
        g_prefix_error (error, "key '%s': ", *p);
        return NULL;
      }
  return g_steal_pointer (&keyring);
}

BuildqMirror *
tool_open_mirror (const char *text, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (text);
  g_autofree char *path = NULL;
  g_autofree char *uri = NULL;

  if (scheme != NULL)
    return buildq_mirror_new_for_uri (text, error);
  path = g_canonicalize_filename (text, NULL);
  if (g_mkdir_with_parents (path, 0755) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "making the mirror '%s': %s", path, g_strerror (errno));
      return NULL;
    }
  uri = g_filename_to_uri (path, NULL, error);
  return uri == NULL ? NULL : buildq_mirror_new_for_uri (uri, error);
}

static gboolean
read_all (int fd, GByteArray *bytes, gsize limit, GError **error)
{
  for (;;)
    {
      guint8 buffer[16384];
      ssize_t n = read (fd, buffer, sizeof buffer);

      if (n == 0)
        return TRUE;
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno),
                               g_strerror (errno));
          return FALSE;
        }
      g_byte_array_append (bytes, buffer, (guint) n);
      if (bytes->len <= limit)
        continue;
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
                   "more than %" G_GSIZE_FORMAT " bytes", limit);
      return FALSE;
    }
}

char *
tool_read_file (const char *path, gsize limit, GError **error)
{
  gboolean from_stdin = g_str_equal (path, "-");
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  int fd = from_stdin ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC);
  gboolean ok;

  if (fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "reading '%s': %s",
                   path, g_strerror (errno));
      return NULL;
    }
  ok = read_all (fd, bytes, limit, error);
  if (!from_stdin)
    close (fd);
  if (!ok)
    {
      g_prefix_error (error, "reading '%s': ", from_stdin ? "standard input" : path);
      return NULL;
    }
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  if (memchr (bytes->data, '\0', bytes->len - 1) != NULL)
    {
      g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
                   "'%s' is not text: it has a zero byte", path);
      return NULL;
    }
  return (char *) g_byte_array_free (g_steal_pointer (&bytes), FALSE);
}

gboolean
tool_write_new (const char *path, const char *text, int mode, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  gsize length = strlen (text);
  int saved_errno;

  if (fd >= 0 && write (fd, text, length) == (ssize_t) length && fsync (fd) == 0)
    return g_close (fd, error);
  saved_errno = errno;
  if (fd >= 0)
    {
      close (fd);
      unlink (path);
    }
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "writing '%s': %s",
               path, g_strerror (saved_errno));
  return FALSE;
}
