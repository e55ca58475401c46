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

# The examples in C, and their tests.
noinst_PROGRAMS += examples/c/embed examples/c/submit
examples_c_embed_CPPFLAGS = -I$(top_srcdir)/include
examples_c_embed_LDADD = $(test_ldadd)
examples_c_submit_CPPFLAGS = -I$(top_srcdir)/include
examples_c_submit_LDADD = $(test_ldadd)
example_tests = examples/c/test-embed.sh examples/c/test-submit.sh
TESTS += $(example_tests)
dist_check_SCRIPTS += $(example_tests)

# The examples in Guile, and their test.
guile_example_tests = examples/guile/test-examples.scm
EXTRA_DIST += $(guile_example_tests) \
	examples/guile/embed.scm \
	examples/guile/submit.scm \
	examples/guile/worker.scm
if HAVE_GUILE
TESTS += $(guile_example_tests)
endif
