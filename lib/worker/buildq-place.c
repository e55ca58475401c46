/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-place.h"
#include "core/buildq-thread.h"
#include "store/buildq-store-tree.h"

#include <buildq/buildq-input.h>
#include <buildq/buildq-job.h>

typedef struct
{
  char *name; /* of the input */
  char *from;
  char *at;
} Placing;

typedef struct
{
  char *top;
  GPtrArray *list; /* of Placing */
} Place;

static void
placing_free (gpointer data)
{
  Placing *self = data;

  g_free (self->name);
  g_free (self->from);
  g_free (self->at);
  g_free (self);
}

static void
place_free (gpointer data)
{
  Place *self = data;

  g_free (self->top);
  g_ptr_array_unref (self->list);
  g_free (self);
}

static Place *
place_new (BuildqRun *run, BuildqJob *job)
{
  g_autoptr (GPtrArray) inputs = buildq_job_get_inputs (job);
  Place *self = g_new0 (Place, 1);

  self->top = g_strdup (_buildq_run_get_build_dir (run));
  self->list = g_ptr_array_new_with_free_func (placing_free);
  for (guint i = 0; i < inputs->len; i++)
    {
      const char *at = buildq_input_get_at (inputs->pdata[i]);
      const char *name = buildq_input_get_name (inputs->pdata[i]);
      Placing *placing;

      if (at == NULL)
        continue;
      placing = g_new0 (Placing, 1);
      placing->name = g_strdup (name);
      placing->from = g_strdup (_buildq_run_get_input_path (run, name));
      placing->at = g_strdup (at);
      g_ptr_array_add (self->list, placing);
    }
  return self;
}

static void
place_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Place *self = data;

  for (guint i = 0; i < self->list->len; i++)
    {
      Placing *placing = self->list->pdata[i];
      GError *error = NULL;

      if (_buildq_store_tree_place (placing->from, self->top, placing->at, cancellable,
                                    &error))
        continue;
      g_prefix_error (&error, "putting input '%s' at '%s': ", placing->name, placing->at);
      g_task_return_error (task, error);
      return;
    }
  g_task_return_boolean (task, TRUE);
}

void
_buildq_place_inputs_async (BuildqRun *run,
                            BuildqJob *job,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Place *place = place_new (run, job);

  g_task_set_source_tag (task, _buildq_place_inputs_async);
  g_task_set_task_data (task, place, place_free);
  if (place->list->len > 0)
    _buildq_task_run_in_thread (task, place_in_thread);
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
_buildq_place_inputs_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
