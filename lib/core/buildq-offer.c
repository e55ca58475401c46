/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-offer.h>

/**
 * BuildqOffer:
 *
 * What can be taken: a list of machine groups.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "groups", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqOffer, groups), 0, 4096, &_buildq_machine_group_info },
};
/* clang-format on */

const BuildqValueInfo _buildq_offer_info = {
  "offer", sizeof (BuildqOffer), fields, G_N_ELEMENTS (fields), NULL, NULL,
};

/**
 * buildq_offer_ref:
 * @self: an offer
 *
 * Returns: (transfer full): @self with one more reference
 *
 * Since: 0.1
 */
/**
 * buildq_offer_unref:
 * @self: (transfer full): an offer
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
/**
 * buildq_offer_equal:
 * @self: an offer
 * @other: another
 *
 * Returns: whether they say the same
 *
 * Since: 0.1
 */
/**
 * buildq_offer_new_from_json:
 * @json: JSON text
 * @error: `INVALID` or `TOO_LARGE`, with a message that names the member
 *
 * Reads an offer. Members that are not known are passed over.
 *
 * Returns: (transfer full): a new one
 *
 * Since: 0.1
 */
/**
 * buildq_offer_to_json:
 * @self: an offer
 *
 * Returns: (transfer full): JSON text, the same bytes for equal values
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_VALUE (BuildqOffer, buildq_offer, &_buildq_offer_info)

/**
 * buildq_offer_get_groups:
 * @self: an offer
 *
 * Returns: (transfer container) (element-type BuildqMachineGroup): the groups
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_LIST_GETTER (BuildqOffer, buildq_offer, groups)

/**
 * buildq_offer_new:
 * @groups: (element-type BuildqMachineGroup): the machine groups
 *
 * Returns: (transfer full): a new offer
 *
 * Since: 0.1
 */
BuildqOffer *
buildq_offer_new (GPtrArray *groups)
{
  BuildqOffer *self;

  g_return_val_if_fail (groups != NULL, NULL);

  self = _buildq_value_new (&_buildq_offer_info);
  for (guint i = 0; i < groups->len; i++)
    g_ptr_array_add (self->groups, _buildq_value_ref (groups->pdata[i]));
  return self;
}
