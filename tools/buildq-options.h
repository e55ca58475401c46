/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The table of options. Each option is declared once, in the row of its command. From
 * there come its parsing, --help, the key of the config files, `buildq config`, the man
 * pages, the example of a config file and completion.
 *
 * A value comes from the command line, else from the environment, else from the config
 * files, else it is the default; it is read and checked in the same way everywhere.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TOOL_FLAG,    /* gboolean; of the config files "true" or "false" */
  TOOL_INT,     /* gint64, within min and max */
  TOOL_SECONDS, /* double, within min and max */
  TOOL_SIZE,    /* gint64, bytes: "500M", "5G"; within min and max */
  TOOL_STRING,  /* char * */
  TOOL_PATH,    /* char *, absolute once it is read */
  TOOL_STRINGS, /* char **; --feature a --feature b, or feature = a;b */
  TOOL_MIRRORS, /* char **; its config is that of all groups [mirror NAME] */
} ToolType;

typedef struct
{
  const char *name; /* --NAME, and the key of the config files */
  char letter;      /* or 0 */
  ToolType type;
  gsize offset;         /* of the value, in the struct that the command gets */
  const char *argument; /* such as "FILE"; NULL for a flag */
  const char *help;     /* one phrase, without the default: that is added */

  const char *group;    /* in which group of the config files the key is; NULL: in none */
  const char *variable; /* of the environment, or NULL */
  const char *value;    /* the default, as somebody would give it; or NULL */
  const char *otherwise; /* what happens without a value, if it is not plain: "its own" */
  double min, max;       /* both 0: what the type holds */
  const char *const *choices; /* the only good values, or NULL */
  /* Says what is wrong with a value, if anything; or NULL. */
  gboolean (*check) (const char *value, GError **error);
} ToolOption;

/* A command, or a group of them. */
typedef struct _ToolCommand ToolCommand;
struct _ToolCommand
{
  const char *name;
  const char *summary;     /* one line of the table of commands */
  const char *arguments;   /* after the options, such as "FILE" */
  const char *description; /* what it does, before the options */
  const char *notes;       /* examples and where to go next, after the options */
  int min_arguments;
  int max_arguments;        /* -1: any number */
  gboolean takes_command;   /* after "--"; it goes to tool_shared.command */
  gboolean heeds_no_errors; /* of the config files: it is about them */
  /* Each ends with a row without a name. Those that are shared go to tool_shared. */
  const ToolOption *options;
  const ToolOption *shared[3];
  gsize size; /* of the struct of its options */
  /* Gets that struct, and the arguments up to a NULL. Returns the exit status. */
  int (*run) (gconstpointer options, char **arguments);
  const ToolCommand *const *commands; /* those of a group, up to a NULL; or NULL */
};

extern const ToolCommand tool_buildq; /* all commands */

/* Options of more than one command. */
typedef struct
{
  char *config;
  char *state;
  char *uri;
  char *token_file;
  char **mirrors;
  char **command; /* what follows "--" on the command line; NULL if that is not there */
} ToolShared;

extern ToolShared tool_shared;
extern const ToolOption
    tool_config_options[]; /* --config: wherever an option has a key */
extern const ToolOption tool_client_options[];       /* --uri, --token-file */
extern const ToolOption tool_worker_options[];       /* the same, of [worker] */
extern const ToolOption tool_server_state_options[]; /* --state of [server] */
extern const ToolOption tool_worker_state_options[];
extern const ToolOption tool_mirror_options[]; /* --mirror */
extern const ToolOption tool_mirror_keys[];    /* what a group [mirror NAME] can have */

int tool_run (int argc, char **argv);

/* --- values --- */

gboolean tool_value_check (const ToolOption *option, const char *text, GError **error);
/* Sets the value in the struct at @base from texts that are good. */
void tool_value_set (const ToolOption *option, gpointer base, const char *const *texts);
void tool_value_clear (const ToolOption *option, gpointer base);
char *tool_choices_to_string (const char *const *choices); /* "a, b or c" */
/* What a key of the config files means, what its values are, and its default. */
char *tool_option_describe (const ToolOption *option);
/* The help of an option, with its default. */
char *tool_option_help (const ToolOption *option);
/* Calls @func for each option of a command, own and shared. */
typedef void (*ToolOptionFunc) (const ToolOption *option,
                                gboolean shared,
                                gpointer user_data);
void tool_command_foreach (const ToolCommand *command,
                           ToolOptionFunc func,
                           gpointer user_data);
gboolean tool_command_has_config (const ToolCommand *command);
/* Of all commands; what is shared comes with each that has it. */
void tool_foreach_option (ToolOptionFunc func, gpointer user_data);
/* (element-type utf8): the groups of the config files but [mirror NAME]. */
GPtrArray *tool_config_groups (void);
/* (element-type ToolOption): those of the environment, or the keys of a group, each once
 */
GPtrArray *tool_options_with_variable (void);
GPtrArray *tool_options_of_group (const char *group);

/* --- config files --- */

typedef struct _ToolConfig ToolConfig;

/* Reads @path or, if it is NULL, the file that BUILDQ_CONFIG names or, if there is none,
 * those of the system and of the user. Never NULL: see what is wrong by the errors. */
ToolConfig *tool_config_read (const char *path);
void tool_config_free (ToolConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolConfig, tool_config_free)
/* (element-type utf8): all that is wrong, "FILE:LINE: …" */
GPtrArray *tool_config_get_errors (ToolConfig *self);
GPtrArray *tool_config_get_files (ToolConfig *self); /* (element-type utf8): those read */
/* What the files say about an option; NULL: nothing. @origin: "FILE:LINE". */
char **tool_config_lookup (ToolConfig *self, const ToolOption *option, char **origin);

char **tool_config_default_paths (void);
typedef void (*ToolMirrorFunc) (const char *group,
                                const char *key,
                                const char *value,
                                const char *file,
                                guint line,
                                gpointer user_data);
void tool_config_foreach_mirror (ToolConfig *self,
                                 ToolMirrorFunc func,
                                 gpointer user_data);

/* A value and where it comes from: "environment NAME", "FILE:LINE" or "default". NULL if
 * nobody says anything and there is no default. */
char **tool_lookup (ToolConfig *config,
                    const ToolOption *option,
                    char **origin,
                    GError **error);

G_END_DECLS
