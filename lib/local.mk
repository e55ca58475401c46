# SPDX-License-Identifier: LGPL-2.1-or-later
# The public headers: one list for install, introspection and tests.
buildq_public_headers = \
	include/buildq/buildq.h \
	include/buildq/buildq-agent.h \
	include/buildq/buildq-artifact.h \
	include/buildq/buildq-artifact-builder.h \
	include/buildq/buildq-authority.h \
	include/buildq/buildq-command-executor.h \
	include/buildq/buildq-enums.h \
	include/buildq/buildq-error.h \
	include/buildq/buildq-execution.h \
	include/buildq/buildq-executor.h \
	include/buildq/buildq-func-executor.h \
	include/buildq/buildq-grant.h \
	include/buildq/buildq-input.h \
	include/buildq/buildq-job.h \
	include/buildq/buildq-job-builder.h \
	include/buildq/buildq-job-page.h \
	include/buildq/buildq-sample.h \
	include/buildq/buildq-stats.h \
	include/buildq/buildq-job-status.h \
	include/buildq/buildq-journal.h \
	include/buildq/buildq-journal-status.h \
	include/buildq/buildq-key.h \
	include/buildq/buildq-keyring.h \
	include/buildq/buildq-lease-notice.h \
	include/buildq/buildq-local-queue.h \
	include/buildq/buildq-location.h \
	include/buildq/buildq-log-chunk.h \
	include/buildq/buildq-machine-group.h \
	include/buildq/buildq-mirror.h \
	include/buildq/buildq-nar.h \
	include/buildq/buildq-narinfo.h \
	include/buildq/buildq-offer.h \
	include/buildq/buildq-output.h \
	include/buildq/buildq-poller.h \
	include/buildq/buildq-principal.h \
	include/buildq/buildq-query.h \
	include/buildq/buildq-queue.h \
	include/buildq/buildq-receipt.h \
	include/buildq/buildq-remote-queue.h \
	include/buildq/buildq-request.h \
	include/buildq/buildq-request-builder.h \
	include/buildq/buildq-request-status.h \
	include/buildq/buildq-resolver.h \
	include/buildq/buildq-result.h \
	include/buildq/buildq-result-builder.h \
	include/buildq/buildq-server.h \
	include/buildq/buildq-store.h \
	include/buildq/buildq-sync-message.h \
	include/buildq/buildq-sync-reply.h \
	include/buildq/buildq-types.h \
	include/buildq/buildq-uploader.h \
	include/buildq/buildq-version.h \
	include/buildq/buildq-worker.h \
	include/buildq/buildq-worker-status.h

buildqincludedir = $(includedir)/buildq-$(BUILDQ_API)/buildq
buildqinclude_HEADERS = $(buildq_public_headers)

# Everything is compiled once, into this; the library and nothing else is made of it.
noinst_LTLIBRARIES += lib/libbuildq-internal.la
lib_libbuildq_internal_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden
lib_libbuildq_internal_la_LIBADD = $(BUILDQ_LIBS) $(GCRYPT_LIBS)
lib_libbuildq_internal_la_SOURCES =

include lib/core/local.mk
include lib/archive/local.mk
include lib/queue/local.mk
include lib/netutil/local.mk
include lib/store/local.mk
include lib/mirror/local.mk
include lib/worker/local.mk
include lib/http/local.mk

lib_LTLIBRARIES += lib/libbuildq-1.la
lib_libbuildq_1_la_SOURCES =
lib_libbuildq_1_la_LIBADD = lib/libbuildq-internal.la
lib_libbuildq_1_la_DEPENDENCIES = lib/libbuildq-internal.la lib/libbuildq.map
lib_libbuildq_1_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined -version-info $(BUILDQ_VERSION_INFO) \
	-Wl,--version-script=$(srcdir)/lib/libbuildq.map
EXTRA_DIST += lib/libbuildq.map

if HAVE_INTROSPECTION
-include $(INTROSPECTION_MAKEFILE)
INTROSPECTION_SCANNER_ARGS = --warn-all --warn-error
INTROSPECTION_COMPILER_ARGS =
INTROSPECTION_SCANNER_ENV = CFLAGS="$(CFLAGS) $(SAN_CFLAGS)" LDFLAGS="$(LDFLAGS) $(SAN_CFLAGS)" \
	ASAN_OPTIONS=detect_leaks=0

lib/Buildq-1.gir: lib/libbuildq-1.la
lib_Buildq_1_gir_INCLUDES = Gio-2.0
lib_Buildq_1_gir_EXPORT_PACKAGES = buildq-1
lib_Buildq_1_gir_CFLAGS = $(AM_CPPFLAGS) -I$(top_builddir) $(BUILDQ_CFLAGS) $(GCRYPT_CFLAGS)
lib_Buildq_1_gir_LIBS = lib/libbuildq-1.la
lib_Buildq_1_gir_FILES = $(buildq_public_headers) \
	$(filter %.c,$(lib_libbuildq_internal_la_SOURCES))
lib_Buildq_1_gir_SCANNERFLAGS = --namespace=Buildq --nsversion=1 \
	--identifier-prefix=Buildq --symbol-prefix=buildq --c-include=buildq/buildq.h
INTROSPECTION_GIRS += lib/Buildq-1.gir

girdir = $(datadir)/gir-1.0
dist_gir_DATA =
nodist_gir_DATA = lib/Buildq-1.gir
typelibdir = $(libdir)/girepository-1.0
nodist_typelib_DATA = lib/Buildq-1.typelib
CLEANFILES += lib/Buildq-1.gir lib/Buildq-1.typelib

if ENABLE_VAPI
vapidir = $(datadir)/vala/vapi
nodist_vapi_DATA = lib/buildq-1.vapi lib/buildq-1.deps
CLEANFILES += lib/buildq-1.vapi lib/buildq-1.deps

lib/buildq-1.deps:
	$(AM_V_GEN)echo gio-2.0 > $@

lib/buildq-1.vapi: lib/Buildq-1.gir lib/buildq-1.deps
	$(AM_V_GEN)$(VAPIGEN) --quiet --library=buildq-1 --directory=lib --pkg=gio-2.0 lib/Buildq-1.gir
endif
endif
