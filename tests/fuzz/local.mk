# SPDX-License-Identifier: LGPL-2.1-or-later
# With --enable-fuzzers these are programs for libFuzzer, which tests/fuzz/run runs (make
# fuzzers). Otherwise they are tests, over the seeds.
fuzz_programs = \
	tests/fuzz/fuzz-compression \
	tests/fuzz/fuzz-job-file \
	tests/fuzz/fuzz-nar \
	tests/fuzz/fuzz-nar-restore \
	tests/fuzz/fuzz-narinfo \
	tests/fuzz/fuzz-text \
	tests/fuzz/fuzz-value
fuzz_common = tests/fuzz/fuzz-common.c tests/fuzz/fuzz.h
fuzz_ldflags = $(AM_LDFLAGS)
if ENABLE_FUZZERS
EXTRA_PROGRAMS += $(fuzz_programs)
fuzz_ldflags += -fsanitize=fuzzer
else
check_PROGRAMS += $(fuzz_programs)
fuzz_common += tests/fuzz/fuzz-main.c
endif

tests_fuzz_fuzz_compression_SOURCES = tests/fuzz/fuzz-compression.c $(fuzz_common)
tests_fuzz_fuzz_compression_LDADD = $(test_internal_ldadd)
tests_fuzz_fuzz_compression_LDFLAGS = $(fuzz_ldflags)

tests_fuzz_fuzz_job_file_SOURCES = tests/fuzz/fuzz-job-file.c $(fuzz_common) $(tool_common)
tests_fuzz_fuzz_job_file_LDADD = $(test_internal_ldadd)
tests_fuzz_fuzz_job_file_LDFLAGS = $(fuzz_ldflags)

tests_fuzz_fuzz_nar_SOURCES = tests/fuzz/fuzz-nar.c $(fuzz_common)
tests_fuzz_fuzz_nar_LDADD = $(test_internal_ldadd)
tests_fuzz_fuzz_nar_LDFLAGS = $(fuzz_ldflags) \
	-Wl,--wrap=openat,--wrap=mkdirat,--wrap=symlinkat,--wrap=unlinkat \
	-Wl,--wrap=write,--wrap=close

tests_fuzz_fuzz_nar_restore_SOURCES = tests/fuzz/fuzz-nar-restore.c $(fuzz_common)
tests_fuzz_fuzz_nar_restore_LDADD = $(test_internal_ldadd)
tests_fuzz_fuzz_nar_restore_LDFLAGS = $(fuzz_ldflags)

tests_fuzz_fuzz_narinfo_SOURCES = tests/fuzz/fuzz-narinfo.c $(fuzz_common)
tests_fuzz_fuzz_narinfo_LDADD = $(test_internal_ldadd)
tests_fuzz_fuzz_narinfo_LDFLAGS = $(fuzz_ldflags)

tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz-text.c $(fuzz_common)
tests_fuzz_fuzz_text_LDADD = $(test_internal_ldadd)
tests_fuzz_fuzz_text_LDFLAGS = $(fuzz_ldflags)

tests_fuzz_fuzz_value_SOURCES = tests/fuzz/fuzz-value.c $(fuzz_common)
tests_fuzz_fuzz_value_LDADD = $(test_internal_ldadd)
tests_fuzz_fuzz_value_LDFLAGS = $(fuzz_ldflags)

.PHONY: fuzzers
fuzzers: $(fuzz_programs)
CLEANFILES += $(fuzz_programs)

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/json.dict tests/fuzz/nar.dict \
	tests/fuzz/narinfo.dict tests/fuzz/text.dict tests/fuzz/run tests/fuzz/seeds
