# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Sourced by the tests of the tool: results in the Test Anything Protocol, processes that
# are stopped by pid, a state directory of their own.
set -u
tool=${BUILDQ_TOOL:-build/tools/buildq}
data=${top_srcdir:-.}/tests/data
work=$(mktemp -d) || exit 1
mkdir "$work/tmp"
export LC_ALL=C.UTF-8 TMPDIR="$work/tmp" HOME="$work" XDG_STATE_HOME="$work/xdg" BUILDQ_STATE="$work/state"
export XDG_CONFIG_HOME="$work/config" BUILDQ_CONFIG="$data/test.conf"
unset BUILDQ_URI BUILDQ_TOKEN_FILE
n=0
bad=0
pids=

# stop PID…: SIGTERM, and the end; the status of the last
stop ()
{
  for pid
  do
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
  done
}

clean_up ()
{
  for pid in $pids
  do
    kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# result STATUS NAME: with what the tool said last when it is bad
result ()
{
  n=$((n + 1))
  if [ "$1" = 0 ]
  then
    echo "ok $n - $2"
    return
  fi
  bad=1
  echo "not ok $n - $2"
  sed 's/^/#   /' "$work/out" "$work/err" 2>/dev/null
}

# buildq ARGUMENT…: leaves $status, $work/out and $work/err
buildq ()
{
  "$tool" "$@" > "$work/out" 2> "$work/err" < /dev/null
  status=$?
}

# succeeds NAME ARGUMENT…
succeeds ()
{
  name=$1
  shift
  buildq "$@"
  result "$status" "$name"
}

# fails STATUS WORDS ARGUMENT…: and says these words on stderr, in lines that a person reads
fails ()
{
  expected=$1 words=$2
  shift 2
  buildq "$@"
  [ "$status" = "$expected" ] && grep -qF -e "$words" "$work/err" &&
    grep -q '^buildq: ' "$work/err"
  result $? "'$*' fails: $words"
}

# prints WORDS…: the last call did
prints ()
{
  for words
  do
    grep -qF -e "$words" "$work/out"
    result $? "it prints: $words"
  done
}

# is NAME EXPECTED ACTUAL
is ()
{
  [ "$2" = "$3" ]
  same=$?
  result $same "$1"
  [ $same = 0 ] || printf '#   expected: %s\n#   actual:   %s\n' "$2" "$3"
}

# start NAME ARGUMENT…: in the background; leaves $pid, and what it prints in NAME.log
start ()
{
  log=$work/$1.log
  shift
  "$tool" "$@" > "$log" 2>&1 < /dev/null &
  pid=$!
  pids="$pids $pid"
}

# wait_until SECONDS COMMAND…
wait_until ()
{
  left=$(($1 * 20))
  shift
  until "$@"
  do
    left=$((left - 1))
    [ $left -gt 0 ] || return 1
    sleep 0.05
  done
}

says () # FILE WORDS
{
  grep -qF -e "$2" "$1"
}

# start_queue NAME ARGUMENT…: a server on a free port; leaves $queue and BUILDQ_URI
start_queue ()
{
  queue_name=$1
  shift
  rm -f "$work/port"
  start "$queue_name" serve --listen "127.0.0.1:${port:-0}" --port-file "$work/port" "$@"
  queue=$pid
  wait_until 30 test -s "$work/port" ||
    { sed 's/^/# /' "$work/$queue_name.log"; echo "Bail out! no server"; exit 1; }
  port=$(cat "$work/port")
  export BUILDQ_URI="http://127.0.0.1:$port"
}

done_testing ()
{
  echo "1..$n"
  exit $bad
}
