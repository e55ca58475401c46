# SPDX-License-Identifier: LGPL-2.1-or-later
mirror_fixture = tests/mirror/mirror-fixture.c tests/mirror/mirror-fixture.h
check_PROGRAMS += tests/mirror/test-resolver
tests_mirror_test_resolver_SOURCES = tests/mirror/test-resolver.c $(mirror_fixture)
tests_mirror_test_resolver_LDADD = $(test_ldadd)

mirror_check_sources = \
	tests/mirror/mirror-check.c \
	tests/mirror/mirror-check.h

fault_server_sources = \
	tests/mirror/fault-server.c \
	tests/mirror/fault-server.h

check_PROGRAMS += tests/mirror/test-file-mirror
tests_mirror_test_file_mirror_SOURCES = tests/mirror/test-file-mirror.c $(mirror_check_sources)
tests_mirror_test_file_mirror_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/mirror/test-http-client
tests_mirror_test_http_client_SOURCES = tests/mirror/test-http-client.c \
	$(mirror_check_sources) $(fault_server_sources)
tests_mirror_test_http_client_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/mirror/test-http-mirror
tests_mirror_test_http_mirror_SOURCES = tests/mirror/test-http-mirror.c \
	$(mirror_check_sources) $(fault_server_sources)
tests_mirror_test_http_mirror_LDADD = $(test_internal_ldadd)
check_PROGRAMS += tests/mirror/test-store
tests_mirror_test_store_SOURCES = tests/mirror/test-store.c $(mirror_fixture)
tests_mirror_test_store_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/mirror/test-store-faults
tests_mirror_test_store_faults_SOURCES = tests/mirror/test-store-faults.c $(mirror_fixture)
tests_mirror_test_store_faults_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/mirror/test-resolver-http
tests_mirror_test_resolver_http_SOURCES = tests/mirror/test-resolver-http.c \
	$(mirror_fixture) $(fault_server_sources)
tests_mirror_test_resolver_http_LDADD = $(test_ldadd)

check_PROGRAMS += tests/mirror/test-uploader
tests_mirror_test_uploader_SOURCES = tests/mirror/test-uploader.c $(mirror_fixture)
tests_mirror_test_uploader_LDADD = $(test_ldadd)

check_PROGRAMS += tests/mirror/test-uploader-http
tests_mirror_test_uploader_http_SOURCES = tests/mirror/test-uploader-http.c \
	$(mirror_fixture) $(fault_server_sources)
tests_mirror_test_uploader_http_LDADD = $(test_ldadd)

check_PROGRAMS += tests/mirror/test-resolver-shared
tests_mirror_test_resolver_shared_SOURCES = tests/mirror/test-resolver-shared.c \
	$(mirror_fixture) $(fault_server_sources)
tests_mirror_test_resolver_shared_LDADD = $(test_ldadd)

check_PROGRAMS += tests/mirror/test-http-tls
tests_mirror_test_http_tls_LDADD = $(test_internal_ldadd)
