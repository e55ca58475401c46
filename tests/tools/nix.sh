# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Sourced by the tests against real Nix, after lib.sh: a store, a state and a configuration
# of its own below $work, no daemon, no network.
command -v nix-store > /dev/null || { echo "1..0 # SKIP there is no Nix (nix-bin)"; exit 0; }
unset NIX_REMOTE NIX_PATH
export NIX_STATE_DIR="$work/nix/state" NIX_LOG_DIR="$work/nix/log" NIX_CONF_DIR="$work/nix/etc"
# What Nix remembers of a mirror for hours would hide what changed there.
export NIX_CONFIG="
experimental-features = nix-command
build-users-group =
sandbox = false
substituters =
narinfo-cache-positive-ttl = 0
narinfo-cache-negative-ttl = 0
connect-timeout = 10
download-attempts = 1
"

# run COMMAND…: leaves $status, $work/out and $work/err, as buildq () does
run ()
{
  "$@" > "$work/out" 2> "$work/err" < /dev/null
  status=$?
}

# start_nginx: leaves $url, and $root, the folder of what it serves
start_nginx ()
{
  nginx_dav=${top_srcdir:-.}/tests/services/nginx-dav
  "$nginx_dav" start "$work/nginx" > "$work/nginx.log" 2>&1 ||
    { sed 's/^/# /' "$work/nginx.log"; echo "Bail out! no nginx"; exit 1; }
  trap '"$nginx_dav" stop "$work/nginx"; clean_up' EXIT
  url=$(sed -n 's/^url=//p' "$work/nginx.log")
  root=$(sed -n 's/^root=//p' "$work/nginx.log")
}

# narinfo_of MIRROR-FOLDER PATH
narinfo_of ()
{
  item=${2##*/}
  echo "$1/${item%%-*}.narinfo"
}

# nar_of NARINFO: its file, relative to the mirror. Nix takes the last URL.
nar_of ()
{
  sed -n 's/^URL: //p' "$1" | tail -n 1
}

# flip FILE [OFFSET]: changes one bit, by default in the middle
flip ()
{
  "${PYTHON:-/usr/bin/python3}" - "$@" <<'PY'
import os, sys
with open(sys.argv[1], "r+b") as f:
    at = int(sys.argv[2]) if len(sys.argv) > 2 else os.path.getsize(sys.argv[1]) // 2
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 1]))
PY
}
