/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A folder with a store to upload from, a mirror, and a fresh store to fetch into.
 */
#pragma once

#include <buildq/buildq.h>

typedef struct
{
  char *dir;
  char *mirror_dir;
  BuildqStore *from;
  BuildqStore *to;
  BuildqMirror *mirror;
  BuildqKey *key; /* signs */
  BuildqKeyring *keyring;
} MirrorFixture;

void mirror_fixture_set_up (MirrorFixture *self, gconstpointer data);
void mirror_fixture_tear_down (MirrorFixture *self, gconstpointer data);

/* A file with @text in the store to upload from, which refers to those in @references. */
BuildqArtifact *mirror_fixture_add (MirrorFixture *self,
                                    const char *name,
                                    const char *text,
                                    const char *const *references);
/* Uploads, signs and publishes it, with another compression than the default if given. */
BuildqArtifact *mirror_fixture_publish (MirrorFixture *self,
                                        BuildqArtifact *artifact,
                                        const char *compression);
BuildqResolver *mirror_fixture_resolver (MirrorFixture *self);
/* The path of the file that a location of the mirror stands for. */
char *mirror_fixture_file (BuildqArtifact *artifact);

/* @artifact with one field of its JSON replaced: @from is in it, @to comes instead. */
BuildqArtifact *mirror_fixture_alter (BuildqArtifact *artifact,
                                      const char *from,
                                      const char *to);
/* What is in a folder and below it, but for the records of the store. */
guint mirror_fixture_count_files (const char *dir);

void take_result (GObject *source, GAsyncResult *result, gpointer place);
GAsyncResult *wait_for (GAsyncResult **place);
