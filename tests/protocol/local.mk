# SPDX-License-Identifier: LGPL-2.1-or-later
# The wire as others see it: older versions of the library, as recordings of what they
# said, and programs that are not ours.
protocol_tests = \
	tests/protocol/test-metrics.py \
	tests/protocol/test-page.py \
	tests/protocol/test-replay-client.py \
	tests/protocol/test-replay-server.py \
	tests/protocol/test-versions.py
EXTRA_DIST += $(protocol_tests) \
	tests/protocol/compare.py \
	tests/protocol/record.py \
	tests/protocol/server.py \
	tests/protocol/wire.py \
	tests/data/protocol
if HAVE_PYTHON
TESTS += $(protocol_tests)
endif
