#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The public headers are good for others: in C and in C++, with the flags of the public
# dependencies alone, and only through <buildq/buildq.h>.
set -u
: "${top_srcdir:=.}" "${CC:=cc}" "${CXX:=c++}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
flags="$(pkg-config --cflags gio-2.0) -I$top_srcdir/include -Wall -Wextra -Werror -fsyntax-only"
n=0
bad=0

# result STATUS NAME: with the compiler's words when it is bad
result ()
{
  n=$((n + 1))
  if [ "$1" = 0 ]
  then
    echo "ok $n - $2"
  else
    bad=1
    echo "not ok $n - $2"
    sed 's/^/#   /' "$work/out"
  fi
}

# compile LANGUAGE OPTION…: what stands in $work/source
compile ()
{
  language=$1
  shift
  compiler=$CC
  [ "$language" = c ] || compiler=$CXX
  # shellcheck disable=SC2086 # lists
  $compiler -x "$language" $flags "$@" "$work/source" >"$work/out" 2>&1
}

for language in c c++
do
  echo '#include <buildq/buildq.h>' > "$work/source"
  compile $language -pedantic
  result $? "buildq.h alone, $language"
done
compile c -std=c99
result $? "buildq.h alone, C99"

for path in "$top_srcdir"/include/buildq/*.h
do
  header=$(basename "$path")
  [ "$header" != buildq.h ] || continue
  echo "#include <buildq/$header>" > "$work/source"
  for language in c c++
  do
    # Without others before it, as buildq.h might have them.
    compile $language -DBUILDQ_INSIDE
    result $? "$header needs no other before it, $language"
  done
  ! compile c && grep -q 'Only <buildq/buildq.h> can be included directly' "$work/out"
  result $? "$header refuses direct inclusion"
  grep -q "#include <buildq/$header>" "$top_srcdir/include/buildq/buildq.h"
  result $? "buildq.h includes $header"
done
echo "1..$n"
exit $bad
