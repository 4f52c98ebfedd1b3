/* Counter-based numbers for generators of trials.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

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
enum { BIG_ENDIAN_WORDS = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };
typedef uint16_t lanes __attribute__((vector_size(2 * EACH))); /* the draws of a block as they lie in memory */

/* Draws of 16 bits, eight a block. Bit b of 16-bit lane l of found: is draw l of block b <= limit. No branch depends on a draw. */
static void few(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t limit, uint32_t word[BLOCKS][4], uint64_t found[2])
{
    const uint16_t top = (uint16_t)(limit < UINT16_MAX ? limit : UINT16_MAX);
    lanes all = {0};
    ep_rng_blocks(seed, stream, counter, word);
    for (unsigned b = 0; b < BLOCKS; b++) {
        lanes draw;
        memcpy(&draw, word[b], sizeof draw);
        all |= (lanes)(draw <= top) & (uint16_t)(1u << b);
    }
    memcpy(found, &all, sizeof all);
}

/* Which draw bit `at` of found[half] is: the lower 16 bits of a word come first. */
static inline uint32_t draw_at(unsigned half, unsigned at)
{
    unsigned block = at % 16, lane = 4 * half + (BIG_ENDIAN_WORDS ? 3 - at / 16 : at / 16);
    return EACH * block + (BIG_ENDIAN_WORDS ? lane ^ 1 : lane);
}

/* Where spikes go: numbers, or bits from bit `first` of rows of `words`. */
typedef struct place {
    float *x;
    size_t stride, words, first;
    uint64_t *bits;
} place;

static inline void put(const place *to, size_t t, size_t i)
{
    if (to->x) to->x[t * to->stride + i] = 1;
    else to->bits[t * to->words + (to->first + i) / 64] |= UINT64_C(1) << (to->first + i) % 64;
}

/* Most draws are no spikes; the rare one that equals p's first 16 bits is settled by 32 more. */
static uint64_t draw_spikes(uint64_t seed, uint64_t stream, uint64_t counter, double p, int T, int n, const place *to)
{
    const double scaled = p * 0x1p16;
    const uint32_t limit = scaled < 0x1p16 ? (uint32_t)scaled : 1 << 16, all = (uint32_t)T * (uint32_t)n;
    const double rest = scaled - limit;
    uint32_t word[BLOCKS][4];
    uint64_t found[2];
    for (uint32_t m = 0; m < all; m += DRAWS) {
        uint64_t first = counter + m / EACH;
        few(seed, stream, first, limit, word, found);
        for (unsigned half = 0; half < 2; half++)
            for (uint64_t left = found[half]; left; left &= left - 1) {
                uint32_t h = draw_at(half, (unsigned)__builtin_ctzll(left)), at = m + h, draw = word[h / EACH][h % EACH / 2] >> 16 * (h % 2) & 0xffff;
                if (at < all && (draw < limit || ep_rng_uniform(seed, stream, UINT64_C(1) << 63 | (first + h / EACH) << 3 | h % EACH) < rest))
                    put(to, at / (uint32_t)n, at % (uint32_t)n);
            }
    }
    return counter + (all + EACH - 1) / EACH;
}

uint64_t task_spikes(uint64_t seed, uint64_t stream, uint64_t counter, double p, int T, int n, int stride, float *x)
{
    return draw_spikes(seed, stream, counter, p, T, n, &(place){.x = x, .stride = (size_t)stride});
}

void task_group_spikes(task_groups *in, int g, double p, int first, int steps)
{
    const task_spec *s = &in->t->spec;
    int size = s->n_in / in->groups;
    size_t words = task_words(s->n_in), row = (size_t)first;
    place to = {.stride = (size_t)s->n_in, .words = words, .first = (size_t)(g * size)};
    if (in->out->bits) to.bits = in->out->bits + row * words;
    else to.x = in->out->x + row * to.stride + to.first;
    in->drawn = draw_spikes(in->t->seed, in->stream, in->drawn, p, steps, size, &to);
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
