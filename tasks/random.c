/* Counter-based numbers for generators of trials.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "rng_lanes.h"
#include "task.h"

uint64_t task_stream(task_split split, uint64_t index, unsigned use)
{
    return (uint64_t)split << 62 | (uint64_t)(use & 255) << 54 | (index & ((UINT64_C(1) << 54) - 1));
}

uint32_t task_pick(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t n)
{
    return (uint32_t)(((ep_rng_u64(seed, stream, counter) >> 32) * n) >> 32);
}

/* Draw h of a block. */
static uint32_t half(const uint32_t draw[4], uint32_t h) { return draw[h / 2] >> 16 * (h % 2) & 0xffff; }

/* Eight draws of 16 bits a block, of which most are no spikes; the rare one that equals p's first 16 bits is settled by
 * 32 more. */
uint64_t task_spikes(uint64_t seed, uint64_t stream, uint64_t counter, double p, int T, int n, int stride, float *x)
{
    const double scaled = p * 0x1p16;
    const uint32_t limit = scaled < 0x1p16 ? (uint32_t)scaled : 1 << 16, all = (uint32_t)T * (uint32_t)n;
    const double rest = scaled - limit;
    uint32_t draw[8][4];
    for (uint32_t m = 0; m < all; m += 8, counter++) {
        const uint32_t *now = draw[m / 8 % 8];
        uint32_t low = 0;
        if (m % 64 == 0) ep_rng_blocks(seed, stream, counter, draw);
        for (uint32_t h = 0; h < 8; h++) low |= (uint32_t)(half(now, h) <= limit) << h;
        for (uint32_t h = 0; low >> h; h++) {
            uint32_t at = m + h;
            if (!(low >> h & 1) || at >= all) continue;
            if (half(now, h) < limit || ep_rng_uniform(seed, stream, UINT64_C(1) << 63 | counter << 3 | h) < rest)
                x[(size_t)(at / (uint32_t)n) * (size_t)stride + at % (uint32_t)n] = 1;
        }
    }
    return counter;
}

/* Taylor's series over a quarter turn, to 2^-53: additions and products alone, so the same bits everywhere. */
double task_sine(double turns)
{
    double u = turns - floor(turns), r, square, sum = 0;
    if (u > 0.75) u -= 1;
    else if (u > 0.25) u = 0.5 - u;
    r = 6.283185307179586 * u;
    square = r * r;
    for (int n = 23; n >= 3; n -= 2) sum = -square / (n * (n - 1)) * (1 + sum);
    return r + r * sum;
}
