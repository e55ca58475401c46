# SPDX-License-Identifier: LGPL-2.1-or-later
guile_tests = \
	tests/guile/test-ffi.scm
EXTRA_DIST += tests/guile/tap.scm $(guile_tests)

if HAVE_GUILE
TESTS += $(guile_tests)
endif
