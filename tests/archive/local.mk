# SPDX-License-Identifier: LGPL-2.1-or-later
check_PROGRAMS += tests/archive/test-nar
tests_archive_test_nar_SOURCES = tests/archive/test-nar.c $(nar_fixture)
tests_archive_test_nar_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/archive/test-nar-hostile
tests_archive_test_nar_hostile_SOURCES = tests/archive/test-nar-hostile.c $(nar_fixture)
tests_archive_test_nar_hostile_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/archive/test-tree
tests_archive_test_tree_SOURCES = tests/archive/test-tree.c $(nar_fixture)
tests_archive_test_tree_LDADD = $(test_internal_ldadd)

nar_fixture = tests/archive/nar-fixture.c tests/archive/nar-fixture.h

check_PROGRAMS += tests/archive/test-compression
tests_archive_test_compression_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/archive/test-stream
tests_archive_test_stream_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/archive/test-narinfo
tests_archive_test_narinfo_LDADD = $(test_internal_ldadd)

EXTRA_DIST += tests/data/nars tests/data/nars-bad tests/data/nix tests/data/guix
