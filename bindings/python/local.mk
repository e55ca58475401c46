# SPDX-License-Identifier: LGPL-2.1-or-later
# The sources lie as they are installed, so that PYTHONPATH finds them here as well. They
# are data: Python compiles them where it runs them.
python_package = \
	bindings/python/buildq/__init__.py \
	bindings/python/buildq/agent.py \
	bindings/python/buildq/errors.py \
	bindings/python/buildq/loop.py \
	bindings/python/buildq/pump.py \
	bindings/python/buildq/py.typed \
	bindings/python/buildq/queue.py \
	bindings/python/buildq/server.py \
	bindings/python/buildq/texts.py \
	bindings/python/buildq/worker.py
python_override = bindings/python/gi/overrides/Buildq.py
EXTRA_DIST += $(python_package) $(python_override) \
	bindings/python/generate-stubs.py bindings/python/site-dir.py

if HAVE_INTROSPECTION
if HAVE_PYTHON
buildqpydir = $(pythondir)/buildq
buildqpy_DATA = $(python_package)
overridesdir = $(pythondir)/gi/overrides
overrides_DATA = $(python_override)

installcheck-local: installcheck-python
installcheck-python:
	$(AM_V_at)PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$(DESTDIR)$(pythondir) \
	GI_TYPELIB_PATH=$(DESTDIR)$(typelibdir) LD_LIBRARY_PATH=$(DESTDIR)$(libdir) \
	BUILDQ_LIBEXECDIR=$(DESTDIR)$(pkglibexecdir) \
	  $(PYTHON) $(srcdir)/tests/python/installed.py $(DESTDIR)$(pythondir)

# What type checkers read about gi.repository.Buildq.
python_stubs = bindings/python/gi-stubs/repository/Buildq.pyi
stubsdir = $(pythondir)/gi-stubs/repository
nodist_stubs_DATA = $(python_stubs)
CLEANFILES += $(python_stubs)
$(python_stubs): lib/Buildq-1.gir bindings/python/generate-stubs.py
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(PYTHON) $(srcdir)/bindings/python/generate-stubs.py lib/Buildq-1.gir >$@.tmp && mv $@.tmp $@
endif
endif
