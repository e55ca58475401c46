# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES += \
	lib/archive/buildq-stream.c \
	lib/archive/buildq-scanner.c \
	lib/archive/buildq-compressor.c \
	lib/archive/buildq-decompressor.c \
	lib/archive/buildq-tree.c \
	lib/archive/buildq-nar-write.c \
	lib/archive/buildq-nar-read.c \
	lib/archive/buildq-nar.c \
	lib/archive/buildq-narinfo.c \
	lib/archive/buildq-compression.h \
	lib/archive/buildq-nar-private.h \
	lib/archive/buildq-nar-tokens.h \
	lib/archive/buildq-stream.h
