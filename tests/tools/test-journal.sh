#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Backups of the journal, with the queue running and without it, and going back to one.
. "${top_srcdir:-.}/tests/tools/lib.sh"

# request ID: a job that no machine can run
request ()
{
  printf '{"id": "%s", "jobs": [{"key": "job-%s", "argv": ["/bin/true"], "features": ["none-has-this"]}]}' \
    "$1" "$1" > "$work/$1.json"
}

request first
request second
start_queue serve
succeeds "submit" submit "$work/first.json"
succeeds "backup while the queue runs" journal backup "$work/copy.db"
prints "$work/copy.db"
succeeds "submit after it" submit "$work/second.json"
is "nobody else can read it" 600 "$(stat -c %a "$work/copy.db")"
succeeds "check of the copy" journal check "$work/copy.db"
prints "requests  1, 1 of them active" "jobs      1, 1 of them unfinished" "no damage"
succeeds "check while the queue runs" journal check --json
prints '"requests":2,"active_requests":2'
fails 1 "File exists" journal backup "$work/copy.db"
stop "$queue"
succeeds "backup while no queue runs" journal backup --state "$BUILDQ_STATE" "$work/later.db"
succeeds "check of it" journal check "$work/later.db"
prints "requests  2, 2 of them active"
fails 1 "No such file" journal backup --state "$work/none" "$work/other.db"
fails 1 "not a database" journal check "$work/first.json"
is "nothing is left over" "copy.db later.db" "$(cd "$work" && echo *.db*)"

# As 'journal backup --help' says.
instance=$(sha256sum < "$BUILDQ_STATE/farm.pub")
cp "$work/copy.db" "$BUILDQ_STATE/journal.db"
rm -f "$BUILDQ_STATE/journal.db-wal" "$BUILDQ_STATE/journal.db-shm"
start_queue again
succeeds "what was said before the copy is there again" status first
fails 1 "second" status second
is "the farm has its key" "$instance" "$(sha256sum < "$BUILDQ_STATE/farm.pub")"
succeeds "submit again what was said after it" submit "$work/second.json"
stop "$queue"
done_testing
