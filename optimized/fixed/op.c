/* The operation: rounding, range, and the draw of stochastic rounding (Philox4x32-10).
 * SPDX-License-Identifier: MIT */
#include "core.h"

static uint64_t draw(uint64_t seed, uint32_t t, uint32_t j, uint32_t i, uint32_t q)
{
    uint32_t c0 = t, c1 = j, c2 = i, c3 = q, k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)c0 * 0xD2511F53u, b = (uint64_t)c2 * 0xCD9E8D57u;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (uint64_t)c1 << 32 | c0;
}

static int32_t overflow(fix_state *s, unsigned q, int64_t n, int64_t end)
{
    s->events[q]++;
    if (s->profile->q[q].overflow == FIX_SATURATE) return (int32_t)(n < 0 ? -end : end - 1);
    uint64_t low = (uint64_t)n & (((uint64_t)end << 1) - 1);
    int64_t m = (int64_t)low;
    return (int32_t)(m >= end ? m - 2 * end : m);
}

int32_t fix_fit(fix_state *s, unsigned q, int64_t n, unsigned f, uint32_t j, uint32_t i)
{
    const fix_format *dst = &s->profile->q[q];
    if (f > dst->frac) {
        unsigned d = f - dst->frac;
        int64_t unit = (int64_t)1 << d, low;
        switch (dst->rounding) {
        case FIX_NEAREST_EVEN:
            low = n - fix_up(fix_floor(n, d), d);
            n = fix_floor(n, d);
            n += low > unit / 2 || (low == unit / 2 && n % 2 != 0);
            break;
        case FIX_NEAREST_UP: n = fix_floor(n + unit / 2, d); break;
        case FIX_STOCHASTIC:
            /* A multiple of the unit stays what it is, whatever is drawn. */
            if (((uint64_t)n & (uint64_t)(unit - 1)) != 0) n += (int64_t)(draw(s->seed, s->t, j, i, q) & (uint64_t)(unit - 1));
            n = fix_floor(n, d);
            break;
        default: n = fix_floor(n, d); break;
        }
    } else
        n = fix_up(n, dst->frac - f);
    int64_t end = (int64_t)1 << (dst->bits - 1);
    if (n >= -end && n < end) return (int32_t)n;
    return overflow(s, q, n, end);
}

int32_t fix_fit2(fix_state *s, unsigned q, int64_t a, unsigned fa, int64_t b, unsigned fb, uint32_t j, uint32_t i)
{
    unsigned f = fix_max(fa, fb);
    return fix_fit(s, q, fix_up(a, f - fa) + fix_up(b, f - fb), f, j, i);
}
