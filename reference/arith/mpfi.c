/* mpfi.c: intervals [left, right] through the MPFI library; every result encloses the exact one.
 *
 * What the library leaves open is settled here: an end that would be NaN makes the interval the whole line, 0 times
 * anything is 0, and monotone functions that it lacks (sigmoid, max(0, .)) are taken at the ends with directed
 * rounding, which is tight. An infinite end means unbounded, the reals inside are finite.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

#define L(x) (&(x)->i->left)
#define R(x) (&(x)->i->right)

static void iv_whole(ref_num *r)
{
    mpfr_set_inf(L(r), -1);
    mpfr_set_inf(R(r), 1);
}

static void iv_sane(ref_num *r)
{
    if (mpfr_nan_p(L(r)) || mpfr_nan_p(R(r))) iv_whole(r);
}

static bool iv_zero(const ref_num *a) { return mpfr_zero_p(L(a)) && mpfr_zero_p(R(a)); }

static void iv_set_zero(ref_num *r)
{
    mpfr_set_zero(L(r), 1);
    mpfr_set_zero(R(r), 1);
}

static void iv_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs)
{
    ref_mpfr_place(L(x), c->prec, limbs);
    ref_mpfr_place(R(x), c->prec, limbs + mpfr_custom_get_size(c->prec) / sizeof *limbs);
}

static void iv_set(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    mpfi_set(r->i, a->i);
    iv_sane(r);
}

static void iv_set_d(ref_ctx *c, ref_num *r, double a)
{
    (void)c;
    mpfi_set_d(r->i, a);
    iv_sane(r);
}

static void iv_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    mpfi_add(r->i, a->i, b->i);
    iv_sane(r);
}

static void iv_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    mpfi_sub(r->i, a->i, b->i);
    iv_sane(r);
}

static void iv_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    if (iv_zero(a) || iv_zero(b)) {
        iv_set_zero(r);
        return;
    }
    mpfi_mul(r->i, a->i, b->i);
    iv_sane(r);
}

static void iv_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    if (mpfr_sgn(L(b)) <= 0 && mpfr_sgn(R(b)) >= 0) {
        ref_fail(c, EP_UNABLE);
        iv_whole(r);
    } else if (iv_zero(a)) {
        iv_set_zero(r);
    } else {
        mpfi_div(r->i, a->i, b->i);
        iv_sane(r);
    }
}

static void iv_neg(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    mpfi_neg(r->i, a->i);
}

static void iv_abs(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    mpfi_abs(r->i, a->i);
}

static void iv_pos(ref_ctx *c, ref_num *r, const ref_num *a)
{
    bool left = mpfr_sgn(L(a)) > 0, right = mpfr_sgn(R(a)) > 0;
    iv_set(c, r, a);
    if (!left) mpfr_set_zero(L(r), 1);
    if (!right) mpfr_set_zero(R(r), 1);
}

static void iv_exp(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    mpfi_exp(r->i, a->i);
    iv_sane(r);
}

static void iv_tanh(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    mpfi_tanh(r->i, a->i);
    iv_sane(r);
}

static void iv_log(ref_ctx *c, ref_num *r, const ref_num *a)
{
    if (mpfr_sgn(L(a)) <= 0) {
        ref_fail(c, EP_UNABLE);
        iv_whole(r);
        return;
    }
    mpfi_log(r->i, a->i);
    iv_sane(r);
}

static void iv_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    ref_mpfr_sigmoid(L(r), L(a), MPFR_RNDD);
    ref_mpfr_sigmoid(R(r), R(a), MPFR_RNDU);
}

static void iv_pi(ref_ctx *c, ref_num *r)
{
    (void)c;
    mpfi_const_pi(r->i);
}

static int iv_sign(const ref_num *a)
{
    if (iv_zero(a)) return REF_ZERO;
    return mpfr_sgn(L(a)) > 0 ? REF_POS : mpfr_sgn(R(a)) < 0 ? REF_NEG : REF_UNDECIDED;
}

static bool iv_is_one(const ref_num *a)
{
    return mpfr_cmp_ui(L(a), 1) == 0 && mpfr_cmp_ui(R(a), 1) == 0;
}

/* The midpoint. */
static double iv_to_d(const ref_num *a)
{
    mp_limb_t limbs[256 / GMP_NUMB_BITS];
    mpfr_t t;
    ref_mpfr_place(t, 256, limbs);
    mpfr_add(t, L(a), R(a), MPFR_RNDN);
    mpfr_div_2ui(t, t, 1, MPFR_RNDN);
    return mpfr_get_d(t, MPFR_RNDN);
}

const ref_arith *ref_arith_mpfi(void)
{
    static const ref_arith ar = {
        .name = "mpfi", .limbs_per_num = 2, .place = iv_place, .set = iv_set, .set_d = iv_set_d,
        .add = iv_add, .sub = iv_sub, .mul = iv_mul, .div = iv_div, .neg = iv_neg, .abs = iv_abs, .pos = iv_pos,
        .exp = iv_exp, .log = iv_log, .tanh = iv_tanh, .sigmoid = iv_sigmoid, .pi = iv_pi,
        .sign = iv_sign, .is_zero = iv_zero, .is_one = iv_is_one, .to_d = iv_to_d,
    };
    return &ar;
}
