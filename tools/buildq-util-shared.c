/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Options that more than one command has, and the checks of values.
 */
#include "config.h"

#include "buildq-tool.h"

#include <string.h>

ToolShared tool_shared;

#define STATE_HELP "where its files are"
#define STATE_DEFAULT                                                                    \
  "that of the service, /var/lib/buildq as root, else ~/.local/state/buildq"
#define URI_HELP "the queue to talk to"
#define TOKEN_HELP "a file with the token that the queue asks for"

/* clang-format off */
const ToolOption tool_config_options[] = {
  { "config", 0, TOOL_PATH, offsetof (ToolShared, config), "FILE",
    "read this config file and no other", .variable = "BUILDQ_CONFIG",
    .otherwise = TOOL_SYSTEM_CONFIG ", then ~/.config/buildq/buildq.conf" },
  { NULL },
};

const ToolOption tool_client_options[] = {
  { "uri", 0, TOOL_STRING, offsetof (ToolShared, uri), "URI", URI_HELP,
    .group = "client", .variable = "BUILDQ_URI", .value = TOOL_DEFAULT_URI,
    .check = tool_check_queue_uri },
  { "token-file", 0, TOOL_PATH, offsetof (ToolShared, token_file), "FILE", TOKEN_HELP,
    .group = "client", .variable = "BUILDQ_TOKEN_FILE", .otherwise = "no token" },
  { NULL },
};

const ToolOption tool_worker_options[] = {
  { "uri", 0, TOOL_STRING, offsetof (ToolShared, uri), "URI", URI_HELP,
    .group = "worker", .variable = "BUILDQ_URI", .value = TOOL_DEFAULT_URI,
    .check = tool_check_queue_uri },
  { "token-file", 0, TOOL_PATH, offsetof (ToolShared, token_file), "FILE", TOKEN_HELP,
    .group = "worker", .variable = "BUILDQ_TOKEN_FILE", .otherwise = "no token" },
  { NULL },
};

const ToolOption tool_server_state_options[] = {
  { "state", 0, TOOL_PATH, offsetof (ToolShared, state), "DIR", STATE_HELP,
    .group = "server", .variable = "BUILDQ_STATE", .otherwise = STATE_DEFAULT },
  { NULL },
};

const ToolOption tool_worker_state_options[] = {
  { "state", 0, TOOL_PATH, offsetof (ToolShared, state), "DIR", STATE_HELP,
    .group = "worker", .variable = "BUILDQ_STATE", .otherwise = STATE_DEFAULT },
  { NULL },
};

const ToolOption tool_mirror_options[] = {
  { "mirror", 'm', TOOL_MIRRORS, offsetof (ToolShared, mirrors), "URI",
    "a mirror, a directory or a URI, in the order in which they are asked",
    .group = "mirror", .otherwise = "all [mirror NAME] of the config files" },
  { NULL },
};

const ToolOption tool_mirror_keys[] = {
  { "uri", 0, TOOL_STRING, 0, "URI", "where the mirror is: file: or http(s):, or a directory",
    .group = "mirror", .check = tool_check_mirror },
  { NULL },
};
/* clang-format on */

gboolean
tool_check_listen (const char *text, GError **error)
{
  g_autofree char *address = NULL;
  guint port;

  return tool_parse_listen (text, &address, &port, error);
}

gboolean
tool_check_absolute (const char *path, GError **error)
{
  if (g_path_is_absolute (path))
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID, "'%s' is not an absolute path",
               path);
  return FALSE;
}

/* For config files: what a relative path means there, nobody could say. */
gboolean
tool_check_mirror (const char *uri, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (uri);
  g_autoptr (BuildqMirror) mirror = NULL;

  if (g_path_is_absolute (uri))
    return TRUE;
  if (scheme != NULL)
    {
      mirror = buildq_mirror_new_for_uri (uri, error);
      return mirror != NULL;
    }
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "'%s' is no URI and no absolute path", uri);
  return FALSE;
}

gboolean
tool_check_queue_uri (const char *uri, GError **error)
{
  g_autoptr (BuildqRemoteQueue) queue = buildq_remote_queue_new (uri, NULL, error);

  if (queue != NULL)
    return TRUE;
  g_prefix_error (error, "'%s': ", uri);
  return FALSE;
}

gboolean
tool_check_worker_name (const char *name, GError **error)
{
  if (strpbrk (name, "/\n") == NULL && *name != '.')
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_INVALID,
               "'%s' is no good name for a worker", name);
  return FALSE;
}
