/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#define BUILDQ_INSIDE

#include <buildq/buildq-version.h>
#include <buildq/buildq-error.h>
#include <buildq/buildq-enums.h>
#include <buildq/buildq-types.h>
#include <buildq/buildq-location.h>
#include <buildq/buildq-artifact.h>
#include <buildq/buildq-artifact-builder.h>
#include <buildq/buildq-input.h>
#include <buildq/buildq-output.h>
#include <buildq/buildq-job.h>
#include <buildq/buildq-job-builder.h>
#include <buildq/buildq-request.h>
#include <buildq/buildq-request-builder.h>
#include <buildq/buildq-request-status.h>
#include <buildq/buildq-machine-group.h>
#include <buildq/buildq-offer.h>
#include <buildq/buildq-result.h>
#include <buildq/buildq-result-builder.h>
#include <buildq/buildq-grant.h>
#include <buildq/buildq-lease-notice.h>
#include <buildq/buildq-receipt.h>
#include <buildq/buildq-log-chunk.h>
#include <buildq/buildq-sample.h>
#include <buildq/buildq-stats.h>
#include <buildq/buildq-sync-message.h>
#include <buildq/buildq-sync-reply.h>
#include <buildq/buildq-job-status.h>
#include <buildq/buildq-worker-status.h>
#include <buildq/buildq-query.h>
#include <buildq/buildq-job-page.h>
#include <buildq/buildq-principal.h>
#include <buildq/buildq-journal.h>
#include <buildq/buildq-journal-status.h>
#include <buildq/buildq-key.h>
#include <buildq/buildq-keyring.h>
#include <buildq/buildq-nar.h>
#include <buildq/buildq-narinfo.h>
#include <buildq/buildq-poller.h>
#include <buildq/buildq-queue.h>
#include <buildq/buildq-local-queue.h>
#include <buildq/buildq-agent.h>
#include <buildq/buildq-authority.h>
#include <buildq/buildq-server.h>
#include <buildq/buildq-remote-queue.h>
#include <buildq/buildq-store.h>
#include <buildq/buildq-mirror.h>
#include <buildq/buildq-resolver.h>
#include <buildq/buildq-uploader.h>
#include <buildq/buildq-execution.h>
#include <buildq/buildq-executor.h>
#include <buildq/buildq-func-executor.h>
#include <buildq/buildq-command-executor.h>
#include <buildq/buildq-worker.h>

#undef BUILDQ_INSIDE
