/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "queue/buildq-local-queue-private.h"

#include <buildq/buildq-sync-reply.h>

#include "core/buildq-thread.h"
#include "core/buildq-process.h"
#include "queue/buildq-queue-private.h"

/**
 * BuildqLocalQueue:
 *
 * The queue itself: it keeps jobs and requests, and gives out leases.
 *
 * With a path it has a journal there: nothing that it says is said before it is on disk,
 * and everything that it said is true again after a crash. Answers that come while one
 * commit runs share the next one. Should the journal fail (a full disk), all answers that
 * wait for it fail with `UNAVAILABLE`, memory is made anew from what is on disk, and the
 * queue goes on as soon as it can write again.
 *
 * Requests that are finished, and their jobs, are kept for a while, so that one can look
 * at them, share them and try them again; see
 * [method@Buildq.LocalQueue.set_keep_s] and [method@Buildq.LocalQueue.set_keep_jobs].
 *
 * It belongs to the thread-default main context of its construction.
 *
 * Since: 0.1
 */

#define DEFAULT_SESSION_MS 30000
#define DEFAULT_CLAIM_MS 10000
#define DEFAULT_KEEP_S (30 * 24 * 3600)
#define DEFAULT_KEEP_JOBS 100000
#define MAX_TIDYING_US                                                                   \
  (3600 * (gint64) G_USEC_PER_SEC) /* the clock may be set meanwhile */
#define DEFAULT_STORE_DIR "/buildq/store"
#define RETRY_US G_USEC_PER_SEC

/* Something that waits for a commit: an answer, or a reply that is pushed. */
typedef struct
{
  guint64 batch;
  GTask *task;
  gpointer value;
  GDestroyNotify destroy;
  GError *error;
  char *session;
  BuildqSyncReply *push;
} Held;

G_DEFINE_FINAL_TYPE_WITH_CODE (BuildqLocalQueue,
                               buildq_local_queue,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BUILDQ_TYPE_QUEUE,
                                                      _buildq_local_queue_iface_init))

static void arm_tidying (BuildqLocalQueue *self);
static void open_engine (BuildqLocalQueue *self);
static void settle (BuildqLocalQueue *self, Held *answer);

static void
set_time (BuildqLocalQueue *self)
{
  self->engine->now = _buildq_clock_now ();
  self->engine->now_real = _buildq_clock_real ();
}

/* --- what is held --- */

static void
held_free (Held *held)
{
  g_clear_object (&held->task);
  g_clear_error (&held->error);
  g_clear_pointer (&held->session, g_free);
  g_clear_pointer (&held->push, buildq_sync_reply_unref);
  if (held->value != NULL && held->destroy != NULL)
    held->destroy (held->value);
  g_free (held);
}

static void
deliver (BuildqLocalQueue *self, Held *held)
{
  if (held->push != NULL)
    _buildq_queue_emit_pushed (BUILDQ_QUEUE (self), held->session, held->push);
  else if (held->error != NULL)
    g_task_return_error (held->task, g_steal_pointer (&held->error));
  else
    g_task_return_pointer (held->task, g_steal_pointer (&held->value), held->destroy);
  held_free (held);
}

/* Says what batch @batch, or one before it, made true. */
static void
release_held (BuildqLocalQueue *self, guint64 batch)
{
  Held *held;

  while ((held = g_queue_peek_head (&self->held)) != NULL && held->batch <= batch)
    deliver (self, g_queue_pop_head (&self->held));
}

/* Who is told may ask anew at once, which is not to fail with the others. */
static void
fail_held (BuildqLocalQueue *self, const GError *error)
{
  GQueue failed = self->held;
  Held *held;

  g_queue_init (&self->held);
  while ((held = g_queue_pop_head (&failed)) != NULL)
    {
      if (held->task != NULL)
        g_task_return_new_error (held->task, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE, "%s",
                                 error->message);
      held_free (held);
    }
}

static void
hold (BuildqLocalQueue *self, Held *held)
{
  if (self->journal != NULL)
    held->batch = _buildq_journal_get_pending (self->journal);
  g_queue_push_tail (&self->held, held);
}

/* --- the journal fails --- */

static void
close_engine (BuildqLocalQueue *self)
{
  g_clear_pointer (&self->engine, _buildq_engine_free);
  g_clear_pointer (&self->journal, _buildq_journal_close);
}

/* Nothing is undone piece by piece: what is on disk is the truth. It is read before
 * anyone is told, as that one may come back in, or drop the queue. */
static void
fail_stop (BuildqLocalQueue *self, const GError *error)
{
  g_autoptr (GError) why = g_error_copy (error);

  g_message ("the queue starts anew from its journal: %s", why->message);
  g_clear_error (&self->unwell);
  self->unwell = g_error_copy (why);
  close_engine (self);
  open_engine (self);
  fail_held (self, why);
  if (self->engine != NULL)
    settle (self, NULL);
}

/* While there is much to write, some is forgotten with each batch: as much is finished as
 * is begun. */
static void
tidy_with_batch (BuildqLocalQueue *self)
{
  gint64 next;

  set_time (self);
  next = _buildq_engine_next_forget (self->engine);
  if (next < 0 || next > self->engine->now)
    return;
  _buildq_engine_forget_some (self->engine);
}

static void
batch_done (guint64 batch, const GError *error, gpointer user_data)
{
  g_autoptr (BuildqLocalQueue) self = g_object_ref (user_data);

  if (error != NULL)
    {
      fail_stop (self, error);
      return;
    }
  g_clear_error (&self->unwell);
  _buildq_engine_committed (self->engine, batch);
  tidy_with_batch (self);
  _buildq_journal_flush (self->journal);
  arm_tidying (self);
  release_held (self, batch);
}

/* --- opening --- */

static gboolean
read_or_make_instance (BuildqLocalQueue *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *instance
      = _buildq_journal_read_meta (self->journal, "instance", &local);

  if (instance != NULL)
    _buildq_set_string (&self->instance, instance);
  else if (local == NULL)
    _buildq_journal_put_meta (self->journal, "instance", self->instance, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static BuildqKey *
make_key (BuildqLocalQueue *self, GError **error)
{
  g_autoptr (BuildqKey) key = buildq_key_generate ("buildq-farm-1", error);
  g_autofree char *text = key != NULL ? buildq_key_to_secret_string (key) : NULL;

  if (text == NULL || !_buildq_journal_put_meta (self->journal, "key", text, error))
    return NULL;
  return g_steal_pointer (&key);
}

/* Who the queue is, it tells anybody at once: so what is made up is on disk before. */
static gboolean
read_or_make_meta (BuildqLocalQueue *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *key = NULL;

  if (!read_or_make_instance (self, error))
    return FALSE;
  if (self->key != NULL)
    return TRUE;
  key = _buildq_journal_read_meta (self->journal, "key", &local);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (key != NULL)
    self->key = buildq_key_new_from_string (key, error);
  else
    self->key = make_key (self, error);
  return self->key != NULL;
}

static void
set_up_engine (BuildqLocalQueue *self)
{
  self->engine->claim_us = self->claim_ms * 1000;
  g_clear_pointer (&self->engine->key, buildq_key_unref);
  self->engine->key = buildq_key_ref (self->key);
  self->engine->keep_us = self->keep_s < 0 ? -1 : self->keep_s * (gint64) G_USEC_PER_SEC;
  self->engine->keep_jobs = self->keep_jobs;
}

static gboolean
try_open (BuildqLocalQueue *self, GError **error)
{
  if (self->path != NULL)
    {
      self->journal = _buildq_journal_open (self->path, batch_done, self, error);
      if (self->journal == NULL || !read_or_make_meta (self, error))
        return FALSE;
    }
  else if (self->key == NULL
           && (self->key = buildq_key_generate ("buildq-farm-1", error)) == NULL)
    return FALSE;

  self->engine = _buildq_engine_new (self->journal);
  set_time (self);
  self->engine->session_us = self->session_ms * 1000;
  set_up_engine (self);
  return self->journal == NULL || _buildq_engine_load (self->engine, error);
}

static void
open_engine (BuildqLocalQueue *self)
{
  g_clear_error (&self->broken);
  if (try_open (self, &self->broken))
    return;
  close_engine (self);
  self->next_try = _buildq_clock_now () + RETRY_US;
  g_source_set_ready_time (self->timer, self->next_try);
}

/* --- around each change --- */

static void
take_pushes (BuildqLocalQueue *self)
{
  for (GList *l = self->engine->session_queue.head; l != NULL; l = l->next)
    {
      EngineSession *session = l->data;
      Held *held;

      if (!session->dirty || !session->push || !session->connected)
        continue;
      held = g_new0 (Held, 1);
      held->session = g_strdup (session->id);
      held->push = _buildq_engine_build_reply (self->engine, session);
      hold (self, held);
    }
}

static void
arm_timer (BuildqLocalQueue *self)
{
  g_source_set_ready_time (self->timer, _buildq_engine_next_deadline (self->engine));
}

/* Nothing else waits for what is forgotten: when there is nothing else to do, or with a
 * batch that is written anyway. */
static void
arm_tidying (BuildqLocalQueue *self)
{
  gint64 next = _buildq_engine_next_forget (self->engine);

  if (next >= 0)
    next = MIN (next, self->engine->now + MAX_TIDYING_US);
  if (next >= 0 && self->journal != NULL
      && _buildq_journal_get_pending (self->journal) != 0)
    next = -1;
  g_source_set_ready_time (self->tidying, next);
}

/* All that was changed goes on its way to the disk, and @answer with it; without a
 * journal it is true now. Answering calls the user, who may come back in, or drop the
 * queue. */
static void
settle (BuildqLocalQueue *self, Held *answer)
{
  g_autoptr (BuildqLocalQueue) alive = g_object_ref (self);
  g_autoptr (GError) failed = NULL;

  _buildq_engine_dispatch (self->engine);
  _buildq_engine_settle (self->engine);
  if (answer != NULL)
    hold (self, answer);
  take_pushes (self);
  if (self->engine->failed != NULL)
    {
      failed = g_error_copy (self->engine->failed);
      fail_stop (self, failed);
      return;
    }
  arm_timer (self);
  if (self->journal != NULL)
    _buildq_journal_flush (self->journal);
  arm_tidying (self);
  release_held (self, 0);
}

void
_buildq_local_queue_apply_settings (BuildqLocalQueue *self)
{
  if (self->engine == NULL)
    return;
  set_time (self);
  if (self->engine->session_us != self->session_ms * 1000)
    _buildq_engine_set_session_us (self->engine, self->session_ms * 1000);
  set_up_engine (self);
  arm_timer (self);
  arm_tidying (self);
}

static void
bring_to_present (BuildqLocalQueue *self)
{
  set_time (self);
  _buildq_engine_expire (self->engine);
}

gboolean
_buildq_local_queue_begin (BuildqLocalQueue *self, GTask *task)
{
  GError *error = NULL;

  if (!_buildq_process_check (self, &error)
      || !_buildq_check_user_call (self->context, &error)
      || g_task_return_error_if_cancelled (task))
    {
      if (error != NULL)
        g_task_return_error (task, error);
      return FALSE;
    }
  if (self->engine == NULL && _buildq_clock_now () >= self->next_try)
    open_engine (self);
  if (self->engine == NULL)
    {
      g_task_return_new_error (task, BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                               "the queue cannot use its journal: %s",
                               self->broken->message);
      return FALSE;
    }
  bring_to_present (self);
  return TRUE;
}

void
_buildq_local_queue_end (BuildqLocalQueue *self,
                         GTask *task,
                         gpointer value,
                         GDestroyNotify destroy,
                         GError *error)
{
  Held *held = g_new0 (Held, 1);

  held->task = g_object_ref (task);
  held->value = value;
  held->destroy = destroy;
  held->error = error;
  settle (self, held);
}

static gboolean
deadline_came (gpointer data)
{
  BuildqLocalQueue *self = data;

  g_source_set_ready_time (self->timer, -1);
  if (!_buildq_process_is_own (self))
    return G_SOURCE_CONTINUE;
  if (self->engine == NULL)
    open_engine (self);
  if (self->engine == NULL)
    return G_SOURCE_CONTINUE;
  bring_to_present (self);
  settle (self, NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
time_to_tidy (gpointer data)
{
  BuildqLocalQueue *self = data;

  g_source_set_ready_time (self->tidying, -1);
  if (self->engine == NULL)
    return G_SOURCE_CONTINUE;
  bring_to_present (self);
  _buildq_engine_forget_some (self->engine);
  settle (self, NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
timer_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch };

static GSource *
new_timer (BuildqLocalQueue *self, const char *name, GSourceFunc func)
{
  GSource *timer = g_source_new (&timer_funcs, sizeof (GSource));

  g_source_set_static_name (timer, name);
  g_source_set_callback (timer, func, self, NULL);
  g_source_attach (timer, self->context);
  return timer;
}

/* --- the object --- */

static void
buildq_local_queue_dispose (GObject *object)
{
  BuildqLocalQueue *self = BUILDQ_LOCAL_QUEUE (object);
  g_autoptr (GError) error = g_error_new_literal (BUILDQ_ERROR, BUILDQ_ERROR_UNAVAILABLE,
                                                  "the queue is closed");

  if (!_buildq_process_is_own (self))
    {
      /* The parent goes on using all of it. */
      g_queue_init (&self->held);
      self->engine = NULL;
      self->journal = NULL;
    }
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  if (self->tidying != NULL)
    g_source_destroy (self->tidying);
  g_clear_pointer (&self->tidying, g_source_unref);
  close_engine (self);
  fail_held (self, error);
  G_OBJECT_CLASS (buildq_local_queue_parent_class)->dispose (object);
}

static void
buildq_local_queue_finalize (GObject *object)
{
  BuildqLocalQueue *self = BUILDQ_LOCAL_QUEUE (object);

  g_clear_error (&self->broken);
  g_clear_error (&self->unwell);
  g_clear_pointer (&self->key, buildq_key_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->path);
  g_free (self->instance);
  g_free (self->store_dir);
  G_OBJECT_CLASS (buildq_local_queue_parent_class)->finalize (object);
}

static void
buildq_local_queue_class_init (BuildqLocalQueueClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->dispose = buildq_local_queue_dispose;
  object_class->finalize = buildq_local_queue_finalize;
}

static void
buildq_local_queue_init (BuildqLocalQueue *self)
{
  _buildq_process_note (self);
  self->context = g_main_context_ref_thread_default ();
  self->session_ms = DEFAULT_SESSION_MS;
  self->claim_ms = DEFAULT_CLAIM_MS;
  self->store_dir = g_strdup (DEFAULT_STORE_DIR);
  self->instance = g_uuid_string_random ();
  self->keep_s = DEFAULT_KEEP_S;
  self->keep_jobs = DEFAULT_KEEP_JOBS;
  self->timer = new_timer (self, "buildq-local-queue", deadline_came);
  self->tidying = new_timer (self, "buildq-local-queue-tidying", time_to_tidy);
}

/**
 * buildq_local_queue_new:
 * @path: (type filename) (nullable): where its journal is, or is to be made; %NULL to
 * keep everything in memory
 * @error: `UNAVAILABLE` when the journal cannot be opened, `EXISTS` when another queue
 * uses it, `INVALID` when it is damaged or no journal, `NOT_SUPPORTED` when it is of a
 * newer version
 *
 * Opens a queue. A journal of an older version becomes one of the present version, which
 * older libraries refuse.
 *
 * Returns: (transfer full): a new queue
 *
 * Since: 0.1
 */
BuildqLocalQueue *
buildq_local_queue_new (const char *path, GError **error)
{
  g_autoptr (BuildqLocalQueue) self = g_object_new (BUILDQ_TYPE_LOCAL_QUEUE, NULL);

  self->path = g_strdup (path);
  open_engine (self);
  if (self->engine == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->broken));
      return NULL;
    }
  settle (self, NULL);
  return g_steal_pointer (&self);
}
