# SPDX-License-Identifier: LGPL-2.1-or-later

check_PROGRAMS += tests/queue/test-authority
tests_queue_test_authority_LDADD = $(test_ldadd)

check_PROGRAMS += tests/queue/test-contract
tests_queue_test_contract_SOURCES = tests/queue/test-contract.c tests/queue/contract-match.c \
	tests/queue/contract-match.h
tests_queue_test_contract_LDADD = $(test_ldadd)
EXTRA_DIST += $(srcdir)/tests/contract

check_PROGRAMS += tests/queue/test-heap tests/queue/test-local-queue tests/queue/test-agent
tests_queue_test_heap_LDADD = $(test_internal_ldadd)
tests_queue_test_local_queue_LDADD = $(test_ldadd)
tests_queue_test_agent_LDADD = $(test_ldadd)

check_PROGRAMS += tests/queue/test-request
tests_queue_test_request_SOURCES = tests/queue/test-request.c tests/queue/queue-calls.c \
	tests/queue/queue-calls.h
tests_queue_test_request_LDADD = $(test_ldadd)

# Linked to the private parts: it takes steps that the library does not have.
check_PROGRAMS += tests/queue/test-journal
tests_queue_test_journal_SOURCES = tests/queue/test-journal.c tests/queue/queue-calls.c \
	tests/queue/queue-calls.h
tests_queue_test_journal_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/queue/test-journal-backup
tests_queue_test_journal_backup_SOURCES = tests/queue/test-journal-backup.c \
	tests/queue/queue-calls.c tests/queue/queue-calls.h
tests_queue_test_journal_backup_LDADD = $(test_ldadd)

check_PROGRAMS += tests/queue/test-crash
tests_queue_test_crash_SOURCES = tests/queue/test-crash.c tests/queue/crash-check.c \
	tests/queue/crash-disk.c tests/queue/crash-disk.h tests/queue/crash-story.c \
	tests/queue/crash-story.h tests/queue/crash-vfs.c tests/queue/crash-vfs.h \
	tests/queue/queue-calls.c tests/queue/queue-calls.h
tests_queue_test_crash_LDADD = $(test_ldadd)
EXTRA_DIST += tests/data/journal-1.db tests/queue/make-journal.py

# Linked to the private parts: it compares what is counted with what is there.
check_PROGRAMS += tests/queue/test-stats
tests_queue_test_stats_SOURCES = tests/queue/test-stats.c tests/queue/queue-calls.c \
	tests/queue/queue-calls.h
tests_queue_test_stats_LDADD = $(test_internal_ldadd)

# It counts what is in memory, and sets the clock.
check_PROGRAMS += tests/queue/test-retention
tests_queue_test_retention_SOURCES = tests/queue/test-retention.c tests/queue/queue-calls.c \
	tests/queue/queue-calls.h
tests_queue_test_retention_LDADD = $(test_internal_ldadd)

# Thousands of random histories of the scheduler, in memory.
check_PROGRAMS += tests/queue/test-history
tests_queue_test_history_SOURCES = tests/queue/test-history.c tests/queue/history.h \
	tests/queue/history-machine.c tests/queue/history-model.c tests/queue/history-world.c
tests_queue_test_history_LDADD = $(test_internal_ldadd)

# Needs nothing of ours: it is not repeated under the sanitizers.
dist_check_SCRIPTS += tests/queue/test-model.sh
EXTRA_DIST += doc/lease.pml
if !SANITIZERS
TESTS += tests/queue/test-model.sh
endif
