/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_JOB_PAGE (buildq_job_page_get_type ())

BUILDQ_AVAILABLE_IN_0_1
GType buildq_job_page_get_type (void);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobPage *buildq_job_page_ref (BuildqJobPage *self);
BUILDQ_AVAILABLE_IN_0_1
void buildq_job_page_unref (BuildqJobPage *self);
BUILDQ_AVAILABLE_IN_0_1
gboolean buildq_job_page_equal (BuildqJobPage *self, BuildqJobPage *other);
BUILDQ_AVAILABLE_IN_0_1
BuildqJobPage *buildq_job_page_new_from_json (const char *json, GError **error);
BUILDQ_AVAILABLE_IN_0_1
char *buildq_job_page_to_json (BuildqJobPage *self);
BUILDQ_AVAILABLE_IN_0_1
GPtrArray *buildq_job_page_get_jobs (BuildqJobPage *self);
BUILDQ_AVAILABLE_IN_0_1
gint64 buildq_job_page_get_next (BuildqJobPage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildqJobPage, buildq_job_page_unref)

G_END_DECLS
