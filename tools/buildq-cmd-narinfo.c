/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "buildq-tool.h"

#include <stdio.h>

#define MAX_NARINFO_BYTES (1024 * 1024)

typedef struct
{
  gboolean json;
} ShowOptions;

typedef struct
{
  char **keys;
} VerifyOptions;

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
run_show (gconstpointer data, char **arguments)
{
  const ShowOptions *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact = read_narinfo (arguments[0], &error);

  if (artifact == NULL)
    return tool_fail (error);
  if (options->json)
    {
      g_autofree char *text = buildq_artifact_to_json (artifact);

      tool_say ("%s", text);
    }
  else
    print_artifact (artifact);
  return TOOL_OK;
}

/* clang-format off */
static const ToolOption show_options[] = {
  { "json", 0, TOOL_FLAG, offsetof (ShowOptions, json), NULL,
    "print JSON, as in the protocol" },
  { NULL },
};
/* clang-format on */

static const ToolCommand show_command = {
  .name = "show",
  .summary = "show a record",
  .arguments = "FILE|-",
  .description = "Shows the record of an artifact as mirrors keep it, a narinfo.",
  .notes = "Examples:\n"
           "  buildq narinfo show /srv/mirror/4fgg81wbrcqwzf3kg9ws5978bd9rypz4.narinfo\n"
           "  curl -s http://mirror/HASH.narinfo | buildq narinfo show - --json",
  .min_arguments = 1,
  .max_arguments = 1,
  .options = show_options,
  .size = sizeof (ShowOptions),
  .run = run_show,
};

static int
run_verify (gconstpointer data, char **arguments)
{
  const VerifyOptions *options = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqArtifact) artifact = NULL;
  g_autoptr (BuildqKeyring) keyring = NULL;

  if (options->keys == NULL)
    return tool_usage_error ("say which key is trusted: --key PUBLIC");
  keyring = tool_open_keyring (options->keys, &error);
  if (keyring == NULL)
    return tool_fail (error);
  artifact = read_narinfo (arguments[0], &error);
  if (artifact == NULL || !buildq_keyring_verify_artifact (keyring, artifact, &error))
    return tool_fail (error);
  tool_say ("good: %s is signed by a key that you trust",
            buildq_artifact_get_store_path (artifact));
  return TOOL_OK;
}

/* clang-format off */
static const ToolOption verify_options[] = {
  { "key", 'k', TOOL_STRINGS, offsetof (VerifyOptions, keys), "PUBLIC",
    "a key that is trusted: NAME:BASE64, or a file with it", .group = "client" },
  { NULL },
};
/* clang-format on */

static const ToolCommand verify_command = {
  .name = "verify",
  .summary = "check who signed a record",
  .arguments = "FILE|-",
  .description
  = "Checks that a key that you name has signed the record of an artifact. It says "
    "nothing\n"
    "about the artifact itself: 'buildq fetch' checks both.",
  .notes
  = "Example:\n"
    "  buildq narinfo verify 4fgg81wbrcqwzf3kg9ws5978bd9rypz4.narinfo --key farm.pub",
  .min_arguments = 1,
  .max_arguments = 1,
  .options = verify_options,
  .size = sizeof (VerifyOptions),
  .run = run_verify,
};

static const ToolCommand *const commands[] = { &show_command, &verify_command, NULL };

const ToolCommand tool_narinfo_command = {
  .name = "narinfo",
  .summary = "show and verify the records that mirrors keep",
  .description
  = "Shows and verifies the records of artifacts that mirrors keep, in the form\n"
    "of Nix and Guix.",
  .commands = commands,
};
