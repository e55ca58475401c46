#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The config files: what goes before what, and what is said about each mistake.
. "${top_srcdir:-.}/tests/tools/lib.sh"
conf=$work/buildq.conf
export BUILDQ_CONFIG="$conf"
unset BUILDQ_STATE

# config TEXT: the file that BUILDQ_CONFIG names, with escapes as of printf
config ()
{
  # shellcheck disable=SC2059 # a format
  printf "$1" > "$conf"
}

# refuses LINE WORDS TEXT: and the error is that of the line
refuses ()
{
  config "$3"
  fails 1 "$conf:$1: $2" config check
}

# shows LINE: of `config show`
shows ()
{
  buildq config show
  [ "$status" = 0 ] && grep -qxF -e "$1" "$work/out"
  result $? "config show: $1"
}

# --- mistakes, each with its line ---
refuses 2 "unknown key 'slot' in [worker]; did you mean 'slots'?" '[worker]\nslot = 4\n'
refuses 2 "unknown key 'frobnicate' in [worker]" '[worker]\nfrobnicate = 1\n'
refuses 2 "unknown key 'slots' in [server]; it belongs to [worker]" '[server]\nslots = 1\n'
refuses 2 "unknown key 'slots[de]' in [worker]" '[worker]\nslots[de] = 1\n'
refuses 1 "unknown group [sever]; did you mean [server]?" '[sever]\nlisten = 1\n'
refuses 1 "unknown group [x]" '[x]\n'
refuses 1 "[hook mail]: buildq 0." '[hook mail]\ncommand = x\n'
refuses 1 "[mirror] needs a name of yours" '[mirror]\nuri = /srv\n'
refuses 2 "[mirror lan] has no uri" '\n[mirror lan]\n\n[worker]\n'
refuses 1 "[mirror lan] has no uri" '[mirror lan]\n'
refuses 2 "unknown key 'url' in [mirror lan]; did you mean 'uri'?" '[mirror lan]\nurl = /srv\n'
refuses 2 "[mirror lan] uri: 'srv/x' is no URI and no absolute path" '[mirror lan]\nuri = srv/x\n'
refuses 2 "[mirror lan] uri: " '[mirror lan]\nuri = gopher://x/\n'
refuses 2 "[worker] slots: 'many' is not a whole number between 1 and 10000" '[worker]\nslots = many\n'
refuses 2 "[worker] slots: '0' is not" '[worker]\nslots = 0\n'
refuses 2 "[worker] slots: a comment needs a line of its own" '[worker]\nslots = 4 # four\n'
refuses 2 "[worker] slots: '' is not" '[worker]\nslots =\n'
refuses 2 "[worker] name: the value is empty" '[worker]\nname =\n'
refuses 2 "[worker] feature: the value is empty" '[worker]\nfeature = ;\n'
refuses 2 "[worker] compression: 'zstdd' is not none, gzip, zstd, xz or lzip; did you mean 'zstd'?" \
  '[worker]\ncompression = zstdd\n'
refuses 2 "[worker] token-file: 'token' is not an absolute path" '[worker]\ntoken-file = token\n'
refuses 2 "[client] uri: 'nowhere'" '[client]\nuri = nowhere\n'
refuses 2 "[client] uri: a password does not belong here" '[client]\nuri = http://me:secret@head:8720\n'
refuses 2 "[server] listen: 'x:y' is not ADDRESS:PORT" '[server]\nlisten = x:y\n'
refuses 2 "[server] session-time: '1e9' is not a number of seconds" '[server]\nsession-time = 1e9\n'
refuses 3 "'slots' is in line 2 already" '[worker]\nslots = 1\nslots = 2\n'
refuses 4 "[worker] is in line 1 already" '[worker]\nslots = 1\n[server]\n[worker]\n'
refuses 1 "'slots' is in no group, such as [worker]" 'slots = 4\n'
refuses 2 "'slots 4' is no [group], no KEY = VALUE and no # comment" '[worker]\nslots 4\n'
refuses 1 "'[worker' is no [group]" '[worker\n'
refuses 2 "[worker] name: what follows a backslash is not known" '[worker]\nname = a\\q\n'
refuses 3 "this is not UTF-8" '[worker]\nslots = 1\n# \351\n'
config '[worker]\nslots = 1\0\n'
fails 1 "'$conf' is not text: it has a zero byte" config check
head -c 300000 /dev/zero | tr '\0' '#' > "$conf"
fails 1 "reading '$conf': more than 262144 bytes" config check

# --- all of them at once, by `config check`; the first, by all others ---
config '[worker]\nslot = 4\n[sever]\n[client]\nuri = x\n'
buildq config check
is "config check prints all that is wrong" "$conf:2 $conf:3 $conf:5" \
  "$(sed -n 's/^buildq: \([^ ]*\): .*/\1/p' "$work/err" | paste -sd' ')"
fails 2 "$conf:2: unknown key 'slot'" status
grep -qF "'buildq config check' lists all 3 errors" "$work/err"
result $? "it names the command that prints all"
fails 2 "$conf:2: unknown key 'slot'" config show
succeeds "what needs no config does not read it" key generate a --secret "$work/a.sec" --public "$work/a.pub"

# --- what is no mistake ---
config ''
succeeds "an empty file" config check
prints "$conf: good"
config '\357\273\277# a comment\r\n\r\n[worker]\r\nslots=4\r\n'
succeeds "a file from another system: byte order mark, CR LF" config check
shows "slots = 4   # $conf:4"
config '[worker]\nslots = 4'
shows "slots = 4   # $conf:2"
config '[mirror a b]\nuri = file:///srv/mirror\n[mirror c]\nuri=/srv/c\n'
succeeds "mirrors with names of any form" config check

# --- files ---
fails 1 "reading '$work': Is a directory" config check "$work"
fails 1 "reading '$work/none': No such file" config check "$work/none"
fails 2 "reading '$work/none': No such file" status --config "$work/none"
fails 2 "is one argument too many" config check a b
if [ "$(id -u)" != 0 ]
then
  chmod 0 "$conf"
  fails 1 "reading '$conf': Permission denied" config check
  chmod 600 "$conf"
fi
BUILDQ_CONFIG='' buildq config check
result "$status" "no file is no mistake"
prints "no config file" "$work/config/buildq/buildq.conf"
mkdir -p "$work/config/buildq"
printf '[worker]\nslots = 7\n' > "$work/config/buildq/buildq.conf"
BUILDQ_CONFIG='' buildq config check
prints "$work/config/buildq/buildq.conf: good"
BUILDQ_CONFIG='' buildq config show
prints "slots = 7   # $work/config/buildq/buildq.conf:2"
shows "slots = 1   # default"
printf '[worker]\nslots = 2\n' > "$work/other.conf"
buildq config show --config "$work/other.conf"
prints "slots = 2   # $work/other.conf:2"

# --- command line over environment over file over default ---
unset BUILDQ_URI
config '[client]\nuri = http://127.0.0.1:1/file\n[worker]\nfeature = kvm; big-parallel\nname = a\\sb\ntoken-file = ~/token\n'
shows "uri = http://127.0.0.1:1/file   # $conf:2"
shows "uri = http://127.0.0.1:8720   # default"
shows "feature = kvm;big-parallel   # $conf:4"
shows "name = a b   # $conf:5"
shows "token-file = $HOME/token   # $conf:6"
fails 1 "127.0.0.1:1" status
export BUILDQ_URI=http://127.0.0.1:2
shows "uri = http://127.0.0.1:2   # environment BUILDQ_URI"
fails 1 "127.0.0.1:2" status
fails 1 "127.0.0.1:3" status --uri http://127.0.0.1:3
export BUILDQ_URI=nowhere
fails 2 "BUILDQ_URI: 'nowhere'" config show
unset BUILDQ_URI
fails 2 "--uri: 'nowhere'" status --uri nowhere

buildq config show --json
if command -v python3 >/dev/null
then
  python3 - "$work/out" "$conf" <<'END'
import json, sys
rows = {(row["group"], row["key"]): row for row in json.load(open(sys.argv[1]))}
assert rows["worker", "slots"] == {"group": "worker", "key": "slots", "value": 1, "origin": "default"}
assert rows["worker", "feature"]["value"] == ["kvm", "big-parallel"]
assert rows["worker", "feature"]["origin"] == sys.argv[2] + ":4"
assert rows["server", "session-time"]["value"] == 30.0
assert rows["server", "keep-days"]["value"] == 30
assert rows["server", "keep-jobs"]["value"] == 100000
assert rows["server", "key"]["value"] is None
END
  result $? "config show --json"
fi

# --- tokens ---
config "[client]\\nuri = http://127.0.0.1:1\\ntoken-file = $work/token\\n"
echo bq_x > "$work/token"
chmod 644 "$work/token"
fails 1 "the token in '$work/token' can be read by everybody" status
chmod 640 "$work/token"
buildq status
! grep -q "can be read" "$work/err"
result $? "a group may read a token"

# --- a farm by its config ---
export BUILDQ_STATE="$work/state"
config "[server]\\nlisten = 127.0.0.1:0\\nsession-time = 5\\nkeep-days = -1\\nkeep-jobs = 10\\nstate = $work/state\\n"
start serve serve --port-file "$work/port"
queue=$pid
wait_until 30 test -s "$work/port"
result $? "serve by its config"
cat > "$conf" <<END
[client]
uri = http://127.0.0.1:$(cat "$work/port")
key = $work/state/farm.pub
$(cat "$data/test.conf")
uri = http://127.0.0.1:$(cat "$work/port")
name = ant
slots = 2
[mirror second]
uri = $work/mirror2
[mirror first]
uri = $work/mirror1
END
start work work
worker=$pid
printf '{"jobs": [{"key": "hello", "argv": ["sh", "-c", "echo hello > $out"], "outputs": ["out"]}]}' > "$work/hello.json"
succeeds "submit by its config" submit "$work/hello.json" --wait
[ -d "$work/mirror1/nar" ] && [ -d "$work/mirror2/nar" ]
result $? "results are in all mirrors"
succeeds "fetch by its config" fetch hello --store "$work/got"
is "what was built" hello "$(cat "$(cat "$work/out")")"
stop "$worker"
stop "$queue"
done_testing
