/* preset.c: the named conventions; reference/PRESETS.md is this table in words, and a test holds the two together.
 * SPDX-License-Identifier: MIT */
#include <assert.h>

#include "eprop.h"

/* What is not written is the first value of its option, the 2019 paper's. */
static const ep_options presets[EP_N_PRESET] = {
    [EP_PAPER2019] = {.delay = 1},
    [EP_OFFICIAL_ALIF] = {.g_out = EP_GAIN_COMPLEMENT, .delay = 1},
    [EP_OFFICIAL_LIGHTLIF] = {.g_in = EP_GAIN_COMPLEMENT, .g_out = EP_GAIN_COMPLEMENT, .delay = 1},
    [EP_OFFICIAL_LIGHTALIF] = {.g_in = EP_GAIN_COMPLEMENT,
                               .g_a = EP_GAIN_COMPLEMENT,
                               .g_out = EP_GAIN_COMPLEMENT,
                               .psi_width = EP_WIDTH_A,
                               .dz_da = EP_DZDA_AUTOGRAD,
                               .delay = 1},
    [EP_LSNN_OFFICIAL] = {.g_in = EP_GAIN_COMPLEMENT,
                          .g_a = EP_GAIN_COMPLEMENT,
                          .g_out = EP_GAIN_COMPLEMENT,
                          .psi_width = EP_WIDTH_A,
                          .dz_da = EP_DZDA_AUTOGRAD,
                          .spike_from = EP_FROM_OLD_V,
                          .ref_count = EP_REFR_N_PLUS_1,
                          .reset = EP_RESET_A_NEXT,
                          .delay = 1},
    [EP_NEST_BSSHSLM] = {.g_out = EP_GAIN_COMPLEMENT, .spike_test = EP_TEST_GE, .delay = 1},
    [EP_MLGENN] = {.spike_test = EP_TEST_GE,
                   .reset = EP_RESET_VTH_SAME,
                   .adapt_source = EP_ADAPT_RHO_SUM,
                   .delay = 1},
    [EP_EPROP_PYTORCH] = {.psi_scale = EP_SCALE_GAMMA, .delay = 1},
};

ep_options ep_preset_options(ep_preset p)
{
    assert((int)p >= 0 && p < EP_N_PRESET);
    return presets[p];
}
