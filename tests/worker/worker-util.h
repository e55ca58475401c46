/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the tests of this folder share.
 */
#pragma once

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define DEADLINE_S                                                                       \
  60 /* far more than anything here takes; machines are slow at times                    \
      */

static inline gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Iterates the default main context until @condition; it also looks now and then, for
 * what happens outside of this process. */
#define wait_until(condition)                                                            \
  G_STMT_START                                                                           \
  {                                                                                      \
    gint64 wait_deadline = g_get_monotonic_time () + DEADLINE_S * G_USEC_PER_SEC;        \
    guint wait_tick = g_timeout_add (10, tick, NULL);                                    \
    while (!(condition))                                                                 \
      {                                                                                  \
        g_assert_cmpint (g_get_monotonic_time (), <, wait_deadline);                     \
        g_main_context_iteration (NULL, TRUE);                                           \
      }                                                                                  \
    g_source_remove (wait_tick);                                                         \
  }                                                                                      \
  G_STMT_END

static inline char *
make_test_dir (void)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("buildq-test-XXXXXX", &error);

  g_assert_no_error (error);
  return dir;
}

static inline void
remove_test_dir (const char *dir)
{
  const char *argv[] = { "sh", "-c", "chmod -R u+rwX \"$0\"; rm -rf \"$0\"", dir, NULL };
  g_autoptr (GError) error = NULL;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                NULL, &error);
  g_assert_no_error (error);
}

static inline char *
read_text (const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : NULL;
}

static inline gboolean
is_alive (int pid)
{
  return kill (pid, 0) == 0 || errno == EPERM;
}
