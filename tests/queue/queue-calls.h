/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The calls of a queue, waited for, with what they take as JSON: what a test says is then
 * what it means.
 */
#pragma once

#include <buildq/buildq.h>

G_BEGIN_DECLS

/* For an asynchronous call: pass call_done and &result, then finish call_wait (&result).
 */
void call_done (GObject *source, GAsyncResult *result, gpointer place);
GAsyncResult *call_wait (GAsyncResult **place);

BuildqRequestStatus *call_submit (BuildqLocalQueue *queue,
                                  const char *json,
                                  GError **error);
BuildqRequestStatus *call_get_request (BuildqLocalQueue *queue,
                                       const char *id,
                                       GError **error);
BuildqRequestStatus *call_cancel (BuildqLocalQueue *queue,
                                  const char *id,
                                  GError **error);
BuildqJobStatus *call_get_job (BuildqLocalQueue *queue, const char *key, GError **error);
BuildqSyncReply *call_sync (BuildqLocalQueue *queue, const char *json, GError **error);

G_END_DECLS
