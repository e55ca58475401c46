/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-version.h>

G_BEGIN_DECLS

#define BUILDQ_ERROR (buildq_error_quark ())
#define BUILDQ_TYPE_ERROR (buildq_error_get_type ())

typedef enum
{
  BUILDQ_ERROR_FAILED,
  BUILDQ_ERROR_INVALID,
  BUILDQ_ERROR_NOT_FOUND,
  BUILDQ_ERROR_EXISTS,
  BUILDQ_ERROR_LEASE_LOST,
  BUILDQ_ERROR_CONFLICT,
  BUILDQ_ERROR_CHECKSUM,
  BUILDQ_ERROR_UNAUTHORIZED,
  BUILDQ_ERROR_UNAVAILABLE,
  BUILDQ_ERROR_TIMED_OUT,
  BUILDQ_ERROR_TOO_LARGE,
  BUILDQ_ERROR_PROTOCOL,
  BUILDQ_ERROR_NOT_SUPPORTED,
} BuildqError;

BUILDQ_AVAILABLE_IN_0_1
GType buildq_error_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
GQuark buildq_error_quark (void);
BUILDQ_AVAILABLE_IN_0_1
const char *buildq_error_to_string (BuildqError code);
BUILDQ_AVAILABLE_IN_0_1
BuildqError buildq_error_from_string (const char *string);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_error_is_transient (const GError *error);

G_END_DECLS
