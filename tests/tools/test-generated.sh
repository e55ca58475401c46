#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is made from the table of options: man pages, the example of a config file,
# completion.
. "${top_srcdir:-.}/tests/tools/lib.sh"
made=${top_builddir:-build}/tools

# --- man pages ---
buildq --help
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$work/out")
for command in $commands
do
  page=$made/buildq-$command.1
  [ -s "$page" ]
  result $? "there is a buildq-$command.1"
  grep -qF "buildq\\-$command" "$made/buildq.1"
  result $? "buildq.1 names it"
done

# on_page PAGE COMMAND…: the page has all options of the help
on_page ()
{
  page=$1
  shift
  buildq "$@" --help
  sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' "$work/out" | sed 's/-/\\-/g' > "$work/options"
  [ -s "$work/options" ] && ! grep -vFf "$page" "$work/options" > /dev/null
  for option in $(cat "$work/options")
  do
    grep -qF -e "\\fB$option\\fR" "$page" || { result 1 "$page: $option"; return; }
  done
  result 0 "$(basename "$page") has the options of '$*'"
}
on_page "$made/buildq-work.1" work
on_page "$made/buildq-submit.1" submit
on_page "$made/buildq-token.1" token add
grep -qF 'BUILDQ_CONFIG' "$made/buildq.1" && grep -qF '[mirror NAME]' "$made/buildq.conf.5"
result $? "buildq.1 has the environment, buildq.conf.5 the mirrors"

if command -v man > /dev/null
then
  for page in "$made"/buildq*.[15]
  do
    MANWIDTH=80 man --warnings=w -l "$page" > "$work/out" 2> "$work/err" < /dev/null
    # The place of the config may be longer than a line.
    [ $? = 0 ] && ! grep -v "can.*t \(break\|adjust\) line" "$work/err" && [ "$(wc -l < "$work/out")" -gt 20 ]
    result $? "man $(basename "$page")"
  done
  MANWIDTH=80 man -l "$made/buildq-log.1" > "$work/out" 2> /dev/null
  grep -q "^ *buildq log hello --offset 100000$" "$work/out"
  result $? "examples stay as they are"
else
  echo "ok $((n = n + 1)) - man pages # SKIP no man"
fi

# --- the example of a config file ---
succeeds "the example is a good config file" config check "$made/buildq.conf"
sed 's/^#\([a-z-]* = \)/\1/' "$made/buildq.conf" > "$work/all.conf"
succeeds "and so it is with all its defaults" config check "$work/all.conf"
[ "$(grep -c '^[a-z-]* = ' "$work/all.conf")" -gt 5 ]
result $? "which are some"
BUILDQ_CONFIG=/dev/null buildq config show
sed 's/ *# [a-z]*$//; s/^# \([a-z-]*\):.*/#\1 =/; s/ =.*/ =/; s/^#//' "$work/out" > "$work/shown"
sed -n '/Mirrors/q; s/^#\([a-z-]*\) =.*/\1 =/p; /^\[/p' "$made/buildq.conf" > "$work/keys"
is "it has the keys of 'config show'" "$(grep . "$work/shown")" "$(cat "$work/keys")"

# --- completion ---
# completes EXPECTED WORD…: the last word is completed
completes ()
{
  expected=$1
  shift
  actual=$(cd "$work/files" && bash -c '. "$1"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _buildq; printf "%s\n" "${COMPREPLY[@]}"' \
    bash "$made/completion/buildq" "$@" 2>&1 | sort -u | paste -sd' ')
  is "completion of '$*'" "$expected" "$actual"
}
mkdir -p "$work/files/folder"
touch "$work/files/jobs.json" "$work/files/two words"
if command -v bash > /dev/null
then
  bash -n "$made/completion/buildq"
  result $? "the script is good"
  completes "work worker" buildq wo
  completes "serve" buildq se
  completes "farm fetch" buildq f
  completes "submit" buildq help sub
  completes "show" buildq config s
  completes "--help -h add help list remove" buildq token ""
  completes "--workers" buildq status --w
  completes "--json" buildq config show --j
  completes "--slots --state --store --store-dir --system" buildq work --s
  completes "zstd" buildq work --compression z
  completes "gzip lzip none xz zstd" buildq work --compression = ''
  completes "worker" buildq token add --role w
  completes "jobs.json" buildq submit j
  completes "folder" buildq work --store f
  completes "two words" buildq submit t
  completes "folder jobs.json two words" buildq serve --key ""
  completes "" buildq status x
  completes "true" buildq submit --wait -- true
  completes "jobs.json" buildq submit --wait -- cat j
  completes "" buildq frobnicate x
fi
done_testing
