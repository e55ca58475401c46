/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "http/buildq-http-error.h"

#include "core/buildq-value.h"

static const struct
{
  guint status;
  BuildqError code;
} statuses[] = {
  /* Of two lines with one code the first is written, of two with one status the first
     read. */
  { 400, BUILDQ_ERROR_INVALID },       { 403, BUILDQ_ERROR_UNAUTHORIZED },
  { 401, BUILDQ_ERROR_UNAUTHORIZED },  { 407, BUILDQ_ERROR_UNAUTHORIZED },
  { 404, BUILDQ_ERROR_NOT_FOUND },     { 409, BUILDQ_ERROR_CONFLICT },
  { 409, BUILDQ_ERROR_EXISTS },        { 410, BUILDQ_ERROR_LEASE_LOST },
  { 413, BUILDQ_ERROR_TOO_LARGE },     { 422, BUILDQ_ERROR_CHECKSUM },
  { 500, BUILDQ_ERROR_FAILED },        { 501, BUILDQ_ERROR_NOT_SUPPORTED },
  { 405, BUILDQ_ERROR_NOT_SUPPORTED }, { 502, BUILDQ_ERROR_PROTOCOL },
  { 503, BUILDQ_ERROR_UNAVAILABLE },   { 429, BUILDQ_ERROR_UNAVAILABLE },
  { 504, BUILDQ_ERROR_TIMED_OUT },     { 408, BUILDQ_ERROR_TIMED_OUT },
};

BuildqError
_buildq_http_code (const GError *error)
{
  if (error->domain == BUILDQ_ERROR)
    return error->code;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return BUILDQ_ERROR_TIMED_OUT;
  if (buildq_error_is_transient (error)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return BUILDQ_ERROR_UNAVAILABLE;
  return BUILDQ_ERROR_FAILED;
}

guint
_buildq_http_status (const GError *error)
{
  BuildqError code = _buildq_http_code (error);

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (statuses[i].code == code)
      return statuses[i].status;
  return 500;
}

char *
_buildq_http_error_json (const GError *error, const char *session, gint64 ack)
{
  GString *json = g_string_new ("{\"error\":{\"code\":");
  g_autofree char *message = g_utf8_make_valid (error->message, -1);

  _buildq_json_append_string (json, buildq_error_to_string (_buildq_http_code (error)));
  g_string_append (json, ",\"message\":");
  _buildq_json_append_string (json, message);
  g_string_append_c (json, '}');
  if (session != NULL)
    {
      g_string_append (json, ",\"session\":");
      _buildq_json_append_string (json, session);
      g_string_append_printf (json, ",\"ack\":%" G_GINT64_FORMAT, ack);
    }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

/* The string @name of @object, or %NULL: the other side may have written anything. */
static const char *
peek_string (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node)
                                                      : NULL;
}

GError *
_buildq_http_error_read (const char *json, gssize length, char **session, gint64 *ack)
{
  g_autoptr (JsonNode) root = _buildq_json_parse (json, length, NULL);
  JsonNode *node, *number;
  JsonObject *object, *error;
  const char *code, *message;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  object = json_node_get_object (root);
  node = json_object_get_member (object, "error");
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  error = json_node_get_object (node);
  code = peek_string (error, "code");
  message = peek_string (error, "message");

  if (session != NULL)
    *session = g_strdup (peek_string (object, "session"));
  if (ack != NULL)
    {
      number = json_object_get_member (object, "ack");
      *ack = number != NULL && JSON_NODE_HOLDS_VALUE (number) ? json_node_get_int (number)
                                                              : 0;
    }
  return g_error_new_literal (
      BUILDQ_ERROR, code != NULL ? buildq_error_from_string (code) : BUILDQ_ERROR_FAILED,
      message != NULL ? message : "no reason given");
}

GError *
_buildq_http_error_new (guint status, const char *reason, GBytes *body)
{
  BuildqError code = status >= 500 ? BUILDQ_ERROR_UNAVAILABLE : BUILDQ_ERROR_PROTOCOL;
  GError *error = NULL;
  gsize size = 0;
  const char *data = body != NULL ? g_bytes_get_data (body, &size) : NULL;

  if (size > 0)
    error = _buildq_http_error_read (data, (gssize) size, NULL, NULL);
  if (error != NULL)
    return error;

  /* Not from a queue but from something in front of it: so a 500 or 502 says only that
   * the queue cannot be reached now. */
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (statuses[i].status == status && status != 500 && status != 502)
      {
        code = statuses[i].code;
        break;
      }
  return g_error_new (BUILDQ_ERROR, code, "the server answers %u %s", status,
                      reason != NULL ? reason : "");
}
