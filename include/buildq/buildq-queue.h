/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_QUEUE (buildq_queue_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_INTERFACE (BuildqQueue, buildq_queue, BUILDQ, QUEUE, GObject)

/**
 * BuildqQueueInterface:
 * @g_iface: the parent
 *
 * What a queue does. Implementing it is supported from C only. Each pair of functions is
 * called by the function of the same name, which documents it.
 *
 * Since: 0.1
 */
struct _BuildqQueueInterface
{
  GTypeInterface g_iface;

  /*< private >*/
  void (*submit_async) (BuildqQueue *self,
                        BuildqRequest *request,
                        int io_priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
  BuildqRequestStatus *(*submit_finish) (BuildqQueue *self,
                                         GAsyncResult *result,
                                         GError **error);

  void (*sync_async) (BuildqQueue *self,
                      BuildqSyncMessage *message,
                      int io_priority,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  BuildqSyncReply *(*sync_finish) (BuildqQueue *self,
                                   GAsyncResult *result,
                                   GError **error);

  void (*cancel_async) (BuildqQueue *self,
                        const char *request_id,
                        int io_priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
  BuildqRequestStatus *(*cancel_finish) (BuildqQueue *self,
                                         GAsyncResult *result,
                                         GError **error);

  void (*retry_async) (BuildqQueue *self,
                       const char *request_id,
                       const char *key,
                       int io_priority,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  BuildqRequestStatus *(*retry_finish) (BuildqQueue *self,
                                        GAsyncResult *result,
                                        GError **error);

  void (*get_request_async) (BuildqQueue *self,
                             const char *request_id,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
  BuildqRequestStatus *(*get_request_finish) (BuildqQueue *self,
                                              GAsyncResult *result,
                                              GError **error);

  void (*get_job_async) (BuildqQueue *self,
                         const char *key,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  BuildqJobStatus *(*get_job_finish) (BuildqQueue *self,
                                      GAsyncResult *result,
                                      GError **error);

  void (*list_jobs_async) (BuildqQueue *self,
                           BuildqQuery *query,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
  BuildqJobPage *(*list_jobs_finish) (BuildqQueue *self,
                                      GAsyncResult *result,
                                      GError **error);

  void (*list_workers_async) (BuildqQueue *self,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
  GPtrArray *(*list_workers_finish) (BuildqQueue *self,
                                     GAsyncResult *result,
                                     GError **error);

  void (*set_worker_state_async) (BuildqQueue *self,
                                  const char *name,
                                  BuildqWorkerState state,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
  BuildqWorkerStatus *(*set_worker_state_finish) (BuildqQueue *self,
                                                  GAsyncResult *result,
                                                  GError **error);

  void (*read_log_async) (BuildqQueue *self,
                          const char *key,
                          gint64 offset,
                          int io_priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  BuildqLogChunk *(*read_log_finish) (BuildqQueue *self,
                                      GAsyncResult *result,
                                      GError **error);

  void (*put_text_async) (BuildqQueue *self,
                          GBytes *text,
                          int io_priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  char *(*put_text_finish) (BuildqQueue *self, GAsyncResult *result, GError **error);

  void (*get_text_async) (BuildqQueue *self,
                          const char *hash,
                          int io_priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  GBytes *(*get_text_finish) (BuildqQueue *self, GAsyncResult *result, GError **error);

  void (*missing_texts_async) (BuildqQueue *self,
                               const char *const *hashes,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
  char **(*missing_texts_finish) (BuildqQueue *self,
                                  GAsyncResult *result,
                                  GError **error);

  void (*get_stats_async) (BuildqQueue *self,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
  BuildqStats *(*get_stats_finish) (BuildqQueue *self,
                                    GAsyncResult *result,
                                    GError **error);
};

BUILDQ_AVAILABLE_IN_0_1
BuildqQueue *buildq_queue_new_for_uri (const char *uri,
                                       const char *token,
                                       GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_submit_async (BuildqQueue *self,
                                BuildqRequest *request,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestStatus *buildq_queue_submit_finish (BuildqQueue *self,
                                                 GAsyncResult *result,
                                                 GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_sync_async (BuildqQueue *self,
                              BuildqSyncMessage *message,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqSyncReply *buildq_queue_sync_finish (BuildqQueue *self,
                                           GAsyncResult *result,
                                           GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_cancel_async (BuildqQueue *self,
                                const char *request_id,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestStatus *buildq_queue_cancel_finish (BuildqQueue *self,
                                                 GAsyncResult *result,
                                                 GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_retry_async (BuildqQueue *self,
                               const char *request_id,
                               const char *key,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestStatus *buildq_queue_retry_finish (BuildqQueue *self,
                                                GAsyncResult *result,
                                                GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_get_request_async (BuildqQueue *self,
                                     const char *request_id,
                                     int io_priority,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqRequestStatus *buildq_queue_get_request_finish (BuildqQueue *self,
                                                      GAsyncResult *result,
                                                      GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_get_job_async (BuildqQueue *self,
                                 const char *key,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobStatus *buildq_queue_get_job_finish (BuildqQueue *self,
                                              GAsyncResult *result,
                                              GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_list_jobs_async (BuildqQueue *self,
                                   BuildqQuery *query,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobPage *buildq_queue_list_jobs_finish (BuildqQueue *self,
                                              GAsyncResult *result,
                                              GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_list_workers_async (BuildqQueue *self,
                                      int io_priority,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_queue_list_workers_finish (BuildqQueue *self,
                                             GAsyncResult *result,
                                             GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_set_worker_state_async (BuildqQueue *self,
                                          const char *name,
                                          BuildqWorkerState state,
                                          int io_priority,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqWorkerStatus *buildq_queue_set_worker_state_finish (BuildqQueue *self,
                                                          GAsyncResult *result,
                                                          GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_read_log_async (BuildqQueue *self,
                                  const char *key,
                                  gint64 offset,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqLogChunk *buildq_queue_read_log_finish (BuildqQueue *self,
                                              GAsyncResult *result,
                                              GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_put_text_async (BuildqQueue *self,
                                  GBytes *text,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_queue_put_text_finish (BuildqQueue *self,
                                    GAsyncResult *result,
                                    GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_get_text_async (BuildqQueue *self,
                                  const char *hash,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
GBytes *buildq_queue_get_text_finish (BuildqQueue *self,
                                      GAsyncResult *result,
                                      GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_missing_texts_async (BuildqQueue *self,
                                       const char *const *hashes,
                                       int io_priority,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
char **buildq_queue_missing_texts_finish (BuildqQueue *self,
                                          GAsyncResult *result,
                                          GError **error);
BUILDQ_AVAILABLE_IN_0_1
void buildq_queue_get_stats_async (BuildqQueue *self,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
BUILDQ_AVAILABLE_IN_0_1
BuildqStats *buildq_queue_get_stats_finish (BuildqQueue *self,
                                            GAsyncResult *result,
                                            GError **error);

G_END_DECLS
