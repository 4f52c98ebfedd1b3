/* field.c: integers modulo the prime c->prime < 2^61, reduced to [0, p). Nonlinear functions are fresh
 * uniform elements: free symbols.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "internal.h"

__extension__ typedef unsigned __int128 u128;

#define BITS 61
#define DRAW_STREAM UINT64_C(0x6669656c64) /* "field" */

/* a b mod p. With p = 2^61 - k the product folds at bit 61: h 2^61 + l = h k + l. For k < 2^31 the
 * first fold leaves less than 2^93, the second less than 2^61 + 2^63, the third less than 2^61 + 5k. */
static uint64_t mod_mul(uint64_t p, uint64_t a, uint64_t b)
{
    const uint64_t low = (UINT64_C(1) << BITS) - 1, k = low - p + 1;
    u128 x = (u128)a * b;
    if (k >> 31) return (uint64_t)(x % p);
    x = (u128)(uint64_t)(x >> BITS) * k + (uint64_t)(x & low);
    uint64_t y = (uint64_t)(x >> BITS) * k + (uint64_t)(x & low);
    y = (y >> BITS) * k + (y & low);
    while (y >= p) y -= p;
    return y;
}

static uint64_t mod_add(uint64_t p, uint64_t a, uint64_t b)
{
    uint64_t s = a + b;
    return s >= p ? s - p : s;
}

static uint64_t mod_neg(uint64_t p, uint64_t a) { return a ? p - a : 0; }

static uint64_t mod_pow(uint64_t p, uint64_t a, uint64_t n)
{
    uint64_t r = 1;
    for (; n; n >>= 1) {
        if (n & 1) r = mod_mul(p, r, a);
        a = mod_mul(p, a, a);
    }
    return r;
}

static void fld_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs) { (void)c; (void)limbs; x->f = 0; }
static void fld_set(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->f = a->f; }

/* a = m 2^e with an integer m, so its image is m 2^e mod p, with 1/2 = (p+1)/2. */
static void fld_set_d(ref_ctx *c, ref_num *r, double a)
{
    const uint64_t p = c->prime;
    int e;
    if (!isfinite(a)) {
        ref_fail(c, EP_DOMAIN);
        r->f = 0;
        return;
    }
    uint64_t m = (uint64_t)ldexp(frexp(fabs(a), &e), 53) % p;
    e -= 53;
    uint64_t two = e < 0 ? (p + 1) / 2 : 2 % p;
    m = mod_mul(p, m, mod_pow(p, two, (uint64_t)(e < 0 ? -e : e)));
    r->f = a < 0 ? mod_neg(p, m) : m;
}

static void fld_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { r->f = mod_add(c->prime, a->f, b->f); }
static void fld_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { r->f = mod_mul(c->prime, a->f, b->f); }
static void fld_neg(ref_ctx *c, ref_num *r, const ref_num *a) { r->f = mod_neg(c->prime, a->f); }

static void fld_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    r->f = a->f >= b->f ? a->f - b->f : a->f + (c->prime - b->f);
}

static void fld_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    if (b->f == 0) ref_fail(c, EP_UNABLE);
    r->f = mod_mul(c->prime, a->f, mod_pow(c->prime, b->f, c->prime - 2)); /* b^(p-2) = 1/b */
}

/* Uniform in [1, p-1] by rejection. */
static void fld_draw(ref_ctx *c, ref_num *r)
{
    const int shift = __builtin_clzll(c->prime);
    uint64_t x;
    do x = ep_rng_u64(c->seed, DRAW_STREAM, c->drawn++) >> shift;
    while (x == 0 || x >= c->prime);
    r->f = x;
}

static void fld_draw1(ref_ctx *c, ref_num *r, const ref_num *a) { (void)a; fld_draw(c, r); }
static int fld_sign(const ref_num *a) { (void)a; return REF_FREE; }
static bool fld_is_zero(const ref_num *a) { return a->f == 0; }
static bool fld_is_one(const ref_num *a) { return a->f == 1; }
static double fld_to_d(const ref_num *a) { return (double)a->f; }

const ref_arith *ref_arith_field(void)
{
    static const ref_arith ar = {
        .name = "field", .symbolic = true, .place = fld_place, .set = fld_set, .set_d = fld_set_d,
        .add = fld_add, .sub = fld_sub, .mul = fld_mul, .div = fld_div, .neg = fld_neg,
        .exp = fld_draw1, .log = fld_draw1, .tanh = fld_draw1, .sigmoid = fld_draw1, .pi = fld_draw,
        .sign = fld_sign, .is_zero = fld_is_zero, .is_one = fld_is_one, .to_d = fld_to_d,
    };
    return &ar;
}
