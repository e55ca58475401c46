/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 *
 * Every value that is sent or stored as JSON. An input is tried as each of them, which is
 * cheap, and so the seeds are plain JSON. What can be read can be written, and reading
 * that gives the same value and then the same text. (That none is left out, is checked by
 * tests/project/check-layering.py.)
 */
#include "config.h"

#include "fuzz.h"

#include "core/buildq-values.h"

#include <string.h>

static const BuildqValueInfo *const infos[] = {
  &_buildq_location_info,
  &_buildq_artifact_info,
  &_buildq_input_info,
  &_buildq_output_info,
  &_buildq_job_info,
  &_buildq_request_info,
  &_buildq_request_status_info,
  &_buildq_journal_status_info,
  &_buildq_machine_group_info,
  &_buildq_offer_info,
  &_buildq_result_info,
  &_buildq_grant_info,
  &_buildq_lease_notice_info,
  &_buildq_receipt_info,
  &_buildq_log_chunk_info,
  &_buildq_sync_message_info,
  &_buildq_sync_reply_info,
  &_buildq_job_status_info,
  &_buildq_worker_status_info,
  &_buildq_query_info,
  &_buildq_job_page_info,
  &_buildq_sample_info,
  &_buildq_stats_info,
  &_buildq_principal_info,
};

static void
check_value (const BuildqValueInfo *info, gconstpointer value)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json = _buildq_value_to_json (info, value);
  g_autofree char *json_again = NULL;
  gpointer again = _buildq_value_from_json (info, json, -1, &error);
  gpointer copy;

  g_assert_no_error (error);
  g_assert_cmpstr (_buildq_value_first_difference (info, value, again, FALSE), ==, NULL);
  json_again = _buildq_value_to_json (info, again);
  g_assert_cmpstr (json, ==, json_again);
  _buildq_value_validate (info, again, &error);
  g_assert_no_error (error);
  copy = _buildq_value_copy (info, value);
  g_assert_cmpstr (_buildq_value_first_difference (info, value, copy, FALSE), ==, NULL);
  _buildq_value_unref (info, copy);
  _buildq_value_unref (info, again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = _buildq_json_parse ((const char *) data, size, &error);

  g_assert_true ((node != NULL) == (error == NULL));
  if (node == NULL)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      g_autoptr (GError) refused = NULL;
      gpointer value = _buildq_value_from_node (infos[i], node, &refused);

      g_assert_true ((value != NULL) == (refused == NULL));
      if (value == NULL)
        continue;
      check_value (infos[i], value);
      _buildq_value_unref (infos[i], value);
    }
  return 0;
}
