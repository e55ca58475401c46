#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Queue, worker and submitter as processes of their own.
. "${top_srcdir:-.}/tests/tools/lib.sh"

state_of () # KEY: the state of a job
{
  "$tool" status "$1" --json 2>/dev/null | sed -n 's/.*"state":"\([a-z-]*\)".*/\1/p'
}
is_in_state ()
{
  [ "$(state_of "$1")" = "$2" ]
}
job () # KEY COMMAND [MORE]: a file with one job
{
  printf '{"jobs": [{"key": "%s", "argv": ["/bin/sh", "-c", "%s"]%s}]}\n' "$1" "$2" "${3:-}" \
    > "$work/$1.json"
}

start_queue serve
is "it prints one line" 1 "$(wc -l < "$work/serve.log")"
says "$work/serve.log" "ready at $BUILDQ_URI, for everybody on this machine"
result $? "with its URI"
succeeds "status of an empty queue" status
prints "no workers" "no unfinished jobs"

echo some words > "$work/words.txt"
cat > "$work/three.json" <<'JSON'
{"id": "three", "jobs": [
  {"key": "one", "argv": ["/bin/sh", "-c", "/bin/cat $BUILDQ_INPUT_words > $out; echo first"],
   "inputs": {"words": {"file": "words.txt"}}, "outputs": ["out"]},
  {"key": "two", "argv": ["/bin/sh", "-c", "/bin/cat $BUILDQ_INPUT_one > $out"],
   "inputs": {"one": {"job": "one"}}, "outputs": ["out"]},
  {"key": "with/slash", "argv": ["/bin/sh", "-c", "echo log of slash"]}]}
JSON
fails 1 "job 'one': input 'words' is a local file: say with --mirror" submit "$work/three.json"
succeeds "submit" submit "$work/three.json" --mirror "$work/mirror" --priority 7 --group g
is "it prints the id of the request" three "$(cat "$work/out")"
succeeds "status of a request" status three
prints "three: active; 0 of 3 succeeded" "group g" "for one"

start work work --name ant --mirror "$work/mirror"
worker=$pid
succeeds "submit --wait" submit "$work/three.json" --mirror "$work/mirror" --wait
prints three "succeeded  one on ant" "succeeded: 3 of 3 succeeded"
wait_until 20 says "$work/work.log" "ant: 'two': succeeded"
result $? "the worker prints a line for each job"
succeeds "status --workers" status --workers
grep -q '^ant  *ready ' "$work/out"
result $? "shows the worker"
succeeds "status --jobs --json" status --jobs --json
prints '"key":"with/slash"' '"state":"succeeded"'
succeeds "log" log one
is "prints the log" first "$(cat "$work/out")"
succeeds "log of a key with a slash" log with/slash
prints "log of slash"
succeeds "log --offset" log one --offset 2
is "prints the rest" rst "$(cat "$work/out")"
fails 1 "job 'none' is not known" log none
fails 1 "there is no request and no job 'none'" status none
fails 1 "none" cancel none
succeeds "fetch KEY" fetch two --from "$work/mirror" --key "$BUILDQ_STATE/farm.pub" --store "$work/fresh"
is "fetches what was built" "some words" "$(cat "$(cat "$work/out")")"
fails 1 "job 'with/slash' has no outputs" fetch with/slash --key "$BUILDQ_STATE/farm.pub"
succeeds "submit --wait --json" submit "$work/three.json" --mirror "$work/mirror" --wait --json
prints '"request":{"id":"three","state":"succeeded"'

# --- a log longer than what the queue keeps ---
job long 'i=0; while [ $i -lt 40000 ]; do echo this is line $i of a long log; i=$((i+1)); done'
buildq submit "$work/long.json" --wait
succeeds "log of a job with a long log" log long
is "is all of it" 40000 "$(wc -l < "$work/out")"
is "from the beginning" "this is line 0 of a long log" "$(head -n 1 "$work/out")"

# --- what is wrong with jobs, and only the queue can tell ---
job bad 'echo about to fail; exit 3'
buildq submit "$work/bad.json" --wait
is "submit --wait of a job that fails" 1 "$status"
prints "failed     bad: failed on ant" "| about to fail" "the whole log: buildq log bad"
job long 'echo changed'
fails 1 "job 'long' was submitted before with another 'argv'" submit "$work/long.json"
printf '{"jobs": [{"key": "p", "argv": ["x"], "depends": ["q"]}, {"key": "q", "argv": ["x"], "depends": ["r"]}, {"key": "r", "argv": ["x"], "depends": ["p"]}]}' > "$work/cycle.json"
fails 1 "q" submit "$work/cycle.json"
grep -q 'p.*q.*r\|q.*r.*p\|r.*p.*q' "$work/err"
result $? "a cycle is spelled out"
job orphan 'true' ', "depends": ["nowhere"]'
fails 1 "nowhere" submit "$work/orphan.json"

# --- following, and cancelling ---
job slow 'echo begun; exec /bin/sleep 600'
succeeds "submit of a slow job" submit "$work/slow.json"
request=$(cat "$work/out")
wait_until 30 is_in_state slow leased
result $? "it runs"
start follow log -f slow
follow=$pid
wait_until 30 says "$work/follow.log" begun
result $? "log -f prints what there is so far"
succeeds "cancel" cancel "$request"
prints "$request: cancelled"
wait_until 30 is_in_state slow cancelled
result $? "the job is cancelled"
wait "$follow"
is "log -f ends with it" 0 $?
wait_until 30 says "$work/work.log" "ant: 'slow': cancelled"
result $? "the worker stopped it"

# --- signals ---
job slow2 'exec /bin/sleep 600'
buildq submit "$work/slow2.json"
wait_until 30 is_in_state slow2 leased
start waiter submit "$work/slow2.json" --wait
wait_until 30 says "$work/waiter.log" "started    slow2 on ant"
stop "$pid"
is "a stopped submit --wait says so" 130 $?
says "$work/waiter.log" "waiting no longer; the jobs go on"
result $? "and that the jobs go on"
is_in_state slow2 leased
result $? "as they do"
kill -TERM "$worker"
wait_until 30 says "$work/work.log" "stopping: no more jobs are taken, 1 still run"
result $? "SIGTERM drains a worker"
kill -TERM "$worker"
wait "$worker"
is "a second one ends it" 0 $?
wait_until 30 is_in_state slow2 ready
result $? "and gives its job back"
kill -USR1 "$queue"
wait_until 10 says "$work/serve.log" "received "
result $? "SIGUSR1 makes the queue print its bytes"
stop "$queue"
is "SIGTERM ends the queue well" 0 $?
grep -q '^received [1-9][0-9]* bytes, sent [1-9][0-9]* bytes$' "$work/serve.log"
result $? "it prints its bytes"
[ "$(wc -c < "$work/long.json")" -lt 1000 ] &&
  [ "$(sed -n 's/^received \([0-9]*\) .*/\1/p' "$work/serve.log" | tail -n 1)" -lt 500000 ]
result $? "which were those of messages, not of logs and results"

# --- tokens ---
"$tool" token add admin --role admin > "$work/admin.token"
"$tool" token add reader --role reader > "$work/reader.token"
echo bq_unknown > "$work/unknown.token"
start_queue serve2
fails 1 "the queue asks for a token" status
grep -q 'buildq token add NAME --role reader' "$work/err"
result $? "no token: it says what to do"
fails 1 "buildq token add NAME --role worker" work --name bee
export BUILDQ_TOKEN_FILE="$work/unknown.token"
fails 1 "BUILDQ_TOKEN_FILE" status
export BUILDQ_TOKEN_FILE="$work/reader.token"
succeeds "a reader may look" status
fails 1 "reader" submit "$work/slow.json"
export BUILDQ_TOKEN_FILE="$work/admin.token"
succeeds "an admin may submit" submit "$work/slow.json"
"$tool" token remove admin
fails 1 "token" status
stop "$queue"
unset BUILDQ_TOKEN_FILE

# --- another directory for store paths ---
export BUILDQ_STATE="$work/state2"
start_queue serve3 --store-dir /farm/store
start work3 work --name bee --mirror "$work/mirror" --store-dir /farm/store
worker=$pid
succeeds "submit to a farm with another store directory" \
  submit "$work/three.json" --mirror "$work/mirror" --wait --store-dir /farm/store
succeeds "status" status two
prints "/farm/store/"
succeeds "fetch" fetch two --from "$work/mirror" --key "$BUILDQ_STATE/farm.pub" --store "$work/fresh3"
is "what was built" "some words" "$(cat "$(cat "$work/out")")"
stop "$worker"
stop "$queue"
[ -z "$(ls "$TMPDIR")" ]
result $? "no temporary files are left"
done_testing
