# SPDX-License-Identifier: LGPL-2.1-or-later

check_PROGRAMS += tests/queue/test-authority
tests_queue_test_authority_LDADD = $(test_ldadd)

check_PROGRAMS += tests/queue/test-contract
tests_queue_test_contract_SOURCES = tests/queue/test-contract.c tests/queue/contract-match.c \
	tests/queue/contract-match.h
tests_queue_test_contract_LDADD = $(test_ldadd)
EXTRA_DIST += $(srcdir)/tests/contract
