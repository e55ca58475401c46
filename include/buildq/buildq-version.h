/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#if !defined(BUILDQ_INSIDE) && !defined(BUILDQ_COMPILATION)
#error "Only <buildq/buildq.h> can be included directly."
#endif

#include <gio/gio.h>

#ifndef _BUILDQ_EXTERN
#ifdef BUILDQ_COMPILATION
#define _BUILDQ_EXTERN __attribute__ ((visibility ("default"))) extern
#else
#define _BUILDQ_EXTERN extern
#endif
#endif

/* In front of each public prototype: the release that first had it. */
#define BUILDQ_AVAILABLE_IN_0_1 _BUILDQ_EXTERN
