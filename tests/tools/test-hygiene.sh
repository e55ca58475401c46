#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a job inherits from a process that is queue, worker and mirror in one: nothing.
. "${top_srcdir:-.}/tests/tools/lib.sh"

cat > "$work/jobs.json" <<'JSON'
{"jobs": [
  {"key": "fds", "argv": ["/bin/ls", "/proc/self/fd"]},
  {"key": "signals", "argv": ["/bin/grep", "-E", "^Sig(Ign|Blk):", "/proc/self/status"]}]}
JSON
succeeds "a farm in one process" farm "$work/jobs.json"
# 3 is the folder that ls reads.
is "a job has its three files and no other" "0 1 2 3" "$(paste -sd' ' "$BUILDQ_STATE"/mirror/log/fds-*)"
is "no signal is ignored or blocked in a job" 2 \
  "$(grep -c ':.0000000000000000$' "$BUILDQ_STATE"/mirror/log/signals-*)"
done_testing
