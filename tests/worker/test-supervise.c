/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "worker/buildq-command.h"
#include "worker-util.h"

#include <stdio.h>
#include <string.h>

/* Processes that try to get away: of another session, forked twice, deaf to SIGTERM, and
 * several of them at once. Each writes its number into a file. */
#define TREE                                                                             \
  "setsid sh -c 'echo $$ > session; exec sleep 1000' & "                                 \
  "( ( setsid sh -c 'echo $$ > orphan; exec sleep 1000' & ) & ) ; "                      \
  "sh -c 'trap \"\" TERM HUP; echo $$ > deaf; sleep 1000; sleep 1000' & "                \
  "setsid sh -c 'trap \"\" TERM; (setsid sh -c \"echo \\$\\$ > deep; exec sleep 1000\" " \
  "&) ; "                                                                                \
  "sleep 1000; sleep 1000' & "                                                           \
  "while ! [ -s session -a -s orphan -a -s deaf -a -s deep ]; do sleep 0.02; done; "

static const char *const members[] = { "session", "orphan", "deaf", "deep" };

typedef struct
{
  gboolean ended;
  BuildqCommandEnd end;
  int number;
  GString *output;
} Outcome;

static void
on_output (const void *data, gsize size, gpointer user_data)
{
  Outcome *outcome = user_data;

  g_string_append_len (outcome->output, data, size);
}

static void
on_end (BuildqCommandEnd end, int number, gpointer user_data)
{
  Outcome *outcome = user_data;

  g_assert_false (outcome->ended);
  outcome->ended = TRUE;
  outcome->end = end;
  outcome->number = number;
}

static BuildqCommand *
start (const char *dir, const char *script, Outcome *outcome)
{
  const char *argv[] = { "sh", "-c", script, NULL };
  const char *env[] = { "PATH=/usr/bin:/bin", NULL };
  g_autoptr (GError) error = NULL;
  BuildqCommand *command;

  memset (outcome, 0, sizeof *outcome);
  outcome->output = g_string_new (NULL);
  command
      = _buildq_command_start (argv, env, dir, NULL, on_output, on_end, outcome, &error);
  g_assert_no_error (error);
  g_assert_nonnull (command);
  return command;
}

static gboolean
has_file (const char *dir, const char *name)
{
  g_autofree char *text = read_text (dir, name);

  return text != NULL && text[0] != '\0';
}

static void
assert_tree (const char *dir, gboolean alive)
{
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autofree char *text = read_text (dir, members[i]);

      g_assert_nonnull (text);
      g_assert_cmpint (atoi (text), >, 1);
      if (is_alive (atoi (text)) != alive)
        g_error ("the process '%s' is %s", members[i], alive ? "dead" : "alive");
    }
}

static gboolean
tree_is_dead (const char *dir)
{
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autofree char *text = read_text (dir, members[i]);

      if (is_alive (atoi (text)))
        return FALSE;
    }
  return TRUE;
}

static void
test_normal_end (void)
{
  g_autofree char *dir = make_test_dir ();
  Outcome outcome;
  g_autoptr (BuildqCommand) command = start (dir, TREE "echo said; exit 3", &outcome);

  wait_until (outcome.ended);
  g_assert_cmpint (outcome.end, ==, BUILDQ_COMMAND_EXITED);
  g_assert_cmpint (outcome.number, ==, 3);
  g_assert_cmpstr (outcome.output->str, ==, "said\n");
  assert_tree (dir, FALSE);
  g_string_free (outcome.output, TRUE);
  remove_test_dir (dir);
}

static void
test_stop (void)
{
  g_autofree char *dir = make_test_dir ();
  Outcome outcome;
  g_autoptr (BuildqCommand) command = start (
      dir, TREE "trap 'echo asked; exit 7' TERM; echo > ready; sleep 1000 & wait",
      &outcome);

  wait_until (has_file (dir, "ready"));
  assert_tree (dir, TRUE);
  _buildq_command_stop (command);
  wait_until (outcome.ended);
  /* The command was asked first, and could say its last word. */
  g_assert_cmpint (outcome.end, ==, BUILDQ_COMMAND_EXITED);
  g_assert_cmpint (outcome.number, ==, 7);
  g_assert_cmpstr (outcome.output->str, ==, "asked\n");
  assert_tree (dir, FALSE);
  g_string_free (outcome.output, TRUE);
  remove_test_dir (dir);
}

static void
test_stop_deaf (void)
{
  g_autofree char *dir = make_test_dir ();
  Outcome outcome;
  gint64 asked;
  g_autoptr (BuildqCommand) command = start (
      dir, TREE "trap '' TERM; echo > ready; while :; do sleep 1000; done", &outcome);

  wait_until (has_file (dir, "ready"));
  asked = g_get_monotonic_time ();
  _buildq_command_stop (command);
  wait_until (outcome.ended);
  g_assert_cmpint (g_get_monotonic_time () - asked, >=, 2 * G_USEC_PER_SEC);
  g_assert_cmpint (outcome.end, ==, BUILDQ_COMMAND_KILLED);
  g_assert_cmpint (outcome.number, ==, SIGKILL);
  assert_tree (dir, FALSE);
  g_string_free (outcome.output, TRUE);
  remove_test_dir (dir);
}

static int
find_supervisor_of (int worker)
{
  g_autofree char *command = g_strdup_printf ("ps -o pid= --ppid %d", worker);
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;

  g_spawn_command_line_sync (command, &output, NULL, NULL, &error);
  g_assert_no_error (error);
  return atoi (output);
}

/* Starts a worker in another process, which is this program, and waits for its tree. */
static GSubprocess *
start_worker (const char *dir)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GError) error = NULL;
  GSubprocess *worker
      = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, self, "--hold", dir, NULL);

  g_assert_no_error (error);
  wait_until (has_file (dir, "ready"));
  assert_tree (dir, TRUE);
  return worker;
}

static void
test_worker_killed (void)
{
  g_autofree char *dir = make_test_dir ();
  g_autoptr (GSubprocess) worker = start_worker (dir);

  kill (atoi (g_subprocess_get_identifier (worker)), SIGKILL);
  wait_until (tree_is_dead (dir));
  g_subprocess_wait (worker, NULL, NULL);
  remove_test_dir (dir);
}

static void
test_supervisor_terminated (void)
{
  g_autofree char *dir = make_test_dir ();
  g_autoptr (GSubprocess) worker = start_worker (dir);
  int supervisor = find_supervisor_of (atoi (g_subprocess_get_identifier (worker)));

  g_assert_cmpint (supervisor, >, 1);
  kill (supervisor, SIGTERM);
  wait_until (tree_is_dead (dir));
  g_subprocess_wait (worker, NULL, NULL);
  remove_test_dir (dir);
}

static void
test_supervisor_killed (void)
{
  Outcome outcome;
  g_autoptr (BuildqCommand) command
      = start ("/", "kill -9 $PPID; exec sleep 1000", &outcome);
  g_autofree char *text = NULL;

  wait_until (outcome.ended);
  g_assert_cmpint (outcome.end, ==, BUILDQ_COMMAND_FAULT);
  text = _buildq_command_describe (outcome.end, outcome.number, "sh");
  g_assert_cmpstr (text, ==, "the supervisor of 'sh' ended without a word");
  g_string_free (outcome.output, TRUE);
}

/* The command has a group of its own, and the dispositions of a fresh process. */
static void
test_surroundings (void)
{
  Outcome outcome;
  g_autoptr (BuildqCommand) command = NULL;
  g_auto (GStrv) lines = NULL;
  int pid, group, session;

  signal (SIGPIPE, SIG_IGN);
  command = start ("/",
                   "set -- $(cut -d' ' -f 1,5,6 /proc/$$/stat); echo $*; umask;"
                   "grep -E '^(SigBlk|SigIgn|NoNewPrivs):' /proc/$$/status | cut -f 2",
                   &outcome);
  wait_until (outcome.ended);
  signal (SIGPIPE, SIG_DFL);
  g_assert_cmpint (outcome.end, ==, BUILDQ_COMMAND_EXITED);
  lines = g_strsplit (outcome.output->str, "\n", -1);
  g_assert_cmpint (sscanf (lines[0], "%d %d %d", &pid, &group, &session), ==, 3);
  g_assert_cmpint (pid, ==, group);
  g_assert_cmpint (session, !=, getsid (0));
  g_assert_cmpint (session, !=, pid);
  g_assert_cmpint (strtol (lines[1], NULL, 8), ==, 022);
  g_string_free (outcome.output, TRUE);
  g_assert_cmpstr (lines[2], ==, "0000000000000000");
  /* The two signals that glibc keeps for itself are out of anybody's reach; make leaves
   * them ignored. */
  g_assert_cmphex (
      g_ascii_strtoull (lines[3], NULL, 16) & ~(G_GUINT64_CONSTANT (3) << 31), ==, 0);
  g_assert_cmpstr (lines[4], ==, "1");
}

static void
test_many_orphans (void)
{
  g_autofree char *dir = make_test_dir ();
  Outcome outcome;
  g_autoptr (BuildqCommand) command
      = start (dir,
               "i=0; while [ $i -lt 100 ]; do (setsid sleep 1000 & echo $! >> pids) & "
               "i=$((i+1)); done; wait",
               &outcome);
  g_autofree char *text = NULL;
  g_auto (GStrv) pids = NULL;

  wait_until (outcome.ended);
  text = read_text (dir, "pids");
  pids = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (pids), ==, 101);
  for (guint i = 0; i < 100; i++)
    g_assert_false (is_alive (atoi (pids[i])));
  g_string_free (outcome.output, TRUE);
  remove_test_dir (dir);
}

static void
test_no_program (void)
{
  const char *argv[] = { "no-such-program", NULL };
  const char *env[] = { NULL };
  g_autoptr (BuildqCommand) command = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  Outcome outcome = { .output = g_string_new (NULL) };

  command
      = _buildq_command_start (argv, env, "/", NULL, on_output, on_end, &outcome, &error);
  g_assert_no_error (error);
  wait_until (outcome.ended);
  g_assert_cmpint (outcome.end, ==, BUILDQ_COMMAND_NOT_EXECUTED);
  g_assert_cmpint (outcome.number, ==, ENOENT);
  text = _buildq_command_describe (outcome.end, outcome.number, argv[0]);
  g_assert_true (g_str_has_prefix (text, "'no-such-program' cannot be executed: "));
  g_string_free (outcome.output, TRUE);
}

static void
test_no_supervisor (void)
{
  const char *argv[] = { "true", NULL };
  const char *env[] = { NULL };
  g_autofree char *dir = g_strdup (g_getenv ("BUILDQ_LIBEXECDIR"));
  g_autoptr (GError) error = NULL;

  g_setenv ("BUILDQ_LIBEXECDIR", "/nonexistent", TRUE);
  g_assert_null (
      _buildq_command_start (argv, env, "/", NULL, on_output, on_end, NULL, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "/nonexistent/buildq-supervise"));
  g_setenv ("BUILDQ_LIBEXECDIR", dir, TRUE);
}

static int
hold (const char *dir)
{
  Outcome outcome;
  g_autoptr (BuildqCommand) command
      = start (dir, TREE "echo > ready; while :; do sleep 1000; done", &outcome);

  wait_until (outcome.ended);
  g_string_free (outcome.output, TRUE);
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--hold"))
    return hold (argv[2]);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/supervise/normal-end", test_normal_end);
  g_test_add_func ("/supervise/stop", test_stop);
  g_test_add_func ("/supervise/stop-deaf", test_stop_deaf);
  g_test_add_func ("/supervise/worker-killed", test_worker_killed);
  g_test_add_func ("/supervise/supervisor-terminated", test_supervisor_terminated);
  g_test_add_func ("/supervise/supervisor-killed", test_supervisor_killed);
  g_test_add_func ("/supervise/surroundings", test_surroundings);
  g_test_add_func ("/supervise/many-orphans", test_many_orphans);
  g_test_add_func ("/supervise/no-program", test_no_program);
  g_test_add_func ("/supervise/no-supervisor", test_no_supervisor);
  return g_test_run ();
}
