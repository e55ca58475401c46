/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * When a gate opens and closes, with readings that are made up.
 */
#include "config.h"

#include "worker/buildq-gate.h"

#include <string.h>

#define MIB (G_GINT64_CONSTANT (1) << 20)
#define GIB (1024 * MIB)
#define S G_GINT64_CONSTANT (1000000)

typedef struct
{
  BuildqGate *gate;
  BuildqGateLimits *limits;
  BuildqGateReading reading;
  gint64 now;
} Fixture;

static void
add_disk (Fixture *self, const char *path, gint64 free_bytes, gint64 free_inodes)
{
  BuildqGateDisk disk = { g_strdup (path), free_bytes, free_inodes };

  g_array_append_val (self->reading.disks, disk);
}

static BuildqGateDisk *
get_disk (Fixture *self, guint i)
{
  return &g_array_index (self->reading.disks, BuildqGateDisk, i);
}

static void
disk_clear (gpointer disk)
{
  g_free (((BuildqGateDisk *) disk)->path);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->gate = _buildq_gate_new ();
  self->limits = _buildq_gate_get_limits (self->gate);
  self->reading.cores = 8;
  self->reading.disks = g_array_new (FALSE, FALSE, sizeof (BuildqGateDisk));
  g_array_set_clear_func (self->reading.disks, disk_clear);
  self->now = 1000 * S;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  _buildq_gate_reading_clear (&self->reading);
  _buildq_gate_free (self->gate);
}

/* @reasons: with "; " between them; "" when it is to be open. */
static void
assert_reasons (Fixture *self, const char *expected)
{
  g_autofree char *actual = NULL;

  _buildq_gate_check (self->gate, &self->reading, self->now);
  actual = g_strjoinv ("; ", (char **) _buildq_gate_get_reasons (self->gate));
  g_assert_cmpstr (actual, ==, expected);
}

static void
assert_load (Fixture *self, double load, const char *expected)
{
  self->reading.load = load;
  assert_reasons (self, expected);
}

static void
test_no_limits (Fixture *self, gconstpointer data)
{
  add_disk (self, "/store", 0, 0);
  assert_load (self, 1000, "");
}

static void
test_load (Fixture *self, gconstpointer data)
{
  self->limits->max_load_per_core = 1;
  assert_load (self, 8, "");
  assert_load (self, 9.31, "load 9.3 over 8 cores");
  /* It stays closed until there is a tenth to spare; numbers alone are no news … */
  self->now += 5 * S;
  assert_load (self, 7.3, "load 9.3 over 8 cores");
  /* … for a minute. */
  self->now += 60 * S;
  assert_load (self, 7.3, "load 7.3, at most 7.2 wanted");
  self->now += 5 * S;
  assert_load (self, 7.1, "");
  assert_load (self, 8, "");
  self->reading.cores = 1;
  assert_load (self, 1.1, "load 1.1 over 1 core");
  self->limits->max_load_per_core = 2.5;
  assert_load (self, 2.2, "");
  assert_load (self, 2.6, "load 2.6 over 2.5");
}

static void
test_own_load (Fixture *self, gconstpointer data)
{
  self->limits->max_load_per_core = 1;
  self->reading.cores = 4;
  /* Three jobs of four: what they do, and some more, leaves the gate open. */
  _buildq_gate_set_own_cores (self->gate, 3, self->now);
  self->now += 1200 * S;
  assert_load (self, 5.5, "");
  /* What others do does not. */
  assert_load (self, 7.5, "load 7.5, of that 2.9 of its own jobs, over 4 cores");
  assert_load (self, 6, "");
  /* The average remembers jobs for a while after their end, and so does the gate. */
  _buildq_gate_set_own_cores (self->gate, 0, self->now);
  self->now += 10 * S;
  assert_load (self, 6, "");
  self->now += 300 * S;
  assert_load (self, 6, "load 6, of that 0.5 of its own jobs, over 4 cores");
  /* A job that has just begun excuses nothing yet. */
  self->now += 3600 * S;
  assert_load (self, 0, "");
  _buildq_gate_set_own_cores (self->gate, 4, self->now);
  self->now += 3 * S;
  assert_load (self, 5, "load 5, of that 0.2 of its own jobs, over 4 cores");
}

static void
test_memory (Fixture *self, gconstpointer data)
{
  self->limits->min_memory_bytes = 512 * MIB;
  assert_reasons (self, "");
  self->reading.memory_bytes = 400 * MIB;
  assert_reasons (self, "400 MiB of memory available, 512 MiB wanted");
  self->now += 60 * S;
  self->reading.memory_bytes = 513 * MIB;
  assert_reasons (self, "513 MiB of memory available, 563 MiB wanted");
  self->reading.memory_bytes = 600 * MIB;
  assert_reasons (self, "");
}

static void
test_disks (Fixture *self, gconstpointer data)
{
  self->limits->min_disk_bytes = 5 * GIB;
  self->limits->min_inodes = 10000;
  add_disk (self, "/var/lib/buildq/store", 21 * GIB / 10, 1000000);
  add_disk (self, "/tmp", 6 * GIB, -1);
  assert_reasons (self, "2.1 GiB free in /var/lib/buildq/store, 5 GiB wanted");
  get_disk (self, 0)->free_inodes = 900;
  get_disk (self, 1)->free_bytes = 100 * MIB;
  assert_reasons (self, "2.1 GiB free in /var/lib/buildq/store, 5 GiB wanted; "
                        "900 inodes free in /var/lib/buildq/store, 10000 wanted; "
                        "100 MiB free in /tmp, 5 GiB wanted");
  get_disk (self, 0)->free_bytes = get_disk (self, 1)->free_bytes = 50 * GIB;
  get_disk (self, 0)->free_inodes = 10500;
  assert_reasons (self, "10500 inodes free in /var/lib/buildq/store, 11000 wanted");
  get_disk (self, 0)->free_inodes = 11000;
  assert_reasons (self, "");
}

/* What is read on this machine makes sense, and one file system counts once. */
static void
test_read (Fixture *self, gconstpointer data)
{
  const char *paths[] = { "/not/there", g_get_tmp_dir (), g_get_tmp_dir (), NULL };
  g_auto (BuildqGateReading) reading = { 0 };

  for (int i = 0; i < 2; i++)
    _buildq_gate_read (&reading, paths);
  g_assert_cmpint (reading.cores, >=, reading.own_cores);
  g_assert_cmpint (reading.own_cores, >=, 1);
  g_assert_cmpint (reading.own_memory_bytes, >=, reading.memory_bytes);
  g_assert_cmpint (reading.memory_bytes, >, 0);
  g_assert_cmpuint (reading.disks->len, ==, 1);
  g_assert_cmpint (g_array_index (reading.disks, BuildqGateDisk, 0).free_bytes, >, 0);
}

#define TEST(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("/gate/no-limits", test_no_limits);
  TEST ("/gate/load", test_load);
  TEST ("/gate/own-load", test_own_load);
  TEST ("/gate/memory", test_memory);
  TEST ("/gate/disks", test_disks);
  TEST ("/gate/read", test_read);
  return g_test_run ();
}
