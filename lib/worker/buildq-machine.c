/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-machine.h"
#include "worker/buildq-cgroup.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What the kernel says, and what is said of it, where that differs. Guix and Nix do not
 * agree on the name of 32-bit ARM. */
static const struct
{
  const char *machine;
  const char *systems[3];
} known[] = {
  { "i386", { "i686-linux" } },
  { "i486", { "i686-linux" } },
  { "i586", { "i686-linux" } },
  { "armv7l", { "armv7l-linux", "armhf-linux" } },
  { "armv8l", { "armv7l-linux", "armhf-linux" } },
  { "ppc64le", { "powerpc64le-linux" } },
  { "ppc64", { "powerpc64-linux" } },
  { "ppc", { "powerpc-linux" } },
};

char **
_buildq_machine_systems (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *system = NULL;
  struct utsname name;

  if (uname (&name) < 0)
    return g_strv_builder_end (builder);
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].machine, name.machine))
      {
        g_strv_builder_addv (builder, (const char **) known[i].systems);
        return g_strv_builder_end (builder);
      }
  system = g_strconcat (name.machine, "-linux", NULL);
  g_strv_builder_add (builder, system);
  return g_strv_builder_end (builder);
}

/* --- what it has --- */

#define MAX_CPUS 65536

static const char *machine_root = "";

void
_buildq_machine_set_root (const char *root)
{
  machine_root = root;
}

static char *
read_text (const char *path)
{
  g_autofree char *full = g_build_filename (machine_root, "/", path, NULL);
  char *text = NULL;

  return g_file_get_contents (full, &text, NULL, NULL) ? text : NULL;
}

/* The kernel refuses a set that is smaller than its own. */
static gint64
count_affinity (void)
{
  for (gsize n = 1024; n <= MAX_CPUS; n *= 2)
    {
      cpu_set_t *set = CPU_ALLOC (n);
      gsize size = CPU_ALLOC_SIZE (n);
      int failed = sched_getaffinity (0, size, set);
      gint64 count = failed ? 0 : CPU_COUNT_S (size, set);
      gboolean too_small = failed && errno == EINVAL;

      CPU_FREE (set);
      if (!too_small)
        return count;
    }
  return 0;
}

gint64
_buildq_machine_cores (void)
{
  gint64 cores = count_affinity ();
  gint64 allowed = _buildq_cgroup_cores (machine_root);

  if (cores <= 0)
    cores = g_get_num_processors ();
  return MAX (1, allowed > 0 ? MIN (cores, allowed) : cores);
}

gint64
_buildq_machine_online_cores (void)
{
  g_autofree char *text = read_text ("sys/devices/system/cpu/online");
  gint64 cores = text != NULL ? _buildq_cpu_list_count (text) : 0;

  return cores > 0 ? cores : MAX (1, sysconf (_SC_NPROCESSORS_ONLN));
}

double
_buildq_machine_load (void)
{
  g_autofree char *text = read_text ("proc/loadavg");
  double load = text != NULL ? g_ascii_strtod (text, NULL) : 0;

  return load > 0 ? load : 0;
}

/* A line of /proc/meminfo: "MemTotal:       24689632 kB"; 0 without it. */
static gint64
find_memory (const char *text, const char *key)
{
  const char *found = strstr (text, key);
  guint64 kib = found != NULL ? g_ascii_strtoull (found + strlen (key), NULL, 10) : 0;

  return (gint64) MIN (kib, (guint64) G_MAXINT64 / 1024) * 1024;
}

void
_buildq_machine_memory (gint64 *total_bytes, gint64 *available_bytes)
{
  g_autofree char *text = read_text ("proc/meminfo");
  gint64 limit, free;

  *total_bytes = *available_bytes = 0;
  if (text == NULL)
    return;
  _buildq_cgroup_memory (machine_root, &limit, &free);
  *total_bytes = MIN (limit, find_memory (text, "MemTotal:"));
  *available_bytes = MIN (free, find_memory (text, "MemAvailable:"));
}
