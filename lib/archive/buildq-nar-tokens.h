/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The words of a NAR as they stand in it: the length, 8 bytes little endian, then the
 * characters, padded with zeros to a multiple of 8. Each literal is one such word, so
 * that a sequence of words is one block of bytes to write, or to compare with.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NAR_MAGIC "\015\0\0\0\0\0\0\0nix-archive-1\0\0\0"
#define NAR_OPEN "\001\0\0\0\0\0\0\0(\0\0\0\0\0\0\0"
#define NAR_CLOSE "\001\0\0\0\0\0\0\0)\0\0\0\0\0\0\0"
#define NAR_TYPE "\004\0\0\0\0\0\0\0type\0\0\0\0"
#define NAR_REGULAR "\007\0\0\0\0\0\0\0regular\0"
#define NAR_EXECUTABLE "\012\0\0\0\0\0\0\0executable\0\0\0\0\0\0"
#define NAR_EMPTY "\0\0\0\0\0\0\0\0"
#define NAR_CONTENTS "\010\0\0\0\0\0\0\0contents"
#define NAR_SYMLINK "\007\0\0\0\0\0\0\0symlink\0"
#define NAR_TARGET "\006\0\0\0\0\0\0\0target\0\0"
#define NAR_DIRECTORY "\011\0\0\0\0\0\0\0directory\0\0\0\0\0\0\0"
#define NAR_ENTRY "\005\0\0\0\0\0\0\0entry\0\0\0"
#define NAR_NAME "\004\0\0\0\0\0\0\0name\0\0\0\0"
#define NAR_NODE "\004\0\0\0\0\0\0\0node\0\0\0\0"

#define NAR_PADDING(size) ((8 - (size) % 8) % 8)

/* Deeper trees are neither written nor read: each level holds a file descriptor. */
#define NAR_MAX_DEPTH 256

G_END_DECLS
