/* rng.c: Philox4x32-10 (Salmon et al. 2011), a counter-based generator.
 *
 * 128-bit counter and 64-bit key, as 32-bit words:
 *   counter words 0..3 = counter low, counter high, stream low, stream high;  key words 0, 1 = seed low, seed high.
 * SPDX-License-Identifier: MIT */
#include <assert.h>

#include "rng_lanes.h"

enum { ROUNDS = 10 };
#define MUL_0 UINT32_C(0xD2511F53)
#define MUL_1 UINT32_C(0xCD9E8D57)
#define WEYL_0 UINT32_C(0x9E3779B9) /* golden ratio */
#define WEYL_1 UINT32_C(0xBB67AE85) /* sqrt(3) - 1 */

void ep_rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4])
{
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int r = 0; r < ROUNDS; r++, k0 += WEYL_0, k1 += WEYL_1) {
        uint64_t p0 = (uint64_t)MUL_0 * c0, p1 = (uint64_t)MUL_1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Lane by lane what ep_rng_block does; eight chains of dependent products run side by side. */
void ep_rng_blocks(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[8][4])
{
    enum { LANES = 8 };
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES], k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int l = 0; l < LANES; l++) {
        c0[l] = (uint32_t)(counter + (uint64_t)l);
        c1[l] = (uint32_t)((counter + (uint64_t)l) >> 32);
        c2[l] = (uint32_t)stream;
        c3[l] = (uint32_t)(stream >> 32);
    }
    for (int r = 0; r < ROUNDS; r++, k0 += WEYL_0, k1 += WEYL_1)
        for (int l = 0; l < LANES; l++) {
            uint64_t p0 = (uint64_t)MUL_0 * c0[l], p1 = (uint64_t)MUL_1 * c2[l];
            c0[l] = (uint32_t)(p1 >> 32) ^ c1[l] ^ k0;
            c2[l] = (uint32_t)(p0 >> 32) ^ c3[l] ^ k1;
            c1[l] = (uint32_t)p1;
            c3[l] = (uint32_t)p0;
        }
    for (int l = 0; l < LANES; l++) {
        out[l][0] = c0[l];
        out[l][1] = c1[l];
        out[l][2] = c2[l];
        out[l][3] = c3[l];
    }
}

/* Words 0 (low half) and 1 (high half) of the block. */
uint64_t ep_rng_u64(uint64_t seed, uint64_t stream, uint64_t counter)
{
    uint32_t w[4];
    ep_rng_block(seed, stream, counter, w);
    return (uint64_t)w[1] << 32 | w[0];
}

/* The upper 53 bits of ep_rng_u64. */
double ep_rng_uniform(uint64_t seed, uint64_t stream, uint64_t counter)
{
    return (double)(ep_rng_u64(seed, stream, counter) >> 11) * 0x1p-53;
}

/* Number n is made of the blocks 3n, 3n+1, 3n+2 (mod 2^64); of each of their 12 words the upper `bits` bits. */
double ep_rng_normal(uint64_t seed, uint64_t stream, uint64_t counter, int bits)
{
    assert(bits >= 1 && bits <= 32);
    int64_t sum = 0;
    for (uint64_t n = 0; n < 3; n++) {
        uint32_t w[4];
        ep_rng_block(seed, stream, 3 * counter + n, w);
        for (int i = 0; i < 4; i++) sum += (int64_t)(w[i] >> (32 - bits));
    }
    int64_t one = INT64_C(1) << bits;
    return (double)(sum - 6 * one) / (double)one;
}
