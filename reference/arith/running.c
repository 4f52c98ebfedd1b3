/* running.c: MPFR with a first-order running error bound beside each value.
 *
 * A program that computes the same operations in a format of unit roundoff u is off by at most u mag, to
 * first order: each rounding adds |r|, errors propagate with the actual derivatives. Operations that are
 * exact in every binary format (an exact 0, a product with an exact power of two) add no rounding.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "internal.h"

/* |x|, rounded away from 0. */
static double size(mpfr_srcptr x) { return fabs(mpfr_get_d(x, MPFR_RNDA)); }

/* x y of non-negative numbers, where 0 inf = 0. */
static double times(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

static bool exact_zero(const ref_num *a) { return a->e.mag == 0 && mpfr_zero_p(a->e.r); }

static bool exact_pow2(const ref_num *a)
{
    return a->e.mag == 0 && mpfr_regular_p(a->e.r) && mpfr_min_prec(a->e.r) == 1;
}

/* Stores the propagated part and, if the operation rounds, |r|. */
static void finish(ref_num *r, double mag, bool rounds)
{
    if (rounds) mag += size(r->e.r);
    r->e.mag = mpfr_nan_p(r->e.r) || isnan(mag) ? (double)INFINITY : mag;
}

static void run_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs)
{
    ref_mpfr_place(x->e.r, c->prec, limbs);
    x->e.mag = 0;
}

static void run_set(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    double mag = a->e.mag;
    finish(r, mag, mpfr_set(r->e.r, a->e.r, MPFR_RNDN) != 0);
}

static void run_set_d(ref_ctx *c, ref_num *r, double a)
{
    (void)c;
    finish(r, 0, mpfr_set_d(r->e.r, a, MPFR_RNDN) != 0);
}

static void run_sum(ref_num *r, const ref_num *a, const ref_num *b,
                    int (*f)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t))
{
    bool rounds = !exact_zero(a) && !exact_zero(b);
    double mag = a->e.mag + b->e.mag;
    f(r->e.r, a->e.r, b->e.r, MPFR_RNDN);
    finish(r, mag, rounds);
}

static void run_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; run_sum(r, a, b, mpfr_add); }
static void run_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; run_sum(r, a, b, mpfr_sub); }

static void run_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    bool rounds = !exact_zero(a) && !exact_zero(b) && !exact_pow2(a) && !exact_pow2(b);
    double mag = 0;
    if (b->e.mag > 0) mag += times(size(a->e.r), b->e.mag);
    if (a->e.mag > 0) mag += times(size(b->e.r), a->e.mag);
    mpfr_mul(r->e.r, a->e.r, b->e.r, MPFR_RNDN);
    finish(r, mag, rounds);
}

static void run_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    bool rounds = !exact_zero(a) && !exact_pow2(b);
    double ma = a->e.mag, mb = b->e.mag, sb = fabs(mpfr_get_d(b->e.r, MPFR_RNDZ));
    mpfr_div(r->e.r, a->e.r, b->e.r, MPFR_RNDN);
    double num = ma + times(size(r->e.r), mb);
    finish(r, num == 0 ? 0 : num / sb, rounds);
}

static void run_neg(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    double mag = a->e.mag;
    finish(r, mag, mpfr_neg(r->e.r, a->e.r, MPFR_RNDN) != 0);
}

static void run_abs(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    double mag = a->e.mag;
    finish(r, mag, mpfr_abs(r->e.r, a->e.r, MPFR_RNDN) != 0);
}

/* Where a < 0 the derivative is 0; at a = 0 the error of a may pass. */
static void run_pos(ref_ctx *c, ref_num *r, const ref_num *a)
{
    if (!mpfr_nan_p(a->e.r) && mpfr_sgn(a->e.r) < 0) {
        mpfr_set_zero(r->e.r, 1);
        r->e.mag = 0;
    } else {
        run_set(c, r, a);
    }
}

static void run_exp(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    bool rounds = !exact_zero(a);
    double ma = a->e.mag;
    mpfr_exp(r->e.r, a->e.r, MPFR_RNDN);
    finish(r, times(size(r->e.r), ma), rounds);
}

static void run_log(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    double ma = a->e.mag, sa = fabs(mpfr_get_d(a->e.r, MPFR_RNDZ));
    mpfr_log(r->e.r, a->e.r, MPFR_RNDN);
    finish(r, ma > 0 ? ma / sa : 0, true);
}

/* 1 - tanh^2(a) = 4 q/(1 + q)^2 with q = exp(-2|a|); sigmoid' = q/(1 + q)^2 with q = exp(-|a|). */
static double bell(double q) { return q / ((1 + q) * (1 + q)); }

static void run_tanh(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    bool rounds = !exact_zero(a);
    double mag = times(4 * bell(exp(-2 * size(a->e.r))), a->e.mag);
    mpfr_tanh(r->e.r, a->e.r, MPFR_RNDN);
    finish(r, mag, rounds);
}

static void run_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    bool rounds = !exact_zero(a);
    double mag = times(bell(exp(-size(a->e.r))), a->e.mag);
    ref_mpfr_sigmoid(r->e.r, a->e.r, MPFR_RNDN);
    finish(r, mag, rounds);
}

static void run_pi(ref_ctx *c, ref_num *r)
{
    (void)c;
    mpfr_const_pi(r->e.r, MPFR_RNDN);
    finish(r, 0, true);
}

static int run_sign(const ref_num *a)
{
    if (mpfr_nan_p(a->e.r)) return REF_UNDECIDED;
    int s = mpfr_sgn(a->e.r);
    return s > 0 ? REF_POS : s < 0 ? REF_NEG : REF_ZERO;
}

static bool run_is_one(const ref_num *a)
{
    return a->e.mag == 0 && mpfr_regular_p(a->e.r) && mpfr_cmp_ui(a->e.r, 1) == 0;
}

static double run_to_d(const ref_num *a) { return mpfr_get_d(a->e.r, MPFR_RNDN); }

const ref_arith *ref_arith_running(void)
{
    static const ref_arith ar = {
        .name = "running", .limbs_per_num = 1, .place = run_place, .set = run_set, .set_d = run_set_d,
        .add = run_add, .sub = run_sub, .mul = run_mul, .div = run_div, .neg = run_neg, .abs = run_abs, .pos = run_pos,
        .exp = run_exp, .log = run_log, .tanh = run_tanh, .sigmoid = run_sigmoid, .pi = run_pi,
        .sign = run_sign, .is_zero = exact_zero, .is_one = run_is_one, .to_d = run_to_d,
    };
    return &ar;
}
