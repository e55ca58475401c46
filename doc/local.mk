# SPDX-License-Identifier: LGPL-2.1-or-later
# The reference: gi-docgen over the GIR, with the pages of this folder.
doc_pages = \
	doc/overview.md \
	doc/archives.md \
	doc/configuration.md \
	doc/farm.md \
	doc/guile.md \
	doc/restarts.md \
	doc/python.md \
	doc/threads.md \
	doc/protocol.md
dist_doc_DATA += $(doc_pages)
EXTRA_DIST += doc/RELEASE.md doc/urlmap.js

if ENABLE_DOC
noinst_DATA = doc/reference.stamp
CLEANFILES += doc/reference.stamp

# gi-docgen takes the title of a page from a line that nobody wants to see elsewhere. What
# is not documented, tests/project/check-abi.py tells.
doc/reference.stamp: lib/Buildq-1.gir doc/buildq.toml $(doc_pages) doc/urlmap.js
	$(AM_V_GEN)rm -rf doc/pages doc/reference && $(MKDIR_P) doc/pages
	$(AM_V_at)cp $(srcdir)/doc/urlmap.js doc/pages
	$(AM_V_at)for page in $(doc_pages); do \
	  sed '1s/^# /Title: /' "$(srcdir)/$$page" > "doc/pages/$${page#doc/}" || exit 1; \
	done
	$(AM_V_at)$(GI_DOCGEN) generate --quiet --fatal-warnings --config=doc/buildq.toml \
	  --content-dir=doc/pages --output-dir=doc/reference lib/Buildq-1.gir
	$(AM_V_at)touch $@

install-data-local: doc/reference.stamp
	$(MKDIR_P) "$(DESTDIR)$(docdir)"
	cp -R doc/reference/Buildq-1 "$(DESTDIR)$(docdir)/reference"

uninstall-local:
	rm -rf "$(DESTDIR)$(docdir)/reference"

clean-local:
	rm -rf doc/pages doc/reference
endif
