#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real Nix takes what a farm published, in each compression that we write, and refuses it
# once a byte is changed.
. "${top_srcdir:-.}/tests/tools/lib.sh"
. "${top_srcdir:-.}/tests/tools/nix.sh"

# Each path starts from nothing, in a store that stands for /nix/store.
fresh_store ()
{
  stores=$((${stores:-0} + 1))
  store="local?root=$work/nix-$stores"
  real=$work/nix-$stores
}

# nix_copy MIRROR PATH: with all that it refers to
nix_copy ()
{
  run nix copy --from "$1" --to "$store" --option trusted-public-keys "$key" "$2"
}

# nix_refuses NAME MIRROR WORDS: the path $app, which then is not in the store
nix_refuses ()
{
  fresh_store
  nix_copy "$2" "$app"
  [ $status != 0 ] && grep -qE -e "$3" "$work/err" &&
    ! nix-store --store "$store" --check-validity "$app" 2> /dev/null
  result $? "Nix refuses $1"
}

# damaged NAME: a copy of the mirror, to be changed; leaves $damaged and $narinfo
damaged ()
{
  damaged=$work/damaged-$1
  cp -r "$dir" "$damaged"
  narinfo=$(narinfo_of "$damaged" "$app")
  [ -f "$narinfo" ] || { echo "Bail out! no $narinfo"; exit 1; }
}

# path_of KEY: of the output 'out'
path_of ()
{
  "$tool" status "$1.$compression" --json | grep -o '"store_path":"[^"]*'"-$1"'"' | head -n 1 | cut -d'"' -f4
}

start_nginx
mkdir "$work/tree" "$work/tree/bin"
printf '#!/bin/sh\necho hello\n' > "$work/tree/bin/hello"
chmod 755 "$work/tree/bin/hello"
ln -s hello "$work/tree/bin/hi"
: > "$work/tree/empty"
# The results refer to each other, one to itself, and one to what it finds through two
# others.
cat > "$work/dag.json" <<'JSON'
{"defaults": {"env": {"PATH": "/usr/bin:/bin"}},
 "jobs": [
  {"key": "base", "outputs": ["out", "doc"],
   "argv": ["sh", "-c", "cp -r $BUILDQ_INPUT_source $out; chmod u+w $out; echo ${BUILDQ_INPUT_source##*/} > $out/origin; echo read me > $doc"],
   "inputs": {"source": {"file": "tree"}}},
  {"key": "lib", "inputs": {"base": {"job": "base"}}, "outputs": ["out"],
   "argv": ["sh", "-c", "mkdir -p $out/share; ln -s $BUILDQ_INPUT_base/bin/hello $out/hello; echo I am $out > $out/share/self"]},
  {"key": "app", "inputs": {"lib": {"job": "lib"}, "base": {"job": "base"}}, "outputs": ["out"],
   "argv": ["sh", "-c", "mkdir $out; head -c 300000 /dev/zero > $out/zero; echo $BUILDQ_INPUT_lib > $out/uses"]},
  {"key": "top", "inputs": {"app": {"job": "app"}}, "outputs": ["out"],
   "argv": ["sh", "-c", "readlink $(cat $BUILDQ_INPUT_app/uses)/hello > $out"]}]}
JSON
start_queue serve --store-dir /nix/store
key=$(cat "$BUILDQ_STATE/farm.pub")

for compression in none gzip zstd xz lzip
do
  # Jobs of their own, whose sources are in this mirror.
  sed 's/"key": "\([a-z]*\)"/"key": "\1.'$compression'", "name": "\1"/; s/"job": "\([a-z]*\)"/"job": "\1.'$compression'"/g' \
    "$work/dag.json" > "$work/$compression.json"
  dir=$work/dirs/$compression
  mkdir -p "$dir" "$root/$compression"
  start "work-$compression" work --name "ant-$compression" --store-dir /nix/store \
    --compression $compression --store "$work/store-$compression" --work-dir "$work/w-$compression" \
    --mirror "$url/$compression" --mirror "$dir"
  worker=$pid
  succeeds "a farm builds for Nix, with $compression" submit "$work/$compression.json" --wait \
    --store-dir /nix/store --mirror "$url/$compression" --mirror "$dir"
  app=$(path_of app)
  lib=$(path_of lib)
  base=$(path_of base)
  case $app$lib$base in
  /nix/store/*-app/nix/store/*-lib/nix/store/*-base) ;;
  *) echo "Bail out! no store paths: '$app' '$lib' '$base'"; exit 1 ;;
  esac
  stop "$worker"
  echo "$app" > "$work/app-$compression"

  for mirror in "$url/$compression" "file://$dir"
  do
    fresh_store
    nix_copy "$mirror" "$app"
    result "$status" "nix copy --from ${mirror%%:*}:, with $compression"
    is "takes all that it refers to, sources too" 4 "$(nix-store --store "$store" -qR "$app" | wc -l)"
    run nix store verify --store "$store" --option trusted-public-keys "$key" -r "$app"
    result "$status" "nix store verify"
    diff -r "$work/store-$compression/${app##*/}" "$real$app" > /dev/null
    result $? "the bytes are those of the worker"

    fresh_store
    run nix-store --store "$store" --option substituters "$mirror" \
      --option trusted-public-keys "$key" -r "$app"
    result "$status" "nix-store -r from ${mirror%%:*}:, with $compression"
    diff -r "$work/store-$compression/${app##*/}" "$real$app" > /dev/null
    result $? "the bytes are those of the worker"
  done
done

# --- what Nix knows of it ---
run nix path-info --store "$store" --sigs "$app"
is "nix path-info --sigs shows the farm" "${key%%:*}" "$(sed 's/.*[ \t]\([^ :\t]*\):[^ ]*$/\1/' "$work/out")"
is "references are those that a scan finds" "$lib" "$(nix-store --store "$store" -q --references "$app")"
is "a result can refer to itself, once" "$(printf '%s\n' "$base" "$lib" | sort)" \
  "$(nix-store --store "$store" -q --references "$lib" | sort)"
is "a link is restored" hello "$(readlink "$real$base/bin/hi")"
is "and an executable" hello "$("$real$base/bin/hello")"
is "Nix archives it to the same hash" "$(sed -n 's/^NarHash: //p' "$(narinfo_of "$dir" "$base")")" \
  "sha256:$(nix-hash --type sha256 --base32 "$real$base")"
nix_copy "file://$dir" "$(path_of top)"
result "$status" "Nix takes what refers to inputs of inputs"
is "of which the scan found all" "$base" "$(nix-store --store "$store" -q --references "$(path_of top)")"

# --- whom and what Nix believes ---
"$tool" key generate other-1 --secret "$work/o.sec" --public "$work/o.pub" > /dev/null
good_key=$key
key=$(cat "$work/o.pub")
nix_refuses "a key that it does not trust" "$url/lzip" "lacks a (valid )?signature"
key=$good_key

for compression in none gzip zstd xz lzip
do
  cp -r "$work/dirs/$compression" "$work/flipped-$compression"
  app=$(cat "$work/app-$compression")
  flip "$work/flipped-$compression/$(nar_of "$(narinfo_of "$work/dirs/$compression" "$app")")"
  nix_refuses "a changed byte in a NAR, with $compression" "file://$work/flipped-$compression" 'error: '
done
damaged hash
sed -i "s,^NarHash: .*,$(grep ^NarHash: "$(narinfo_of "$damaged" "$lib")")," "$narinfo"
nix_refuses "another NarHash" "file://$damaged" "lacks a (valid )?signature|hash mismatch"
damaged size
sed -i 's/^NarSize: ./NarSize: 9/' "$narinfo"
nix_refuses "another NarSize" "file://$damaged" "lacks a (valid )?signature"
damaged references
sed -i 's/^References: .*/References: /' "$narinfo"
nix_refuses "a reference left out" "file://$damaged" "lacks a (valid )?signature"
damaged signature
# One that Nix can still read: the first character of it becomes another one.
sed -i 's/^\(Sig: [^:]*:\)[A-Za-m]/\1z/; t; s/^\(Sig: [^:]*:\)[^A-Za-m]/\1A/' "$narinfo"
nix_refuses "another signature" "file://$damaged" "lacks a (valid )?signature|signature is not valid"
damaged url
sed -i "s,^URL: .*,URL: $(nar_of "$(narinfo_of "$damaged" "$lib")")," "$narinfo"
nix_refuses "the NAR of another" "file://$damaged" "hash mismatch"
damaged missing
rm "$(narinfo_of "$damaged" "$base")"
nix_refuses "a closure that is not whole" "file://$damaged" "${base##*/}|not valid"
done_testing
