#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A farm in one process: a file goes in, results come out.
. "${top_srcdir:-.}/tests/tools/lib.sh"

mkdir "$work/jobs" "$work/jobs/tree"
printf 'pear\napple\n' > "$work/jobs/words.txt"
echo inside > "$work/jobs/tree/file"
# One job takes longer than what is told of it can be late.
cat > "$work/jobs/two.json" <<'JSON'
{"defaults": {"env": {"PATH": "/usr/bin:/bin"}, "timeout_s": 60},
 "jobs": [
  {"key": "count", "argv": ["sh", "-c", "wc -l < $BUILDQ_INPUT_sorted > $out"],
   "inputs": {"sorted": {"job": "sort"}}, "outputs": ["out"]},
  {"key": "sort", "argv": ["sh", "-c", "cat $BUILDQ_INPUT_tree/file $BUILDQ_INPUT_words | sort > result; echo sorting; sleep 1"],
   "inputs": {"words": {"file": "words.txt"}, "tree": {"file": "tree"}},
   "outputs": [{"name": "out", "path": "result"}]}]}
JSON
succeeds "a farm builds a file" farm "$work/jobs/two.json"
prints "started    sort on" "succeeded  sort on" "succeeded  count on" "succeeded: 2 of 2 succeeded"
grep -q '^count  *succeeded .*/buildq/store/[a-z0-9]\{32\}-count$' "$work/out"
result $? "it prints a table with store paths"
prints "The results are in $BUILDQ_STATE/store" "  buildq fetch /buildq/store/"
path=$(sed -n 's/^sort  *succeeded .* \(\/buildq\/store\/.*\)$/\1/p' "$work/out")

succeeds "fetch, from the mirror alone" fetch "$path" --from "$BUILDQ_STATE/mirror" \
  --key "$BUILDQ_STATE/farm.pub" --store "$work/fresh"
is "it prints the real path" "$work/fresh/$(basename "$path")" "$(cat "$work/out")"
is "and there is what was built" "apple inside pear" "$(paste -sd' ' "$(cat "$work/out")")"

succeeds "the same again" farm "$work/jobs/two.json"
prints "succeeded  sort, before"
! grep -q started "$work/out"
result $? "nothing is built again"
succeeds "but with --rebuild" farm "$work/jobs/two.json" --rebuild
prints "started    sort on"

# Nobody signed it with this key; nobody has that.
"$tool" key generate other-1 --secret "$work/o.sec" --public "$work/o.pub" > /dev/null
fails 1 "$path" fetch "$path" --from "$BUILDQ_STATE/mirror" --key "$work/o.pub" --store "$work/fresh2"
missing=/buildq/store/80isls7nns6mbnin0ykr0cnf7srgq8ax-appa-0.9
fails 1 "$missing" fetch $missing --from "$BUILDQ_STATE/mirror" \
  --key "$BUILDQ_STATE/farm.pub" --store "$work/fresh2"
rm "$BUILDQ_STATE"/mirror/nar/*
fails 1 "$path" fetch "$path" --from "$BUILDQ_STATE/mirror" \
  --key "$BUILDQ_STATE/farm.pub" --store "$work/fresh2"

# A failure, and what needs it.
cat > "$work/jobs/bad.json" <<'JSON'
{"jobs": [
  {"key": "bad", "argv": ["/bin/sh", "-c", "i=1; while [ $i -le 40 ]; do echo line $i; i=$((i+1)); done; exit 7"]},
  {"key": "after", "argv": ["/bin/true"], "depends": ["bad"]}]}
JSON
buildq farm "$work/jobs/bad.json"
is "a failed job is a failed farm" 1 "$status"
prints "failed     bad: failed on $(uname -n)" "| line 40" "| line 11" "not built  after" \
  "the whole log: file://"
! grep -q '| line 10$' "$work/out"
result $? "only the last 30 lines of the log"

# On a terminal: a block that is drawn again and again, and is gone in the end.
if command -v script > /dev/null
then
  printf '{"jobs": [{"key": "sleeper", "argv": ["/bin/sleep", "2"]}]}' > "$work/jobs/live.json"
  script -qec "$tool farm $work/jobs/live.json" /dev/null > "$work/out" 2> "$work/err" < /dev/null
  result $? "a farm on a terminal"
  prints "sleeper   " "0 of 1 succeeded, 1 running; " "succeeded  sleeper on"
  grep -q "$(printf '\033\\[2A\033\\[J')" "$work/out"
  result $? "two lines are drawn again"
else
  echo "# no script: terminals are not tested"
fi
done_testing
