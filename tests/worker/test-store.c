/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "test-store.h"

#define TEST_TYPE_FULL_STORE (test_full_store_get_type ())

G_DECLARE_FINAL_TYPE (TestFullStore, test_full_store, TEST, FULL_STORE, GObject)

struct _TestFullStore
{
  GObject parent_instance;
  BuildqStore *store;
};

static void store_iface_init (BuildqStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestFullStore,
                               test_full_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_STORE,
                                                      store_iface_init))

static void
test_full_store_finalize (GObject *object)
{
  g_object_unref (TEST_FULL_STORE (object)->store);
  G_OBJECT_CLASS (test_full_store_parent_class)->finalize (object);
}

static void
test_full_store_class_init (TestFullStoreClass *class)
{
  G_OBJECT_CLASS (class)->finalize = test_full_store_finalize;
}

static void
test_full_store_init (TestFullStore *self)
{
}

static const char *
get_store_dir (BuildqStore *store)
{
  return buildq_store_get_store_dir (TEST_FULL_STORE (store)->store);
}

static char *
get_real_path (BuildqStore *store, const char *store_path)
{
  return buildq_store_get_real_path (TEST_FULL_STORE (store)->store, store_path);
}

static void
query_async (BuildqStore *store,
             const char *store_path,
             int io_priority,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (store, cancellable, callback, user_data);

  g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_NOT_FOUND, "there is no '%s'",
                           store_path);
}

static void
add_async (BuildqStore *store,
           const char *path,
           const char *store_path,
           const char *const *reference_candidates,
           int io_priority,
           GCancellable *cancellable,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (store, cancellable, callback, user_data);

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                           "No space left on device");
}

static BuildqArtifact *
finish (BuildqStore *store, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static char *
make_staging_path (BuildqStore *store, const char *store_path, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "No space left on device");
  return NULL;
}

static gboolean
commit_staged (BuildqStore *store,
               const char *staged,
               BuildqArtifact *artifact,
               GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "No space left on device");
  return FALSE;
}

static void
store_iface_init (BuildqStoreInterface *iface)
{
  iface->get_store_dir = get_store_dir;
  iface->get_real_path = get_real_path;
  iface->query_async = query_async;
  iface->query_finish = finish;
  iface->add_async = add_async;
  iface->add_finish = finish;
  iface->make_staging_path = make_staging_path;
  iface->commit_staged = commit_staged;
}

BuildqStore *
test_full_store_new (BuildqStore *store)
{
  TestFullStore *self = g_object_new (TEST_TYPE_FULL_STORE, NULL);

  self->store = g_object_ref (store);
  return BUILDQ_STORE (self);
}
