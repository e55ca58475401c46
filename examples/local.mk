# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += \
	examples/demo/demo.json \
	examples/demo/recipes/bzip2.sh \
	examples/demo/recipes/libpng.sh \
	examples/demo/recipes/lua.sh \
	examples/demo/recipes/optipng.sh \
	examples/demo/recipes/zlib.sh \
	examples/demo/run.py \
	examples/python/build.py \
	examples/python/test-build.py

# The example of the README in C, and its test.
noinst_PROGRAMS += examples/c/submit
examples_c_submit_CPPFLAGS = -I$(top_srcdir)/include
examples_c_submit_LDADD = $(test_ldadd)
TESTS += examples/c/test-submit.sh
EXTRA_DIST += examples/c/test-submit.sh
