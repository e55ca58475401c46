#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# buildq submit … -- COMMAND: as if it ran here.
. "${top_srcdir:-.}/tests/tools/lib.sh"
case $tool in
/*) ;;
*) tool=$PWD/$tool ;;
esac

# exits STATUS NAME ARGUMENT…
exits ()
{
  expected=$1 name=$2
  shift 2
  buildq "$@"
  is "$name" "$expected" "$status"
}
# complains WORDS…: the last call did, on stderr
complains ()
{
  for words
  do
    grep -qF -e "$words" "$work/err"
    result $? "it says: $words"
  done
}

mirror=$work/mirror
mkdir -p "$work/here/src/deep"
cd "$work/here" || exit 1
printf 'check: src/main\n\t@src/main\nsrc/main: src/main.in\n\t@cp src/main.in src/main && chmod +x src/main\n' > Makefile
printf '#!/bin/sh\necho hello from $0\n' > src/main.in
echo deep > src/deep/file

# --- wrong use, with no queue running ---
fails 2 "say which file, or '-- COMMAND'" submit --wait
fails 2 "say which command after '--'" submit --wait --
fails 2 "'x.json' stands before '-- true'" submit x.json -- true
fails 2 "are for '-- COMMAND'; the file 'x.json'" submit --input Makefile x.json
fails 2 "--cores: '-1' is not" submit --cores -1 -- true
fails 1 "there is no file 'none'" submit --input none -- true
fails 1 "there is no file 'none'" submit --input a/b=none -- true
fails 1 "at '../x' is not a relative path inside the build directory" submit --input ../x=Makefile -- true
fails 1 "--output '/etc/x' is not a path below the working directory" submit --output /etc/x -- true
fails 1 "--output '../x' is not a path below the working directory" submit --output ../x -- true
fails 1 "'x' in the environment is not NAME=VALUE" submit --env x -- true
exits 0 "a dry run" submit --dry-run --input src --input .=Makefile --output src/main --env A=b --feature kvm \
  --timeout 9 --cores 2 --system any-system --key k -- make -k check
prints '"key":"k"' '"argv":["make","-k","check"]' '"at":"src"' '"at":"."' '"path":"src/main"' \
  '"env":["A=b"]' '"features":["kvm"]' '"cores":2' '"timeout_s":9' '"system":"any-system"'

# --- as if it ran here ---
start_queue serve
start waits submit --wait -- true
waiting=$pid
wait_until 20 says "$work/waits.log" "waits for a machine"
result $? "without a machine it says that it waits"
start work work --name ant --mirror "$mirror"
wait "$waiting"
is "and it runs when one has come" 0 $?

exits 1 "an input without a mirror" submit --input Makefile --wait -- true
complains "input 'Makefile' is a local file: say with --mirror"
exits 0 "make check" submit -m "$mirror" --input . --wait -- make check
is "its log is on stdout, and nothing else" "hello from src/main" "$(cat "$work/out")"
complains "runs on ant"
exits 0 "inputs at other places" submit -m "$mirror" -i new/place=src/deep -i src/main.in --wait -- \
  sh -c 'find . -type f | sort; echo changed >> src/main.in'
is "they are there" "./new/place/file ./src/main.in" "$(tr '\n' ' ' < "$work/out" | sed 's/ $//')"
exits 0 "an environment" submit --env "GREETING=hello world" --wait -- sh -c 'echo $GREETING'
is "is as said" "hello world" "$(cat "$work/out")"

exits 0 "outputs come here" submit -m "$mirror" -i Makefile -i src -o src/main -o tree --wait -- \
  sh -c 'make -s src/main && mkdir -p tree/a && echo b > tree/a/b && ln -s b tree/a/link'
is "a program" "hello from src/main" "$(src/main)"
is "a tree" b "$(cat tree/a/link)"
echo more >> tree/a/b
result $? "which can be changed"
is "nothing else is left here" "Makefile src tree" "$(ls -A | tr '\n' ' ' | sed 's/ $//')"
fails 1 "--output 'tree': there is one here already" submit -m "$mirror" -o tree --wait -- mkdir tree
is "it is as it was" 2 "$(wc -l < tree/a/b)"
exits 0 "--force" submit -m "$mirror" -o tree --force --wait -- sh -c 'echo file > tree'
is "replaces it" file "$(cat tree)"
exits 125 "an output that was not made" submit -m "$mirror" -o nothing --wait -- true
complains "output 'nothing' was not made"

exits 0 "without --wait" submit --key named -- sh -c 'echo once'
wait_until 20 says "$work/work.log" "ant: 'named': succeeded"
exits 0 "the same key again" submit --key named --wait -- sh -c 'echo once'
is "gives the log of the time when it was done" once "$(cat "$work/out")"
exits 1 "the same key for something else" submit --key named --wait -- true
complains "named"

# --- how it ends ---
exits 3 "its exit status is ours" submit --wait -- sh -c 'seq 50; exit 3'
complains "failed     sh-" "failed on ant" "exited with status 3" "  | 21" "  | 50" "buildq log sh-" "buildq retry sh-"
grep -qxF -e "  | 20" "$work/err"
is "no more than 30 lines of the log are said again" 1 $?
is "the whole log was on stdout" 50 "$(wc -l < "$work/out")"
"$tool" submit --wait -- sh -c 'echo seen; exit 4' > "$work/both" 2>&1
is "with both in one place" 4 $?
is "the log is there once" 1 "$(grep -c seen "$work/both")"
exits 137 "a signal" submit --wait -- sh -c 'kill -9 $$'
complains SIGKILL
exits 124 "a time limit" submit --timeout 1 --wait -- sleep 60
complains timed-out
exits 125 "a command that is not there" submit --wait -- no-such-command
complains "'no-such-command' cannot be executed"

# --- once more ---
cat > jobs.json <<JSON
{"id": "both", "jobs": [
  {"key": "first", "argv": ["/bin/sh", "-c", "test -e '$work/mended'"]},
  {"key": "second", "argv": ["/bin/sh", "-c", "echo second"], "depends": ["first"]}]}
JSON
exits 1 "a job fails, and another is not built" submit jobs.json --wait
prints "not built  second" "buildq retry first"
touch "$work/mended"
exits 0 "retry of the job" retry first --wait
prints "both: active" "succeeded  first on ant" "succeeded  second on ant" "2 of 2 succeeded"
exits 0 "retry of the request, which has succeeded" retry both
prints "both: succeeded"
fails 1 "there is no request and no job 'neither'" retry neither

start streams submit --wait -- sh -c "echo begins; until test -e '$work/go'; do sleep 0.05; done; echo ends"
wait_until 20 says "$work/streams.log" begins
result $? "the log comes while it runs"
touch "$work/go"
wait "$pid"
is "to the end" 0 $?
is "with its end" ends "$(tail -n 1 "$work/streams.log")"

start interrupted submit --key long --wait -- sleep 600
wait_until 20 says "$work/interrupted.log" "long: runs on ant"
kill -INT "$pid"
wait "$pid"
is "^C" 130 $?
says "$work/interrupted.log" "long: withdrawn"
result $? "withdraws it"
wait_until 20 says "$work/work.log" "ant: 'long': cancelled"
result $? "and the worker stops it"

start hangs submit --wait -- sleep 600
wait_until 20 says "$work/hangs.log" "runs on ant"
kill -STOP "$queue"
insist () # PID: interrupts it; succeeds once it has ended
{
  kill -INT "$1"
  grep -q '^State:.Z' "/proc/$1/status"
}
wait_until 20 insist "$pid"
wait "$pid"
is "a second ^C ends it, though the queue does not answer" 130 $?
kill -CONT "$queue"

done_testing
