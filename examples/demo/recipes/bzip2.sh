# SPDX-License-Identifier: LGPL-2.1-or-later
# bzip2: needs nothing from the farm. Its own install makes absolute links; so by hand.
tar -xf "$BUILDQ_INPUT_source" --strip-components=1
make -j"$BUILDQ_CORES" libbz2.a bzip2 LDFLAGS=-static CFLAGS='-O2 -D_FILE_OFFSET_BITS=64'
make test
mkdir -p "$out/bin" "$out/lib" "$out/include"
cp bzip2 "$out/bin"
cp libbz2.a "$out/lib"
cp bzlib.h "$out/include"
