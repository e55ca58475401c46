/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the commands of `buildq` share.
 */
#pragma once

#include "buildq-options.h"

#include <buildq/buildq.h>
#include <stdio.h>

G_BEGIN_DECLS

#define TOOL_DEFAULT_URI "http://127.0.0.1:8720"
#define TOOL_DEFAULT_LISTEN "127.0.0.1:8720"
#define TOOL_DEFAULT_STORE_DIR "/buildq/store"
#define TOOL_SYSTEM_CONFIG BUILDQ_SYSCONFDIR "/buildq/buildq.conf"

/* Exit statuses. */
enum
{
  TOOL_OK = 0,
  TOOL_FAILED = 1,
  TOOL_USAGE = 2,
  TOOL_TIMED_OUT = 124, /* of a command, as timeout(1) */
  TOOL_NOT_RUN = 125, /* a command was not run to its end, or its outputs are not here */
  TOOL_INTERRUPTED = 130,
};

/* --- commands --- */

extern const ToolCommand tool_cancel_command;
extern const ToolCommand tool_config_command;
extern const ToolCommand tool_farm_command;
extern const ToolCommand tool_fetch_command;
extern const ToolCommand tool_journal_command;
extern const ToolCommand tool_key_command;
extern const ToolCommand tool_log_command;
extern const ToolCommand tool_nar_command;
extern const ToolCommand tool_narinfo_command;
extern const ToolCommand tool_retry_command;
extern const ToolCommand tool_serve_command;
extern const ToolCommand tool_status_command;
extern const ToolCommand tool_submit_command;
extern const ToolCommand tool_token_command;
extern const ToolCommand tool_work_command;
extern const ToolCommand tool_worker_command;

/* --- what people read --- */

int tool_fail (const GError *error) G_GNUC_WARN_UNUSED_RESULT;
int tool_usage_error (const char *format, ...)
    G_GNUC_PRINTF (1, 2) G_GNUC_WARN_UNUSED_RESULT;
void tool_warn (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* A line on stdout, at once. */
void tool_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
const char *tool_closest (const char *word, const char *const *candidates);
char *tool_fold (const char *text, glong width); /* into lines of so many columns */
char *tool_printable (const char *text); /* without what moves the cursor of a terminal */
char *tool_shell_word (const char *text); /* quoted only when it must be */
char *tool_format_us (gint64 us);         /* a span: "4.2 s", "3 min 05 s" */
char *tool_format_ago (gint64 time_us);   /* since a time on the wall clock */

typedef struct _ToolTable ToolTable; /* columns as wide as their widest cell */

ToolTable *tool_table_new (const char *first_heading, ...) G_GNUC_NULL_TERMINATED;
void tool_table_add (ToolTable *self, const char *first_cell, ...) G_GNUC_NULL_TERMINATED;
void tool_table_print (ToolTable *self);
void tool_table_free (ToolTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTable, tool_table_free)

/* --- calls --- */

/* An asynchronous call that is waited for:
 *   g_autoptr (GAsyncResult) result = NULL;
 *   foo_async (…, tool_done, &result);
 *   foo_finish (…, tool_wait (&result), error); */
void tool_done (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *tool_wait (GAsyncResult **result);
/* Of a signal, with a gboolean that says to stop; a second one ends the process, as the
 * queue may not answer. */
gboolean tool_interrupted (gpointer user_data);
void tool_sleep_ms (guint ms, gboolean *stop);

/* To the queue that --uri and the like say. @role: what a token must allow at least, for
 * those who have none. */
BuildqQueue *tool_connect (const char *role, GError **error);
/* The role, where failures can be those of a queue elsewhere; else NULL. */
const char *tool_connected_role (void);
/* Sets it: NULL while failures are those of mirrors. Returns what it was. */
const char *tool_speak_to_queue (const char *role);
BuildqRequestStatus *tool_get_request (BuildqQueue *queue,
                                       const char *id,
                                       GError **error);
BuildqRequestStatus *tool_submit (BuildqQueue *queue,
                                  BuildqRequest *request,
                                  GError **error);
BuildqJobStatus *tool_get_job (BuildqQueue *queue, const char *key, GError **error);
/* The jobs of a request, or all, in some states; @max 0: all of them. */
GPtrArray *tool_list_jobs (BuildqQueue *queue,
                           const char *request,
                           const char *const *states,
                           guint max,
                           GError **error);

GPtrArray *tool_list_workers (BuildqQueue *queue, GError **error);
void tool_print_workers (GPtrArray *workers);

/* --- places --- */

char *tool_state_dir (void); /* what --state says, or where state is by custom */
gboolean tool_make_dir (const char *path, GError **error);
gboolean tool_exists (const char *path);
void tool_remove_tree (const char *path); /* as far as that can be done */
/* Root works on somebody's directory as that user. For the rest of the process. */
gboolean tool_be_owner_of (const char *path, GError **error);
const char *tool_system (void); /* of this machine, such as "x86_64-linux" */
/* "ADDRESS:PORT", "[V6]:PORT", "PORT" or ":PORT" */
gboolean tool_parse_listen (const char *text,
                            char **address,
                            guint *port,
                            GError **error);
BuildqKeyring *tool_open_keyring (char **texts_or_files, GError **error);
/* A mirror by its URI, or by the path of a directory, which is made. */
BuildqMirror *tool_open_mirror (const char *text, GError **error);
char *tool_read_file (const char *path, gsize limit, GError **error); /* "-": stdin */
/* Writes a file that is not there yet. */
gboolean tool_write_new (const char *path, const char *text, int mode, GError **error);

/* --- checks of values --- */

gboolean tool_check_listen (const char *text, GError **error);
gboolean tool_check_absolute (const char *path, GError **error);
gboolean tool_check_mirror (const char *uri, GError **error);
gboolean tool_check_queue_uri (const char *uri, GError **error);
gboolean tool_check_worker_name (const char *name, GError **error);

/* --- parts of a farm --- */

typedef struct
{
  const char *state;
  const char *key;       /* file, or NULL: the one that the queue keeps in its journal */
  const char *store_dir; /* or NULL */
  double session_s;      /* 0: the default */
} ToolQueueOptions;

BuildqLocalQueue *tool_open_queue (const ToolQueueOptions *options, GError **error);
BuildqServer *tool_open_server (BuildqQueue *queue,
                                const char *state,
                                const char *listen, /* "ADDRESS:PORT" */
                                GError **error);

typedef struct
{
  const char *name;
  const char *store;     /* directory */
  const char *store_dir; /* logical */
  const char *work_dir;
  char **mirrors;
  char **systems;
  char **features;
  const char *compression;
  gint64 slots;
  gint64 keep_running;     /* in seconds */
  gint64 max_load_percent; /* 0: no limit, as with the following */
  gint64 min_memory;
  gint64 min_disk;
  gint64 min_inodes;
} ToolWorkerOptions;

BuildqWorker *tool_open_worker (BuildqQueue *queue,
                                const ToolWorkerOptions *options,
                                GError **error);
/* A line on stdout when a worker takes no more jobs, and when it does again. */
void tool_log_gates (BuildqWorker *worker);
void tool_log_worker (BuildqWorker *worker); /* a line on stdout for each job */

/* --- below a service manager, as of systemd --- */

#define TOOL_FIRST_SOCKET 3

/* Takes the sockets that were handed over, from TOOL_FIRST_SOCKET on, once: how many. */
guint tool_take_sockets (void);
/* Tells about this process: "READY=1", "STOPPING=1". */
void tool_notify (const char *state);

/* --- jobs --- */

/* Reads a job file into the strict form; the files that inputs name become absolute. */
BuildqRequest *tool_job_file_read (const char *path, GError **error);
BuildqRequest *tool_job_file_parse (const char *text, const char *folder, GError **error);
/* Puts the files that inputs name into @mirrors; the inputs become artifacts. */
BuildqRequest *tool_upload_inputs (BuildqRequest *request,
                                   char **mirrors,
                                   const char *store_dir,
                                   GError **error);

/* A command that is to run somewhere, as on this machine. */
typedef struct
{
  char *key;          /* or NULL: work of its own */
  char **inputs;      /* "PATH" or "AT=PATH" */
  char **outputs;     /* relative paths */
  char **environment; /* "NAME=VALUE" */
  char **features;
  char *system; /* or NULL: that of this machine */
  gint64 cores;
  gint64 timeout_s;
} ToolCommandOptions;

BuildqRequest *tool_command_request (const ToolCommandOptions *options,
                                     char **argv,
                                     GError **error);
/* Whether the outputs of a command can be put where they are wanted. */
gboolean tool_check_outputs (BuildqRequest *request, GError **error);
/* Waits for the end of the command, with its log on stdout, and puts its outputs where
 * they are wanted. Withdraws it when @stop becomes true. Returns the exit status. */
int tool_await_command (BuildqQueue *queue,
                        const char *request_id,
                        BuildqRequest *request,
                        char **mirrors,
                        gboolean *stop);
gboolean tool_take_outputs (BuildqJob *job,
                            BuildqResult *result,
                            char **mirrors,
                            GError **error);

typedef enum
{
  TOOL_FOLLOW_QUIET = 1 << 0,   /* say nothing but failures of the connection */
  TOOL_FOLLOW_IN_FARM = 1 << 1, /* the queue ends with us: point to no other command */
} ToolFollowFlags;

/* Follows a request to its end and tells about it on stdout, live on a terminal. Ends
 * early with TOOL_INTERRUPTED when @stop becomes true. Returns the exit status. */
int tool_follow (BuildqQueue *queue,
                 const char *request,
                 ToolFollowFlags flags,
                 gboolean *stop);
/* Outcome, machine, the end of the log and what to do next, for a job that failed. */
typedef enum
{
  TOOL_FAILURE_IN_FARM = 1 << 0, /* the queue ends with us: point to no other command */
  TOOL_FAILURE_NO_TAIL = 1 << 1, /* the log was shown just now */
} ToolFailureFlags;

void tool_print_failure (FILE *file, BuildqJobStatus *job, ToolFailureFlags flags);
void tool_print_jobs (GPtrArray *jobs);
gboolean tool_print_request_json (BuildqQueue *queue,
                                  const char *request,
                                  GError **error);
/* Reads a log from the queue, from @offset on. */
typedef struct
{
  BuildqQueue *queue;
  const char *key;
  gint64 offset;
} ToolLogReader;

/* Prints what there is by now; *@ended: there will be no more. */
gboolean tool_log_reader_print (ToolLogReader *self, gboolean *ended, GError **error);
/* The log of a finished attempt from where it is kept. */
gboolean tool_fetch_log (BuildqLocation *location, gint64 offset, int fd, GError **error);

G_END_DECLS
