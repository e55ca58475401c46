# SPDX-License-Identifier: LGPL-2.1-or-later
# Files for those who run a farm as services.
service_files = \
	data/shepherd/buildq.scm \
	data/systemd/buildq-server.service \
	data/systemd/buildq-worker.service
$(service_files): Makefile
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)sed -e 's|@bindir[@]|$(bindir)|' -e 's|@datadir[@]|$(datadir)|' \
		$(srcdir)/$@.in > $@.tmp && mv $@.tmp $@
data/shepherd/buildq.scm: data/shepherd/buildq.scm.in
data/systemd/buildq-server.service: data/systemd/buildq-server.service.in
data/systemd/buildq-worker.service: data/systemd/buildq-worker.service.in
all-local: $(service_files)
CLEANFILES += $(service_files)
EXTRA_DIST += data/systemd/buildq-server.socket data/sysusers/buildq.conf \
	data/shepherd/buildq.scm.in data/systemd/buildq-server.service.in \
	data/systemd/buildq-worker.service.in

shepherddir = $(datadir)/buildq/shepherd
shepherd_DATA = data/shepherd/buildq.scm
if SYSTEMD
systemdsystemunit_DATA = \
	data/systemd/buildq-server.service \
	data/systemd/buildq-server.socket \
	data/systemd/buildq-worker.service
sysusers_DATA = data/sysusers/buildq.conf
endif
