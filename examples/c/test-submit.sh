#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
echo 1..1
got=$("$top_builddir/examples/c/submit" 2>&1)
want='sum is 5
the queue says: accepted'
if [ "$got" = "$want" ]; then echo "ok 1 - the example in C"; else
  echo "$got" | sed 's/^/# /'; echo "not ok 1 - the example in C"; fi
