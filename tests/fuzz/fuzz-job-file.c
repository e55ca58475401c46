/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Job files, as the command reads them: what is taken is a request that can be sent.
 */
#include "config.h"

#include "fuzz.h"

#include "../../tools/buildq-tool.h"

const ToolCommand tool_buildq
    = { .name = "fuzz" }; /* that of the tool is with its main() */

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (BuildqRequest) request = tool_job_file_parse (text, "/", &error);
  g_autoptr (BuildqRequest) again = NULL;
  g_autofree char *json = NULL;

  g_assert_true ((request != NULL) == (error == NULL));
  if (request == NULL)
    return 0;
  json = buildq_request_to_json (request);
  again = buildq_request_new_from_json (json, &error);
  g_assert_no_error (error);
  g_assert_true (buildq_request_equal (request, again));
  return 0;
}
