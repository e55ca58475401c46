# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_PROGRAMS += bench/hash-rate
bench_hash_rate_CFLAGS = $(AM_CFLAGS)
bench_hash_rate_LDADD = $(GCRYPT_LIBS)
CLEANFILES += bench/hash-rate

EXTRA_DIST += bench/README.md bench/growth.py bench/nar.py bench/run

EXTRA_PROGRAMS += bench/growth
bench_growth_LDADD = $(test_ldadd)
CLEANFILES += bench/growth
