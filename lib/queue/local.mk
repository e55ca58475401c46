# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES +=

# The interface.
lib_libbuildq_internal_la_SOURCES += \
	lib/queue/buildq-queue.c \
	lib/queue/buildq-queue-query.c \
	lib/queue/buildq-queue-private.h
