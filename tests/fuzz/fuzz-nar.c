/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The reader of NARs over a file system that is not there: the linker gives it the calls
 * below instead of the real ones (-Wl,--wrap). They check each name that it would make,
 * and write down a NAR of what it makes. When the reader takes an archive, the two are
 * the same; when it refuses one, what it made is removed.
 */
#include "config.h"

#include "fuzz.h"

#include "archive/buildq-nar-private.h"
#include "archive/buildq-nar-tokens.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TARGET "target"
#define FIRST_FD 0x40000000 /* of the directory at depth 1 */
#define FILE_FD (FIRST_FD + NAR_MAX_DEPTH + 1)

#define PUT(words) put (words, sizeof (words) - 1)

typedef struct
{
  gboolean active;
  GByteArray *nar;
  GByteArray *contents;           /* of the file that is open */
  char *names[NAR_MAX_DEPTH + 1]; /* the last one made, of each open directory */
  guint depth;                    /* how many directories are open */
  gboolean made_directory, in_file;
  gboolean made, removed;
} Disk;

static Disk disk;

int __real_openat (int dir_fd, const char *name, int flags, mode_t mode);
int __real_mkdirat (int dir_fd, const char *name, mode_t mode);
int __real_symlinkat (const char *target, int dir_fd, const char *name);
int __real_unlinkat (int dir_fd, const char *name, int flags);
ssize_t __real_write (int fd, const void *data, size_t size);
int __real_close (int fd);
int __wrap_openat (int dir_fd, const char *name, int flags, mode_t mode);
int __wrap_mkdirat (int dir_fd, const char *name, mode_t mode);
int __wrap_symlinkat (const char *target, int dir_fd, const char *name);
int __wrap_unlinkat (int dir_fd, const char *name, int flags);
ssize_t __wrap_write (int fd, const void *data, size_t size);
int __wrap_close (int fd);

static void
put (const char *words, gsize size)
{
  g_byte_array_append (disk.nar, (const guint8 *) words, size);
}

static void
put_string (const void *data, gsize size)
{
  guint64 length = GUINT64_TO_LE ((guint64) size);

  g_byte_array_append (disk.nar, (const guint8 *) &length, sizeof length);
  g_byte_array_append (disk.nar, data, size);
  g_byte_array_append (disk.nar, (const guint8 *) NAR_EMPTY, NAR_PADDING (size));
}

/* The reader is always at work in the deepest directory that is open. */
static void
check_directory (int dir_fd)
{
  if (disk.depth > 0)
    g_assert_cmpint (dir_fd, ==, FIRST_FD + (int) disk.depth - 1);
  else
    g_assert_cmpint (dir_fd, <, FIRST_FD);
  g_assert_false (disk.in_file);
  g_assert_false (disk.made_directory);
}

static void
begin_entry (int dir_fd, const char *name)
{
  char **last = &disk.names[disk.depth];

  check_directory (dir_fd);
  disk.made = TRUE;
  if (disk.depth == 0)
    {
      g_assert_cmpstr (name, ==, TARGET);
      g_assert_null (*last);
    }
  else
    {
      g_assert_cmpstr (name, !=, "");
      g_assert_cmpstr (name, !=, ".");
      g_assert_cmpstr (name, !=, "..");
      g_assert_null (strchr (name, '/'));
      g_assert_cmpuint (strlen (name), <=, 255);
      g_assert_true (*last == NULL || strcmp (*last, name) < 0);
      PUT (NAR_ENTRY NAR_OPEN NAR_NAME);
      put_string (name, strlen (name));
      PUT (NAR_NODE);
    }
  g_free (*last);
  *last = g_strdup (name);
  PUT (NAR_OPEN NAR_TYPE);
}

static void
end_entry (void)
{
  PUT (NAR_CLOSE);
  if (disk.depth > 0)
    PUT (NAR_CLOSE);
}

int
__wrap_mkdirat (int dir_fd, const char *name, mode_t mode)
{
  if (!disk.active)
    return __real_mkdirat (dir_fd, name, mode);
  begin_entry (dir_fd, name);
  PUT (NAR_DIRECTORY);
  disk.made_directory = TRUE;
  return 0;
}

static int
open_made_directory (int dir_fd, const char *name, int flags)
{
  g_assert_true (disk.made_directory);
  g_assert_true (flags & O_NOFOLLOW);
  g_assert_cmpstr (name, ==, disk.names[disk.depth]);
  disk.made_directory = FALSE;
  check_directory (dir_fd);
  g_assert_cmpuint (disk.depth, <, NAR_MAX_DEPTH);
  disk.depth++;
  return FIRST_FD + (int) disk.depth - 1;
}

int
__wrap_openat (int dir_fd, const char *name, int flags, mode_t mode)
{
  if (!disk.active)
    return __real_openat (dir_fd, name, flags, mode);
  g_assert_true (flags & O_CLOEXEC);
  if (flags & O_DIRECTORY)
    return open_made_directory (dir_fd, name, flags);
  g_assert_cmpint (flags & (O_CREAT | O_EXCL | O_NOFOLLOW), ==,
                   O_CREAT | O_EXCL | O_NOFOLLOW);
  g_assert_true (mode == 0644 || mode == 0755);
  begin_entry (dir_fd, name);
  PUT (NAR_REGULAR);
  if (mode == 0755)
    PUT (NAR_EXECUTABLE NAR_EMPTY);
  PUT (NAR_CONTENTS);
  g_byte_array_set_size (disk.contents, 0);
  disk.in_file = TRUE;
  return FILE_FD;
}

int
__wrap_symlinkat (const char *target, int dir_fd, const char *name)
{
  if (!disk.active)
    return __real_symlinkat (target, dir_fd, name);
  begin_entry (dir_fd, name);
  PUT (NAR_SYMLINK NAR_TARGET);
  put_string (target, strlen (target));
  end_entry ();
  return 0;
}

int
__wrap_unlinkat (int dir_fd, const char *name, int flags)
{
  if (!disk.active)
    return __real_unlinkat (dir_fd, name, flags);
  check_directory (dir_fd);
  g_assert_cmpuint (disk.depth, ==, 0);
  g_assert_cmpstr (name, ==, TARGET);
  disk.removed = TRUE;
  return 0;
}

ssize_t
__wrap_write (int fd, const void *data, size_t size)
{
  if (fd < FIRST_FD)
    return __real_write (fd, data, size);
  g_assert_true (fd == FILE_FD && disk.in_file);
  g_byte_array_append (disk.contents, data, size);
  return (ssize_t) size;
}

int
__wrap_close (int fd)
{
  if (fd < FIRST_FD)
    return __real_close (fd);
  if (fd == FILE_FD)
    {
      g_assert_true (disk.in_file);
      disk.in_file = FALSE;
      put_string (disk.contents->data, disk.contents->len);
      end_entry ();
      return 0;
    }
  g_assert_cmpuint (disk.depth, >, 0);
  g_clear_pointer (&disk.names[disk.depth], g_free);
  disk.depth--;
  check_directory (disk.depth > 0 ? fd - 1 : 0);
  end_entry ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzMemory memory = { .data = data, .size = size };
  g_autoptr (GError) error = NULL;
  gboolean ok;

  /* Half of the inputs come in pieces. */
  if (size % 2 == 1)
    memory.step = 1 + size % 97;
  memset (&disk, 0, sizeof disk);
  disk.nar = g_byte_array_new ();
  disk.contents = g_byte_array_new ();
  PUT (NAR_MAGIC);
  disk.active = TRUE;
  ok = _buildq_nar_read (fuzz_memory_source, &memory, "/" TARGET, FALSE, NULL, &error);
  disk.active = FALSE;

  g_assert_cmpuint (disk.depth, ==, 0);
  g_assert_false (disk.in_file);
  g_assert_true (ok == (error == NULL));
  g_assert_true (disk.removed == (disk.made && !ok));
  if (ok)
    g_assert_cmpmem (disk.nar->data, disk.nar->len, data, size);
  g_clear_pointer (&disk.names[0], g_free);
  g_byte_array_unref (disk.contents);
  g_byte_array_unref (disk.nar);
  return 0;
}
