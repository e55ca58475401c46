# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES += \
	lib/netutil/buildq-http-client.c \
	lib/netutil/buildq-http-client.h
