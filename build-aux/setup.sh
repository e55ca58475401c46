# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by run-tests and run-demo: gets what is missing on a Debian 12 and builds.
# The caller has set `top` to the folder of the sources.

export LC_ALL=C.UTF-8
# Debian's Python, which has PyGObject; another one may come first on PATH.
export PYTHON=${PYTHON:-/usr/bin/python3}
jobs=$(nproc)

build_packages="build-essential autoconf automake libtool pkg-config
  libglib2.0-dev libsoup-3.0-dev libjson-glib-dev libarchive-dev libsqlite3-dev
  libgcrypt20-dev libgirepository1.0-dev gobject-introspection valac gi-docgen
  python3-gi glib-networking ca-certificates curl procps"
test_packages="nginx-light python3-jsonschema clang-format clang libclang-rt-dev
  xz-utils zstd lzip nix-bin man-db guile-3.0 iproute2 spin"
test_packages="$test_packages python3-html5lib python3-prometheus-client mypy"
demo_packages="nginx-light dpkg-dev"

say ()
{
  printf '%s %s\n' "$(date +%H:%M:%S)" "$*"
}

die ()
{
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# as_root COMMAND…
as_root ()
{
  if [ "$(id -u)" = 0 ]
  then
    "$@"
  else
    command -v sudo >/dev/null || die "needs root, or sudo, to run: $*"
    sudo -n "$@" || die "sudo could not run: $*"
  fi
}

# Packages that are not installed, of those named. A package that another one stands for
# (nginx-full for nginx-light) counts as there.
missing_packages ()
{
  for package
  do
    case $package in
    nginx-light) PATH=$PATH:/usr/sbin command -v nginx >/dev/null && continue ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      printf '%s ' "$package"
  done
}

# The script that apt runs, as root: no service may start by itself, on a machine that
# has no other word about that.
install_script='
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]
then
  trap "rm -f $policy" EXIT
  printf "#!/bin/sh\nexit 101\n" > $policy
  chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
  install --no-install-recommends "$@" </dev/null
'

# need_packages PACKAGE…
need_packages ()
{
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null ||
    die "this script installs packages on Debian only; install by hand: $missing"
  say "installing: $missing"
  install_log=$(mktemp)
  # shellcheck disable=SC2086 # a list
  as_root sh -c "$install_script" install $missing >"$install_log" 2>&1 ||
    { tail -n 30 "$install_log" >&2; die "could not install: $missing"; }
  rm -f "$install_log"
}

# run_quietly LOG COMMAND…: shows the end of the log only when the command fails.
run_quietly ()
{
  log=$1
  shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 || { tail -n 60 "$log" >&2; return 1; }
}

# configure_in FOLDER OPTION…: only where it was not configured so before.
configure_in ()
{
  folder=$1
  shift
  mkdir -p "$folder"
  if [ ! -x "$top/configure" ]
  then
    say "autoreconf"
    (cd "$top" && run_quietly "$folder/autoreconf.log" autoreconf -fi) || die "autoreconf failed"
  fi
  if [ -f "$folder/config.status" ] && [ "$(cat "$folder/options" 2>/dev/null)" = "$*" ]
  then
    return 0
  fi
  say "configure ${folder#"$top"/} $*"
  (cd "$folder" && run_quietly "$folder/configure.log" "$top/configure" --quiet "$@") ||
    die "configure failed, see $folder/config.log"
  printf '%s' "$*" > "$folder/options"
}

# make_in FOLDER TARGET…
make_in ()
{
  folder=$1
  shift
  say "make ${folder#"$top"/} $*"
  run_quietly "$folder/make.log" make -C "$folder" -j"$jobs" "$@" ||
    die "make failed, see $folder/make.log"
}

# The normal build: what run-demo needs, and the first of the three of run-tests.
build_normal ()
{
  configure_in "$top/build" --enable-developer --enable-doc
  make_in "$top/build" all
}
