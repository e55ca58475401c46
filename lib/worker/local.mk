# SPDX-License-Identifier: LGPL-2.1-or-later
AM_CPPFLAGS += -DBUILDQ_PKGLIBEXECDIR=\"$(pkglibexecdir)\"
lib_libbuildq_internal_la_SOURCES += \
	lib/worker/buildq-cgroup.c \
	lib/worker/buildq-cgroup.h \
	lib/worker/buildq-collect.c \
	lib/worker/buildq-collect.h \
	lib/worker/buildq-command.c \
	lib/worker/buildq-command.h \
	lib/worker/buildq-command-executor.c \
	lib/worker/buildq-execution.c \
	lib/worker/buildq-execution-private.h \
	lib/worker/buildq-executor.c \
	lib/worker/buildq-func-executor.c \
	lib/worker/buildq-gate.c \
	lib/worker/buildq-gate.h \
	lib/worker/buildq-log-spool.c \
	lib/worker/buildq-log-spool.h \
	lib/worker/buildq-machine.c \
	lib/worker/buildq-machine.h \
	lib/worker/buildq-place.c \
	lib/worker/buildq-place.h \
	lib/worker/buildq-run.c \
	lib/worker/buildq-run.h \
	lib/worker/buildq-spool.c \
	lib/worker/buildq-spool.h \
	lib/worker/buildq-work-dir.c \
	lib/worker/buildq-work-dir.h \
	lib/worker/buildq-worker.c \
	lib/worker/buildq-worker-job.c \
	lib/worker/buildq-worker-offer.c \
	lib/worker/buildq-worker-private.h \
	lib/worker/buildq-worker-publish.c \
	lib/worker/buildq-worker-resume.c \
	lib/worker/buildq-worker-result.c \
	lib/worker/buildq-worker-run.c

# What keeps a job together: no library, only the kernel.
pkglibexec_PROGRAMS = lib/worker/buildq-supervise
lib_worker_buildq_supervise_SOURCES = lib/worker/buildq-supervise.c
