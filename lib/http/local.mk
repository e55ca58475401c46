# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES += \
	lib/http/buildq-http-error.c \
	lib/http/buildq-http-error.h \
	lib/http/buildq-queue-uri.c \
	lib/http/buildq-remote-queue.c \
	lib/http/buildq-remote-queue-call.c \
	lib/http/buildq-remote-queue-iface.c \
	lib/http/buildq-remote-queue-private.h \
	lib/http/buildq-remote-queue-sync.c \
	lib/http/buildq-remote-queue-wire.c \
	lib/http/buildq-remote-queue-workers.c \
	lib/http/buildq-server.c \
	lib/http/buildq-server-access.c \
	lib/http/buildq-server-exchange.c \
	lib/http/buildq-server-private.h \
	lib/http/buildq-server-owner.c \
	lib/http/buildq-server-metrics.c \
	lib/http/buildq-server-page.c \
	lib/http/buildq-server-requests.c \
	lib/http/buildq-server-session.c \
	lib/http/buildq-server-socket.c \
	lib/http/buildq-server-workers.c
