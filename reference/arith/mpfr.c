/* mpfr.c: MPFR, round to nearest; the precision of the result governs each operation.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

void ref_mpfr_sigmoid(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t rnd)
{
    mp_limb_t limbs[REF_TEMP_LIMBS];
    mpfr_t t;
    mpfr_prec_t p = mpfr_get_prec(r), pa = mpfr_get_prec(a);
    mpfr_rnd_t inner = rnd == MPFR_RNDD ? MPFR_RNDU : rnd == MPFR_RNDU ? MPFR_RNDD : MPFR_RNDN;
    ref_mpfr_place(t, (p > pa ? p : pa) + 32, limbs);
    mpfr_neg(t, a, MPFR_RNDN);
    mpfr_exp(t, t, inner);
    mpfr_add_ui(t, t, 1, inner);
    mpfr_ui_div(r, 1, t, rnd);
}

static void mp_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs) { ref_mpfr_place(x->r, c->prec, limbs); }
static void mp_set(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpfr_set(r->r, a->r, MPFR_RNDN); }
static void mp_set_d(ref_ctx *c, ref_num *r, double a) { (void)c; mpfr_set_d(r->r, a, MPFR_RNDN); }

static void mp_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    mpfr_add(r->r, a->r, b->r, MPFR_RNDN);
}

static void mp_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    mpfr_sub(r->r, a->r, b->r, MPFR_RNDN);
}

static void mp_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    mpfr_mul(r->r, a->r, b->r, MPFR_RNDN);
}

static void mp_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    mpfr_div(r->r, a->r, b->r, MPFR_RNDN);
}

static void mp_neg(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpfr_neg(r->r, a->r, MPFR_RNDN); }
static void mp_abs(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpfr_abs(r->r, a->r, MPFR_RNDN); }
static void mp_exp(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpfr_exp(r->r, a->r, MPFR_RNDN); }
static void mp_log(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpfr_log(r->r, a->r, MPFR_RNDN); }
static void mp_tanh(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; mpfr_tanh(r->r, a->r, MPFR_RNDN); }
static void mp_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; ref_mpfr_sigmoid(r->r, a->r, MPFR_RNDN); }
static void mp_pi(ref_ctx *c, ref_num *r) { (void)c; mpfr_const_pi(r->r, MPFR_RNDN); }

static void mp_pos(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    if (!mpfr_nan_p(a->r) && mpfr_sgn(a->r) <= 0)
        mpfr_set_zero(r->r, 1);
    else
        mpfr_set(r->r, a->r, MPFR_RNDN);
}

static int mp_sign(const ref_num *a)
{
    if (mpfr_nan_p(a->r)) return REF_UNDECIDED;
    int s = mpfr_sgn(a->r);
    return s > 0 ? REF_POS : s < 0 ? REF_NEG : REF_ZERO;
}

static bool mp_is_zero(const ref_num *a) { return mpfr_zero_p(a->r); }
static bool mp_is_one(const ref_num *a) { return mpfr_regular_p(a->r) && mpfr_cmp_ui(a->r, 1) == 0; }
static double mp_to_d(const ref_num *a) { return mpfr_get_d(a->r, MPFR_RNDN); }

const ref_arith *ref_arith_mpfr(void)
{
    static const ref_arith ar = {
        .name = "mpfr", .limbs_per_num = 1, .place = mp_place, .set = mp_set, .set_d = mp_set_d,
        .add = mp_add, .sub = mp_sub, .mul = mp_mul, .div = mp_div, .neg = mp_neg, .abs = mp_abs, .pos = mp_pos,
        .exp = mp_exp, .log = mp_log, .tanh = mp_tanh, .sigmoid = mp_sigmoid, .pi = mp_pi,
        .sign = mp_sign, .is_zero = mp_is_zero, .is_one = mp_is_one, .to_d = mp_to_d,
    };
    return &ar;
}
