#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# nar, narinfo, key and token, with what Nix and Guix made.
. "${top_srcdir:-.}/tests/tools/lib.sh"

# --- nar ---
nar=$data/nars/mixed.nar
"$tool" nar restore "$work/tree" < "$nar" 2> "$work/err"
result $? "nar restore"
"$tool" nar dump "$work/tree" > "$work/again.nar" 2> "$work/err" && cmp -s "$nar" "$work/again.nar"
result $? "nar dump gives the bytes of Nix"
"$tool" nar restore "$work/tree" < "$nar" > "$work/out" 2> "$work/err"
is "nar restore writes over nothing" 1 $?
succeeds "nar hash" nar hash "$work/tree"
expected=$(sed -n 's/.*"narHash_nix32": *"\([^"]*\)".*/\1/p' "$data/nars/mixed.json")
is "the hash is that of Nix" "sha256:$expected" "$(cut -d' ' -f1 "$work/out")"
is "and the size" "$(wc -c < "$nar")" "$(cut -d' ' -f2 "$work/out")"
fails 1 "No such file" nar hash "$work/none"
"$tool" nar restore "$work/evil" < "$data/nars-bad/name-dotdot.nar" > "$work/out" 2> "$work/err"
is "a bad archive is refused" 1 $?
[ ! -e "$work/evil" ]
result $? "and nothing is left of it"
mkfifo "$work/tree/pipe"
fails 1 "pipe" nar hash "$work/tree"

# --- key ---
succeeds "key generate" key generate farm-1 --secret "$work/a.sec" --public "$work/a.pub"
is "it prints the public half" "$(cat "$work/a.pub")" "$(cat "$work/out")"
is "only the owner can read the secret half" 600 "$(stat -c %a "$work/a.sec")"
succeeds "key show, of the secret half" key show "$work/a.sec"
is "is the public half" "$(cat "$work/a.pub")" "$(cat "$work/out")"
succeeds "key show, of the public half" key show "$work/a.pub"
secret=$(cut -d: -f2 "$work/a.sec")
fails 1 "a.sec" key generate farm-1 --secret "$work/a.sec" --public "$work/b.pub"
is "a key is never written over" "$secret" "$(cut -d: -f2 "$work/a.sec")"
fails 1 "a.pub" key generate farm-1 --secret "$work/b.sec" --public "$work/a.pub"
[ ! -e "$work/b.sec" ]
result $? "no half of a key is left"
fails 1 "a:b" key generate a:b --secret "$work/c.sec" --public "$work/c.pub"
echo garbage > "$work/garbage"
fails 1 "garbage" key show "$work/garbage"

# --- narinfo ---
narinfo=$data/nix/cache-xz/80isls7nns6mbnin0ykr0cnf7srgq8ax.narinfo
key=$data/nix/keys/key1.pub
store_path=$(sed -n 's/^StorePath: //p' "$narinfo")
succeeds "narinfo show" narinfo show "$narinfo"
prints "$store_path"
"$tool" narinfo show - < "$narinfo" > "$work/again" 2> "$work/err"
cmp -s "$work/out" "$work/again"
result $? "narinfo show -"
succeeds "narinfo show --json" narinfo show "$narinfo" --json
prints "\"store_path\":\"$store_path\""
succeeds "narinfo verify, by a file" narinfo verify "$narinfo" --key "$key"
succeeds "narinfo verify, by one of two keys" \
  narinfo verify "$narinfo" --key "$work/a.pub" --key "$(cat "$key")"
fails 1 "$store_path" narinfo verify "$narinfo" --key "$work/a.pub"
for forged in narhash-changed narsize-changed reference-dropped sig-corrupt sig-removed
do
  buildq narinfo verify "$data/nix/narinfo-bad/$forged.narinfo" --key "$key"
  is "narinfo verify refuses $forged" 1 "$status"
done
fails 1 "key 'nonsense:x'" narinfo verify "$narinfo" --key nonsense:x
echo hello > "$work/hello"
fails 1 "hello" narinfo show "$work/hello"
printf 'a\0b' > "$work/binary"
fails 1 "is not text" narinfo show "$work/binary"

# --- token ---
succeeds "token list, of none" token list
prints "no tokens"
succeeds "token add" token add ant --role worker
token=$(cat "$work/out")
is "a token is one word" 1 "$(wc -w < "$work/out")"
! grep -qr "$token" "$BUILDQ_STATE"
result $? "the token itself is not kept"
if [ "$(id -u)" = 0 ]
then
  # A service has a state directory of its own; root puts a token into it.
  mkdir "$work/served"
  chmod 755 "$work"
  chown nobody: "$work/served"
  succeeds "token add, by root for a service" token add ant --role worker --state "$work/served"
  is "what it made is the service's" nobody "$(stat -c %U "$work/served/tokens.json")"
fi
fails 1 "ant" token add ant --role worker
succeeds "token add NAME ROLE" token add eve submitter --state "$BUILDQ_STATE"
succeeds "token list" token list
prints "ant   worker" "eve   submitter"
is "only the owner can read the list" 600 "$(stat -c %a "$BUILDQ_STATE/tokens.json")"
succeeds "token remove" token remove ant
fails 1 "ant" token remove ant
buildq token list
! grep -q ant "$work/out"
result $? "it is gone"
done_testing
