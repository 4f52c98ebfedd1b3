/* ball.c: values with proven distances.
 * SPDX-License-Identifier: MIT */
#include "ball.h"

#include <math.h>

static ball_world nowhere, *world = &nowhere;

void ball_begin(ball_world *w)
{
    world = w;
    w->peak = 0;
    w->tests = 0;
}

static double size(mpfr_srcptr x) { return fabs(mpfr_get_d(x, MPFR_RNDA)); }

/* 0 inf = 0: an exact zero times what overflowed. */
static double times(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

static bool exact_zero(const ref_num *a) { return a->e.mag == 0 && mpfr_zero_p(a->e.r); }
static bool exact_one(const ref_num *a) { return a->e.mag == 0 && mpfr_regular_p(a->e.r) && mpfr_cmp_ui(a->e.r, 1) == 0; }

static void finish(ref_num *r, double mag, double abs)
{
    bool lost = mpfr_nan_p(r->e.r) || isnan(mag) || isnan(abs);
    r->e.mag = lost ? (double)INFINITY : mag;
    abs = lost ? (double)INFINITY : abs;
    ball_abs_set(r, abs);
    if (!(r->e.mag + abs <= world->peak)) world->peak = r->e.mag + abs;
}

void ball_hold(ref_num *x, size_t n)
{
    for (size_t i = 0; i < n; i++) ball_abs_set(&x[i], size(x[i].e.r));
}

static void ball_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs)
{
    ref_arith_running()->place(c, x, limbs);
    ball_abs_set(x, 0);
}

static void ball_set(ref_ctx *c, ref_num *r, const ref_num *a)
{
    double mag = a->e.mag, abs = ball_abs_of(a);
    (void)c;
    mpfr_set(r->e.r, a->e.r, MPFR_RNDN);
    finish(r, mag, abs);
}

static void ball_set_d(ref_ctx *c, ref_num *r, double a)
{
    (void)c;
    mpfr_set_d(r->e.r, a, MPFR_RNDN);
    finish(r, fabs(a) < world->normal ? fabs(a) : 0, fabs(a));
}

static void sum(ref_num *r, const ref_num *a, const ref_num *b, int (*f)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t))
{
    double mag = a->e.mag + b->e.mag, abs = ball_abs_of(a) + ball_abs_of(b);
    if (!exact_zero(a) && !exact_zero(b)) mag += (world->longest + 4) * world->u * (abs + mag) + (world->normal > 0 ? world->tiny : 0);
    f(r->e.r, a->e.r, b->e.r, MPFR_RNDN);
    finish(r, mag, abs);
}

static void ball_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; sum(r, a, b, mpfr_add); }
static void ball_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; sum(r, a, b, mpfr_sub); }

static void ball_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    bool exact = exact_zero(a) || exact_zero(b) || exact_one(a) || exact_one(b);
    double A = world->forward ? size(a->e.r) : ball_abs_of(a), B = world->forward ? size(b->e.r) : ball_abs_of(b), abs = times(A, B);
    double mag = times(A, b->e.mag) + times(B, a->e.mag) + times(a->e.mag, b->e.mag);
    (void)c;
    if (!exact) mag += 4 * (world->u * (abs + mag) + world->tiny);
    mpfr_mul(r->e.r, a->e.r, b->e.r, MPFR_RNDN);
    finish(r, mag, abs);
}

/* A divisor is a number of its own. */
static void ball_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    double A = world->forward ? size(a->e.r) : ball_abs_of(a), y = fabs(mpfr_get_d(b->e.r, MPFR_RNDZ)), abs = A == 0 ? 0 : A / y;
    double near = y - b->e.mag, top = a->e.mag + times(abs, b->e.mag), mag = top == 0 ? 0 : near > 0 ? top / near : (double)INFINITY;
    bool exact = exact_zero(a) || exact_one(b);
    (void)c;
    if (!exact) mag += 4 * (world->u * (abs + mag) + world->tiny);
    mpfr_div(r->e.r, a->e.r, b->e.r, MPFR_RNDN);
    finish(r, mag, abs);
}

static void ball_neg(ref_ctx *c, ref_num *r, const ref_num *a)
{
    ball_set(c, r, a);
    mpfr_neg(r->e.r, r->e.r, MPFR_RNDN);
}

static void ball_abs(ref_ctx *c, ref_num *r, const ref_num *a)
{
    ball_set(c, r, a);
    mpfr_abs(r->e.r, r->e.r, MPFR_RNDN);
}

/* max(0, a): the program's a may be positive where this one is not. */
static void ball_pos(ref_ctx *c, ref_num *r, const ref_num *a)
{
    ball_set(c, r, a);
    if (mpfr_nan_p(r->e.r) || mpfr_sgn(r->e.r) >= 0) return;
    double reach = r->e.mag - fabs(mpfr_get_d(r->e.r, MPFR_RNDZ));
    mpfr_set_zero(r->e.r, 1);
    finish(r, fmax(0, reach), fmax(0, reach));
}

/* r = f(a), a moved by at most a->mag moves r by `moved`. */
static void function(ref_num *r, double moved, bool exact)
{
    double v = size(r->e.r);
    finish(r, moved + (exact ? 0 : 8 * world->u * (v + moved) + world->tiny), v);
}

static void ball_exp(ref_ctx *c, ref_num *r, const ref_num *a)
{
    double d = a->e.mag;
    bool exact = exact_zero(a);
    (void)c;
    mpfr_exp(r->e.r, a->e.r, MPFR_RNDN);
    function(r, times(size(r->e.r), expm1(d)), exact);
}

static void ball_log(ref_ctx *c, ref_num *r, const ref_num *a)
{
    double share = a->e.mag / fabs(mpfr_get_d(a->e.r, MPFR_RNDZ));
    (void)c;
    mpfr_log(r->e.r, a->e.r, MPFR_RNDN);
    function(r, share < 1 ? -log1p(-share) : (double)INFINITY, false);
}

/* q/(1 + q)^2, q = exp(-x): the slope of the sigmoid; that of tanh is 4 of it at 2 x. */
static double bell(double x)
{
    double q = exp(-x);
    return q / ((1 + q) * (1 + q));
}

static void ball_tanh(ref_ctx *c, ref_num *r, const ref_num *a)
{
    double d = a->e.mag, from = fmax(0, size(a->e.r) - d);
    bool exact = exact_zero(a);
    (void)c;
    mpfr_tanh(r->e.r, a->e.r, MPFR_RNDN);
    function(r, fmin(2, times(4 * bell(2 * from), d)), exact);
}

static void ball_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a)
{
    double d = a->e.mag, from = fmax(0, size(a->e.r) - d);
    ref_arith_running()->sigmoid(c, r, a);
    function(r, fmin(1, times(bell(from), d)), false);
}

static void ball_pi(ref_ctx *c, ref_num *r)
{
    (void)c;
    mpfr_const_pi(r->e.r, MPFR_RNDN);
    function(r, 0, false);
}

/* Asked of spike tests alone. */
static int ball_sign(const ref_num *a)
{
    int s = mpfr_sgn(a->e.r);
    bool sure = a->e.mag == 0 || (!mpfr_nan_p(a->e.r) && size(a->e.r) > a->e.mag);
    if (world->test && world->tests < world->room) world->test[world->tests] = (signed char)(sure ? (s > 0) - (s < 0) : 2);
    world->tests++;
    return sure ? (s > 0 ? REF_POS : s < 0 ? REF_NEG : REF_ZERO) : REF_UNDECIDED;
}

static double ball_to_d(const ref_num *a) { return mpfr_get_d(a->e.r, MPFR_RNDN); }

const ref_arith *ball_arith(void)
{
    static const ref_arith ar = {
        .name = "ball", .limbs_per_num = 1, .place = ball_place, .set = ball_set, .set_d = ball_set_d, .add = ball_add, .sub = ball_sub,
        .mul = ball_mul, .div = ball_div, .neg = ball_neg, .abs = ball_abs, .pos = ball_pos, .exp = ball_exp, .log = ball_log,
        .tanh = ball_tanh, .sigmoid = ball_sigmoid, .pi = ball_pi, .sign = ball_sign, .is_zero = exact_zero, .is_one = exact_one,
        .to_d = ball_to_d,
    };
    return &ar;
}
