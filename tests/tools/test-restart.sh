#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# kill -9 of the queue in the middle: nothing is lost, and nothing is built twice.
. "${top_srcdir:-.}/tests/tools/lib.sh"

cat > "$work/jobs.json" <<JSON
{"id": "all", "jobs": [
  {"key": "before", "argv": ["/bin/sh", "-c", "echo before > \$out"], "outputs": ["out"]},
  {"key": "during", "argv": ["/bin/sh", "-c", "echo > $work/begun; until [ -e $work/go ]; do /bin/sleep 0.1; done; /bin/cat \$BUILDQ_INPUT_before > \$out"],
   "inputs": {"before": {"job": "before"}}, "outputs": ["out"]},
  {"key": "after", "argv": ["/bin/sh", "-c", "/bin/cat \$BUILDQ_INPUT_during > \$out"],
   "inputs": {"during": {"job": "during"}}, "outputs": ["out"]}]}
JSON
start_queue serve --session-time 20
start work work --name ant --mirror "$work/mirror"
worker=$pid
start submit submit "$work/jobs.json" --wait
submit=$pid
wait_until 60 test -e "$work/begun"
result $? "a job runs"
kill -KILL "$queue"
wait "$queue" 2>/dev/null
wait_until 30 says "$work/submit.log" "the queue does not answer"
result $? "submit --wait says that the queue is away"
kill -0 "$submit" && kill -0 "$worker"
result $? "and waits on, as the worker does"
# While nobody listens the job ends, and its result waits at the worker.
: > "$work/go"
start_queue serve2 --session-time 20
wait "$submit"
is "submit --wait ends well, over the restart" 0 $?
cp "$work/submit.log" "$work/out"
prints "the queue answers again" "succeeded: 3 of 3 succeeded"
succeeds "status" status all --json
is "no job was built twice" 3 "$(grep -o '"state":"succeeded","attempt":1,' "$work/out" | wc -l)"
succeeds "fetch" fetch after --from "$work/mirror" --key "$BUILDQ_STATE/farm.pub" --store "$work/fresh"
is "what was built is right" before "$(cat "$(cat "$work/out")")"

# A request that was answered is there after any end.
printf '{"id": "late", "jobs": [{"key": "late", "argv": ["/bin/true"], "features": ["none-has-this"]}]}' \
  > "$work/late.json"
succeeds "submit" submit "$work/late.json"
kill -KILL "$queue"
wait "$queue" 2>/dev/null
start_queue serve3
succeeds "the request is there after kill -9" status late
prints "late: active; 0 of 1 succeeded"
fails 1 "another" serve --listen 127.0.0.1:0
stop "$worker"
is "the worker ends well" 0 $?
stop "$queue"
done_testing
