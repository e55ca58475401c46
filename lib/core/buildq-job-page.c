/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-job-page.h>

/**
 * BuildqJobPage:
 *
 * Some of the jobs that a queue was asked for.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "jobs", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqJobPage, jobs), 0, 10000, &_buildq_job_status_info },
  { "next", BUILDQ_FIELD_INT, G_STRUCT_OFFSET (BuildqJobPage, next), 0, 0 },
};
/* clang-format on */

const BuildqValueInfo _buildq_job_page_info = {
  "job page", sizeof (BuildqJobPage), fields, G_N_ELEMENTS (fields), NULL, NULL,
};

/**
 * buildq_job_page_ref:
 * @self: a job page
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_job_page_unref:
 * @self: (transfer full): a job page
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_job_page_equal:
 * @self: a job page
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_job_page_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads a job page. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_job_page_to_json:
 * @self: a job page
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqJobPage, buildq_job_page, &_buildq_job_page_info)

/**
 * buildq_job_page_get_jobs:
 * @self: a job page
 *
 * Returns: (transfer container) (element-type BuildqJobStatus): the jobs, in the order
 *    in which they were submitted
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqJobPage, buildq_job_page, jobs)

/**
 * buildq_job_page_get_next:
 * @self: a job page
 *
 * Returns: the cursor of the next page; 0 when this is the last
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqJobPage, buildq_job_page, next, gint64)
