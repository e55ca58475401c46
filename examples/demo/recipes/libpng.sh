# SPDX-License-Identifier: LGPL-2.1-or-later
# libpng, with the zlib that another job made. The prefix is / so that no path of this
# machine gets into the result: any worker makes the same.
tar -xf "$BUILDQ_INPUT_source" --strip-components=1
./configure --prefix=/ --disable-shared --with-pic --disable-dependency-tracking \
  CFLAGS=-O2 CPPFLAGS="-I$BUILDQ_INPUT_zlib/include" LDFLAGS="-L$BUILDQ_INPUT_zlib/lib"
make -j"$BUILDQ_CORES"
make check TESTS=tests/pngtest-all
make install DESTDIR="$out"
rm "$out"/lib/*.la
cp pngtest.png "$out/share"
