#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a stranger sees: help, and what is said about wrong usage.
. "${top_srcdir:-.}/tests/tools/lib.sh"

succeeds "buildq --help" --help
prints BUILDQ_URI BUILDQ_TOKEN_FILE BUILDQ_STATE BUILDQ_CONFIG "Exit status" "buildq farm hello.json"
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$work/out")
is "all commands are listed" "farm serve work submit status log cancel retry fetch token worker key journal nar narinfo config" \
  "$(echo "$commands" | paste -sd' ')"
succeeds "buildq --version" --version
prints "buildq 0."

# help_of WORD…: it says how to call it, what it does, and gives an example
help_of ()
{
  buildq "$@" --help
  [ "$status" = 0 ] && grep -q "^  buildq $* " "$work/out" && [ "$(wc -l < "$work/out")" -ge 9 ] &&
    grep -q '^Examples\{0,1\}:' "$work/out" && [ ! -s "$work/err" ] &&
    ! grep -v '/buildq\.conf' "$work/out" | grep -q '.\{93\}' # wherever that is
  result $? "buildq $* --help"
}

for command in farm serve work submit status log cancel retry fetch \
  "token add" "token list" "token remove" "worker list" "worker pause" "worker resume" "worker drain" "key generate" "key show" \
  "nar dump" "nar restore" "nar hash" "narinfo show" "narinfo verify" \
  "journal backup" "journal check" "config check" "config show"
do
  # shellcheck disable=SC2086 # words
  help_of $command
done
for command in token worker key journal nar narinfo config
do
  succeeds "buildq $command --help" $command --help
  prints "Commands:"
done
buildq help submit
cp "$work/out" "$work/help"
buildq submit --help
cmp -s "$work/help" "$work/out"
result $? "buildq help COMMAND is its --help"

fails 2 "did you mean 'buildq submit'?" sumbit
fails 2 "did you mean 'buildq status'?" stat
fails 2 "'frobnicate' is no command" frobnicate
fails 2 "see 'buildq --help'" frobnicate
fails 2 "say what to do"
fails 2 "say what to do" key
fails 2 "did you mean 'buildq key generate'?" key generat
fails 2 "Unknown option --colour" status --colour
fails 2 "see 'buildq status --help'" status --colour
fails 2 "say which file, or '-- COMMAND'" submit
fails 2 "'b' is one argument too many" cancel a b
fails 2 "exclude each other" status --jobs --workers
fails 2 "--slots: '0' is not a whole number between 1 and 10000" work --slots 0 --name a
fails 2 "'a/b' is no good name" work --name a/b
fails 2 "--keep-jobs: '-2' is not a whole number between -1 and 1000000000" serve --keep-jobs=-2
fails 2 "--session-time: '-1' is not a number of seconds between 0.1 and 86400" serve --session-time=-1
fails 2 "--store-dir: 'x' is not an absolute path" serve --store-dir x
fails 2 "--priority: 'high' is not" submit --priority high x.json
fails 2 "--offset: '-1' is not a whole number between 0" log --offset=-1 a
fails 2 "say the role" token add ant
fails 2 "'king' is not reader, submitter" token add ant --role king
fails 2 "roles are reader, submitter" token add ant king
fails 2 "say which key is trusted" narinfo verify x
fails 2 "say which key is trusted" fetch x

fails 2 "'127.0.0.1:port' is not ADDRESS:PORT" serve --listen 127.0.0.1:port
fails 1 "not listening on 0.0.0.0" serve --listen 0.0.0.0:0
grep -q "'buildq token add" "$work/err"
result $? "and what to do about it"
export BUILDQ_URI=http://127.0.0.1:1
fails 1 "is the queue running there? 'buildq serve' runs one" status
export BUILDQ_URI=nowhere
fails 2 "BUILDQ_URI: 'nowhere'" status
unset BUILDQ_URI
export BUILDQ_TOKEN_FILE="$work/none"
fails 1 "the token: reading '$work/none'" status
: > "$work/none"
fails 1 "is empty" status
done_testing
