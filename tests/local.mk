# SPDX-License-Identifier: LGPL-2.1-or-later
TEST_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TEST_LOG_DRIVER)
PY_LOG_DRIVER = $(TEST_LOG_DRIVER)
SCM_LOG_DRIVER = $(TEST_LOG_DRIVER)
SH_LOG_DRIVER = $(TEST_LOG_DRIVER)
# No test may hang. Under the sanitizers all takes several times as long.
if SANITIZERS
test_timeout = timeout -k 10 $${BUILDQ_TEST_TIMEOUT:-300}
else
test_timeout = timeout -k 10 $${BUILDQ_TEST_TIMEOUT:-120}
endif
LOG_COMPILER = $(test_timeout)
PY_LOG_COMPILER = $(test_timeout) $(PYTHON)
SCM_LOG_COMPILER = $(test_timeout) $(GUILE) -L $(top_srcdir)/tests/guile
SH_LOG_COMPILER = $(test_timeout)
TEST_EXTENSIONS = .py .scm .sh

AM_TESTS_ENVIRONMENT = \
	G_DEBUG=fatal-warnings G_ENABLE_DIAGNOSTIC=0 \
	GIO_USE_VFS=local GIO_USE_PROXY_RESOLVER=dummy GSETTINGS_BACKEND=memory \
	MALLOC_CHECK_=2 MALLOC_PERTURB_=$$(($${RANDOM:-256} % 255 + 1)) \
	G_TEST_SRCDIR=$(abs_top_srcdir)/tests G_TEST_BUILDDIR=$(abs_top_builddir)/tests \
	BUILDQ_LIBEXECDIR=$(abs_top_builddir)/lib/worker \
	BUILDQ_CONFIG=$(abs_top_srcdir)/tests/data/test.conf BUILDQ_TOOL=$(abs_top_builddir)/tools/buildq \
	GI_TYPELIB_PATH=$(abs_top_builddir)/lib$${GI_TYPELIB_PATH:+:$$GI_TYPELIB_PATH} \
	LD_LIBRARY_PATH=$(abs_top_builddir)/lib/.libs$${LD_LIBRARY_PATH:+:$$LD_LIBRARY_PATH} \
	PYTHONPATH=$(abs_top_srcdir)/bindings/python$${PYTHONPATH:+:$$PYTHONPATH} \
	PYTHONDONTWRITEBYTECODE=1 \
	top_srcdir=$(abs_top_srcdir) top_builddir=$(abs_top_builddir) NM='$(NM)' \
	SAN_CFLAGS='$(SAN_CFLAGS)' CC='$(CC)' CXX='$(CXX)' GUILE='$(GUILE)' \
	$(guile_environment) \
	$(sanitizer_options)
# GLib is built without frame pointers, so ASan unwinds slowly, and without TSan, so what
# its own code touches tells nothing.
sanitizer_options = \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:fast_unwind_on_malloc=0 \
	LSAN_OPTIONS=suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0 \
	TSAN_OPTIONS=ignore_noninstrumented_modules=1:die_after_fork=0:suppressions=$(abs_top_srcdir)/tests/tsan.supp

EXTRA_DIST += tests/asan-bindings tests/lsan.supp tests/tsan.supp tests/data/test.conf tests/services/nginx-dav

# Tests of the public API link the library; those of private parts the archive that it is
# made of. No program links both.
test_ldadd = lib/libbuildq-1.la $(BUILDQ_LIBS)
test_internal_ldadd = lib/libbuildq-internal.la $(BUILDQ_LIBS) $(GCRYPT_LIBS)

include tests/core/local.mk
include tests/archive/local.mk
include tests/queue/local.mk
include tests/mirror/local.mk
include tests/worker/local.mk
include tests/http/local.mk
include tests/protocol/local.mk
include tests/tools/local.mk
include tests/fuzz/local.mk
include tests/guile/local.mk
include tests/project/local.mk
include tests/python/local.mk

TESTS += $(check_PROGRAMS)
