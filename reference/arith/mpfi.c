/* mpfi.c: intervals [left, right] of MPFR numbers, outward rounding: every result encloses the exact one.
 *
 * Written on MPFR's directed roundings rather than on the MPFI library's functions: those allocate
 * temporaries on every product, and monotone functions are tight when taken at the ends. Ends are never
 * NaN; what would be NaN becomes the whole line. An infinite end means unbounded, the reals inside are finite.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

#define L(x) (&(x)->i->left)
#define R(x) (&(x)->i->right)

typedef int (*unary)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
typedef int (*binary)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

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

/* r = [f(la, lb) down, f(ra, rb) up]; the ends may be those of r. */
static void iv_ends(ref_num *r, binary f, mpfr_srcptr la, mpfr_srcptr lb, mpfr_srcptr ra, mpfr_srcptr rb)
{
    if (ra != L(r) && rb != L(r)) {
        f(L(r), la, lb, MPFR_RNDD);
        f(R(r), ra, rb, MPFR_RNDU);
    } else if (la != R(r) && lb != R(r)) {
        f(R(r), ra, rb, MPFR_RNDU);
        f(L(r), la, lb, MPFR_RNDD);
    } else {
        mp_limb_t limbs[REF_TEMP_LIMBS];
        mpfr_t t;
        ref_mpfr_place(t, mpfr_get_prec(L(r)), limbs);
        f(t, la, lb, MPFR_RNDD);
        f(R(r), ra, rb, MPFR_RNDU);
        mpfr_set(L(r), t, MPFR_RNDD);
    }
    iv_sane(r);
}

/* Both intervals have 0 inside: [min(al br, ar bl), max(al bl, ar br)]. */
static void iv_mul_mixed(ref_num *r, const ref_num *a, const ref_num *b)
{
    mp_limb_t limbs[3][REF_TEMP_LIMBS];
    mpfr_t lo, hi, t;
    ref_mpfr_place(lo, mpfr_get_prec(L(r)), limbs[0]);
    ref_mpfr_place(hi, mpfr_get_prec(R(r)), limbs[1]);
    ref_mpfr_place(t, mpfr_get_prec(L(r)), limbs[2]);
    mpfr_mul(lo, L(a), R(b), MPFR_RNDD);
    mpfr_mul(t, R(a), L(b), MPFR_RNDD);
    mpfr_min(lo, lo, t, MPFR_RNDD);
    mpfr_mul(hi, L(a), L(b), MPFR_RNDU);
    mpfr_mul(t, R(a), R(b), MPFR_RNDU);
    mpfr_max(R(r), hi, t, MPFR_RNDU);
    mpfr_set(L(r), lo, MPFR_RNDD);
}

/* -1: all <= 0, 1: all >= 0, 0: both signs inside. */
static int iv_side(const ref_num *a)
{
    return mpfr_sgn(L(a)) >= 0 ? 1 : mpfr_sgn(R(a)) <= 0 ? -1 : 0;
}

static void iv_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs)
{
    ref_mpfr_place(L(x), c->prec, limbs);
    ref_mpfr_place(R(x), c->prec, limbs + mpfr_custom_get_size(c->prec) / sizeof *limbs);
}

static void iv_set(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    mpfr_set(L(r), L(a), MPFR_RNDD);
    mpfr_set(R(r), R(a), MPFR_RNDU);
    iv_sane(r);
}

static void iv_set_d(ref_ctx *c, ref_num *r, double a)
{
    (void)c;
    mpfr_set_d(L(r), a, MPFR_RNDD);
    mpfr_set_d(R(r), a, MPFR_RNDU);
    iv_sane(r);
}

static void iv_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    mpfr_add(L(r), L(a), L(b), MPFR_RNDD);
    mpfr_add(R(r), R(a), R(b), MPFR_RNDU);
    iv_sane(r);
}

static void iv_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    iv_ends(r, mpfr_sub, L(a), R(b), R(a), L(b));
}

static void iv_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    if (iv_zero(a) || iv_zero(b)) {
        iv_set_zero(r);
        return;
    }
    int sa = iv_side(a), sb = iv_side(b);
    if (sa == 0 && sb == 0) {
        iv_mul_mixed(r, a, b);
        return;
    }
    /* the end of a in the lower bound is its left one where b is (or reaches) positive, and so on */
    bool la = sa > 0 ? sb > 0 : sa < 0 ? sb >= 0 : sb > 0;
    bool lb = sb > 0 ? sa > 0 : sb < 0 ? sa >= 0 : sa > 0;
    bool ra = sa > 0 ? sb < 0 : sa < 0 ? sb <= 0 : sb < 0;
    bool rb = sb > 0 ? sa < 0 : sb < 0 ? sa <= 0 : sa < 0;
    iv_ends(r, mpfr_mul, la ? L(a) : R(a), lb ? L(b) : R(b), ra ? L(a) : R(a), rb ? L(b) : R(b));
}

static void iv_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    int sa = iv_side(a);
    if (mpfr_sgn(L(b)) <= 0 && mpfr_sgn(R(b)) >= 0) {
        ref_fail(c, EP_UNABLE);
        iv_whole(r);
    } else if (iv_zero(a)) {
        iv_set_zero(r);
    } else if (mpfr_sgn(L(b)) > 0) {
        iv_ends(r, mpfr_div, L(a), sa > 0 ? R(b) : L(b), R(a), sa < 0 ? R(b) : L(b));
    } else {
        iv_ends(r, mpfr_div, R(a), sa < 0 ? L(b) : R(b), L(a), sa > 0 ? L(b) : R(b));
    }
}

static void iv_neg(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    if (r == a) {
        mpfr_swap(L(r), R(r));
        mpfr_neg(L(r), L(r), MPFR_RNDD);
        mpfr_neg(R(r), R(r), MPFR_RNDU);
    } else {
        mpfr_neg(L(r), R(a), MPFR_RNDD);
        mpfr_neg(R(r), L(a), MPFR_RNDU);
    }
}

static void iv_abs(ref_ctx *c, ref_num *r, const ref_num *a)
{
    int s = iv_side(a);
    if (s > 0) {
        iv_set(c, r, a);
    } else if (s < 0) {
        iv_neg(c, r, a);
    } else {
        if (mpfr_cmpabs(L(a), R(a)) > 0)
            mpfr_neg(R(r), L(a), MPFR_RNDU);
        else
            mpfr_set(R(r), R(a), MPFR_RNDU);
        mpfr_set_zero(L(r), 1);
    }
}

static void iv_pos(ref_ctx *c, ref_num *r, const ref_num *a)
{
    bool left = mpfr_sgn(L(a)) > 0, right = mpfr_sgn(R(a)) > 0;
    iv_set(c, r, a);
    if (!left) mpfr_set_zero(L(r), 1);
    if (!right) mpfr_set_zero(R(r), 1);
}

/* f increasing. */
static void iv_monotone(ref_num *r, const ref_num *a, unary f)
{
    f(L(r), L(a), MPFR_RNDD);
    f(R(r), R(a), MPFR_RNDU);
    iv_sane(r);
}

static void iv_exp(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; iv_monotone(r, a, mpfr_exp); }
static void iv_tanh(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; iv_monotone(r, a, mpfr_tanh); }

static void iv_log(ref_ctx *c, ref_num *r, const ref_num *a)
{
    if (mpfr_sgn(L(a)) > 0) {
        iv_monotone(r, a, mpfr_log);
    } else {
        ref_fail(c, EP_UNABLE);
        iv_whole(r);
    }
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
    mpfr_const_pi(L(r), MPFR_RNDD);
    mpfr_const_pi(R(r), MPFR_RNDU);
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
