/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A disk that the operations of crash-vfs.h are played to, and what is left on it when
 * the power is lost.
 */
#pragma once

#include "crash-vfs.h"

G_BEGIN_DECLS

/* What becomes of all that was not synced: writes, changes of size, new and removed
 * names. */
typedef enum
{
  CRASH_LOSE_ALL,
  CRASH_LOSE_NOTHING, /* as when only the process dies */
  CRASH_LOSE_SOME,    /* each is there or not */
  CRASH_TEAR,         /* of writes, each sector is there or not, or holds anything */
  CRASH_N_LOSSES,
} CrashLoss;

typedef struct _CrashDisk CrashDisk;

/* @lies: it says that it has synced, and does nothing. */
CrashDisk *crash_disk_new (gboolean lies);
void crash_disk_free (CrashDisk *self);
void crash_disk_do (CrashDisk *self, const CrashOp *op);
/* Leaves in @folder what is on the disk now. */
void crash_disk_lose_power (CrashDisk *self,
                            CrashLoss loss,
                            GRand *rand,
                            const char *folder);

void crash_clear_folder (const char *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrashDisk, crash_disk_free)

G_END_DECLS
