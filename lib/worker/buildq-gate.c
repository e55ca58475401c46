/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-gate.h"
#include "worker/buildq-machine.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MARGIN 0.1
#define MAX_DISKS 8
#define LOAD_S 60.0                    /* that the kernel's load looks back */
#define RENEW_US (60 * G_USEC_PER_SEC) /* numbers alone are no news */
#define MIB (G_GINT64_CONSTANT (1024) * 1024)
#define GIB (1024 * MIB)

/* What can close it; of disks one bit for each. */
enum
{
  CLOSED_LOAD = 1 << 0,
  CLOSED_MEMORY = 1 << 1,
  CLOSED_DISK = 1 << 2,
  CLOSED_INODES = CLOSED_DISK << MAX_DISKS,
};

struct _BuildqGate
{
  BuildqGateLimits limits;
  guint closed; /* bits of the above */
  char **reasons;
  gint64 reasons_us; /* when they were made */

  gint64 own_cores;
  gint64 own_us;   /* since when */
  double own_load; /* until then */
};

BuildqGate *
_buildq_gate_new (void)
{
  BuildqGate *self = g_new0 (BuildqGate, 1);

  self->reasons = g_new0 (char *, 1);
  return self;
}

void
_buildq_gate_free (BuildqGate *self)
{
  g_strfreev (self->reasons);
  g_free (self);
}

BuildqGateLimits *
_buildq_gate_get_limits (BuildqGate *self)
{
  return &self->limits;
}

const char *const *
_buildq_gate_get_reasons (BuildqGate *self)
{
  return (const char *const *) self->reasons;
}

/* --- numbers as people write them --- */

static char *
format_number (double number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  char *text = g_strdup (g_ascii_formatd (buffer, sizeof buffer, "%.1f", number));

  if (g_str_has_suffix (text, ".0"))
    text[strlen (text) - 2] = '\0';
  return text;
}

static char *
format_bytes (gint64 bytes)
{
  g_autofree char *number = format_number (bytes >= GIB ? (double) bytes / (double) GIB
                                                        : (double) (bytes / MIB));

  return g_strconcat (number, bytes >= GIB ? " GiB" : " MiB", NULL);
}

/* --- the load of own jobs --- */

static double
own_load_at (BuildqGate *self, gint64 now)
{
  double s = (double) MAX (0, now - self->own_us) / G_USEC_PER_SEC;

  /* Near enough to what the kernel does every five seconds. */
  return (self->own_load * LOAD_S + (double) self->own_cores * s) / (LOAD_S + s);
}

void
_buildq_gate_set_own_cores (BuildqGate *self, gint64 cores, gint64 now)
{
  self->own_load = own_load_at (self, now);
  self->own_us = now;
  self->own_cores = cores;
}

/* --- each limit --- */

/* Notes whether @value is under @minimum; a closed one wants a tenth more. Returns what
 * is to be said to be wanted. */
static gint64
check_minimum (BuildqGate *self, guint bit, gint64 value, gint64 minimum)
{
  gint64 wanted = minimum;

  if (self->closed & bit)
    wanted += (gint64) ((double) minimum * MARGIN);
  if (minimum > 0 && value >= 0 && value < wanted)
    self->closed |= bit;
  else
    self->closed &= ~bit;
  return value < minimum ? minimum : wanted;
}

static void
check_load (BuildqGate *self,
            const BuildqGateReading *reading,
            gint64 now,
            GStrvBuilder *reasons)
{
  double per_core = self->limits.max_load_per_core;
  double most = per_core * (double) reading->cores, limit = most;
  double own = MIN (own_load_at (self, now), reading->load);
  g_autofree char *load = format_number (reading->load), *part = format_number (own);
  g_autofree char *text = NULL, *over = NULL;
  const char *unit = reading->cores == 1 ? " core" : " cores";

  if (self->closed & CLOSED_LOAD)
    limit *= 1 - MARGIN;
  if (per_core <= 0 || reading->load - own <= limit)
    {
      self->closed &= ~(guint) CLOSED_LOAD;
      return;
    }
  self->closed |= CLOSED_LOAD;
  over = format_number (reading->load - own > most ? most : limit);
  text = g_strdup_printf ("load %s%s%s%s%s%s%s", load, own >= 0.05 ? ", of that " : "",
                          own >= 0.05 ? part : "", own >= 0.05 ? " of its own jobs," : "",
                          reading->load - own > most ? " over " : ", at most ", over,
                          reading->load - own <= most ? " wanted"
                          : per_core == 1             ? unit
                                                      : "");
  g_strv_builder_add (reasons, text);
}

static void
check_memory (BuildqGate *self, const BuildqGateReading *reading, GStrvBuilder *reasons)
{
  gint64 available = reading->memory_bytes > 0 ? reading->memory_bytes : -1;
  gint64 minimum
      = check_minimum (self, CLOSED_MEMORY, available, self->limits.min_memory_bytes);
  g_autofree char *has = format_bytes (available), *wanted = format_bytes (minimum);
  g_autofree char *text
      = g_strdup_printf ("%s of memory available, %s wanted", has, wanted);

  if (self->closed & CLOSED_MEMORY)
    g_strv_builder_add (reasons, text);
}

static void
check_disk (BuildqGate *self, const BuildqGateDisk *disk, guint i, GStrvBuilder *reasons)
{
  gint64 bytes = check_minimum (self, (guint) CLOSED_DISK << i, disk->free_bytes,
                                self->limits.min_disk_bytes);
  gint64 inodes = check_minimum (self, (guint) CLOSED_INODES << i, disk->free_inodes,
                                 self->limits.min_inodes);

  if (self->closed & ((guint) CLOSED_DISK << i))
    {
      g_autofree char *has = format_bytes (disk->free_bytes);
      g_autofree char *wanted = format_bytes (bytes);
      g_autofree char *text
          = g_strdup_printf ("%s free in %s, %s wanted", has, disk->path, wanted);

      g_strv_builder_add (reasons, text);
    }
  if (self->closed & ((guint) CLOSED_INODES << i))
    {
      g_autofree char *text = g_strdup_printf (
          "%" G_GINT64_FORMAT " inodes free in %s, %" G_GINT64_FORMAT " wanted",
          disk->free_inodes, disk->path, inodes);

      g_strv_builder_add (reasons, text);
    }
}

void
_buildq_gate_check (BuildqGate *self, const BuildqGateReading *reading, gint64 now)
{
  g_autoptr (GStrvBuilder) reasons = g_strv_builder_new ();
  guint before = self->closed;

  check_load (self, reading, now, reasons);
  check_memory (self, reading, reasons);
  for (guint i = 0; i < MIN (reading->disks->len, MAX_DISKS); i++)
    check_disk (self, &g_array_index (reading->disks, BuildqGateDisk, i), i, reasons);
  if (self->closed == before && now - self->reasons_us < RENEW_US)
    return;
  g_strfreev (self->reasons);
  self->reasons = g_strv_builder_end (reasons);
  self->reasons_us = now;
}

/* --- reading --- */

static void
disk_clear (gpointer disk)
{
  g_free (((BuildqGateDisk *) disk)->path);
}

/* Files that root alone may still write are none for jobs. */
static void
read_disk (GArray *disks, const char *path)
{
  struct statvfs fs;
  BuildqGateDisk disk;

  if (statvfs (path, &fs) < 0)
    return;
  disk.path = g_strdup (path);
  disk.free_bytes
      = (gint64) MIN ((guint64) fs.f_bavail, (guint64) G_MAXINT64 / MAX (1, fs.f_frsize))
        * (gint64) fs.f_frsize;
  disk.free_inodes
      = fs.f_files > 0 ? (gint64) MIN ((guint64) fs.f_favail, (guint64) G_MAXINT64) : -1;
  g_array_append_val (disks, disk);
}

void
_buildq_gate_read (BuildqGateReading *reading, const char *const *paths)
{
  g_autoptr (GArray) devices = g_array_new (FALSE, FALSE, sizeof (dev_t));

  _buildq_gate_reading_clear (reading);
  reading->load = _buildq_machine_load ();
  reading->cores = _buildq_machine_online_cores ();
  reading->own_cores = _buildq_machine_cores ();
  _buildq_machine_memory (&reading->own_memory_bytes, &reading->memory_bytes);
  reading->disks = g_array_new (FALSE, FALSE, sizeof (BuildqGateDisk));
  g_array_set_clear_func (reading->disks, disk_clear);
  for (guint i = 0; paths[i] != NULL; i++)
    {
      struct stat st;
      gboolean known = FALSE;

      if (stat (paths[i], &st) < 0)
        continue;
      for (guint j = 0; j < devices->len && !known; j++)
        known = g_array_index (devices, dev_t, j) == st.st_dev;
      if (known)
        continue;
      g_array_append_val (devices, st.st_dev);
      read_disk (reading->disks, paths[i]);
    }
}

void
_buildq_gate_reading_clear (BuildqGateReading *reading)
{
  g_clear_pointer (&reading->disks, g_array_unref);
}
