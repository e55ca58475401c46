/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A server in front of a queue that remembers what it was asked, and a client.
 */
#pragma once

#include "fake-queue.h"

#include <buildq/buildq-authority.h>
#include <buildq/buildq-server.h>

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct
{
  FakeQueue *queue;
  BuildqAuthority *authority;
  BuildqServer *server;
  SoupSession *soup;
  char *tokens[BUILDQ_ROLE_ADMIN + 1];
} Fixture;

/* What came back. */
typedef struct
{
  guint status;
  char *text;
  SoupMessage *msg;
} Answer;

extern const char *const fixture_names[]; /* who has which role */

void answer_clear (Answer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

void set_up (Fixture *f, gconstpointer with_tokens);
void tear_down (Fixture *f, gconstpointer data);
SoupMessage *make_message (Fixture *f,
                           const char *method,
                           const char *path,
                           const char *body,
                           const char *token);
Answer send_message (Fixture *f, SoupMessage *msg);
Answer ask_as (Fixture *f,
               const char *token,
               const char *method,
               const char *path,
               const char *body);
Answer ask (Fixture *f, const char *method, const char *path, const char *body);
const char *get_header (Answer *answer, const char *name);
void assert_error (Answer answer, guint status, BuildqError code);
void assert_status (Answer answer, guint status);

#define REQUEST                                                                          \
  "{\"id\":\"r-1\",\"submitter\":\"eve\",\"jobs\":[{\"key\":\"k\",\"kind\":\"command\"," \
  "\"system\":\"s\",\"argv\":[\"true\"]}]}"
#define SYNC(name) "{\"session\":\"s1\",\"name\":\"" name "\",\"seq\":1,\"push\":true}"

G_END_DECLS
