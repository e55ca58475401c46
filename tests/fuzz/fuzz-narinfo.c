/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A narinfo that is read can be written, and reading that gives the same artifact.
 */
#include "config.h"

#include "fuzz.h"

#include <buildq/buildq-artifact.h>
#include <buildq/buildq-narinfo.h>

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact = buildq_narinfo_parse (text, &error);
  g_autoptr (BuildqArtifact) again = NULL;
  g_autoptr (BuildqArtifact) from_json = NULL;
  g_autofree char *written = NULL;
  g_autofree char *rewritten = NULL;
  g_autofree char *json = NULL;

  g_assert_true ((artifact != NULL) == (error == NULL));
  if (artifact == NULL)
    return 0;

  written = buildq_narinfo_format (artifact, &error);
  g_assert_no_error (error);
  again = buildq_narinfo_parse (written, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (artifact, again));
  rewritten = buildq_narinfo_format (again, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (rewritten, ==, written);

  json = buildq_artifact_to_json (artifact);
  from_json = buildq_artifact_new_from_json (json, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_artifact_equal (artifact, from_json));
  return 0;
}
