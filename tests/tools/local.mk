# SPDX-License-Identifier: LGPL-2.1-or-later
tool_tests = \
	tests/tools/test-command.sh \
	tests/tools/test-config.sh \
	tests/tools/test-farm.sh \
	tests/tools/test-formats.sh \
	tests/tools/test-generated.sh \
	tests/tools/test-gates.sh \
	tests/tools/test-help.sh \
	tests/tools/test-hygiene.sh \
	tests/tools/test-journal.sh \
	tests/tools/test-processes.sh \
	tests/tools/test-restart.sh \
	tests/tools/test-services.sh
# What takes long, and does nothing that other tests do not do under the sanitizers.
if !SANITIZERS
tool_tests += tests/tools/test-kill.sh tests/tools/test-nix-reads.sh tests/tools/test-nix-writes.sh
endif
if HAVE_PYTHON
tool_tests += tests/tools/test-activation.py tests/tools/test-job-file.py
if !SANITIZERS
tool_tests += tests/tools/test-farm-doc.py tests/tools/test-kill-farm.py tests/tools/test-memory.py
endif
endif
TESTS += $(tool_tests)
# Of all branches: automake distributes what any of them names.
dist_check_SCRIPTS += $(tool_tests)
EXTRA_DIST += \
	tests/tools/job-files.json \
	tests/tools/lib.sh \
	tests/tools/machines.py \
	tests/tools/proxy.py \
	tests/tools/nix.sh
