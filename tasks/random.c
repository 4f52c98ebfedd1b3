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

enum { BLOCKS = 8, EACH = 8, DRAWS = BLOCKS * EACH };

/* Draws of 16 bits, eight a block; found gets the places of those <= limit, of which it returns how many. No branch depends on a draw. */
static uint32_t few(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t limit, uint32_t word[BLOCKS][4], uint8_t found[DRAWS + 1])
{
    uint32_t count = 0;
    ep_rng_blocks(seed, stream, counter, word);
    for (uint32_t b = 0; b < BLOCKS; b++)
        for (uint32_t w = 0; w < 4; w++) {
            found[count] = (uint8_t)(EACH * b + 2 * w);
            count += (word[b][w] & 0xffff) <= limit;
            found[count] = (uint8_t)(EACH * b + 2 * w + 1);
            count += word[b][w] >> 16 <= limit;
        }
    return count;
}

/* Most draws are no spikes; the rare one that equals p's first 16 bits is settled by 32 more. */
uint64_t task_spikes(uint64_t seed, uint64_t stream, uint64_t counter, double p, int T, int n, int stride, float *x)
{
    const double scaled = p * 0x1p16;
    const uint32_t limit = scaled < 0x1p16 ? (uint32_t)scaled : 1 << 16, all = (uint32_t)T * (uint32_t)n;
    const double rest = scaled - limit;
    uint32_t word[BLOCKS][4];
    uint8_t found[DRAWS + 1];
    for (uint32_t m = 0; m < all; m += DRAWS) {
        uint64_t first = counter + m / EACH;
        uint32_t count = few(seed, stream, first, limit, word, found);
        for (uint32_t k = 0; k < count; k++) {
            uint32_t h = found[k], at = m + h, draw = word[h / EACH][h % EACH / 2] >> 16 * (h % 2) & 0xffff;
            if (at < all && (draw < limit || ep_rng_uniform(seed, stream, UINT64_C(1) << 63 | (first + h / EACH) << 3 | h % EACH) < rest))
                x[(size_t)(at / (uint32_t)n) * (size_t)stride + at % (uint32_t)n] = 1;
        }
    }
    return counter + (all + EACH - 1) / EACH;
}

void task_group_spikes(task_groups *in, int g, double p, int first, int steps)
{
    const task_spec *s = &in->t->spec;
    int size = s->n_in / in->groups;
    float *x = in->out->x + (size_t)first * (size_t)s->n_in + g * size;
    in->drawn = task_spikes(in->t->seed, in->stream, in->drawn, p, steps, size, s->n_in, x);
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
