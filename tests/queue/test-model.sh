#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# doc/lease.pml, the lease protocol as a model, holds; and two wrong designs do not.
set -u
model=$(cd "${top_srcdir:-.}/doc" && pwd)/lease.pml
tests=0

if ! command -v spin > /dev/null
then
  echo "1..0 # SKIP spin is not installed"
  exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

result () # STATUS WORDS
{
  tests=$((tests + 1))
  [ "$1" = 0 ] && echo "ok $tests - $2" || echo "not ok $tests - $2"
}

build () # CFLAGS SPIN-OPTION…
{
  cflags=$1
  shift
  # The model is small, and spin's own code is not warning-free.
  # shellcheck disable=SC2086 # a list
  spin "$@" -a "$model" > spin.log 2>&1 && ${CC:-cc} -w -O2 $cflags -o pan pan.c
}

holds () # PAN-OPTION…
{
  ./pan -m1000000 "$@" > pan.log 2>&1
  sed 's/^/# /' pan.log | grep -E 'errors|stored|assert|cycle|elapsed'
  grep -q 'errors: 0$' pan.log && ! grep -q 'Search not completed' pan.log
}

live='-DNFAIR=3 -DCOLLAPSE'
safe='-DSAFETY -DCOLLAPSE'
build "$live" -DFAULTS=1 && holds -a -f
result $? "after one fault the job is done in the end, and nobody holds anything"
build "$safe" -DFAULTS=2 && holds -noclaim
result $? "two faults, and still one completion, and one holder of a lease"
if [ -n "${BUILDQ_TEST_LONG:-}" ]
then
  build "$live" -DFAULTS=2 && holds -a -f
  result $? "the job is done after two faults as well"
  build "$safe" -DFAULTS=3 && holds -noclaim
  result $? "three faults"
fi
build "$live" -DFAULTS=1 -DEARLY=received && ! holds -a -f && grep -q 'assertion violated' pan.log
result $? "a leaf that forgets a result when the relay has it is found out"
build "$live" -DFAULTS=1 -DFENCED=false && ! holds -a -f && grep -q 'done_by==0' pan.log
result $? "and so is a queue that does not fence"
echo "1..$tests"
