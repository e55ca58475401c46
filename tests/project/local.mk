# SPDX-License-Identifier: LGPL-2.1-or-later
# Checks of the project itself. Those that need no build of ours are not repeated where
# the same sources are built with sanitizers.
check_PROGRAMS += tests/project/test-load
tests_project_test_load_LDADD = -ldl
# Nothing of ours, so that it sees what loading the library does.
tests_project_test_load_CFLAGS = $(WARN_CFLAGS) $(SAN_CFLAGS)

check_PROGRAMS += tests/project/test-fork
tests_project_test_fork_LDADD = $(test_ldadd)

project_checks = \
	tests/project/check-headers.sh
if HAVE_PYTHON
project_checks += \
	tests/project/check-abi.py \
	tests/project/check-layering.py \
	tests/project/check-style.py
endif
EXTRA_DIST += \
	tests/project/check-abi.py \
	tests/project/check-headers.sh \
	tests/project/check-layering.py \
	tests/project/check-style.py \
	tests/project/tap.py

if !SANITIZERS
TESTS += $(project_checks)
endif

check-style:
	$(AM_V_at)top_srcdir=$(abs_top_srcdir) $(PYTHON) $(srcdir)/tests/project/check-style.py
