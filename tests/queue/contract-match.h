/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * What the contract's data says of JSON; tests/contract/README.md describes it.
 */
#pragma once

#include <json-glib/json-glib.h>

/* Replaces "$NAME" by what was saved under NAME. */
JsonNode *contract_fill (JsonNode *node, GHashTable *saved);
/* NULL when @actual is as @expected demands, else what differs and where. */
char *contract_match (JsonNode *expected, JsonNode *actual, const char *where);
/* What stands at "a.0.b" in @node, or NULL. */
JsonNode *contract_find (JsonNode *node, const char *path);
