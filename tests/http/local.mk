# SPDX-License-Identifier: LGPL-2.1-or-later
server_fixture_sources = \
	tests/http/fake-queue.c \
	tests/http/fake-queue.h \
	tests/http/server-fixture.c \
	tests/http/server-fixture.h

check_PROGRAMS += tests/http/test-server
tests_http_test_server_SOURCES = tests/http/test-server.c $(server_fixture_sources)
tests_http_test_server_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/http/test-server-limits
tests_http_test_server_limits_SOURCES = tests/http/test-server-limits.c $(server_fixture_sources)
tests_http_test_server_limits_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/http/test-server-session
tests_http_test_server_session_SOURCES = tests/http/test-server-session.c $(server_fixture_sources)
tests_http_test_server_session_LDADD = $(test_internal_ldadd)

remote_fixture_sources = $(server_fixture_sources) \
	tests/http/remote-fixture.c \
	tests/http/remote-fixture.h

check_PROGRAMS += tests/http/test-remote-queue
tests_http_test_remote_queue_SOURCES = tests/http/test-remote-queue.c $(remote_fixture_sources)
tests_http_test_remote_queue_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/http/test-remote-queue-sync
tests_http_test_remote_queue_sync_SOURCES = tests/http/test-remote-queue-sync.c $(remote_fixture_sources)
tests_http_test_remote_queue_sync_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/http/test-protocol
tests_http_test_protocol_LDADD = $(test_ldadd)

check_PROGRAMS += tests/http/test-remote-agent
tests_http_test_remote_agent_LDADD = $(test_ldadd)
