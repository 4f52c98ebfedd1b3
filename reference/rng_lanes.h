/* rng_lanes.h: Philox blocks by the eight, for generators that need many.
 * SPDX-License-Identifier: MIT */
#ifndef EP_RNG_LANES_H
#define EP_RNG_LANES_H

#include "eprop.h"

/* ep_rng_block of counter .. counter + 7, at about half the cost a block. */
void ep_rng_blocks(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[8][4]);

#endif
