# SPDX-License-Identifier: LGPL-2.1-or-later
# zlib: a static library and its headers.
tar -xf "$BUILDQ_INPUT_source" --strip-components=1
CFLAGS='-O2 -fPIC' ./configure --static --prefix=/
make -j"$BUILDQ_CORES" libz.a
make check
make install DESTDIR="$out"
