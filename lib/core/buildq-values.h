/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The structs behind the values. Nobody changes one that somebody else can see.
 */
#pragma once

#include "core/buildq-value.h"

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

struct _BuildqLocation
{
  char *uri;
  char *compression;
  char *file_hash;
  gint64 file_size;
};

extern const BuildqValueInfo _buildq_location_info;

struct _BuildqArtifact
{
  char *name;
  char *store_path;
  char *nar_hash;
  gint64 nar_size;
  char **references;
  char *deriver;
  char *ca;
  char **signatures;
  GPtrArray *locations; /* of BuildqLocation */
};

extern const BuildqValueInfo _buildq_artifact_info;

struct _BuildqInput
{
  char *name;
  char *job;
  char *output;
  BuildqArtifact *artifact;
  char *path;
  char *file;
  char *at;
};

extern const BuildqValueInfo _buildq_input_info;

struct _BuildqOutput
{
  char *name;
  char *path;
};

extern const BuildqValueInfo _buildq_output_info;

struct _BuildqJob
{
  char *key;
  char *kind;
  char *name;
  char *system;
  char **features;
  char **depends;
  GPtrArray *inputs;  /* of BuildqInput */
  GPtrArray *outputs; /* of BuildqOutput */
  char **argv;
  char **env;
  char *payload;
  char **texts;
  gint64 cores;
  gint64 memory_bytes;
  gint64 timeout_s;
  gint64 silent_timeout_s;
  gint64 log_limit_bytes;
};

extern const BuildqValueInfo _buildq_job_info;

struct _BuildqRequest
{
  char *id;
  char *submitter;
  char *group;
  gint64 priority;
  char **wanted;
  gboolean rebuild;
  GPtrArray *jobs; /* of BuildqJob */
};

extern const BuildqValueInfo _buildq_request_info;

struct _BuildqRequestStatus
{
  char *id;
  int state; /* BuildqRequestState */
  char *submitter;
  char *group;
  gint64 priority;
  gint64 total;
  gint64 waiting;
  gint64 ready;
  gint64 leased;
  gint64 succeeded;
  gint64 failed;
  gint64 dep_failed;
  gint64 cancelled;
  gint64 created_us;
  gint64 finished_us;
  char **wanted;
};

extern const BuildqValueInfo _buildq_request_status_info;

struct _BuildqJournalStatus
{
  gint64 version;
  gint64 size_bytes;
  gint64 requests;
  gint64 active_requests;
  gint64 jobs;
  gint64 unfinished_jobs;
  gint64 leases;
  gint64 results;
  gint64 texts;
};

extern const BuildqValueInfo _buildq_journal_status_info;

struct _BuildqMachineGroup
{
  char *name;
  char **systems;
  char **features;
  char **kinds;
  gint64 cores;
  gint64 memory_bytes;
  gint64 slots;
  gint64 job_cores;
  gint64 job_memory_bytes;
  gint64 returned_cores;
  gint64 returned_memory_bytes;
};

extern const BuildqValueInfo _buildq_machine_group_info;

struct _BuildqOffer
{
  GPtrArray *groups; /* of BuildqMachineGroup */
  int state;         /* BuildqWorkerState */
  char **reasons;
};

extern const BuildqValueInfo _buildq_offer_info;

struct _BuildqResult
{
  char *key;
  char *token;
  gint64 attempt;
  int outcome; /* BuildqOutcome */
  char *message;
  char *worker;
  gint64 exit_status;
  gint64 started_us;
  gint64 finished_us;
  char *log_tail;
  gint64 log_bytes;
  BuildqLocation *log;
  GPtrArray *artifacts; /* of BuildqArtifact */
};

extern const BuildqValueInfo _buildq_result_info;

struct _BuildqGrant
{
  char *token;
  gint64 attempt;
  gint64 claim_ms;
  gint64 group;
  char **not_on;
  BuildqJob *job;
};

extern const BuildqValueInfo _buildq_grant_info;

struct _BuildqLeaseNotice
{
  char *token;
  int verdict; /* BuildqVerdict */
  gint64 offset;
};

extern const BuildqValueInfo _buildq_lease_notice_info;

struct _BuildqReceipt
{
  char *token;
  int verdict; /* BuildqVerdict */
  char *message;
  GPtrArray *artifacts; /* of BuildqArtifact */
};

extern const BuildqValueInfo _buildq_receipt_info;

struct _BuildqLogChunk
{
  char *token;
  gint64 offset;
  char *data;
  gboolean finished;
  BuildqLocation *location;
};

extern const BuildqValueInfo _buildq_log_chunk_info;

struct _BuildqSyncMessage
{
  char *session;
  char *name;
  gint64 seq;
  gint64 ack;
  int step; /* BuildqSessionStep */
  gboolean push;
  gint64 version;
  char **capabilities;
  BuildqOffer *offer;
  char **claims;
  char **releases;
  char **holding;
  GPtrArray *results; /* of BuildqResult */
  GPtrArray *logs;    /* of BuildqLogChunk */
};

extern const BuildqValueInfo _buildq_sync_message_info;

struct _BuildqSyncReply
{
  char *session;
  gint64 seq;
  gint64 ack;
  gboolean attach;
  gint64 version;
  char **capabilities;
  char *instance;
  char *store_dir;
  char **keys;
  gint64 session_ms;
  gint64 next_ms;
  int wanted;          /* BuildqWorkerState */
  GPtrArray *grants;   /* of BuildqGrant */
  GPtrArray *leases;   /* of BuildqLeaseNotice */
  GPtrArray *receipts; /* of BuildqReceipt */
};

extern const BuildqValueInfo _buildq_sync_reply_info;

struct _BuildqJobStatus
{
  char *key;
  char *name;
  char *kind;
  char *system;
  int state; /* BuildqJobState */
  gint64 attempt;
  gint64 priority;
  char *worker;
  char **waiting_for;
  char **requests;
  char *message;
  gint64 submitted_us;
  gint64 ready_us;
  gint64 leased_us;
  gint64 finished_us;
  BuildqResult *result;
};

extern const BuildqValueInfo _buildq_job_status_info;

struct _BuildqWorkerStatus
{
  char *name;
  gboolean connected;
  int state; /* BuildqWorkerState */
  char **reasons;
  BuildqOffer *offer;
  char **holding;
  gint64 seen_us;
};

extern const BuildqValueInfo _buildq_worker_status_info;

struct _BuildqQuery
{
  char *request;
  char **states;
  gint64 after;
  gint64 limit;
};

extern const BuildqValueInfo _buildq_query_info;

struct _BuildqJobPage
{
  GPtrArray *jobs; /* of BuildqJobStatus */
  gint64 next;
};

extern const BuildqValueInfo _buildq_job_page_info;

struct _BuildqSample
{
  char *name;
  char **labels;
  gint64 value;
};

extern const BuildqValueInfo _buildq_sample_info;

struct _BuildqStats
{
  GPtrArray *samples;  /* of BuildqSample */
  GPtrArray *requests; /* of BuildqRequestStatus */
  char **ended;
};

extern const BuildqValueInfo _buildq_stats_info;

void _buildq_stats_add (BuildqStats *self, const char *name, gint64 value, ...)
    G_GNUC_NULL_TERMINATED;

struct _BuildqPrincipal
{
  char *name;
  int role; /* BuildqRole */
};

extern const BuildqValueInfo _buildq_principal_info;

G_END_DECLS
