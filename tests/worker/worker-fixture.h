/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A farm of one queue, one mirror, one store and one worker, in this process.
 */
#pragma once

#include "test-mirror.h"
#include "worker-util.h"

#include <buildq/buildq.h>

#define SYSTEM "test-linux"

typedef struct
{
  char *dir;
  BuildqQueue *queue;
  BuildqKey *key;
  BuildqStore *store;
  BuildqMirror *mirror;
  TestMirror *test_mirror;
  BuildqWorker *worker;
  GCancellable *cancellable;
  GAsyncResult *ended;
  GString *finished; /* "KEY OUTCOME\n" */
} Fixture;

char *fixture_in_dir (Fixture *self, const char *name);
BuildqWorker *fixture_make_worker (Fixture *self, const char *name, const char *work);
void fixture_set_up (Fixture *self, gconstpointer data);
void fixture_run (Fixture *self);
void fixture_run_with_mirror (Fixture *self);
/* Waits for the end of run_async. */
gboolean fixture_end (Fixture *self, GError **error);
void fixture_tear_down (Fixture *self, gconstpointer data);

BuildqJobBuilder *job_builder (const char *key, const char *script);
void add_output (BuildqJobBuilder *builder, const char *name, const char *path);
void add_to (BuildqRequestBuilder *request, BuildqJobBuilder *builder);
void keep_result (GObject *source, GAsyncResult *result, gpointer data);
void fixture_submit (Fixture *self, BuildqRequestBuilder *builder, const char *wanted);
void fixture_submit_one (Fixture *self, BuildqJobBuilder *builder, const char *key);
void fixture_submit_script (Fixture *self, const char *key, const char *script);
BuildqJobStatus *fixture_get_status (Fixture *self, const char *key);
BuildqJobState fixture_get_state (Fixture *self, const char *key);
BuildqResult *fixture_get_result (Fixture *self, const char *key);
/* Waits until the worker is through with a job for the first time. */
void fixture_wait_finished (Fixture *self, const char *line);
void fixture_assert_fails (Fixture *self,
                           BuildqJobBuilder *builder,
                           const char *outcome,
                           const char *part_of_message);
void fixture_use_test_mirror (Fixture *self, TestMirrorMode mode);

#define TEST(name, func)                                                                 \
  g_test_add (name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
