/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-machine.h"

#include <sched.h>
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

gint64
_buildq_machine_cores (void)
{
  gint64 cores = g_get_num_processors ();
  cpu_set_t set;

  if (sched_getaffinity (0, sizeof set, &set) == 0)
    cores = CPU_COUNT (&set);
  return MAX (cores, 1);
}

gint64
_buildq_machine_memory_bytes (void)
{
  gint64 pages = sysconf (_SC_PHYS_PAGES);

  return MAX (pages, 0) * sysconf (_SC_PAGESIZE);
}
