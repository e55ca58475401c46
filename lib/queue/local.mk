# SPDX-License-Identifier: LGPL-2.1-or-later
# The interface.
lib_libbuildq_internal_la_SOURCES += \
	lib/queue/buildq-queue.c \
	lib/queue/buildq-queue-query.c \
	lib/queue/buildq-queue-private.h

# The queue itself.
lib_libbuildq_internal_la_SOURCES += \
	lib/queue/buildq-agent-getters.c \
	lib/queue/buildq-agent-leases.c \
	lib/queue/buildq-agent-private.h \
	lib/queue/buildq-agent.c \
	lib/queue/buildq-engine-dispatch.c \
	lib/queue/buildq-engine-lease.c \
	lib/queue/buildq-engine-load.c \
	lib/queue/buildq-engine-request.c \
	lib/queue/buildq-engine-retain.c \
	lib/queue/buildq-engine-session.c \
	lib/queue/buildq-engine-stats.c \
	lib/queue/buildq-engine-status.c \
	lib/queue/buildq-engine-submit.c \
	lib/queue/buildq-engine-texts.c \
	lib/queue/buildq-engine-worker.c \
	lib/queue/buildq-engine.c \
	lib/queue/buildq-engine.h \
	lib/queue/buildq-heap.c \
	lib/queue/buildq-heap.h \
	lib/queue/buildq-id-map.c \
	lib/queue/buildq-id-map.h \
	lib/queue/buildq-journal-file.c \
	lib/queue/buildq-journal-private.h \
	lib/queue/buildq-journal-read.c \
	lib/queue/buildq-journal-schema.c \
	lib/queue/buildq-journal-schema.h \
	lib/queue/buildq-journal.c \
	lib/queue/buildq-journal.h \
	lib/queue/buildq-local-queue-backup.c \
	lib/queue/buildq-local-queue-iface.c \
	lib/queue/buildq-local-queue-private.h \
	lib/queue/buildq-local-queue-settings.c \
	lib/queue/buildq-local-queue.c

# Who may do what.
lib_libbuildq_internal_la_SOURCES += lib/queue/buildq-authority.c
