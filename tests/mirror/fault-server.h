/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A small HTTP server on 127.0.0.1, in threads of its own, which serves files from memory
 * and goes wrong when it is told to.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  FAULT_STATUS,    /* answers with the status @arg; 429 says Retry-After: 1 */
  FAULT_CUT,       /* breaks the connection after @arg bytes of the body */
  FAULT_CORRUPT,   /* changes the byte at @arg */
  FAULT_NO_RANGE,  /* sends all, whatever was asked for */
  FAULT_BAD_RANGE, /* sends what starts @arg bytes later, and says so */
  FAULT_LOOP,      /* redirects to itself */
  FAULT_MOVED,     /* redirects to the target of fault_server_set_target() */
  FAULT_ENDLESS,   /* a body that does not end */
  FAULT_RUN_ON,    /* a body that goes on after its end, for ever */
  FAULT_STALL,     /* no answer, or none after @arg bytes of the body */
  FAULT_HANG_UP,   /* ends the connection without an answer */
  FAULT_HEADERS,   /* headers that do not end */
  FAULT_DRIP,      /* a byte now and then: of the headers, or after @arg of the body */
  FAULT_REFUSE,    /* answers with the status @arg, and reads no body */
  FAULT_WAIT,      /* knows no "Expect: 100-continue": waits for the body */
} Fault;

typedef struct _FaultServer FaultServer;

FaultServer *fault_server_new (void);
void fault_server_free (FaultServer *self);

/* "http://127.0.0.1:PORT" */
const char *fault_server_get_uri (FaultServer *self);

/* @path starts with "/". What is PUT is served too. */
void fault_server_add (FaultServer *self, const char *path, GBytes *bytes);
void fault_server_add_text (FaultServer *self, const char *path, const char *text);
GBytes *fault_server_get (FaultServer *self, const char *path);

/* The next @times requests with @method (NULL: all) for @path (NULL: all) go wrong. */
void fault_server_fail (FaultServer *self,
                        const char *method,
                        const char *path,
                        Fault fault,
                        guint64 arg,
                        guint times);
void fault_server_set_target (FaultServer *self, const char *uri);

/* How many requests with @method (NULL: all) for @path (NULL: all) came. */
guint fault_server_count (FaultServer *self, const char *method, const char *path);
/* A header of the last request; NULL when it had none. */
char *fault_server_get_header (FaultServer *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FaultServer, fault_server_free)

G_END_DECLS
