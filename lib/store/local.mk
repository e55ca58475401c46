# SPDX-License-Identifier: LGPL-2.1-or-later
lib_libbuildq_internal_la_SOURCES += \
	lib/store/buildq-store.c \
	lib/store/buildq-store-tree.c \
	lib/store/buildq-directory-store.c \
	lib/store/buildq-directory-store-add.c \
	lib/store/buildq-directory-store-stage.c \
	lib/store/buildq-directory-store.h \
	lib/store/buildq-store-private.h \
	lib/store/buildq-store-tree.h
