/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Loss of power at every step: what a queue has said is true of the one that starts from
 * what the disk kept, and nothing that cannot be is.
 *
 * A story is told once, and all that it does to the disk is written down. Then, for each
 * operation, the disk as it would be had the power been lost right after it: with all
 * that was not synced lost, kept, kept in part or torn, a queue is started from it and
 * asked. That this would find something is shown as well: with a disk that lies about
 * syncing, and with SQLite told to sync less.
 *
 * BUILDQ_TEST_SEED repeats a run; BUILDQ_TEST_LONG=1 tries all kinds of loss at each
 * operation, with many seeds.
 */
#include "config.h"

#include "crash-disk.h"
#include "crash-story.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <unistd.h>

typedef struct
{
  char *dir;  /* where the story is told */
  char *left; /* what the disk kept */
  char *path;
  char *left_path;
  GRand *rand;
  guint32 seed;
  gboolean thorough;
} Fixture;

/* The disk is made up; the real files are best in memory. */
static char *
make_folder (void)
{
  const char *parent
      = g_access ("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : g_get_tmp_dir ();
  char *folder = g_build_filename (parent, "buildq-crash-XXXXXX", NULL);

  g_assert_nonnull (g_mkdtemp (folder));
  return folder;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const char *seed = g_getenv ("BUILDQ_TEST_SEED");

  fixture->dir = make_folder ();
  fixture->left = make_folder ();
  fixture->path = g_build_filename (fixture->dir, "journal.db", NULL);
  fixture->left_path = g_build_filename (fixture->left, "journal.db", NULL);
  fixture->seed
      = seed != NULL ? (guint32) g_ascii_strtoull (seed, NULL, 10) : g_random_int ();
  fixture->rand = g_rand_new_with_seed (fixture->seed);
  fixture->thorough = g_getenv ("BUILDQ_TEST_LONG") != NULL;
  g_test_message ("BUILDQ_TEST_SEED=%u", fixture->seed);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  crash_clear_folder (fixture->dir);
  crash_clear_folder (fixture->left);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_assert_cmpint (g_rmdir (fixture->left), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->left);
  g_free (fixture->path);
  g_free (fixture->left_path);
  g_rand_free (fixture->rand);
}

/* Under the sanitizers not every step is tried. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRIDE 10
#else
#define STRIDE 1
#endif

/* --- stories --- */

typedef void (*Tell) (Story *story);

static void
tell_round (Story *story, guint round)
{
  g_autofree char *one = g_strdup_printf ("%u-one", round);
  g_autofree char *two = g_strdup_printf ("%u-two", round);
  g_autofree char *three = g_strdup_printf ("%u-three", round);
  g_autofree char *one_a = g_strconcat (one, "-a", NULL);
  g_autofree char *one_b = g_strconcat (one, "-b", NULL);
  g_autofree char *two_a = g_strconcat (two, "-a", NULL);
  g_autofree char *three_a = g_strconcat (three, "-a", NULL);
  const char *first[] = { one, NULL };
  const char *more[] = { two, three, NULL };

  story_submit (story, first);
  story_lease (story, one_a);
  story_submit (story, more);
  story_lease (story, two_a);
  story_end (story, one_a, BUILDQ_OUTCOME_SUCCEEDED);
  story_lease (story, three_a);
  story_lease (story, one_b);
  story_cancel (story, three);
  story_end (story, two_a, BUILDQ_OUTCOME_FAILED);
  story_release (story, one_b);
  story_lease (story, one_b);
}

/* The first moments of a journal, and restarts; the last round is left as it is. */
static void
tell_restarts (Story *story)
{
  story_open (story);
  story_put_text (story, "text", 4);
  tell_round (story, 1);
  story_close (story);
  story_open (story);
  story_end (story, "1-one-b", BUILDQ_OUTCOME_SUCCEEDED);
  tell_round (story, 2);
  story_close (story);
  story_open (story);
  tell_round (story, 3);
}

/* So much is written that the log is put into the file while the queue works, and begins
 * anew. */
static void
tell_checkpoint (Story *story)
{
  static const gsize size = 1100 * 4096;
  g_autofree char *text = g_strnfill (size, 'x');

  story_open (story);
  tell_round (story, 1);
  story_put_text (story, text, size);
  tell_round (story, 2);
  story_put_text (story, text, size - 1);
  tell_round (story, 3);
  story_close (story);
  story_open (story);
}

/* The journal of an older version becomes one of this version, and is worked with. */
static void
tell_migration (Story *story)
{
  static const char *const ids[] = { "new", NULL };

  story_open (story);
  story_submit (story, ids);
  story_lease (story, "new-a");
  story_lease (story, "ready");
  story_end (story, "ready", BUILDQ_OUTCOME_SUCCEEDED);
  story_close (story);
  story_open (story);
}

/* What is in tests/data/journal-1.db was said long ago. */
static void
add_old_facts (Story *story)
{
  static const struct
  {
    FactKind kind;
    const char *what;
  } old[] = {
    { FACT_REQUEST, "all" },
    { FACT_CANCEL, "withdrawn" },
    { FACT_REQUEST, "finished" },
    { FACT_TEXT, "sha256:1wzsnx9k5vnklwkwwbnvlc7jpi6flgjip8vxsm9dw2g11s5dj5xy" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (old); i++)
    {
      Fact *fact = g_new0 (Fact, 1);

      fact->kind = old[i].kind;
      fact->what = g_strdup (old[i].what);
      fact->said = 1;
      g_ptr_array_add (story->facts, fact);
    }
}

/* --- the loss of power --- */

/* Returns the first problem, or NULL. */
static char *
try_loss (Fixture *fixture, Story *story, CrashDisk *disk, guint at, CrashLoss loss)
{
  static const char *const names[] = { "lost", "kept", "kept in part", "torn" };
  g_autofree char *problem = NULL;

  crash_disk_lose_power (disk, loss, fixture->rand, fixture->left);
  problem = story_find_problem (story, fixture->left_path, at);
  if (problem == NULL)
    return NULL;
  return g_strdup_printf ("operation %u, what was not synced is %s: %s "
                          "(BUILDQ_TEST_SEED=%u)",
                          at, names[loss], problem, fixture->seed);
}

/* One of many writes in a row need not be tried. */
static gboolean
is_worth_it (Fixture *fixture, GPtrArray *ops, guint at)
{
  const CrashOp *op = ops->pdata[at - 1];
  const CrashOp *next = at < ops->len ? ops->pdata[at] : NULL;

  return fixture->thorough || ops->len < 1500 || op->kind != CRASH_OP_WRITE
         || next == NULL || next->kind != CRASH_OP_WRITE
         || g_rand_int_range (fixture->rand, 0, 50) == 0;
}

/* With all lost that was not synced, a disk differs from that of the operation before
 * only after a sync; and what must be true, only where something was said. */
static gboolean
is_other (Story *story, const CrashOp *op, guint at, CrashLoss loss)
{
  if (loss != CRASH_LOSE_ALL || op->kind == CRASH_OP_SYNC
      || op->kind == CRASH_OP_SYNC_DIR)
    return TRUE;
  for (guint i = 0; i < story->facts->len; i++)
    if (((Fact *) story->facts->pdata[i])->said == at)
      return TRUE;
  return FALSE;
}

/* Returns the first problem, or NULL. The time before @from is not of interest. */
static char *
try_all (Fixture *fixture, Story *story, GPtrArray *ops, guint from, gboolean lies)
{
  g_autoptr (CrashDisk) disk = crash_disk_new (lies);
  char *problem = NULL;
  guint tried = 0;

  for (guint at = 1; problem == NULL && at <= ops->len; at++)
    {
      crash_disk_do (disk, ops->pdata[at - 1]);
      if (at < from || at % STRIDE != 0 || !is_worth_it (fixture, ops, at))
        continue;
      for (CrashLoss loss = CRASH_LOSE_ALL; problem == NULL && loss < CRASH_N_LOSSES;
           loss++)
        if ((fixture->thorough || loss == CRASH_LOSE_ALL
             || loss == (CrashLoss) (1 + at % (CRASH_N_LOSSES - 1)))
            && is_other (story, ops->pdata[at - 1], at, loss))
          {
            problem = try_loss (fixture, story, disk, at, loss);
            tried++;
          }
    }
  g_test_message ("%u operations, %u losses of power", ops->len, tried);
  return problem;
}

static guint
count_syncs (GPtrArray *ops)
{
  guint n = 0;

  for (guint i = 0; i < ops->len; i++)
    n += ((CrashOp *) ops->pdata[i])->kind == CRASH_OP_SYNC;
  return n;
}

/* Tells the story; leaves what it did to the disk. */
static GPtrArray *
tell (Fixture *fixture, Story *story, Tell what, guint *from)
{
  GPtrArray *ops;

  crash_vfs_begin (fixture->dir);
  *from = crash_vfs_count ();
  what (story);
  ops = crash_vfs_end ();
  story_close (story);
  g_test_message ("%u syncs", count_syncs (ops));
  return ops;
}

static void
assert_survives (Fixture *fixture, Story *story, Tell what)
{
  guint runs = fixture->thorough ? 5 : 1;
  guint from;
  g_autoptr (GPtrArray) ops = tell (fixture, story, what, &from);

  while (runs-- > 0)
    {
      g_autofree char *problem = try_all (fixture, story, ops, from, FALSE);

      if (problem != NULL)
        g_error ("%s", problem);
    }
}

static void
test_story (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Story) story = story_new (fixture->path);

  assert_survives (fixture, story, *(const Tell *) data);
}

static void
test_migration (Fixture *fixture, gconstpointer data)
{
  g_autofree char *old
      = g_test_build_filename (G_TEST_DIST, "data", "journal-1.db", NULL);
  g_autoptr (Story) story = story_new (fixture->path);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (old, &bytes, &size, &error);
  g_assert_no_error (error);
  g_file_set_contents (fixture->path, bytes, (gssize) size, &error);
  g_assert_no_error (error);
  add_old_facts (story);
  assert_survives (fixture, story, tell_migration);
}

/* --- that the test bites --- */

static void
test_lies (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Story) story = story_new (fixture->path);
  guint from;
  g_autoptr (GPtrArray) ops = tell (fixture, story, tell_restarts, &from);
  g_autofree char *problem = try_all (fixture, story, ops, from, TRUE);

  g_assert_nonnull (problem);
  g_test_message ("found: %s", problem);
}

/* SQLite itself syncs less than the journal asks it to. */
static void
test_synchronous (Fixture *fixture, gconstpointer mode)
{
  g_autoptr (Story) story = story_new (fixture->path);
  g_autoptr (GPtrArray) ops = NULL;
  g_autofree char *problem = NULL;
  guint from;

  crash_vfs_set_synchronous (mode);
  ops = tell (fixture, story, tell_restarts, &from);
  crash_vfs_set_synchronous (NULL);
  problem = try_all (fixture, story, ops, from, FALSE);
  g_assert_nonnull (problem);
  g_test_message ("found: %s", problem);
}

int
main (int argc, char **argv)
{
  static const Tell restarts = tell_restarts, checkpoint = tell_checkpoint;

  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  crash_vfs_install ();
#define ADD(name, data, func)                                                            \
  g_test_add ("/crash/" name, Fixture, data, set_up, func, tear_down)
  ADD ("restarts", &restarts, test_story);
  ADD ("checkpoint", &checkpoint, test_story);
  ADD ("migration", NULL, test_migration);
  ADD ("bites/disk-lies", NULL, test_lies);
  ADD ("bites/synchronous-off", "OFF", test_synchronous);
  ADD ("bites/synchronous-normal", "NORMAL", test_synchronous);
  return g_test_run ();
}
