/* Exponential, quotient and softmax error.
 * SPDX-License-Identifier: MIT */
#include "core.h"

int32_t fix_exp(uint64_t d, unsigned f, uint32_t *I)
{
    static const int32_t c[] = {-1369935, 10287039, -59583575, 257939154, -744261009, 1073741824};
    uint64_t q = (d * 1549082005u + ((uint64_t)1 << (f + 5))) >> (f + 6);
    int64_t p = 117414, F = (int64_t)(q & 0xffffff);
    for (unsigned k = 0; k < sizeof c / sizeof *c; k++) p = c[k] + fix_floor(p * F + (1 << 23), 24);
    q >>= 24;
    *I = q > UINT32_MAX ? UINT32_MAX : (uint32_t)q;
    return (int32_t)p;
}

/* By hand: a division of 64 bits would call into the compiler's library on small processors. */
int32_t fix_ratio(uint64_t a, uint64_t b, unsigned f)
{
    uint64_t rest = a;
    uint32_t q = 0;
    for (unsigned k = 0; k <= f; k++, rest <<= 1) {
        q <<= 1;
        if (rest >= b) {
            rest -= b;
            q++;
        }
    }
    return (int32_t)(q + (rest >= b)); /* rest is doubled already: half and more go up */
}

/* e^-(d 2^-f) with 30 fraction bits. */
static uint64_t exp30(uint64_t d, unsigned f)
{
    uint32_t I;
    uint64_t p = (uint64_t)fix_exp(d, f, &I);
    if (I > 31) return 0;
    return I ? (p + ((uint64_t)1 << (I - 1))) >> I : p;
}

static uint64_t magnitude(int32_t n) { return n < 0 ? 0 - (uint64_t)n : (uint64_t)n; }

int32_t fix_sigma(int32_t n, unsigned f, unsigned g)
{
    const uint64_t one = (uint64_t)1 << 30;
    int32_t r = fix_ratio(one, one + exp30(magnitude(n), f), g);
    return n >= 0 ? r : ((int32_t)1 << g) - r;
}

int32_t fix_tanh(int32_t n, unsigned f, unsigned g)
{
    const uint64_t one = (uint64_t)1 << 30, e = exp30(2 * magnitude(n), f);
    int32_t r = fix_ratio(one - e, one + e, g);
    return n >= 0 ? r : -r;
}

/* EX; returns its sum, at most 2^42. */
static uint64_t exponentials(fix_state *s)
{
    const fix_array *y = &s->q[FIX_Y];
    int64_t top = fix_load(y, 0);
    uint64_t sum = 0;
    for (size_t k = 1; k < y->n; k++)
        if (fix_load(y, k) > top) top = fix_load(y, k);
    for (size_t k = 0; k < y->n; k++) {
        uint32_t I;
        int32_t p = fix_exp((uint64_t)(top - fix_load(y, k)), fix_frac(s, FIX_Y), &I);
        int32_t ex = I <= 31 ? fix_fit(s, FIX_EX, p, 30 + I, (uint32_t)k, 0) : 0;
        fix_store(&s->q[FIX_EX], k, ex);
        sum += (uint64_t)ex;
    }
    return sum;
}

bool fix_is_distribution(const fix_state *s, const int32_t *target)
{
    for (size_t k = 0; k < (size_t)s->n_out; k++)
        if (target[k] < 0 || target[k] > (int32_t)1 << fix_frac(s, FIX_PR)) return false;
    return true;
}

void fix_softmax_error(fix_state *s, const int32_t *target)
{
    unsigned f = fix_frac(s, FIX_PR);
    uint64_t sum = exponentials(s);
    int64_t mass = 0;
    for (size_t k = 0; k < (size_t)s->n_out; k++) mass += target[k];
    for (size_t k = 0; k < (size_t)s->n_out; k++) {
        int32_t p = fix_ratio((uint64_t)fix_load(&s->q[FIX_EX], k), sum, f);
        fix_store(&s->q[FIX_PR], k, p);
        fix_store(&s->q[FIX_ER], k, fix_fit2(s, FIX_ER, p * mass, 2 * f, -(int64_t)target[k], f, (uint32_t)k, 0));
    }
}
