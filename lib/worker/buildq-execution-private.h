/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include "worker/buildq-run.h"

#include <buildq/buildq-execution.h>

G_BEGIN_DECLS

/* The handle of @run for an executor; there is one. */
BuildqExecution *_buildq_execution_new (BuildqRun *run);
BuildqRun *_buildq_execution_get_run (BuildqExecution *self);

G_END_DECLS
