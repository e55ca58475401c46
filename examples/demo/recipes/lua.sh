# SPDX-License-Identifier: LGPL-2.1-or-later
# lua: needs nothing from the farm.
tar -xf "$BUILDQ_INPUT_source" --strip-components=1
make -j"$BUILDQ_CORES" -C src linux MYLDFLAGS=-static
make install INSTALL_TOP="$out"
"$out/bin/lua" -e 'print ("built: " .. _VERSION)'
