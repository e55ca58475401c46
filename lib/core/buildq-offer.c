/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The libbuildq authors
 */
#include "config.h"

#include "core/buildq-values.h"

#include <buildq/buildq-enums.h>
#include <buildq/buildq-error.h>
#include <buildq/buildq-offer.h>

#define MAX_REASONS 32
#define MAX_REASON_BYTES 1000

/**
 * BuildqOffer:
 *
 * What can be taken: a list of machine groups; and for people, why it is no more.
 *
 * Values are immutable and can be used from any thread.
 *
 * Since: 0.1
 */
/* clang-format off */
static const BuildqField fields[] = {
  { "groups", BUILDQ_FIELD_VALUES, G_STRUCT_OFFSET (BuildqOffer, groups), 0, 4096, &_buildq_machine_group_info },
  { "state", BUILDQ_FIELD_ENUM, G_STRUCT_OFFSET (BuildqOffer, state), BUILDQ_FIELD_OPEN, 0, NULL, buildq_worker_state_get_type },
  { "reasons", BUILDQ_FIELD_STRV, G_STRUCT_OFFSET (BuildqOffer, reasons), 0, MAX_REASON_BYTES },
};
/* clang-format on */

static gboolean
validate (gconstpointer value, GError **error)
{
  guint n = g_strv_length (((const BuildqOffer *) value)->reasons);

  if (n <= MAX_REASONS)
    return TRUE;
  g_set_error (error, BUILDQ_ERROR, BUILDQ_ERROR_TOO_LARGE,
               "%u reasons are over the limit of %d", n, MAX_REASONS);
  return FALSE;
}

const BuildqValueInfo _buildq_offer_info = {
  "offer", sizeof (BuildqOffer), fields, G_N_ELEMENTS (fields), validate, NULL,
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
 * buildq_offer_get_state:
 * @self: an offer
 *
 * Returns: whether the machine takes jobs, for people to see
 *
 * Since: 0.1
 */
BUILDQ_DEFINE_GETTER (BuildqOffer, buildq_offer, state, BuildqWorkerState)

/**
 * buildq_offer_get_reasons:
 * @self: an offer
 *
 * Returns: (transfer none) (array zero-terminated=1): why it takes no more, with numbers
 *
 * Since: 0.1
 */
const char *const *
buildq_offer_get_reasons (BuildqOffer *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return (const char *const *) self->reasons;
}

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

/**
 * buildq_offer_new_with_state:
 * @groups: (element-type BuildqMachineGroup): the machine groups
 * @state: whether the machine takes jobs
 * @reasons: (array zero-terminated=1) (nullable): why it takes no more, for people
 *
 * Makes an offer that says why it is no greater. What the machines take is up to the
 * groups alone.
 *
 * Returns: (transfer full): a new offer
 *
 * Since: 0.1
 */
BuildqOffer *
buildq_offer_new_with_state (GPtrArray *groups,
                             BuildqWorkerState state,
                             const char *const *reasons)
{
  BuildqOffer *self = buildq_offer_new (groups);

  g_return_val_if_fail (self != NULL, NULL);

  self->state = state;
  for (guint i = 0; reasons != NULL && reasons[i] != NULL && i < MAX_REASONS; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (reasons[i], -1);
      g_autofree char *reason = g_utf8_substring (
          valid, 0, MIN (g_utf8_strlen (valid, -1), MAX_REASON_BYTES / 4));

      _buildq_strv_add (&self->reasons, reason);
    }
  return self;
}
