# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_DIST += tests/worker/worker-util.h tests/data/machine

check_PROGRAMS += \
	tests/worker/test-command-executor \
	tests/worker/test-execution \
	tests/worker/test-gate \
	tests/worker/test-keep \
	tests/worker/test-machine \
	tests/worker/test-spool \
	tests/worker/test-supervise \
	tests/worker/test-worker \
	tests/worker/test-worker-offer \
	tests/worker/test-worker-run
tests_worker_test_command_executor_LDADD = $(test_internal_ldadd)
tests_worker_test_execution_LDADD = $(test_internal_ldadd)
tests_worker_test_gate_LDADD = $(test_internal_ldadd)
tests_worker_test_keep_LDADD = $(test_internal_ldadd)
tests_worker_test_machine_LDADD = $(test_internal_ldadd)
tests_worker_test_spool_LDADD = $(test_internal_ldadd)
tests_worker_test_spool_SOURCES = $(worker_fixture_sources) tests/worker/test-spool.c
tests_worker_test_supervise_LDADD = $(test_internal_ldadd)

worker_fixture_sources = \
	tests/worker/test-mirror.c \
	tests/worker/test-mirror.h \
	tests/worker/worker-fixture.c \
	tests/worker/worker-fixture.h
tests_worker_test_worker_LDADD = $(test_ldadd)
tests_worker_test_worker_SOURCES = \
	$(worker_fixture_sources) \
	tests/worker/test-store.c \
	tests/worker/test-store.h \
	tests/worker/test-worker.c
tests_worker_test_worker_run_LDADD = $(test_ldadd)
tests_worker_test_worker_run_SOURCES = $(worker_fixture_sources) tests/worker/test-worker-run.c
tests_worker_test_worker_offer_LDADD = $(test_internal_ldadd)
tests_worker_test_worker_offer_SOURCES = $(worker_fixture_sources) tests/worker/test-worker-offer.c
