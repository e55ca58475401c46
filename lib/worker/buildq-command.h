/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A command under buildq-supervise.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  BUILDQ_COMMAND_EXITED,       /* number: the status */
  BUILDQ_COMMAND_KILLED,       /* number: the signal */
  BUILDQ_COMMAND_NOT_EXECUTED, /* number: an errno */
  BUILDQ_COMMAND_FAULT,        /* number: an errno, or 0 */
} BuildqCommandEnd;

typedef struct _BuildqCommand BuildqCommand;

typedef void (*BuildqCommandOutputFunc) (const void *data,
                                         gsize size,
                                         gpointer user_data);
typedef void (*BuildqCommandEndFunc) (BuildqCommandEnd end,
                                      int number,
                                      gpointer user_data);

/* For a command that outlives this process, and can be taken over by the next. */
typedef struct
{
  const char *dir;  /* for what is needed to find it again; empty of such things */
  guint keep_s;     /* how long it waits for the next */
  int log_fd;       /* where what it writes goes, opened to append; not kept */
  gint64 log_limit; /* of this, one byte more is written, so that it can be noticed */
} BuildqCommandKeep;

/* Starts @argv in @cwd, with nothing but @env and the file descriptors 0, 1, 2. @output
 * is called with all that is written to 1 and 2; @end once, when the command and all its
 * descendants are dead, after which the command is to be freed. Both are called in the
 * thread-default main context of now.
 *
 * With @keep the output goes to the log, and @output is called with NULL when there is
 * more of it. */
BuildqCommand *_buildq_command_start (const char *const *argv,
                                      const char *const *env,
                                      const char *cwd,
                                      const BuildqCommandKeep *keep,
                                      BuildqCommandOutputFunc output,
                                      BuildqCommandEndFunc end,
                                      gpointer user_data,
                                      GError **error);
/* Takes over what an earlier process started with @dir. It may have ended meanwhile; @end
 * tells then. NULL when it did not live to its end, and does not run any more. */
BuildqCommand *_buildq_command_resume (const char *dir,
                                       BuildqCommandOutputFunc output,
                                       BuildqCommandEndFunc end,
                                       gpointer user_data,
                                       GError **error);
/* SIGTERM to its process group; 2 s later SIGKILL to all that is left. */
void _buildq_command_stop (BuildqCommand *self);
/* Not to read its output any more: it will block. */
void _buildq_command_mute (BuildqCommand *self);
void _buildq_command_free (BuildqCommand *self);
/* Such as "exited with status 2" or "killed by signal 11 (SIGSEGV)". */
char *_buildq_command_describe (BuildqCommandEnd end, int number, const char *program);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqCommand, _buildq_command_free)

G_END_DECLS
