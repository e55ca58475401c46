/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The outputs of a job: their store paths, known before it runs, and what it made of
 * them.
 */
#pragma once

#include "worker/buildq-run.h"

G_BEGIN_DECLS

/* The record of an input: its own, or for one that is only a path that among @known. */
BuildqArtifact *_buildq_input_find_artifact (BuildqInput *input, GPtrArray *known);
/* The store path of an output of @job: the same on all machines. Its type is
 * "output:NAME", and what is hashed the spec digest and, for each input sorted by name, a
 * line with its name, "=", store path, " " and NAR hash. */
char *_buildq_output_store_path (BuildqJob *job,
                                 GPtrArray *known,
                                 const char *store_dir,
                                 const char *output,
                                 GError **error);
/* Where what the job made as @output is to be read. NOT_FOUND if it made nothing, INVALID
 * if that lies outside of its directory. */
char *_buildq_output_collect (BuildqRun *run, BuildqOutput *output, GError **error);

G_END_DECLS
