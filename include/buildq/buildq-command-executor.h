/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-executor.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_COMMAND_EXECUTOR (buildq_command_executor_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (
    BuildqCommandExecutor, buildq_command_executor, BUILDQ, COMMAND_EXECUTOR, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqCommandExecutor *buildq_command_executor_new (void);

G_END_DECLS
