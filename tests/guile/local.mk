# SPDX-License-Identifier: LGPL-2.1-or-later
guile_tests = \
	tests/guile/test-abuse.scm \
	tests/guile/test-contract.scm \
	tests/guile/test-ffi.scm \
	tests/guile/test-generate.scm \
	tests/guile/test-guix.scm \
	tests/guile/test-interrupt.scm \
	tests/guile/test-manual.scm \
	tests/guile/test-runtime.scm \
	tests/guile/test-signals.scm \
	tests/guile/test-stress.scm \
	tests/guile/test-suspend.scm \
	tests/guile/test-values.scm \
	tests/guile/test-worker.scm
guile_test_modules = \
	tests/guile/contract-match.scm \
	tests/guile/farm.scm \
	tests/guile/folder.scm \
	tests/guile/installed.scm \
	tests/guile/json.scm \
	tests/guile/tap.scm
EXTRA_DIST += guix.scm $(guile_test_modules) $(guile_tests)

if HAVE_GUILE
TESTS += $(guile_tests)
endif
