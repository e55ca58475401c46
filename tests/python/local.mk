# SPDX-License-Identifier: LGPL-2.1-or-later
# The package buildq, from the sources, in a plain asyncio loop and in one that is GLib's.
python_tests = \
	tests/python/test-abuse.py \
	tests/python/test-agent.py \
	tests/python/test-contract.py \
	tests/python/test-import.py \
	tests/python/test-interrupt.py \
	tests/python/test-loop.py \
	tests/python/test-names.py \
	tests/python/test-queue.py \
	tests/python/test-values.py \
	tests/python/test-worker.py
dist_check_SCRIPTS += $(python_tests)
EXTRA_DIST += tests/python/harness.py tests/python/installed.py
if HAVE_INTROSPECTION
if HAVE_PYTHON
if !SANITIZERS
TESTS += $(python_tests)
endif
endif
endif
