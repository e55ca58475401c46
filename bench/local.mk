# SPDX-License-Identifier: LGPL-2.1-or-later
EXTRA_PROGRAMS += bench/hash-rate
bench_hash_rate_CFLAGS = $(AM_CFLAGS)
bench_hash_rate_LDADD = $(GCRYPT_LIBS)
CLEANFILES += bench/hash-rate

EXTRA_PROGRAMS += bench/growth
bench_growth_LDADD = $(test_ldadd)
CLEANFILES += bench/growth

EXTRA_PROGRAMS += bench/bindings
bench_bindings_LDADD = bench/libexecutor.la $(test_ldadd)
EXTRA_LTLIBRARIES += bench/libexecutor.la
bench_libexecutor_la_SOURCES = bench/executor.c bench/executor.h
bench_libexecutor_la_LDFLAGS = $(AM_LDFLAGS) -avoid-version -shared -rpath /nowhere
bench_libexecutor_la_LIBADD = $(test_ldadd)
CLEANFILES += bench/bindings bench/bindings-guile.go bench/libexecutor.la

EXTRA_DIST += bench/README.md bench/bindings-guile.scm bench/bindings-python.py \
	bench/bindings.py bench/growth.py bench/nar.py bench/run
