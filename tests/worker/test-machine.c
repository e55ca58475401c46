/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What this machine allows: by recorded files, and in a control group of our own where
 * the machine lets us make one.
 */
#include "config.h"

#include "worker/buildq-cgroup.h"
#include "worker/buildq-machine.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (G_GINT64_CONSTANT (1) << 20)
#define NO_LIMIT G_MAXINT64

static char *
recorded (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "data", "machine", name, NULL);
}

static void
test_cpu_list (void)
{
  static const struct
  {
    const char *text;
    gint64 count;
  } cases[] = {
    { "0\n", 1 },
    { "0-3", 4 },
    { "0-1,8,10-11\n", 5 },
    { "", 0 },
    { "\n", 0 },
    { "x", 0 },
    { "0-", 0 },
    { "3-1", 0 },
    { "0-99999999999", 0 },
    { "0-3 garbage", 0 },
    { "0,,1", 0 },
    { "-1", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("list %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (_buildq_cpu_list_count (cases[i].text), ==, cases[i].count);
    }
}

static void
test_recorded (void)
{
  static const struct
  {
    const char *name;
    gint64 cores;
    gint64 limit, available;
  } cases[] = {
    { "v2-unit", 4, 6144 * MIB, (6144 - 5120 + 3072) * MIB },
    { "v2-half", 1, 512 * MIB, 256 * MIB },
    { "v2-outside", 3, NO_LIMIT, NO_LIMIT },
    { "v1", 3, 2048 * MIB, (2048 - 1536 + 1024) * MIB },
    { "odd", 0, NO_LIMIT, NO_LIMIT },
    { "not-there", 0, NO_LIMIT, NO_LIMIT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *root = recorded (cases[i].name);
      gint64 limit, available;

      g_test_message ("%s", cases[i].name);
      g_assert_cmpint (_buildq_cgroup_cores (root), ==, cases[i].cores);
      _buildq_cgroup_memory (root, &limit, &available);
      g_assert_cmpint (limit, ==, cases[i].limit);
      g_assert_cmpint (available, ==, cases[i].available);
    }
}

static void
test_machine (void)
{
  g_autofree char *unit = recorded ("v2-unit"), *half = recorded ("v2-half"),
                  *odd = recorded ("odd"), *bare = recorded ("not-there");
  gint64 total, available;

  _buildq_machine_set_root (unit);
  g_assert_cmpfloat_with_epsilon (_buildq_machine_load (), 9.31, 0.001);
  g_assert_cmpint (_buildq_machine_online_cores (), ==, 8);
  _buildq_machine_memory (&total, &available);
  g_assert_cmpint (total, ==, 6144 * MIB);
  g_assert_cmpint (available, ==, 4096 * MIB);

  _buildq_machine_set_root (half);
  g_assert_cmpint (_buildq_machine_cores (), ==, 1);
  _buildq_machine_memory (&total, &available);
  g_assert_cmpint (total, ==, 512 * MIB);
  g_assert_cmpint (available, ==, 256 * MIB);

  _buildq_machine_set_root (odd);
  g_assert_cmpfloat (_buildq_machine_load (), ==, 0);
  g_assert_cmpint (_buildq_machine_cores (), >=, 1);
  g_assert_cmpint (_buildq_machine_online_cores (), >=, 1);
  _buildq_machine_memory (&total, &available);
  g_assert_cmpint (total, >, 0);
  g_assert_cmpint (available, ==, 0);

  _buildq_machine_set_root (bare);
  g_assert_cmpint (_buildq_machine_cores (), >=, 1);
  _buildq_machine_memory (&total, &available);
  g_assert_cmpint (total, ==, 0);
  _buildq_machine_set_root ("");
}

/* --- a control group of our own --- */

static gboolean
write_in (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  gsize length = strlen (text);
  FILE *file = g_fopen (path, "w");
  gboolean ok;

  if (file == NULL)
    return FALSE;
  ok = fwrite (text, 1, length, file) == length;
  return fclose (file) == 0 && ok;
}

/* Runs @check in the group at @dir, in a process of its own; -1 if it cannot get in. */
static int
run_in_group (const char *dir, int (*check) (void))
{
  int status;
  pid_t pid = fork ();

  if (pid == 0)
    _exit (write_in (dir, "cgroup.procs", "0") ? check () : 77);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status) == 77 ? -1 : WEXITSTATUS (status);
}

static int
check_cores (void)
{
  return (int) _buildq_machine_cores ();
}

static int
check_memory (void)
{
  gint64 total, available;

  _buildq_machine_memory (&total, &available);
  return total == 64 * MIB && available > 0 && available <= 64 * MIB;
}

/* @parent may also be a folder that holds the hierarchies. */
static char *
make_group (const char *parent)
{
  g_autofree char *procs = g_build_filename (parent, "cgroup.procs", NULL);
  g_autofree char *dir = g_strdup_printf ("%s/buildq-test-%d", parent, (int) getpid ());

  if (!g_file_test (procs, G_FILE_TEST_EXISTS) || g_mkdir (dir, 0755) != 0)
    return NULL;
  return g_steal_pointer (&dir);
}

static void
check_group (const char *parent,
             const char *name,
             const char *value,
             int (*check) (void),
             gboolean *done)
{
  g_autofree char *dir = make_group (parent);
  int result = -1;

  if (dir != NULL && write_in (dir, name, value))
    result = run_in_group (dir, check);
  if (dir != NULL)
    g_assert_no_errno (g_rmdir (dir));
  if (result < 0)
    return;
  g_assert_cmpint (result, ==, 1);
  *done = TRUE;
}

static void
test_real (void)
{
  gboolean done = FALSE;

  write_in ("/sys/fs/cgroup", "cgroup.subtree_control", "+cpu +memory");
  check_group ("/sys/fs/cgroup", "cpu.max", "150000 100000", check_cores, &done);
  check_group ("/sys/fs/cgroup", "memory.max", "67108864", check_memory, &done);
  check_group ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "150000", check_cores, &done);
  check_group ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "67108864", check_memory,
               &done);
  if (!done)
    g_test_message ("no control group can be made here: only recorded ones are tested");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/machine/cpu-list", test_cpu_list);
  g_test_add_func ("/machine/recorded", test_recorded);
  g_test_add_func ("/machine/this", test_machine);
  g_test_add_func ("/machine/control-group", test_real);
  return g_test_run ();
}
