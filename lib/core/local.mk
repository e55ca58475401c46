# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES += \
	lib/core/buildq-error.c \
	lib/core/buildq-enums.c \
	lib/core/buildq-value.c \
	lib/core/buildq-hash.c \
	lib/core/buildq-location.c \
	lib/core/buildq-artifact.c \
	lib/core/buildq-artifact-builder.c \
	lib/core/buildq-input.c \
	lib/core/buildq-output.c \
	lib/core/buildq-job.c \
	lib/core/buildq-job-builder.c \
	lib/core/buildq-request.c \
	lib/core/buildq-request-builder.c \
	lib/core/buildq-request-status.c \
	lib/core/buildq-machine-group.c \
	lib/core/buildq-offer.c \
	lib/core/buildq-result.c \
	lib/core/buildq-result-builder.c \
	lib/core/buildq-grant.c \
	lib/core/buildq-lease-notice.c \
	lib/core/buildq-receipt.c \
	lib/core/buildq-log-chunk.c \
	lib/core/buildq-sync-message.c \
	lib/core/buildq-sync-reply.c \
	lib/core/buildq-job-status.c \
	lib/core/buildq-worker-status.c \
	lib/core/buildq-query.c \
	lib/core/buildq-job-page.c \
	lib/core/buildq-principal.c \
	lib/core/buildq-thread.c \
	lib/core/buildq-thread.h \
	lib/core/buildq-hash.h \
	lib/core/buildq-value.h \
	lib/core/buildq-values.h
