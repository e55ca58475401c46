#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs embed.c, the example with threads. The order of its lines is nobody's.
echo 1..2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$top_builddir/examples/c/embed" "$folder" > "$folder/got" 2> "$folder/errors"
status=$?
[ $status = 0 ] || printf 'not '
echo "ok 1 - the example ends well"
for i in $(seq 20); do echo "$i squared is $((i * i))"; done > "$folder/want"
sort -n "$folder/got" | diff "$folder/want" - > "$folder/diff" 2>&1 || printf 'not '
echo "ok 2 - and each thread got its answer"
sed 's/^/# /' "$folder/errors" "$folder/diff"
