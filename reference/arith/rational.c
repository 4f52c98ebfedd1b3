/* rational.c: GMP rationals, exact; no transcendental functions.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "internal.h"

static void rat_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs) { (void)c; (void)limbs; mpq_init(x->q); }
static void rat_clear(ref_num *x) { mpq_clear(x->q); }
static void rat_set(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpq_set(r->q, a->q); }

static void rat_set_d(ref_ctx *c, ref_num *r, double a)
{
    if (isfinite(a)) {
        mpq_set_d(r->q, a);
        return;
    }
    ref_fail(c, EP_DOMAIN);
    mpq_set_ui(r->q, 0, 1);
}

static void rat_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; mpq_add(r->q, a->q, b->q); }
static void rat_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; mpq_sub(r->q, a->q, b->q); }
static void rat_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; mpq_mul(r->q, a->q, b->q); }

static void rat_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    if (mpq_sgn(b->q) != 0) {
        mpq_div(r->q, a->q, b->q);
        return;
    }
    ref_fail(c, EP_UNABLE);
    mpq_set_ui(r->q, 0, 1);
}

static void rat_neg(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpq_neg(r->q, a->q); }
static void rat_abs(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpq_abs(r->q, a->q); }

static void rat_pos(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    if (mpq_sgn(a->q) > 0)
        mpq_set(r->q, a->q);
    else
        mpq_set_ui(r->q, 0, 1);
}

static int rat_sign(const ref_num *a)
{
    int s = mpq_sgn(a->q);
    return s > 0 ? REF_POS : s < 0 ? REF_NEG : REF_ZERO;
}

static bool rat_is_zero(const ref_num *a) { return mpq_sgn(a->q) == 0; }
static bool rat_is_one(const ref_num *a) { return mpq_cmp_ui(a->q, 1, 1) == 0; }

static double rat_to_d(const ref_num *a)
{
    mp_limb_t limbs[64 / GMP_NUMB_BITS + 1];
    mpfr_t t;
    ref_mpfr_place(t, 53, limbs);
    mpfr_set_q(t, a->q, MPFR_RNDN);
    return mpfr_get_d(t, MPFR_RNDN);
}

const ref_arith *ref_arith_rational(void)
{
    static const ref_arith ar = {
        .name = "rational", .place = rat_place, .clear = rat_clear, .set = rat_set, .set_d = rat_set_d,
        .add = rat_add, .sub = rat_sub, .mul = rat_mul, .div = rat_div, .neg = rat_neg, .abs = rat_abs, .pos = rat_pos,
        .sign = rat_sign, .is_zero = rat_is_zero, .is_one = rat_is_one, .to_d = rat_to_d,
    };
    return &ar;
}
