/* The running error bound: hand cases, and true errors of whole programs against exact rationals.
 * SPDX-License-Identifier: MIT */
#include "test_arith_util.h"

static double mag_of(ref_ctx *c, void (*f)(ref_ctx *, ref_num *, const ref_num *, const ref_num *), double a,
                     double ma, double b, double mb)
{
    ref_num *v = ref_vec(c, 3);
    ref_set_d(c, v, a), ref_set_d(c, v + 1, b);
    v[0].e.mag = ma, v[1].e.mag = mb;
    f(c, v + 2, v, v + 1);
    return v[2].e.mag;
}

static double mag1_of(ref_ctx *c, void (*f)(ref_ctx *, ref_num *, const ref_num *), double a, double ma)
{
    ref_num *v = ref_vec(c, 2);
    ref_set_d(c, v, a);
    v[0].e.mag = ma;
    f(c, v + 1, v);
    return v[1].e.mag;
}

static void near(double got, double want)
{
    ck_assert_msg(fabs(got - want) <= 1e-12 * fabs(want), "mag %.17g instead of %.17g", got, want);
}

START_TEST(bounds_worked_by_hand)
{
    const ref_arith *ar = ref_arith_running();
    ref_ctx c;
    ctx_open(&c, ar, 200);
    near(mag_of(&c, ar->add, 3, 2, 5, 7), 2 + 7 + 8);
    near(mag_of(&c, ar->sub, 3, 2, 5, 7), 2 + 7 + 2);
    near(mag_of(&c, ar->mul, -3, 2, 5, 7), 3 * 7 + 5 * 2 + 15);
    near(mag_of(&c, ar->div, 10, 2, -5, 7), 2.0 / 5 + 10.0 * 7 / 25 + 2);
    near(mag_of(&c, ar->mul, 3, 2, 4, 0), 8);           /* an exact power of two rounds nothing */
    near(mag_of(&c, ar->mul, 3, 2, 4, 1), 3 + 8 + 12);  /* an inexact one does */
    near(mag_of(&c, ar->div, 3, 2, 4, 0), 0.5);
    near(mag_of(&c, ar->add, 3, 2, 0, 0), 2);           /* nor does an exact 0 */
    near(mag_of(&c, ar->sub, 0, 0, 3, 2), 2);
    near(mag_of(&c, ar->add, 3, 2, 0, 1), 2 + 1 + 3);
    near(mag_of(&c, ar->mul, 0, 0, 3, 2), 0);
    near(mag_of(&c, ar->mul, 0, 1, 3, 2), 3);
    near(mag1_of(&c, ar->neg, 3, 2), 2);
    near(mag1_of(&c, ar->abs, -3, 2), 2);
    near(mag1_of(&c, ar->pos, 3, 2), 2);
    near(mag1_of(&c, ar->pos, -3, 2), 0);
    near(mag1_of(&c, ar->exp, 1, 2), 3 * exp(1));
    near(mag1_of(&c, ar->log, 3, 2), 2.0 / 3 + log(3));
    near(mag1_of(&c, ar->tanh, 0.5, 2), 2 * (1 - tanh(0.5) * tanh(0.5)) + tanh(0.5));
    near(mag1_of(&c, ar->sigmoid, 0, 2), 0.25 * 2 + 0.5);
    near(mag1_of(&c, ar->sigmoid, 0, 0), 0); /* the sigmoid of an exact 0 is exact */
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(bounds_saturate_and_are_never_nan)
{
    const ref_arith *ar = ref_arith_running();
    static const double x[] = { 0, 1, -3, 1e308, 5e-324 }, m[] = { 0, 1, 1e308, INFINITY };
    void (*const two[])(ref_ctx *, ref_num *, const ref_num *, const ref_num *) = { ar->add, ar->sub, ar->mul, ar->div };
    void (*const one[])(ref_ctx *, ref_num *, const ref_num *) = { ar->exp, ar->log, ar->tanh, ar->sigmoid, ar->pos, ar->set };
    ref_ctx c;
    ctx_open(&c, ar, 60);
    for (int n = 0; n < 400; n++) {
        double a = x[n % 5], ma = m[n / 5 % 4], b = x[n / 20 % 5], mb = m[n / 100];
        for (int k = 0; k < 4; k++) ck_assert(mag_of(&c, two[k], a, ma, b, mb) >= 0);
        for (int k = 0; k < 6; k++) ck_assert(mag1_of(&c, one[k], a, ma) >= 0);
    }
    ck_assert(isinf(mag_of(&c, ar->add, 1, INFINITY, 1, 0)));
    ck_assert(mag_of(&c, ar->mul, 0, 0, 1, INFINITY) == 0); /* an exact 0 times anything */
    ar->pi(&c, &c.tmp);
    near(c.tmp.e.mag, 3.14159265358979323846);
    ck_assert(isinf(mag_of(&c, ar->div, 1, 0, 0, 0)) && isinf(mag_of(&c, ar->div, 0, 0, 0, 0)));
    ref_ctx_clear(&c);
}
END_TEST

enum { POOL = 8, OPS = 40 };

/* The same program in running arithmetic, in plain MPFR at the format's precision and exactly. */
typedef struct triple { ref_ctx run, fmt, exact; ref_num *v, *w, *x; } triple;

static void triple_open(triple *t, long prec_run, long prec_fmt, const ref_arith *exact, long prec_exact, dice *d)
{
    ctx_open(&t->run, ref_arith_running(), prec_run);
    ctx_open(&t->fmt, ref_arith_mpfr(), prec_fmt);
    ctx_open(&t->exact, exact, prec_exact);
    t->v = ref_vec(&t->run, POOL), t->w = ref_vec(&t->fmt, POOL), t->x = ref_vec(&t->exact, POOL);
    for (int k = 0; k < POOL; k++) {
        double a = k > 1 ? roll_dyadic(d, roll_int(d, 1, 24), -3, 3) : k ? 1.0 : 3.0;
        ref_set_d(&t->run, t->v + k, a), ref_set_d(&t->fmt, t->w + k, a), ref_set_d(&t->exact, t->x + k, a);
    }
}

static void triple_clear(triple *t)
{
    ref_ctx_clear(&t->run), ref_ctx_clear(&t->fmt), ref_ctx_clear(&t->exact);
}

static void apply(ref_ctx *c, ref_num *v, int op, int r, int a, int b)
{
    const ref_arith *ar = c->ar;
    switch (op) {
    case 0: ref_add(c, v + r, v + a, v + b); break;
    case 1: ref_sub(c, v + r, v + a, v + b); break;
    case 2: case 3: ref_mul(c, v + r, v + a, v + b); break;
    case 4: ref_div(c, v + r, v + a, v + b); break;
    case 5: ref_neg(c, v + r, v + a); break;
    case 6: ar->abs(c, v + r, v + a); break;
    case 7: ar->pos(c, v + r, v + a); break;
    case 8: ar->tanh(c, v + r, v + a); break;
    case 9: ar->sigmoid(c, v + r, v + a); break;
    case 10: ar->exp(c, v + r, v + a); break;
    default: ar->log(c, v + r, v + a); break;
    }
}

/* Largest relative error that still counts as first order; with it each operation inflates the bound by
 * at most 1 + 4 DELTA: quotient (1 + d)/(1 - d), exp e^d, |f''/f'| <= 2 for tanh, rounding of a computed r. */
#define DELTA 0x1p-10

/* u mag / |x|, and u mag itself for functions whose error is governed by the absolute error. */
static double relative(const triple *t, int k, double u)
{
    double x = fabs(t->run.ar->to_d(t->v + k)), e = u * t->v[k].e.mag;
    return e == 0 ? 0 : x == 0 ? (double)INFINITY : e / fmin(x, 1.0);
}

/* Replaces what first order does not cover: kinks within the error, divisors near 0, values that grow or vanish. */
static int admissible(const triple *t, int op, int a, int b, double u)
{
    double xa = t->run.ar->to_d(t->v + a), xb = t->run.ar->to_d(t->v + b);
    bool good_a = relative(t, a, u) < DELTA, good_b = relative(t, b, u) < DELTA;
    if (op <= 3 && fabs(xa) + fabs(xb) > 1e6) op = 4;
    if (op == 4 && (!good_a || !good_b || xb == 0 || fabs(xb) < 1e-6)) op = 5;
    if ((op == 2 || op == 3) && (!good_a || !good_b)) op = 0;
    if (op == 11 && xa <= 0) op = 8;
    if (op == 10 && xa > 10) op = 9;
    if (op >= 6 && !good_a) op = 5;
    return op;
}

/* |got - exact| <= u mag (1 + 4 DELTA)^n, compared in 300 bits. */
static void within(mpfr_srcptr got, const triple *t, int r, double mag, double u, int n, double *best)
{
    mpfr_t e;
    mpfr_init2(e, 300);
    if (t->exact.ar == ref_arith_rational()) {
        mpfr_sub_q(e, got, t->x[r].q, MPFR_RNDN);
    } else {
        mpfr_sub(e, got, t->x[r].r, MPFR_RNDN);
    }
    double err = fabs(mpfr_get_d(e, MPFR_RNDN)), limit = u * mag * pow(1 + 4 * DELTA, n + 1);
    mpfr_clear(e);
    ck_assert_msg(err <= limit, "step %d: error %a exceeds %a", n, err, limit);
    if (mag > 0) *best = fmax(*best, err / (u * mag));
}

/* _i: format 24 or 53 bits; running at 256 bits or at the format's own precision; exact arithmetic by
 * rationals without, by 3000 bits with transcendental functions. */
START_TEST(true_errors_stay_within_the_bound)
{
    dice d = { 61, (uint64_t)_i, 0 };
    const long p = _i & 1 ? 53 : 24;
    const bool own = _i & 2, smooth = _i & 4;
    const double u = ldexp(1, (int)-p);
    triple t;
    triple_open(&t, own ? p : 256, p, smooth ? ref_arith_mpfr() : ref_arith_rational(), 3000, &d);
    double best = 0;
    apply(&t.run, t.v, 4, 0, 1, 0), apply(&t.fmt, t.w, 4, 0, 1, 0), apply(&t.exact, t.x, 4, 0, 1, 0); /* a third is inexact */
    within(t.w[0].r, &t, 0, t.v[0].e.mag, u, 0, &best);
    for (int n = 0; n < OPS; n++) {
        int r = roll_int(&d, 0, POOL - 1), a = roll_int(&d, 0, POOL - 1), b = roll_int(&d, 0, POOL - 1);
        int op = admissible(&t, roll_int(&d, 0, smooth ? 11 : 7), a, b, u);
        if (!smooth && n > 25 && op <= 4 && op >= 2) op = 1; /* rationals double in length with each product */
        apply(&t.run, t.v, op, r, a, b), apply(&t.fmt, t.w, op, r, a, b), apply(&t.exact, t.x, op, r, a, b);
        within(t.w[r].r, &t, r, t.v[r].e.mag, u, n, &best);
        if (own) ck_assert(mpfr_equal_p(t.v[r].e.r, t.w[r].r));
    }
    /* the bound is not idle: some error of the program reaches a fifth of it */
    ck_assert_msg(best > 0.2, "largest error is %g of the bound", best);
    triple_clear(&t);
}
END_TEST

START_TEST(inputs_count_as_exact_when_the_precision_holds_them)
{
    ref_ctx c;
    ctx_open(&c, ref_arith_running(), 24);
    ref_num *x = ref_vec(&c, 1);
    ref_set_d(&c, x, 0x1.fffffep0);
    ck_assert(x->e.mag == 0);
    ref_set_d(&c, x, 0x1.ffffffp0); /* 25 bits */
    ck_assert(x->e.mag == 2);
    ref_set_d(&c, x, 1.0);
    ck_assert(c.ar->is_one(x));
    x->e.mag = 1;
    ck_assert(!c.ar->is_one(x));
    ref_set_d(&c, x, 0.0);
    ck_assert(c.ar->is_zero(x));
    x->e.mag = 1;
    ck_assert(!c.ar->is_zero(x)); /* a program may find another value here */
    ref_ctx_clear(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arith_running");
    TCase *t = tcase_create("running");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, bounds_worked_by_hand);
    tcase_add_test(t, bounds_saturate_and_are_never_nan);
    tcase_add_loop_test(t, true_errors_stay_within_the_bound, 0, 8 * test_loops(150));
    tcase_add_test(t, inputs_count_as_exact_when_the_precision_holds_them);
    suite_add_tcase(s, t);
    return run_suite(s);
}
