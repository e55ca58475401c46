# SPDX-License-Identifier: LGPL-2.1-or-later
check_PROGRAMS += tests/core/test-hash
tests_core_test_hash_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/core/test-key
tests_core_test_key_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/core/test-value
tests_core_test_value_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/core/test-json
tests_core_test_json_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/core/test-poller
tests_core_test_poller_LDADD = $(test_ldadd)
