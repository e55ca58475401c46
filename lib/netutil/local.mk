# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES += \
	lib/netutil/buildq-http-body.c \
	lib/netutil/buildq-http-body.h \
	lib/netutil/buildq-http-client.c \
	lib/netutil/buildq-http-client.h \
	lib/netutil/buildq-http-request.c \
	lib/netutil/buildq-http-request.h \
	lib/netutil/buildq-http-watch.c \
	lib/netutil/buildq-http-watch.h
