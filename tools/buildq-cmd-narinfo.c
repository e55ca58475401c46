/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>

#define MAX_NARINFO_BYTES (1024 * 1024)

static const ToolUsage show_usage = {
  "FILE|-",
  "Shows the record of an artifact as mirrors keep it, a narinfo.",
  "Examples:\n"
  "  buildq narinfo show /srv/mirror/4fgg81wbrcqwzf3kg9ws5978bd9rypz4.narinfo\n"
  "  curl -s http://mirror/HASH.narinfo | buildq narinfo show - --json",
  1,
  1,
};

static const ToolUsage verify_usage = {
  "FILE|-",
  "Checks that a key that you name has signed the record of an artifact. It says "
  "nothing\n"
  "about the artifact itself: 'buildq fetch' checks both.",
  "Example:\n"
  "  buildq narinfo verify 4fgg81wbrcqwzf3kg9ws5978bd9rypz4.narinfo --key farm.pub",
  1,
  1,
};

static BuildqArtifact *
read_narinfo (const char *path, GError **error)
{
  g_autofree char *text = tool_read_file (path, MAX_NARINFO_BYTES, error);
  BuildqArtifact *artifact;

  if (text == NULL)
    return NULL;
  artifact = buildq_narinfo_parse (text, error);
  if (artifact == NULL)
    g_prefix_error (error, "%s: ", path);
  return artifact;
}

static void
print_list (const char *what, const char *const *list)
{
  for (const char *const *p = list; p != NULL && *p != NULL; p++)
    printf ("%-12s %s\n", p == list ? what : "", *p);
}

static void
print_artifact (BuildqArtifact *artifact)
{
  g_autoptr (GPtrArray) locations = buildq_artifact_get_locations (artifact);
  const char *deriver = buildq_artifact_get_deriver (artifact);
  const char *ca = buildq_artifact_get_ca (artifact);

  printf ("%-12s %s\n", "store path", buildq_artifact_get_store_path (artifact));
  printf ("%-12s %s\n", "NAR hash", buildq_artifact_get_nar_hash (artifact));
  printf ("%-12s %" G_GINT64_FORMAT " bytes\n", "NAR size",
          buildq_artifact_get_nar_size (artifact));
  for (guint i = 0; i < locations->len; i++)
    {
      const char *compression = buildq_location_get_compression (locations->pdata[i]);
      gint64 size = buildq_location_get_file_size (locations->pdata[i]);

      printf ("%-12s %s, %s", i == 0 ? "location" : "",
              buildq_location_get_uri (locations->pdata[i]),
              compression == NULL ? "none" : compression);
      if (size > 0)
        printf (", %" G_GINT64_FORMAT " bytes", size);
      putchar ('\n');
    }
  print_list ("refers to", buildq_artifact_get_references (artifact));
  if (deriver != NULL)
    printf ("%-12s %s\n", "deriver", deriver);
  if (ca != NULL)
    printf ("%-12s %s\n", "content", ca);
  print_list ("signed", buildq_artifact_get_signatures (artifact));
}

static int
run_show (int argc, char **argv)
{
  gboolean json = FALSE;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON, as in the protocol", NULL },
    { NULL },
  };

  if (!tool_parse (&show_usage, entries, &argc, &argv, &status))
    return status;
  artifact = read_narinfo (argv[1], &error);
  if (artifact == NULL)
    return tool_fail (error);
  if (json)
    {
      g_autofree char *text = buildq_artifact_to_json (artifact);

      tool_say ("%s", text);
    }
  else
    print_artifact (artifact);
  return TOOL_OK;
}

static int
run_verify (int argc, char **argv)
{
  g_auto (GStrv) keys = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqKeyring) keyring = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "key", 'k', 0, G_OPTION_ARG_STRING_ARRAY, &keys,
      "a key that is trusted: NAME:BASE64, or a file with it; can be repeated",
      "PUBLIC" },
    { NULL },
  };

  if (!tool_parse (&verify_usage, entries, &argc, &argv, &status))
    return status;
  if (keys == NULL)
    return tool_usage_error ("say which key is trusted: --key PUBLIC");
  keyring = tool_open_keyring (keys, &error);
  if (keyring == NULL)
    return tool_fail (error);
  artifact = read_narinfo (argv[1], &error);
  if (artifact == NULL || !buildq_keyring_verify_artifact (keyring, artifact, &error))
    return tool_fail (error);
  tool_say ("good: %s is signed by a key that you trust",
            buildq_artifact_get_store_path (artifact));
  return TOOL_OK;
}

int
tool_cmd_narinfo (int argc, char **argv)
{
  static const ToolCommand commands[] = {
    { "show", "show a record", run_show },
    { "verify", "check who signed a record", run_verify },
  };

  return tool_run_commands (
      "buildq narinfo",
      "Shows and verifies the records of artifacts that mirrors keep, in the form\n"
      "of Nix and Guix.",
      commands, G_N_ELEMENTS (commands), "'buildq narinfo COMMAND --help' says more.\n",
      argc, argv);
}
