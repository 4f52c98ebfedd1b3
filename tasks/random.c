/* Counter-based numbers for generators of trials.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "task.h"

uint64_t task_stream(task_split split, uint64_t index, unsigned use)
{
    return (uint64_t)split << 62 | (uint64_t)(use & 255) << 54 | (index & ((UINT64_C(1) << 54) - 1));
}

uint32_t task_pick(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t n)
{
    return (uint32_t)(((ep_rng_u64(seed, stream, counter) >> 32) * n) >> 32);
}

uint64_t task_spikes(uint64_t seed, uint64_t stream, uint64_t counter, double p, int T, int n, int stride, float *x)
{
    const double scaled = p * 0x1p32;
    const uint64_t limit = scaled < 0x1p32 ? (uint64_t)scaled : UINT64_C(1) << 32;
    uint32_t draw[4];
    for (int t = 0; t < T; t++, counter += (uint64_t)(n + 3) / 4)
        for (int i = 0; i < n; i++) {
            if (i % 4 == 0) ep_rng_block(seed, stream, counter + (uint64_t)i / 4, draw);
            if (draw[i % 4] < limit) x[(size_t)t * (size_t)stride + (size_t)i] = 1;
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

uint64_t task_hash(uint64_t h, const void *data, size_t n)
{
    const unsigned char *byte = data;
    for (size_t k = 0; k < n; k++) h = (h ^ byte[k]) * UINT64_C(1099511628211);
    return h;
}
