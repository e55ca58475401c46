# SPDX-License-Identifier: LGPL-2.1-or-later
# optipng: links both libraries that the farm made, and nothing else but libc; so the
# program runs wherever its result is fetched.
tar -xf "$BUILDQ_INPUT_source" --strip-components=1
CPPFLAGS="-I$BUILDQ_INPUT_zlib/include -I$BUILDQ_INPUT_png/include" \
LDFLAGS="-static -L$BUILDQ_INPUT_png/lib -L$BUILDQ_INPUT_zlib/lib" \
  ./configure --prefix=/ --with-system-libs
make -j"$BUILDQ_CORES"
make install DESTDIR="$out"
mkdir -p "$out/share"
cp "$BUILDQ_INPUT_png/share/pngtest.png" "$out/share/example.png"
