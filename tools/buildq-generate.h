/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What is made from the table of options when the tool is built: man pages, completion
 * and the example of a config file.
 */
#pragma once

#include "buildq-tool.h"

G_BEGIN_DECLS

void generate_man (const ToolCommand *command, GString *out);
void generate_man_of_config (GString *out);
void generate_bash (GString *out);
void generate_example (GString *out);

G_END_DECLS
