/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Whether a machine has resources to spare, and if not, why. A gate closes when a reading
 * is beyond its limit, and opens again when it is a tenth better than that, so that it
 * does not flap.
 *
 * Load is what runs on the machine, own jobs included. Those must not close the gate: a
 * worker with four slots on four cores would never fill the fourth, and one slot would
 * stay empty for a minute after each job, until the average has forgotten it. So what
 * own jobs are expected to add, the cores that they were given, is averaged in the same
 * way as the kernel does, and taken off; the limit is one on what others do. Jobs that
 * keep more cores busy than they were given count as others: then the machine is in fact
 * overloaded.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* 0: no limit. */
typedef struct
{
  double max_load_per_core; /* the machine's cores, whoever may use them */
  gint64 min_memory_bytes;
  gint64 min_disk_bytes;
  gint64 min_inodes;
} BuildqGateLimits;

typedef struct
{
  char *path;
  gint64 free_bytes;
  gint64 free_inodes; /* -1: there is no number of them */
} BuildqGateDisk;

typedef struct
{
  double load;         /* of the last minute */
  gint64 cores;        /* that the machine has */
  gint64 memory_bytes; /* that are available; 0: not known */
  gint64 own_cores;    /* what of all this the process may use at most */
  gint64 own_memory_bytes;
  GArray *disks; /* of BuildqGateDisk */
} BuildqGateReading;

typedef struct _BuildqGate BuildqGate;

BuildqGate *_buildq_gate_new (void);
void _buildq_gate_free (BuildqGate *self);
BuildqGateLimits *_buildq_gate_get_limits (BuildqGate *self);

/* From @now (µs, monotonic) on own jobs have @cores. */
void _buildq_gate_set_own_cores (BuildqGate *self, gint64 cores, gint64 now);
void _buildq_gate_check (BuildqGate *self, const BuildqGateReading *reading, gint64 now);
/* Why it is closed; empty when it is open. The texts are renewed once a minute. */
const char *const *_buildq_gate_get_reasons (BuildqGate *self);

/* Reads this machine; @paths: directories, of which each file system counts once. */
void _buildq_gate_read (BuildqGateReading *reading, const char *const *paths);
void _buildq_gate_reading_clear (BuildqGateReading *reading);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqGate, _buildq_gate_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BuildqGateReading, _buildq_gate_reading_clear)

G_END_DECLS
