# SPDX-License-Identifier: LGPL-2.1-or-later
bin_PROGRAMS += tools/buildq
tools_buildq_SOURCES = tools/buildq-main.c $(tool_commands) $(tool_common)
# The table of commands and options.
tool_commands = \
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
	tools/buildq-cmd-worker.c \
	tools/buildq-commands.c
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
	tools/buildq-util-service.c \
	tools/buildq-util-shared.c \
	tools/buildq-util-take.c \
	tools/buildq-util-upload.c \
	tools/buildq-util-workers.c \
	tools/buildq-util-values.c
# Of ours the public API only.
tools_buildq_LDADD = lib/libbuildq-1.la $(BUILDQ_LIBS)

# From that table come man pages, completion and the example of a config file.
noinst_PROGRAMS += tools/buildq-generate
tools_buildq_generate_SOURCES = \
	tools/buildq-generate-bash.c \
	tools/buildq-generate-man.c \
	tools/buildq-generate.c \
	tools/buildq-generate.h \
	$(tool_commands) $(tool_common)
tools_buildq_generate_LDADD = $(tools_buildq_LDADD)

man_pages = \
	tools/buildq.1 \
	tools/buildq-cancel.1 \
	tools/buildq-config.1 \
	tools/buildq-farm.1 \
	tools/buildq-fetch.1 \
	tools/buildq-journal.1 \
	tools/buildq-key.1 \
	tools/buildq-log.1 \
	tools/buildq-nar.1 \
	tools/buildq-narinfo.1 \
	tools/buildq-retry.1 \
	tools/buildq-serve.1 \
	tools/buildq-status.1 \
	tools/buildq-submit.1 \
	tools/buildq-token.1 \
	tools/buildq-worker.1 \
	tools/buildq-work.1 \
	tools/buildq.conf.5
completion_file = tools/completion/buildq
generated_files = $(man_pages) tools/buildq.conf
# What is built for another machine cannot be run on this one.
if !CROSS_COMPILING
man_MANS = $(man_pages)
exampledir = $(docdir)/examples
example_DATA = tools/buildq.conf
if BASH_COMPLETION
bashcompletion_DATA = $(completion_file)
endif
endif
$(generated_files): tools/buildq-generate$(EXEEXT)
	$(AM_V_GEN)tools/buildq-generate$(EXEEXT) $(@F) > $@.tmp && mv $@.tmp $@
$(completion_file): tools/buildq-generate$(EXEEXT)
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)tools/buildq-generate$(EXEEXT) buildq.bash > $@.tmp && mv $@.tmp $@
CLEANFILES += $(generated_files) $(completion_file)

dist_doc_DATA += doc/job-file.schema.json
