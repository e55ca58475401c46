/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What this library speaks: doc/protocol.md, section 13.
 */
#pragma once

#define BUILDQ_PROTOCOL_VERSION 1
#define BUILDQ_PROTOCOL_HEADER "Buildq-Protocol"

/* Additions to version 1, in the order of the alphabet. */
#define BUILDQ_CAPABILITIES "retry", "stats", "worker-state"
