# SPDX-License-Identifier: LGPL-2.1-or-later
# Older versions of the library, as recordings of what they said.
protocol_tests = \
	tests/protocol/test-replay-client.py \
	tests/protocol/test-replay-server.py
EXTRA_DIST += $(protocol_tests) \
	tests/protocol/compare.py \
	tests/protocol/record.py \
	tests/protocol/wire.py \
	tests/data/protocol
if HAVE_PYTHON
TESTS += $(protocol_tests)
endif
