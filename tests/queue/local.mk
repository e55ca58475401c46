# SPDX-License-Identifier: LGPL-2.1-or-later

check_PROGRAMS += tests/queue/test-authority
tests_queue_test_authority_LDADD = $(test_ldadd)
