# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += tests/worker/worker-util.h

check_PROGRAMS += \
	tests/worker/test-command-executor \
	tests/worker/test-execution \
	tests/worker/test-supervise
tests_worker_test_execution_LDADD = $(test_internal_ldadd)
tests_worker_test_supervise_LDADD = $(test_internal_ldadd)
tests_worker_test_command_executor_LDADD = $(test_internal_ldadd)
