# SPDX-License-Identifier: LGPL-2.1-or-later
check_PROGRAMS += tests/archive/test-nar
tests_archive_test_nar_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/archive/test-compression
tests_archive_test_compression_LDADD = $(test_internal_ldadd)

check_PROGRAMS += tests/archive/test-narinfo
tests_archive_test_narinfo_LDADD = $(test_internal_ldadd)

EXTRA_DIST += tests/data/nars tests/data/nars-bad tests/data/nix tests/data/guix
