/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-enums.h>
#include <buildq/buildq-error.h>

G_BEGIN_DECLS

typedef struct _BuildqLocation BuildqLocation;
typedef struct _BuildqArtifact BuildqArtifact;
typedef struct _BuildqArtifactBuilder BuildqArtifactBuilder;
typedef struct _BuildqInput BuildqInput;
typedef struct _BuildqOutput BuildqOutput;
typedef struct _BuildqJob BuildqJob;
typedef struct _BuildqJobBuilder BuildqJobBuilder;
typedef struct _BuildqRequest BuildqRequest;
typedef struct _BuildqRequestBuilder BuildqRequestBuilder;
typedef struct _BuildqRequestStatus BuildqRequestStatus;
typedef struct _BuildqMachineGroup BuildqMachineGroup;
typedef struct _BuildqOffer BuildqOffer;
typedef struct _BuildqResult BuildqResult;
typedef struct _BuildqResultBuilder BuildqResultBuilder;
typedef struct _BuildqGrant BuildqGrant;
typedef struct _BuildqLeaseNotice BuildqLeaseNotice;
typedef struct _BuildqReceipt BuildqReceipt;
typedef struct _BuildqLogChunk BuildqLogChunk;
typedef struct _BuildqSyncMessage BuildqSyncMessage;
typedef struct _BuildqSyncReply BuildqSyncReply;
typedef struct _BuildqJobStatus BuildqJobStatus;
typedef struct _BuildqWorkerStatus BuildqWorkerStatus;
typedef struct _BuildqQuery BuildqQuery;
typedef struct _BuildqJobPage BuildqJobPage;
typedef struct _BuildqSample BuildqSample;
typedef struct _BuildqStats BuildqStats;
typedef struct _BuildqPrincipal BuildqPrincipal;
typedef struct _BuildqJournalStatus BuildqJournalStatus;

G_END_DECLS
