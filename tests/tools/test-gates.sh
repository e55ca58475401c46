#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A worker takes jobs only with resources to spare, and when nobody has paused it.
. "${top_srcdir:-.}/tests/tools/lib.sh"

submit () # KEY
{
  printf '{"jobs": [{"key": "%s", "argv": ["/bin/sh", "-c", "true"]}]}\n' "$1" > "$work/$1.json"
  buildq submit "$work/$1.json"
}
is_in_state () # KEY STATE
{
  "$tool" status "$1" --json 2>/dev/null | grep -qF "\"state\":\"$2\""
}
worker_is () # STATE
{
  "$tool" worker list 2>/dev/null | grep -q "^ant  *$1 "
}

start_queue serve
fails 1 "worker 'ant' is not known" worker pause ant
start gated work --name ant --min-disk 1000000G
worker=$pid
wait_until 30 says "$work/gated.log" "ant: takes no more jobs: "
result $? "a worker without enough room says so"
grep -q 'GiB free in /.*, 1000000 GiB wanted' "$work/gated.log"
result $? "with numbers"
wait_until 30 worker_is gated
result $? "and so does the queue"
submit one
succeeds "status --workers" status --workers
prints "ant takes no more jobs: " "1000000 GiB wanted"
is_in_state one ready
result $? "it gets nothing"
stop "$worker"
is "and ends when it is told to" 0 $?

start open work --name ant
worker=$pid
wait_until 30 is_in_state one succeeded
result $? "one with room does the job"
kill -USR1 "$worker"
wait_until 30 says "$work/open.log" "ant: takes no more jobs: paused on this machine"
result $? "SIGUSR1 pauses a worker"
wait_until 30 worker_is paused
result $? "the queue knows"
submit two
is_in_state two ready
result $? "it gets nothing"
kill -USR2 "$worker"
wait_until 30 is_in_state two succeeded
result $? "SIGUSR2 lets it go on"
says "$work/open.log" "ant: takes jobs again"
result $? "as it says"

succeeds "worker pause" worker pause ant
prints "ant: paused"
wait_until 30 says "$work/open.log" "paused at the queue"
result $? "the worker is told"
submit three
is_in_state three ready
result $? "it gets nothing"
succeeds "worker resume" worker resume ant
wait_until 30 is_in_state three succeeded
result $? "until it is resumed"
succeeds "worker drain" worker drain ant
wait "$worker"
is "a drained worker ends" 0 $?
wait_until 30 worker_is away
result $? "and is away"
start again work --name ant
worker=$pid
wait_until 30 worker_is paused
result $? "when it comes back it is paused"
stop "$worker"
stop "$queue"
done_testing
