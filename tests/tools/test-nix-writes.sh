#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# We take what 'nix copy --to' wrote, in each compression that we read, from a folder and
# from nginx, and refuse it once a byte is changed.
. "${top_srcdir:-.}/tests/tools/lib.sh"
. "${top_srcdir:-.}/tests/tools/nix.sh"

# Builds without a sandbox need a store that is where its name says.
export NIX_STORE_DIR="$work/nix/store"
mkdir -p "$NIX_STORE_DIR"

# fetches NAME FROM [KEY]: $app, with all that it refers to, as it is in Nix's store
fetches ()
{
  rm -rf "$work/got"
  buildq fetch "$app" --from "$2" --key "${3:-$key}" --store "$work/got"
  [ $status = 0 ] && same_closure
  result $? "$1"
}

same_closure ()
{
  for path in $closure
  do
    diff -r --no-dereference "$path" "$work/got/${path##*/}" > "$work/err" 2>&1 || return 1
    [ "$(stat -c '%A %Y' "$path")" = "$(stat -c '%A %Y' "$work/got/${path##*/}")" ] ||
      { stat "$path" "$work/got/${path##*/}" > "$work/err"; return 1; }
  done
}

# refuses NAME FROM WORDS [KEY]: and nothing of $app is left
refuses ()
{
  rm -rf "$work/got"
  buildq fetch "$app" --from "$2" --key "${4:-$key}" --store "$work/got"
  [ $status = 1 ] && grep -qF -e "$app" "$work/err" && grep -qE -e "$3" "$work/err" &&
    [ ! -e "$work/got/${app##*/}" ]
  result $? "$1"
}

# damaged NAME: a copy of a cache, to be changed; leaves $damaged, $narinfo and $nar
damaged ()
{
  damaged=$root/damaged-$1
  cp -r "$root/${2:-xz}" "$damaged"
  narinfo=$(narinfo_of "$damaged" "$app")
  nar=$damaged/$(nar_of "$narinfo")
  [ -f "$nar" ] || { echo "Bail out! no $nar"; exit 1; }
}

# alter_and_refuse NAME SED-SCRIPT WORDS: in the narinfo
alter_and_refuse ()
{
  n_altered=$((${n_altered:-0} + 1))
  damaged "altered-$n_altered"
  sed -i "$2" "$narinfo"
  ! cmp -s "$narinfo" "$(narinfo_of "$root/xz" "$app")" || { echo "Bail out! $1: no change"; exit 1; }
  refuses "refused: $1" "$url/damaged-altered-$n_altered" "$3"
}

start_nginx
nix-store --generate-binary-cache-key nix-1 "$work/nix.sec" "$work/nix.pub"
key=$(cat "$work/nix.pub")
mkdir "$work/tree"
echo text > "$work/tree/it's [odd] ünd *"
ln -s nowhere "$work/tree/dangling"
mkdir "$work/tree/empty"
added=$(nix-store --store local --add "$work/tree")
cat > "$work/app.nix" <<NIX
let
  job = name: script: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" "PATH=/usr/bin:/bin; \${script}" ];
  };
  base = job "base" "mkdir \$out; head -c 200000 /dev/zero > \$out/zero; ln -s \${builtins.storePath $added} \$out/tree";
  lib = job "lib" "mkdir -p \$out/bin; echo \${base} > \$out/uses; ln -s \$out/bin \$out/sbin; echo x > \$out/bin/x; chmod 755 \$out/bin/x";
in job "app" "cp -r \${lib} \$out; chmod -R u+w \$out; echo \${base} \$out > \$out/self; head -c 300000 /dev/urandom > \$out/noise"
NIX
app=$(nix-build --store local --no-out-link "$work/app.nix" 2> "$work/nix.log")
closure=$(nix-store --store local -qR "$app")
is "Nix has built a closure" 4 "$(echo "$closure" | wc -l)"

# nix_copy_to CACHE QUERY
nix_copy_to ()
{
  run nix copy --store local --to "file://$root/$1?secret-key=$work/nix.sec&$2" "$app"
  result "$status" "nix copy --to file:…?$2"
}

for compression in none gzip bzip2 xz zstd lzip lz4 lzma
do
  nix_copy_to $compression "compression=$compression"
  fetches "fetched from a folder: $compression" "$root/$compression"
  fetches "fetched over HTTP: $compression" "$url/$compression"
done
for compression in none xz zstd
do
  nix_copy_to extras-$compression "compression=$compression&write-nar-listing=true&index-debug-info=true&parallel-compression=true&compression-level=9"
  [ -f "$(echo "$root"/extras-$compression/*.ls | cut -d' ' -f1)" ]
  result $? "with listings"
  fetches "fetched with listings: $compression" "$url/extras-$compression"
done
nix_copy_to br "compression=br"
refuses "brotli is refused by name, from a folder" "$root/br" "'br' is not supported"
refuses "brotli is refused by name, over HTTP" "$url/br" "'br' is not supported"

# --- whom and what we believe ---
"$tool" key generate other-1 --secret "$work/o.sec" --public "$work/o.pub" > /dev/null
refuses "another key" "$url/xz" "nix-1.*none is trusted" "$work/o.pub"
same_name="nix-1:$(cut -d: -f2 "$work/o.pub")"
refuses "another key of the same name" "$url/xz" "signature by 'nix-1' is wrong" "$same_name"
run nix copy --store local --to "file://$root/unsigned" "$app"
refuses "no signature" "$url/unsigned" "not signed|no signature"
run nix store sign --store "file://$root/unsigned" --key-file "$work/o.sec" -r "$app"
run nix store sign --store "file://$root/unsigned" --key-file "$work/nix.sec" -r "$app"
fetches "one good signature of two" "$url/unsigned"

for compression in none gzip bzip2 xz zstd lzip lz4 lzma
do
  damaged flipped-$compression $compression
  flip "$nar"
  refuses "refused with a changed byte: $compression" "$url/damaged-flipped-$compression" \
    "hash|not good|not in the form|bad archive"
  damaged short-$compression $compression
  truncate -s -1 "$nar"
  refuses "refused when a byte is missing: $compression" "$url/damaged-short-$compression" \
    "hash|bytes instead of|not good|bad archive"
done
lib_narinfo=$(narinfo_of "$root/xz" "$(echo "$closure" | grep -- '-lib$')")
alter_and_refuse "the NAR of another" "s,^URL: .*,URL: $(nar_of "$lib_narinfo")," "hash|bytes instead of"
alter_and_refuse "the hash of another" "s,^NarHash: .*,$(grep ^NarHash "$lib_narinfo")," "is wrong"
alter_and_refuse "another size" "s/^NarSize: /NarSize: 1/" "is wrong"
alter_and_refuse "a reference left out" "s/^References: [^ ]* /References: /" "is wrong"
alter_and_refuse "another store path" "s/^StorePath: .*/&x/" "is the record of"
alter_and_refuse "another compression" "s/^Compression: xz/Compression: zstd/" "not in the form zstd"
alter_and_refuse "another FileHash" "s,^FileHash: .*,$(grep ^FileHash "$lib_narinfo")," "hash of the file"
damaged open
rm "$(narinfo_of "$damaged" "$added")"
rm -rf "$work/got"
fails 1 "$added" fetch "$app" --from "$damaged" --key "$key" --store "$work/got"
done_testing
