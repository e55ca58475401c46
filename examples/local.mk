# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += \
	examples/demo/demo.json \
	examples/demo/recipes/bzip2.sh \
	examples/demo/recipes/libpng.sh \
	examples/demo/recipes/lua.sh \
	examples/demo/recipes/optipng.sh \
	examples/demo/recipes/zlib.sh \
	examples/demo/run.py

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

# The examples in Python, and their tests; build.py needs no more than introspection.
python_example_tests = \
	examples/python/test-build.py \
	examples/python/test-examples.py
dist_check_SCRIPTS += $(python_example_tests)
EXTRA_DIST += \
	examples/python/build.py \
	examples/python/embed.py \
	examples/python/submit.py \
	examples/python/worker.py
if HAVE_PYTHON
if HAVE_INTROSPECTION
if !SANITIZERS
TESTS += $(python_example_tests)
endif
endif
endif
