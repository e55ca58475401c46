# SPDX-License-Identifier: LGPL-2.1-or-later

mirror_fixture = tests/mirror/mirror-fixture.c tests/mirror/mirror-fixture.h
check_PROGRAMS += tests/mirror/test-resolver
tests_mirror_test_resolver_SOURCES = tests/mirror/test-resolver.c $(mirror_fixture)
tests_mirror_test_resolver_LDADD = $(test_ldadd)
check_PROGRAMS += tests/mirror/test-uploader
tests_mirror_test_uploader_SOURCES = tests/mirror/test-uploader.c $(mirror_fixture)
tests_mirror_test_uploader_LDADD = $(test_ldadd)
