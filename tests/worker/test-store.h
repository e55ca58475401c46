/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * A store whose disk is full.
 */
#pragma once

#include <buildq/buildq.h>

/* As @store, but that nothing can be added. */
BuildqStore *test_full_store_new (BuildqStore *store);
