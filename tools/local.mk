# SPDX-License-Identifier: LGPL-2.1-or-later
bin_PROGRAMS += tools/buildq
tools_buildq_SOURCES = \
	tools/buildq-cmd-cancel.c \
	tools/buildq-cmd-config.c \
	tools/buildq-cmd-farm.c \
	tools/buildq-cmd-fetch.c \
	tools/buildq-cmd-journal.c \
	tools/buildq-cmd-key.c \
	tools/buildq-cmd-log.c \
	tools/buildq-cmd-nar.c \
	tools/buildq-cmd-narinfo.c \
	tools/buildq-cmd-retry.c \
	tools/buildq-cmd-serve.c \
	tools/buildq-cmd-status.c \
	tools/buildq-cmd-submit.c \
	tools/buildq-cmd-token.c \
	tools/buildq-cmd-work.c \
	tools/buildq-main.c \
	$(tool_common)
# What the commands share; a fuzzer links it too.
tool_common = \
	tools/buildq-options.h \
	tools/buildq-tool.h \
	tools/buildq-util-await.c \
	tools/buildq-util-calls.c \
	tools/buildq-util-command.c \
	tools/buildq-util-config.c \
	tools/buildq-util-farm.c \
	tools/buildq-util-follow.c \
	tools/buildq-util-jobs.c \
	tools/buildq-util-log.c \
	tools/buildq-util-options.c \
	tools/buildq-util-output.c \
	tools/buildq-util-places.c \
	tools/buildq-util-read-log.c \
	tools/buildq-util-report.c \
	tools/buildq-util-shared.c \
	tools/buildq-util-take.c \
	tools/buildq-util-upload.c \
	tools/buildq-util-values.c
# Of ours the public API only.
tools_buildq_LDADD = lib/libbuildq-1.la $(BUILDQ_LIBS)

dist_doc_DATA += doc/job-file.schema.json
