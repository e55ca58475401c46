/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include <buildq/buildq-error.h>

/**
 * BuildqError:
 * @BUILDQ_ERROR_FAILED: nothing more precise is known
 * @BUILDQ_ERROR_INVALID: what was given is not well-formed
 * @BUILDQ_ERROR_NOT_FOUND: there is no such thing
 * @BUILDQ_ERROR_EXISTS: there is one already
 * @BUILDQ_ERROR_LEASE_LOST: the lease is not held any more
 * @BUILDQ_ERROR_CONFLICT: it contradicts what is there
 * @BUILDQ_ERROR_CHECKSUM: bytes or signatures are not those that were promised
 * @BUILDQ_ERROR_UNAUTHORIZED: the caller is not known, or may not do this
 * @BUILDQ_ERROR_UNAVAILABLE: it cannot be reached now
 * @BUILDQ_ERROR_TIMED_OUT: it took too long
 * @BUILDQ_ERROR_TOO_LARGE: a limit was passed
 * @BUILDQ_ERROR_PROTOCOL: the other side does not speak as agreed
 * @BUILDQ_ERROR_NOT_SUPPORTED: this side does not know how
 *
 * What went wrong, as far as a caller can act on it. Errors of local files and
 * cancellation stay in `G_IO_ERROR`.
 *
 * Since: 0.1
 */
/* clang-format off */
G_DEFINE_ENUM_TYPE (BuildqError, buildq_error,
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_FAILED, "failed"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_INVALID, "invalid"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_NOT_FOUND, "not-found"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_EXISTS, "exists"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_LEASE_LOST, "lease-lost"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_CONFLICT, "conflict"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_CHECKSUM, "checksum"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_UNAUTHORIZED, "unauthorized"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_UNAVAILABLE, "unavailable"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_TIMED_OUT, "timed-out"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_TOO_LARGE, "too-large"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_PROTOCOL, "protocol"),
  G_DEFINE_ENUM_VALUE (BUILDQ_ERROR_NOT_SUPPORTED, "not-supported"))
/* clang-format on */

/**
 * buildq_error_quark:
 *
 * Returns: the domain of [error@Buildq.Error]
 *
 * Since: 0.1
 */
GQuark
buildq_error_quark (void)
{
  /* Not G_DEFINE_QUARK, whose cache threads race for. */
  return g_quark_from_static_string ("buildq-error-quark");
}

/**
 * buildq_error_to_string:
 * @code: a code
 *
 * Returns: (transfer none): its spelling on the wire, such as `not-found`
 *
 * Since: 0.1
 */
const char *
buildq_error_to_string (BuildqError code)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (BUILDQ_TYPE_ERROR);
  GEnumValue *value = g_enum_get_value (class, code);

  return value != NULL ? value->value_nick : "failed";
}

/**
 * buildq_error_from_string:
 * @string: a spelling of the wire
 *
 * Returns: the code, `FAILED` for one that is not known
 *
 * Since: 0.1
 */
BuildqError
buildq_error_from_string (const char *string)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (BUILDQ_TYPE_ERROR);
  GEnumValue *value;

  g_return_val_if_fail (string != NULL, BUILDQ_ERROR_FAILED);

  value = g_enum_get_value_by_nick (class, string);
  return value != NULL ? (BuildqError) value->value : BUILDQ_ERROR_FAILED;
}

static gboolean
io_error_is_transient (int code)
{
  switch (code)
    {
    case G_IO_ERROR_TIMED_OUT:
    case G_IO_ERROR_HOST_NOT_FOUND:
    case G_IO_ERROR_HOST_UNREACHABLE:
    case G_IO_ERROR_NETWORK_UNREACHABLE:
    case G_IO_ERROR_CONNECTION_REFUSED:
    case G_IO_ERROR_PROXY_FAILED:
    case G_IO_ERROR_BROKEN_PIPE: /* also CONNECTION_CLOSED */
    case G_IO_ERROR_NOT_CONNECTED:
    case G_IO_ERROR_PARTIAL_INPUT:
    case G_IO_ERROR_BUSY:
      return TRUE;
    default:
      return FALSE;
    }
}

/**
 * buildq_error_is_transient:
 * @error: an error
 *
 * Returns: whether the same call may succeed later, with nothing changed by the caller
 *
 * Since: 0.1
 */
gboolean
buildq_error_is_transient (const GError *error)
{
  g_return_val_if_fail (error != NULL, FALSE);

  if (error->domain == BUILDQ_ERROR)
    return error->code == BUILDQ_ERROR_UNAVAILABLE
           || error->code == BUILDQ_ERROR_TIMED_OUT;
  if (error->domain == G_IO_ERROR)
    return io_error_is_transient (error->code);
  return error->domain == G_RESOLVER_ERROR;
}
