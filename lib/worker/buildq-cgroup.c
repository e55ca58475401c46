/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-cgroup.h"

#include <string.h>

#define MAX_CORES 65536
#define MAX_BYTES (G_GINT64_CONSTANT (1) << 62)

/* A place in a hierarchy: the group of this process, and where the hierarchy begins. */
typedef struct
{
  char *top;
  char *group; /* begins with top */
} Place;

static void
place_clear (Place *self)
{
  g_free (self->top);
  g_free (self->group);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static char *
read_text (const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : NULL;
}

/* --- numbers --- */

/* Returns: -1 if there is no number, as in "max" */
static gint64
parse_number (const char *text)
{
  char *end;
  guint64 number = g_ascii_strtoull (text, &end, 10);

  if (end == text || *text == '-')
    return -1;
  return (gint64) MIN (number, (guint64) MAX_BYTES);
}

static gint64
read_number (const char *dir, const char *name)
{
  g_autofree char *text = read_text (dir, name);

  return text != NULL ? parse_number (text) : -1;
}

/* The number of the line of @key in a file such as memory.stat; 0 without one. */
static gint64
read_stat (const char *dir, const char *name, const char *key)
{
  g_autofree char *text = read_text (dir, name);
  gsize length = strlen (key);

  for (const char *line = text; line != NULL && *line != '\0';)
    {
      const char *end = strchr (line, '\n');

      if (strncmp (line, key, length) == 0 && line[length] == ' ')
        return MAX (0, parse_number (line + length + 1));
      line = end != NULL ? end + 1 : NULL;
    }
  return 0;
}

gint64
_buildq_cpu_list_count (const char *text)
{
  gint64 count = 0;
  const char *p = text;

  while (g_ascii_isdigit (*p))
    {
      char *end;
      guint64 first = g_ascii_strtoull (p, &end, 10), last = first;

      if (*end == '-' && g_ascii_isdigit (end[1]))
        last = g_ascii_strtoull (end + 1, &end, 10);
      if (last < first || last >= MAX_CORES)
        return 0;
      count += (gint64) (last - first + 1);
      p = *end == ',' ? end + 1 : end;
    }
  return *p == '\0' || *p == '\n' ? MIN (count, MAX_CORES) : 0;
}

static gint64
quota_cores (gint64 quota_us, gint64 period_us)
{
  if (quota_us < 0 || period_us <= 0)
    return 0;
  return CLAMP (quota_us / period_us, 1, MAX_CORES);
}

/* The lesser of two limits, of which 0 is none. */
static gint64
least (gint64 a, gint64 b)
{
  return a > 0 && b > 0 ? MIN (a, b) : MAX (a, b);
}

/* --- where the groups are --- */

/* Whether @controller is in "cpu,cpuacct". */
static gboolean
names_controller (const char *list, const char *controller)
{
  g_auto (GStrv) names = g_strsplit (list, ",", -1);

  return g_strv_contains ((const char *const *) names, controller);
}

/* The path of the group of this process in the hierarchy of @controller; NULL for v2. */
static char *
find_group (const char *root, const char *controller)
{
  g_autofree char *text = read_text (root, "/proc/self/cgroup");
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) parts = g_strsplit (*line, ":", 3);

      if (g_strv_length (parts) == 3
          && (controller != NULL ? names_controller (parts[1], controller)
                                 : *parts[1] == '\0'))
        return g_strdup (parts[2]);
    }
  return NULL;
}

/* A line of mountinfo: "ID PARENT DEV ROOT MOUNT-POINT OPTIONS… - TYPE SOURCE OPTIONS".
 */
static gboolean
is_mount_of (char **words, const char *controller)
{
  guint dash = 0, n = g_strv_length (words);

  while (dash < n && !g_str_equal (words[dash], "-"))
    dash++;
  if (dash < 6 || dash + 3 >= n)
    return FALSE;
  if (controller == NULL)
    return g_str_equal (words[dash + 1], "cgroup2");
  return g_str_equal (words[dash + 1], "cgroup")
         && names_controller (words[dash + 3], controller);
}

/* The part of @group below @mount_root. In a container the group may be named as it is
 * outside of it, and then all that can be seen of it is the top. */
static const char *
below (const char *group, const char *mount_root)
{
  gsize length = g_str_equal (mount_root, "/") ? 0 : strlen (mount_root);

  if (strncmp (group, mount_root, length) != 0 || strstr (group, "/..") != NULL
      || (group[length] != '/' && group[length] != '\0'))
    return "";
  return group + length;
}

static gboolean
find_place (const char *root, const char *controller, Place *place)
{
  g_autofree char *text = read_text (root, "/proc/self/mountinfo");
  g_autofree char *group = find_group (root, controller);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (char **line = lines; group != NULL && *line != NULL; line++)
    {
      g_auto (GStrv) words = g_strsplit (*line, " ", -1);
      g_autofree char *mount_point = NULL;

      if (!is_mount_of (words, controller))
        continue;
      mount_point = g_strcompress (words[4]);
      place->top = g_build_filename (root, "/", mount_point, NULL);
      place->group = g_build_filename (place->top, below (group, words[3]), NULL);
      return TRUE;
    }
  return FALSE;
}

/* Goes one group up. */
static gboolean
go_up (Place *place)
{
  char *slash = strrchr (place->group, '/');

  if (slash == NULL || strlen (place->group) <= strlen (place->top))
    return FALSE;
  *slash = '\0';
  return strlen (place->group) >= strlen (place->top);
}

/* --- cores --- */

static gint64
read_cpu_max (const char *dir)
{
  g_autofree char *text = read_text (dir, "cpu.max");
  const char *period = text != NULL ? strchr (text, ' ') : NULL;

  if (period == NULL)
    return 0;
  return quota_cores (parse_number (text), parse_number (period + 1));
}

static gint64
read_cpu_list (const char *dir, const char *name)
{
  g_autofree char *text = read_text (dir, name);

  return text != NULL ? _buildq_cpu_list_count (text) : 0;
}

gint64
_buildq_cgroup_cores (const char *root)
{
  g_auto (Place) v2 = { NULL }, cpu = { NULL }, cpuset = { NULL };
  gint64 cores = 0;

  if (find_place (root, NULL, &v2))
    {
      cores = read_cpu_list (v2.group, "cpuset.cpus.effective");
      do
        cores = least (cores, read_cpu_max (v2.group));
      while (go_up (&v2));
    }
  if (find_place (root, "cpu", &cpu))
    do
      cores = least (cores, quota_cores (read_number (cpu.group, "cpu.cfs_quota_us"),
                                         read_number (cpu.group, "cpu.cfs_period_us")));
    while (go_up (&cpu));
  if (find_place (root, "cpuset", &cpuset))
    cores = least (cores, read_cpu_list (cpuset.group, "cpuset.cpus"));
  return cores;
}

/* --- memory --- */

/* What can be had in a group: files in the page cache that nobody uses give way. */
static void
take_memory (gint64 limit,
             gint64 used,
             gint64 inactive,
             gint64 *limit_bytes,
             gint64 *available_bytes)
{
  if (limit < 0 || limit >= MAX_BYTES)
    return;
  *limit_bytes = MIN (*limit_bytes, limit);
  used = MAX (0, used) - MIN (MAX (0, used), inactive);
  *available_bytes = MIN (*available_bytes, MAX (0, limit - used));
}

void
_buildq_cgroup_memory (const char *root, gint64 *limit_bytes, gint64 *available_bytes)
{
  g_auto (Place) v2 = { NULL }, v1 = { NULL };

  *limit_bytes = *available_bytes = G_MAXINT64;
  if (find_place (root, NULL, &v2))
    do
      {
        gint64 used = read_number (v2.group, "memory.current");
        gint64 inactive = read_stat (v2.group, "memory.stat", "inactive_file");

        /* Above "high" a job is slowed until it is as good as dead. */
        take_memory (read_number (v2.group, "memory.max"), used, inactive, limit_bytes,
                     available_bytes);
        take_memory (read_number (v2.group, "memory.high"), used, inactive, limit_bytes,
                     available_bytes);
      }
    while (go_up (&v2));
  if (find_place (root, "memory", &v1))
    do
      take_memory (read_number (v1.group, "memory.limit_in_bytes"),
                   read_number (v1.group, "memory.usage_in_bytes"),
                   read_stat (v1.group, "memory.stat", "total_inactive_file"),
                   limit_bytes, available_bytes);
    while (go_up (&v1));
}
