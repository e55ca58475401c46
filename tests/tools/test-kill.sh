#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# kill -9 of the worker, and of both: what was built is handed in, what runs goes on.
. "${top_srcdir:-.}/tests/tools/lib.sh"

# submit_job KEY: one that says that it began, and waits for a word
submit_job ()
{
  cat > "$work/job.json" <<JSON
{"id": "$1", "jobs": [{"key": "$1", "outputs": ["out"], "argv": ["/bin/sh", "-c",
  "echo line 1; echo \$\$ > $work/begun.\$BUILDQ_KEY.\$BUILDQ_ATTEMPT; until [ -e $work/go.\$BUILDQ_KEY.\$BUILDQ_ATTEMPT ]; do sleep 0.05; done; echo line 2; echo made by \$BUILDQ_ATTEMPT > \$out"]}]}
JSON
  buildq submit "$work/job.json"
}

begun ()
{
  [ -s "$work/begun.$1" ]
}

is_in_state () # KEY STATE
{
  buildq status --jobs --json && grep -q "\"key\":\"$1\".*\"state\":\"$2\"" "$work/out"
}

# The job ended well, as this attempt of so many, and is published.
succeeded_as () # KEY ATTEMPT [ATTEMPTS]
{
  wait_until 60 is_in_state "$1" succeeded
  result $? "$1 succeeds"
  buildq status "$1" --json
  grep -q "\"state\":\"succeeded\",\"attempt\":${3:-$2},.*\"result\":{[^{]*\"attempt\":$2," "$work/out"
  result $? "$1 succeeds as attempt $2 of ${3:-$2}"
  wait_until 30 fetched "$1"
  is "what $1 made is published" "made by $2" "$(cat "$(cat "$work/out")")"
}

fetched ()
{
  buildq fetch "$1" --from "$work/mirror" --key "$BUILDQ_STATE/farm.pub" --store "$work/fresh"
  [ "$status" = 0 ]
}

# start_worker NAME ARGUMENT…: leaves $worker
start_worker ()
{
  worker_log=$1
  shift
  start "$worker_log" work --name ant --mirror "$work/mirror" "$@"
  worker=$pid
}

kill_9 ()
{
  for killed
  do
    kill -KILL "$killed"
    wait "$killed" 2>/dev/null
  done
}

is_gone () # PID
{
  ! kill -0 "$1" 2>/dev/null
}

has_result () # in the spool: the state is that of a finished one
{
  grep -q '"state":2' "$BUILDQ_STATE"/workers/ant/work/leases/*.json 2>/dev/null
}

# --- the job dies with the worker, and is free at once ---
start_queue serve --session-time 600
submit_job dies
start_worker work1
wait_until 60 begun dies.1
result $? "a job runs"
: > "$work/go.dies.2"
kill_9 "$worker"
start_worker work2
wait_until 30 says "$work/work2.log" "ant: goes on with 'dies'"
result $? "the next worker finds its lease"
wait_until 30 says "$work/work2.log" "ant: 'dies': host-fault"
result $? "and says at once that it was restarted"
succeeded_as dies 2

# --- the worker ends after the build, while the queue is away for longer than a lease ---
submit_job late
wait_until 60 begun late.1
kill_9 "$queue"
: > "$work/go.late.1"
wait_until 60 has_result
result $? "the result is on the disk"
fails 1 "another worker uses the work directory" work --name ant
kill_9 "$worker"
start_queue serve2 --session-time 1
wait_until 30 is_in_state late ready
result $? "the lease has expired meanwhile"
start_worker work3
succeeded_as late 1
stop "$worker"
[ -z "$(ls "$BUILDQ_STATE/workers/ant/work/leases")" ]
result $? "nothing is left on the disk"
stop "$queue"

# --- the worker is stopped while it waits for the queue ---
start_queue serve2b --session-time 60
submit_job stopped
start_worker work3b
wait_until 60 begun stopped.1
kill_9 "$queue"
: > "$work/go.stopped.1"
wait_until 60 has_result
kill -TERM "$worker"
wait_until 30 says "$work/work3b.log" "once more gives them back"
kill -TERM "$worker"
wait "$worker"
is "a worker that waits for the queue can be stopped" 0 $?
has_result
result $? "and leaves its result to the next one"
start_queue serve2c --session-time 60
start_worker work3c
succeeded_as stopped 1
stop "$worker" "$queue"

# --- the job outlives the worker ---
start_queue serve3 --session-time 60
submit_job kept
start_worker work4 --keep-running 600
wait_until 60 begun kept.1
kill_9 "$worker"
kill -0 "$(cat "$work/begun.kept.1")"
result $? "with --keep-running the job goes on"
start_worker work5 --keep-running 600
wait_until 30 says "$work/work5.log" "ant: goes on with 'kept'"
result $? "the next worker takes it over"
kill_9 "$queue" "$worker"
start_queue serve4 --session-time 60
start_worker work6 --keep-running 600
wait_until 30 says "$work/work6.log" "ant: connected to"
result $? "so it does when both were killed"
kill -TERM "$worker"
wait_until 30 says "$work/work6.log" "1 still run; once more leaves them to the next worker"
result $? "SIGTERM drains"
kill -TERM "$worker"
wait "$worker"
is "a second one ends the worker" 0 $?
kill -0 "$(cat "$work/begun.kept.1")"
result $? "but not the job"
: > "$work/go.kept.1"
wait_until 30 is_gone "$(cat "$work/begun.kept.1")"
result $? "which may end while nobody is there"
start_worker work7 --keep-running 1
succeeded_as kept 1
succeeds "log" log kept
is "is whole" "line 1 line 2" "$(paste -s -d ' ' "$work/out")"
! grep -q "host-fault" "$work"/work[4567].log
result $? "no attempt was given up"

# --- nobody comes ---
submit_job alone
wait_until 60 begun alone.1
kill_9 "$worker"
wait_until 30 is_gone "$(cat "$work/begun.alone.1")"
result $? "when nobody comes in time the job is stopped"
: > "$work/go.alone.2"
start_worker work8
wait_until 30 says "$work/work8.log" "ant: 'alone': host-fault"
result $? "the next worker says so"
succeeded_as alone 2

# --- the network is cut ---
if command -v python3 > /dev/null
then
  stop "$worker" "$queue"
  start_queue serve5 --session-time 2
  "${top_srcdir:-.}/tests/tools/proxy.py" "$port" "$work/proxy" &
  proxy=$!
  pids="$pids $proxy"
  wait_until 30 test -s "$work/proxy"
  direct=$BUILDQ_URI
  BUILDQ_URI="http://127.0.0.1:$(cat "$work/proxy")"
  start_worker work9
  BUILDQ_URI=$direct
  submit_job cut
  wait_until 60 begun cut.1
  kill -STOP "$proxy"
  wait_until 30 is_in_state cut ready
  result $? "a machine that is not heard of loses its lease"
  : > "$work/go.cut.1"
  wait_until 30 has_result
  kill -CONT "$proxy"
  succeeded_as cut 1

  submit_job twice
  wait_until 60 begun twice.1
  kill -STOP "$proxy"
  start other work --name bee --mirror "$work/mirror"
  other=$pid
  wait_until 60 begun twice.2
  result $? "another machine has the job"
  : > "$work/go.twice.1"
  wait_until 30 has_result
  kill -CONT "$proxy"
  succeeded_as twice 1 2
  wait_until 30 says "$work/other.log" "bee: 'twice': cancelled"
  result $? "and the second attempt is cancelled"
  stop "$other" "$worker"
fi
stop "$queue"
done_testing
