/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#pragma once

#include <buildq/buildq-types.h>
#include <gio/gio.h>

G_BEGIN_DECLS

#define BUILDQ_TYPE_POLLER (buildq_poller_get_type ())

BUILDQ_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (BuildqPoller, buildq_poller, BUILDQ, POLLER, GObject)

BUILDQ_AVAILABLE_IN_0_1
BuildqPoller *buildq_poller_new (GMainContext *context, GError **error);
BUILDQ_AVAILABLE_IN_0_1
int buildq_poller_get_fd (BuildqPoller *self);
BUILDQ_AVAILABLE_IN_0_1
guint buildq_poller_dispatch (BuildqPoller *self);

G_END_DECLS
