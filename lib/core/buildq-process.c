/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-process.h"

#include <buildq/buildq-error.h>
#include <unistd.h>

static GQuark
process_quark (void)
{
  return g_quark_from_static_string ("buildq-process");
}

void
_buildq_process_note (gpointer object)
{
  g_object_set_qdata (object, process_quark (), GINT_TO_POINTER (getpid ()));
}

gboolean
_buildq_process_is_own (gpointer object)
{
  int opened = GPOINTER_TO_INT (g_object_get_qdata (object, process_quark ()));

  return opened == 0 || opened == getpid ();
}

gboolean
_buildq_process_check (gpointer object, GError **error)
{
  if (_buildq_process_is_own (object))
    return TRUE;
  g_set_error (
      error, BUILDQ_ERROR, BUILDQ_ERROR_FAILED,
      "%s was opened in process %d and is used in its child %d; open it after fork",
      G_OBJECT_TYPE_NAME (object),
      GPOINTER_TO_INT (g_object_get_qdata (object, process_quark ())), (int) getpid ());
  return FALSE;
}

gboolean
_buildq_process_check_call (gpointer object,
                            gpointer tag,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GError *error = NULL;

  if (_buildq_process_check (object, &error))
    return TRUE;
  g_task_report_error (object, callback, user_data, tag, error);
  return FALSE;
}

char *
_buildq_read_boot_id (void)
{
  char *text = NULL;

  if (!g_file_get_contents ("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
    return g_strdup ("unknown");
  return g_strstrip (text);
}
