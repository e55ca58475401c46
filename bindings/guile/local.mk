# SPDX-License-Identifier: LGPL-2.1-or-later
# The modules of Guile. In the build tree they are found by guile_environment.
guilemoddir = $(datadir)/guile/site/$(GUILE_VERSION)
guilegodir = $(libdir)/guile/$(GUILE_VERSION)/site-ccache
guile_environment = \
	GUILE_AUTO_COMPILE=0 BUILDQ_LIBRARY=$(abs_top_builddir)/lib/.libs/$(BUILDQ_SONAME) \
	GUILE_LOAD_PATH=$(abs_top_builddir)/bindings/guile:$(abs_top_srcdir)/bindings/guile$${GUILE_LOAD_PATH:+:$$GUILE_LOAD_PATH} \
	GUILE_LOAD_COMPILED_PATH=$(abs_top_builddir)/bindings/guile$${GUILE_LOAD_COMPILED_PATH:+:$$GUILE_LOAD_COMPILED_PATH}

guile_runtime = \
	bindings/guile/buildq/runtime/library.scm \
	bindings/guile/buildq/runtime/errors.scm \
	bindings/guile/buildq/runtime/context.scm \
	bindings/guile/buildq/runtime/types.scm \
	bindings/guile/buildq/runtime/callbacks.scm \
	bindings/guile/buildq/runtime/events.scm
# One by one in this order, in which they use each other.
guile_modules = \
	bindings/guile/buildq/runtime.scm \
	bindings/guile/buildq/errors.scm \
	bindings/guile/buildq/tasks.scm \
	bindings/guile/buildq/values.scm \
	bindings/guile/buildq/queue.scm \
	bindings/guile/buildq/agent.scm \
	bindings/guile/buildq/execution.scm \
	bindings/guile/buildq/worker.scm \
	bindings/guile/buildq/server.scm \
	bindings/guile/buildq/owner.scm
guile_top = bindings/guile/buildq.scm
guile_generated = \
	bindings/guile/buildq/config.scm \
	bindings/guile/buildq/ffi.scm

EXTRA_DIST += $(guile_runtime) $(guile_modules) $(guile_top) \
	bindings/guile/buildq/config.scm.in \
	bindings/guile/compile.scm \
	bindings/guile/excluded.scm \
	bindings/guile/generate.scm \
	bindings/guile/gir.scm

if HAVE_GUILE
guilebuildqdir = $(guilemoddir)/buildq
guileruntimedir = $(guilebuildqdir)/runtime
nodist_guilemod_DATA = $(guile_top)
nodist_guilebuildq_DATA = $(guile_modules) $(guile_generated)
nodist_guileruntime_DATA = $(guile_runtime)

guilebuildqgodir = $(guilegodir)/buildq
guileruntimegodir = $(guilebuildqgodir)/runtime
nodist_guilego_DATA = $(guile_top:.scm=.go)
nodist_guilebuildqgo_DATA = $(guile_modules:.scm=.go) $(guile_generated:.scm=.go)
nodist_guileruntimego_DATA = $(guile_runtime:.scm=.go)
CLEANFILES += $(guile_generated) $(nodist_guilego_DATA) $(nodist_guilebuildqgo_DATA) $(nodist_guileruntimego_DATA)

# Guile does not take what is older than its source.
install-nodist_guilegoDATA install-nodist_guilebuildqgoDATA install-nodist_guileruntimegoDATA: \
	install-nodist_guilemodDATA install-nodist_guilebuildqDATA install-nodist_guileruntimeDATA

# What is installed finds the library by itself, where it is not below DESTDIR.
installcheck-local: installcheck-guile
installcheck-guile:
	$(AM_V_at)library=$(DESTDIR)$(libdir)/$(BUILDQ_SONAME); \
	test -n "$(DESTDIR)" && BUILDQ_LIBRARY=$$library && export BUILDQ_LIBRARY; \
	GUILE_AUTO_COMPILE=0 GUILE_LOAD_PATH=$(DESTDIR)$(guilemoddir) \
	GUILE_LOAD_COMPILED_PATH=$(DESTDIR)$(guilegodir) installed=$(DESTDIR)$(guilemoddir) \
	  $(GUILE) -L $(srcdir)/tests/guile $(srcdir)/tests/guile/installed.scm

bindings/guile/buildq/config.scm: bindings/guile/buildq/config.scm.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	sed -e 's|[@]VERSION@|$(VERSION)|' -e 's|[@]LIBRARY@|$(libdir)/$(BUILDQ_SONAME)|' \
	  $(srcdir)/bindings/guile/buildq/config.scm.in > $@.new && mv $@.new $@

bindings/guile/buildq/ffi.scm: lib/Buildq-1.gir bindings/guile/generate.scm \
  bindings/guile/gir.scm bindings/guile/excluded.scm
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	GUILE_AUTO_COMPILE=0 $(GUILE) $(srcdir)/bindings/guile/generate.scm \
	  lib/Buildq-1.gir $(srcdir)/bindings/guile/excluded.scm > $@.new && mv $@.new $@

# Each is loaded, and the library with it, to compile the next.
AM_V_GUILEC = $(AM_V_GUILEC_@AM_V@)
AM_V_GUILEC_ = $(AM_V_GUILEC_@AM_DEFAULT_V@)
AM_V_GUILEC_0 = @echo "  GUILEC  " $@;
SUFFIXES = .scm .go
.scm.go:
	$(AM_V_GUILEC)$(guile_environment) $(GUILE) $(srcdir)/bindings/guile/compile.scm $< $@

bindings/guile/buildq/runtime/library.go: lib/libbuildq-1.la bindings/guile/compile.scm \
  bindings/guile/buildq/config.go
bindings/guile/buildq/runtime/errors.go: bindings/guile/buildq/runtime/library.go
bindings/guile/buildq/runtime/context.go: bindings/guile/buildq/runtime/errors.go
bindings/guile/buildq/runtime/types.go: bindings/guile/buildq/runtime/context.go
bindings/guile/buildq/runtime/callbacks.go: bindings/guile/buildq/runtime/types.go
bindings/guile/buildq/runtime/events.go: bindings/guile/buildq/runtime/callbacks.go
bindings/guile/buildq/runtime.go: bindings/guile/buildq/runtime/events.go
bindings/guile/buildq/ffi.go: bindings/guile/buildq/runtime.go
bindings/guile/buildq/errors.go: bindings/guile/buildq/ffi.go
bindings/guile/buildq/tasks.go bindings/guile/buildq/values.go: bindings/guile/buildq/errors.go
bindings/guile/buildq/queue.go bindings/guile/buildq/agent.go \
bindings/guile/buildq/execution.go bindings/guile/buildq/server.go \
bindings/guile/buildq/owner.go: bindings/guile/buildq/tasks.go bindings/guile/buildq/values.go
bindings/guile/buildq/worker.go: bindings/guile/buildq/execution.go
bindings/guile/buildq.go: bindings/guile/buildq/queue.go bindings/guile/buildq/agent.go \
  bindings/guile/buildq/server.go bindings/guile/buildq/owner.go \
  bindings/guile/buildq/worker.go
endif
