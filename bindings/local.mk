# SPDX-License-Identifier: LGPL-2.1-or-later
include bindings/guile/local.mk
include bindings/python/local.mk
