/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * The shape of nearly every asynchronous function that blocks inside: a task of an
 * object, and a function on values that runs in a worker thread and answers it.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Runs @func in a worker thread; the pointer or error that it returns through the task
 * that it is given is then returned by @task, on the context of @task. So @task, and with
 * it its source object, outlives @func, which may borrow from it what does not change,
 * while its last reference is never dropped on the worker thread.
 *
 * @data is freed on either thread. @result_free frees a result that nobody takes. */
void _buildq_offload (GTask *task, /* transfer full */
                      GTaskThreadFunc func,
                      gpointer data,
                      GDestroyNotify data_free,
                      GDestroyNotify result_free);

/* For a @func that has only success to tell: a pointer that is not NULL. */
#define BUILDQ_OFFLOAD_DONE GINT_TO_POINTER (1)

/* Sets a G_IO_ERROR from an errno: "@what 'NAME': no space left on device". Returns
 * FALSE. */
gboolean _buildq_set_errno (GError **error, int code, const char *what, const char *name);

G_END_DECLS
