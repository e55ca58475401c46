/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "test-mirror.h"

struct _TestMirror
{
  GObject parent_instance;
  TestMirrorMode mode;
  GPtrArray *blocked; /* of GTask */
  gboolean released;
  guint published;
  guint refused;
};

static void mirror_iface_init (BuildqMirrorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestMirror,
                               test_mirror,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_MIRROR,
                                                      mirror_iface_init))

static void
test_mirror_finalize (GObject *object)
{
  g_ptr_array_unref (TEST_MIRROR (object)->blocked);
  G_OBJECT_CLASS (test_mirror_parent_class)->finalize (object);
}

static void
test_mirror_class_init (TestMirrorClass *class)
{
  G_OBJECT_CLASS (class)->finalize = test_mirror_finalize;
}

static void
test_mirror_init (TestMirror *self)
{
  self->blocked = g_ptr_array_new_with_free_func (g_object_unref);
}

static const char *
get_uri (BuildqMirror *mirror)
{
  return "test:mirror";
}

static void
lookup_async (BuildqMirror *mirror,
              const char *store_path,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (mirror, cancellable, callback, user_data);

  g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "there is no '%s'",
                           store_path);
}

static BuildqArtifact *
lookup_finish (BuildqMirror *mirror, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
put_file_async (BuildqMirror *mirror,
                const char *name,
                const char *path,
                const char *content_type,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  TestMirror *self = TEST_MIRROR (mirror);
  g_autoptr (GTask) task = g_task_new (mirror, cancellable, callback, user_data);

  g_task_set_task_data (task, g_strconcat ("test:mirror/", name, NULL), g_free);
  if (self->mode == TEST_MIRROR_FAILS)
    g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                             "the mirror is on fire");
  else if (self->released || self->mode == TEST_MIRROR_REFUSES_RECORDS)
    g_task_return_pointer (task, g_strdup (g_task_get_task_data (task)), g_free);
  else
    g_ptr_array_add (self->blocked, g_steal_pointer (&task));
}

static char *
put_file_finish (BuildqMirror *mirror, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
publish_async (BuildqMirror *mirror,
               BuildqArtifact *artifact,
               int io_priority,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  TestMirror *self = TEST_MIRROR (mirror);
  g_autoptr (GTask) task = g_task_new (mirror, cancellable, callback, user_data);

  if (self->mode == TEST_MIRROR_REFUSES_RECORDS && !self->released)
    {
      self->refused++;
      g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_UNAUTHORIZED,
                               "the mirror takes no records");
      return;
    }
  self->published++;
  g_task_return_boolean (task, TRUE);
}

static gboolean
publish_finish (BuildqMirror *mirror, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GInputStream *
open_location (BuildqMirror *mirror,
               const char *uri,
               gint64 offset,
               GCancellable *cancellable,
               GError **error)
{
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "there is no '%s'", uri);
  return NULL;
}

static void
mirror_iface_init (BuildqMirrorInterface *iface)
{
  iface->get_uri = get_uri;
  iface->lookup_async = lookup_async;
  iface->lookup_finish = lookup_finish;
  iface->put_file_async = put_file_async;
  iface->put_file_finish = put_file_finish;
  iface->publish_async = publish_async;
  iface->publish_finish = publish_finish;
  iface->open = open_location;
}

TestMirror *
test_mirror_new (TestMirrorMode mode)
{
  TestMirror *self = g_object_new (TEST_TYPE_MIRROR, NULL);

  self->mode = mode;
  return self;
}

gboolean
test_mirror_is_blocking (TestMirror *self)
{
  return self->blocked->len > 0;
}

void
test_mirror_release (TestMirror *self)
{
  self->released = TRUE;
  for (guint i = 0; i < self->blocked->len; i++)
    {
      GTask *task = self->blocked->pdata[i];

      g_task_return_pointer (task, g_strdup (g_task_get_task_data (task)), g_free);
    }
  g_ptr_array_set_size (self->blocked, 0);
}

guint
test_mirror_get_refused (TestMirror *self)
{
  return self->refused;
}

guint
test_mirror_get_published (TestMirror *self)
{
  return self->published;
}
