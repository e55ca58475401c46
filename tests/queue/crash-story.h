/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What a queue is told and says before the power is lost, and what must be true, and must
 * not, of the queue that starts from what is left.
 */
#pragma once

#include "queue-calls.h"

G_BEGIN_DECLS

typedef enum
{
  FACT_KEY,     /* what: the public key of the farm */
  FACT_TEXT,    /* what: the hash of a text that the queue has */
  FACT_REQUEST, /* what: an id that is known */
  FACT_CANCEL,  /* what: the id of a request that is cancelled */
  FACT_LEASE,   /* what: a job that is leased, with token */
  FACT_RESULT,  /* what: a job that ended with state; token: of its lease */
} FactKind;

/* Counted in operations on the disk (crash_vfs_count). */
typedef struct
{
  FactKind kind;
  guint asked;      /* it cannot be true before */
  guint said;       /* the queue has said it then; 0: not yet */
  guint given_back; /* LEASE: it may be over from then on; 0: not yet */
  char *what;
  char *token;
  BuildqJobState state;
} Fact;

typedef struct
{
  char *path;
  BuildqLocalQueue *queue;
  GPtrArray *facts; /* Fact */
  guint seq;        /* of the last sync message */
} Story;

Story *story_new (const char *path);
void story_free (Story *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Story, story_free)

void story_open (Story *self);
void story_close (Story *self);
void story_put_text (Story *self, const char *text, gsize size);
/* One request for each of the ids, all at once. Each has the jobs ID-a, and ID-b, which
 * depends on it. */
void story_submit (Story *self, const char *const *ids);
void story_cancel (Story *self, const char *id);
void story_lease (Story *self, const char *key);
void story_end (Story *self, const char *key, BuildqOutcome outcome);
/* Somebody gives the lease back, so that the next has another token. */
void story_release (Story *self, const char *key);

/* What is wrong with the journal at @path, as it is after the operation @at was the last
 * that was done; NULL: nothing. The story is not changed, but the journal is: the leases
 * that are left in it are brought to their end. */
char *story_find_problem (Story *self, const char *path, guint at);

G_END_DECLS
