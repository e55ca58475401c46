# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES += \
	lib/mirror/buildq-fetch.c \
	lib/mirror/buildq-fetch.h \
	lib/mirror/buildq-file-mirror.c \
	lib/mirror/buildq-http-mirror.c \
	lib/mirror/buildq-mirror-call.c \
	lib/mirror/buildq-mirror-call.h \
	lib/mirror/buildq-mirror-names.c \
	lib/mirror/buildq-mirror-private.h \
	lib/mirror/buildq-mirror.c \
	lib/mirror/buildq-pack.c \
	lib/mirror/buildq-pack.h \
	lib/mirror/buildq-resolver-get.c \
	lib/mirror/buildq-resolver-private.h \
	lib/mirror/buildq-resolver.c \
	lib/mirror/buildq-uploader-private.h \
	lib/mirror/buildq-uploader-publish.c \
	lib/mirror/buildq-uploader.c
