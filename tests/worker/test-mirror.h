/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A mirror that takes files and forgets them, does not take them, or takes its time.
 */
#pragma once

#include <buildq/buildq.h>

typedef enum
{
  TEST_MIRROR_FAILS,          /* each file is refused */
  TEST_MIRROR_BLOCKS,         /* files are taken after test_mirror_release () */
  TEST_MIRROR_REFUSES_RECORDS /* until test_mirror_release () */
} TestMirrorMode;

#define TEST_TYPE_MIRROR (test_mirror_get_type ())

G_DECLARE_FINAL_TYPE (TestMirror, test_mirror, TEST, MIRROR, GObject)

TestMirror *test_mirror_new (TestMirrorMode mode);
gboolean test_mirror_is_blocking (TestMirror *self); /* somebody waits */
void test_mirror_release (TestMirror *self);
guint test_mirror_get_refused (TestMirror *self);   /* the number of records */
guint test_mirror_get_published (TestMirror *self); /* the number of records */
