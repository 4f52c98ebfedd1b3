/* MPFR, intervals and IEEE formats against GMP rationals, against each other and against the MPFI library.
 * SPDX-License-Identifier: MIT */
#include "test_arith_util.h"

typedef void (*op2)(ref_ctx *, ref_num *, const ref_num *, const ref_num *);

enum { ADD, SUB, MUL, DIV, N_OP2 };

static op2 op2_of(const ref_arith *ar, int k)
{
    return k == ADD ? ar->add : k == SUB ? ar->sub : k == MUL ? ar->mul : ar->div;
}

static void exact2(mpq_ptr r, int k, mpq_srcptr a, mpq_srcptr b)
{
    if (k == ADD) mpq_add(r, a, b);
    else if (k == SUB) mpq_sub(r, a, b);
    else if (k == MUL) mpq_mul(r, a, b);
    else mpq_div(r, a, b);
}

/* ---- MPFR ------------------------------------------------------------------------------------- */

/* Operands of other precisions than the result's; want = the rational result, rounded once. */
START_TEST(mpfr_rounds_the_exact_result_once)
{
    dice d = { 51, (uint64_t)_i, 0 };
    const ref_arith *ar = ref_arith_mpfr();
    ref_ctx c, wide, q;
    ctx_open(&c, ar, roll_int(&d, 2, 200)), ctx_open(&wide, ar, roll_int(&d, 53, 300)), ctx_open(&q, ref_arith_rational(), 0);
    ref_num *r = ref_vec(&c, 2), *v = ref_vec(&wide, 2), *x = ref_vec(&q, 3);
    for (int rep = 0; rep < 20; rep++) {
        double a = roll_dyadic(&d, 53, -30, 30), b = roll_dyadic(&d, roll_int(&d, 1, 53), -30, 30);
        ref_set_d(&wide, v, a), ref_set_d(&wide, v + 1, b), ref_set_d(&q, x, a), ref_set_d(&q, x + 1, b);
        for (int k = 0; k < N_OP2; k++) {
            op2_of(ar, k)(&c, r, v, v + 1);
            exact2(x[2].q, k, x[0].q, x[1].q);
            mpfr_set_q(r[1].r, x[2].q, MPFR_RNDN);
            ck_assert_msg(mpfr_equal_p(r[0].r, r[1].r), "operation %d at %ld bits of %a, %a", k, c.prec, a, b);
        }
        ref_set(&c, r, v), mpfr_set_q(r[1].r, x[0].q, MPFR_RNDN);
        ck_assert(mpfr_equal_p(r[0].r, r[1].r));
    }
    ref_ctx_clear(&c), ref_ctx_clear(&wide), ref_ctx_clear(&q);
}
END_TEST

/* sigmoid(x) = (1 + tanh(x/2))/2 with 200 bits more than cancellation takes. */
static void sigmoid_by_tanh(mpfr_ptr r, double x)
{
    mpfr_set_d(r, x, MPFR_RNDN);
    mpfr_div_2ui(r, r, 1, MPFR_RNDN);
    mpfr_tanh(r, r, MPFR_RNDN);
    mpfr_add_ui(r, r, 1, MPFR_RNDN);
    mpfr_div_2ui(r, r, 1, MPFR_RNDN);
}

START_TEST(sigmoid_is_accurate_and_its_interval_one_ulp_wide)
{
    dice d = { 52, (uint64_t)_i, 0 };
    long prec = roll_int(&d, 2, 300);
    double x = roll(&d) % 10 ? roll_dyadic(&d, 53, -20, 6) : 0.0;
    ref_ctx m, iv;
    ctx_open(&m, ref_arith_mpfr(), prec), ctx_open(&iv, ref_arith_mpfi(), prec);
    ref_num *r = ref_vec(&m, 2), *i = ref_vec(&iv, 1);
    mpfr_t want;
    mpfr_init2(want, 53 + 300 + 200 + 200); /* |x| < 128: 1 + tanh(x/2) cancels at most 186 bits */
    sigmoid_by_tanh(want, x);
    mpfr_set_d(r[0].r, x, MPFR_RNDN), mpfr_set_d(&i->i->left, x, MPFR_RNDD), mpfr_set_d(&i->i->right, x, MPFR_RNDU);
    if (mpfr_cmp_d(r[0].r, x) != 0) sigmoid_by_tanh(want, x = mpfr_get_d(r[0].r, MPFR_RNDN));
    ref_set_d(&iv, i, x);
    iv.ar->sigmoid(&iv, i, i);
    ck_assert_msg(mpfr_lessequal_p(&i->i->left, want) && mpfr_greaterequal_p(&i->i->right, want), "sigmoid(%a) escapes", x);
    mpfr_set(r[1].r, &i->i->left, MPFR_RNDN), mpfr_nextabove(r[1].r);
    ck_assert_msg(mpfr_lessequal_p(&i->i->right, r[1].r), "sigmoid(%a) is wide at %ld bits", x, prec);
    m.ar->sigmoid(&m, r, r);
    mpfr_sub(want, want, r[0].r, MPFR_RNDN);
    mpfr_div(want, want, r[0].r, MPFR_RNDN);
    /* half an ulp is at most 2^-prec relative, and 2^-28 of that for the inner roundings */
    ck_assert_msg(mpfr_cmp_d(want, ldexp(1 + 0x1p-28, (int)-prec)) <= 0 && mpfr_cmp_d(want, -ldexp(1 + 0x1p-28, (int)-prec)) >= 0,
                  "sigmoid(%a) at %ld bits", x, prec);
    mpfr_clear(want);
    ref_ctx_clear(&m), ref_ctx_clear(&iv);
}
END_TEST

/* Operands far longer than the result, whose rounding before exp would break the enclosure. */
START_TEST(sigmoid_of_long_operands_stays_inside)
{
    dice d = { 58, (uint64_t)_i, 0 };
    ref_ctx wide, iv;
    ctx_open(&wide, ref_arith_mpfi(), 700), ctx_open(&iv, ref_arith_mpfi(), roll_int(&d, 2, 20));
    ref_num *x = ref_vec(&wide, 2), *r = ref_vec(&iv, 1);
    /* near -2^28 a rounding of the operand to 32 guard bits moves the result by 1/32 ulp, which a few cases in 100 show */
    ref_set_d(&wide, x, _i & 1 ? roll_dyadic(&d, 53, -3, 3) : -fabs(roll_dyadic(&d, 53, 28, 29))), ref_set_d(&wide, x + 1, 3.0);
    ref_div(&wide, x, x, x + 1);
    mpfr_set(&x->i->right, &x->i->left, MPFR_RNDN);
    iv.ar->sigmoid(&iv, r, x), wide.ar->sigmoid(&wide, x, x);
    ck_assert(mpfr_lessequal_p(&r->i->left, &x->i->left) && mpfr_greaterequal_p(&r->i->right, &x->i->right));
    ck_assert(!mpfr_equal_p(&r->i->left, &r->i->right));
    ref_ctx_clear(&wide), ref_ctx_clear(&iv);
}
END_TEST

START_TEST(sigmoid_at_the_ends)
{
    ref_ctx c;
    const ref_arith *ar = arith_at(_i);
    ctx_open(&c, ar, 53);
    ref_num *x = ref_vec(&c, 1);
    static const double in[] = { 0, 38, 1e4, 1e30, 1e300, -1e30, -1e300 };
    for (size_t k = 0; k < sizeof in / sizeof *in && ar->sigmoid && !ar->symbolic; k++) {
        ref_set_d(&c, x, in[k]);
        ar->sigmoid(&c, x, x);
        double want = in[k] == 0 ? 0.5 : in[k] > 0 ? 1 : 0;
        ck_assert_msg(fabs(ar->to_d(x) - want) <= 0x1p-53, "%s: sigmoid(%a) = %a", ar->name, in[k], ar->to_d(x));
        if (ar == ref_arith_running()) ck_assert(!isnan(x->e.mag));
        if (ar == ref_arith_mpfi() && in[k] > 0) ck_assert(mpfr_cmp_ui(&x->i->left, 1) < 0 && mpfr_cmp_ui(&x->i->right, 1) == 0);
        if (ar == ref_arith_mpfi() && in[k] < 0) ck_assert(mpfr_sgn(&x->i->left) >= 0 && mpfr_sgn(&x->i->right) > 0);
    }
    ref_ctx_clear(&c);
}
END_TEST

/* ---- IEEE formats --------------------------------------------------------------------------------- */

START_TEST(ieee_formats_are_mpfr_at_24_and_53_bits)
{
    dice d = { 53, (uint64_t)_i, 0 };
    const bool single = _i & 1;
    const ref_arith *ar = single ? ref_arith_binary32() : ref_arith_binary64();
    ref_ctx c, m;
    ctx_open(&c, ar, 0), ctx_open(&m, ref_arith_mpfr(), single ? 24 : 53);
    ref_num *v = ref_vec(&c, 3), *w = ref_vec(&m, 3);
    for (int rep = 0; rep < 20; rep++) {
        double a = roll_dyadic(&d, 53, -30, 30), b = roll_dyadic(&d, 53, -30, 30);
        ref_set_d(&c, v, a), ref_set_d(&c, v + 1, b), ref_set_d(&m, w, a), ref_set_d(&m, w + 1, b);
        ck_assert(ar->to_d(v) == m.ar->to_d(w));
        for (int k = 0; k < N_OP2; k++) {
            op2_of(ar, k)(&c, v + 2, v, v + 1), op2_of(m.ar, k)(&m, w + 2, w, w + 1);
            ck_assert_msg(ar->to_d(v + 2) == m.ar->to_d(w + 2), "%s operation %d of %a, %a", ar->name, k, a, b);
        }
        ar->pi(&c, v), m.ar->pi(&m, w);
        ck_assert(ar->to_d(v) == m.ar->to_d(w));
    }
    ref_ctx_clear(&c), ref_ctx_clear(&m);
}
END_TEST

/* C libraries document at most 3 ulp = 6 u for these functions; sigmoid: exp 6 u, then 1 + e and the
 * quotient round once each and pass on at most twice the error of e: 14 u. */
START_TEST(ieee_functions_are_within_what_libm_documents)
{
    dice d = { 54, (uint64_t)_i, 0 };
    const bool single = _i & 1;
    const ref_arith *ar = single ? ref_arith_binary32() : ref_arith_binary64();
    ref_ctx c, m;
    ctx_open(&c, ar, 0), ctx_open(&m, ref_arith_mpfr(), 200);
    ref_num *v = ref_vec(&c, 2), *w = ref_vec(&m, 2);
    void (*const f[])(ref_ctx *, ref_num *, const ref_num *) = { ar->exp, ar->log, ar->tanh, ar->sigmoid };
    void (*const g[])(ref_ctx *, ref_num *, const ref_num *) = { m.ar->exp, m.ar->log, m.ar->tanh, m.ar->sigmoid };
    double x = roll_dyadic(&d, 24, -15, 4), u = single ? 0x1p-24 : 0x1p-53;
    for (int k = 0; k < 4; k++) {
        double a = k == 1 ? fabs(x) : x;
        ref_set_d(&c, v, a), ref_set_d(&m, w, a);
        f[k](&c, v + 1, v), g[k](&m, w + 1, w);
        double got = ar->to_d(v + 1);
        mpfr_d_sub(w[0].r, got, w[1].r, MPFR_RNDN);
        mpfr_div(w[0].r, w[0].r, w[1].r, MPFR_RNDN);
        ck_assert_msg(fabs(m.ar->to_d(w)) <= (k == 3 ? 14 : 6) * u, "%s function %d at %a: %a", ar->name, k, a, got);
    }
    ref_ctx_clear(&c), ref_ctx_clear(&m);
}
END_TEST

/* ---- intervals -------------------------------------------------------------------------------------- */

typedef struct span { mpq_t lo, hi; } span;

/* An interval with ends of 20 bits: wide, narrow, a point, with 0 inside or as an end. */
static void roll_interval(ref_num *r, dice *d, span *q)
{
    double a = roll_dyadic(d, 20, -8, 8), b = roll_dyadic(d, 20, -8, 8);
    switch (roll(d) % 6) {
    case 0: a = 0; break;
    case 1: a = b; break;
    case 2: a = b + ldexp(1, -10); break;
    case 3: a = -fabs(a), b = fabs(b); break;
    default: break;
    }
    if (roll(d) % 40 == 0) a = b = 0;
    if (a > b) { double t = a; a = b; b = t; }
    mpfr_set_d(&r->i->left, a, MPFR_RNDD), mpfr_set_d(&r->i->right, b, MPFR_RNDU);
    mpq_set_d(q->lo, a), mpq_set_d(q->hi, b);
}

/* The exact range of the operation on two boxes is the hull of the four corners. */
static void corners(span *r, int k, const span *a, const span *b)
{
    mpq_t t;
    mpq_init(t);
    for (int n = 0; n < 4; n++) {
        exact2(t, k, n & 1 ? a->hi : a->lo, n & 2 ? b->hi : b->lo);
        if (!n || mpq_cmp(t, r->lo) < 0) mpq_set(r->lo, t);
        if (!n || mpq_cmp(t, r->hi) > 0) mpq_set(r->hi, t);
    }
    mpq_clear(t);
}

static bool is_outward(const ref_num *x, const span *q, mpfr_ptr t)
{
    mpfr_set_q(t, q->lo, MPFR_RNDD);
    if (!mpfr_equal_p(t, &x->i->left)) return false;
    mpfr_set_q(t, q->hi, MPFR_RNDU);
    return mpfr_equal_p(t, &x->i->right);
}

START_TEST(intervals_are_the_exact_range_rounded_outward)
{
    dice d = { 55, (uint64_t)_i, 0 };
    const ref_arith *ar = ref_arith_mpfi();
    ref_ctx c, in, m;
    long prec = roll_int(&d, 2, 90);
    ctx_open(&c, ar, prec), ctx_open(&in, ar, 60), ctx_open(&m, ref_arith_mpfr(), prec);
    ref_num *v = ref_vec(&in, 2), *r = ref_vec(&c, 1), *t = ref_vec(&m, 1);
    span a, b, e;
    mpq_inits(a.lo, a.hi, b.lo, b.hi, e.lo, e.hi, NULL);
    for (int rep = 0; rep < 30; rep++) {
        roll_interval(v, &d, &a), roll_interval(v + 1, &d, &b);
        bool zero = mpq_sgn(b.lo) <= 0 && mpq_sgn(b.hi) >= 0;
        for (int k = 0; k < N_OP2; k++) {
            op2_of(ar, k)(&c, r, v, v + 1);
            if (k == DIV && zero) {
                ck_assert_int_eq(c.status, EP_UNABLE);
                ck_assert(mpfr_inf_p(&r->i->left) && mpfr_inf_p(&r->i->right) && mpfr_sgn(&r->i->left) < 0 && mpfr_sgn(&r->i->right) > 0);
                c.status = EP_OK;
                continue;
            }
            ck_assert_int_eq(c.status, EP_OK);
            corners(&e, k, &a, &b);
            ck_assert_msg(is_outward(r, &e, t->r), "operation %d at %ld bits: [%a, %a] [%a, %a]", k, prec,
                          mpq_get_d(a.lo), mpq_get_d(a.hi), mpq_get_d(b.lo), mpq_get_d(b.hi));
        }
        ref_neg(&c, r, v), mpq_neg(e.lo, a.hi), mpq_neg(e.hi, a.lo);
        ck_assert(is_outward(r, &e, t->r));
        ar->pos(&c, r, v);
        mpq_set(e.lo, a.lo), mpq_set(e.hi, a.hi);
        if (mpq_sgn(e.lo) < 0) mpq_set_ui(e.lo, 0, 1);
        if (mpq_sgn(e.hi) < 0) mpq_set_ui(e.hi, 0, 1);
        ck_assert(is_outward(r, &e, t->r));
        ck_assert_int_eq(ar->sign(v), mpq_sgn(a.lo) > 0 ? REF_POS : mpq_sgn(a.hi) < 0 ? REF_NEG
                         : mpq_equal(a.lo, a.hi) ? REF_ZERO : REF_UNDECIDED);
        ck_assert(ar->is_zero(v) == (mpq_sgn(a.lo) == 0 && mpq_sgn(a.hi) == 0));
        ck_assert(fabs(ar->to_d(v) - (mpq_get_d(a.lo) + mpq_get_d(a.hi)) / 2) == 0);
    }
    mpq_clears(a.lo, a.hi, b.lo, b.hi, e.lo, e.hi, NULL);
    ref_ctx_clear(&c), ref_ctx_clear(&in), ref_ctx_clear(&m);
}
END_TEST

START_TEST(interval_functions_are_those_of_the_mpfi_library)
{
    dice d = { 56, (uint64_t)_i, 0 };
    const ref_arith *ar = ref_arith_mpfi();
    ref_ctx c;
    ctx_open(&c, ar, roll_int(&d, 20, 200));
    ref_num *v = ref_vec(&c, 2);
    mpfi_t want;
    mpfi_init2(want, c.prec);
    span q;
    mpq_inits(q.lo, q.hi, NULL);
    void (*const f[])(ref_ctx *, ref_num *, const ref_num *) = { ar->exp, ar->tanh, ar->abs, ar->log };
    int (*const g[])(mpfi_ptr, mpfi_srcptr) = { mpfi_exp, mpfi_tanh, mpfi_abs, mpfi_log };
    for (int rep = 0; rep < 10; rep++) {
        roll_interval(v, &d, &q);
        for (int k = 0; k < 4; k++) {
            f[k](&c, v + 1, v);
            if (k == 3 && mpq_sgn(q.lo) <= 0) {
                ck_assert_int_eq(c.status, EP_UNABLE);
                c.status = EP_OK;
                continue;
            }
            g[k](want, v->i);
            ck_assert_msg(mpfr_equal_p(&want->left, &v[1].i->left) && mpfr_equal_p(&want->right, &v[1].i->right),
                          "function %d of [%a, %a]", k, mpq_get_d(q.lo), mpq_get_d(q.hi));
        }
    }
    ck_assert_int_eq(c.status, EP_OK);
    ar->pi(&c, v), mpfi_const_pi(want);
    ck_assert(mpfr_equal_p(&want->left, &v->i->left) && mpfr_equal_p(&want->right, &v->i->right));
    ref_set_d(&c, v, 1.0), mpfr_nextabove(&v->i->right);
    ck_assert(!ar->is_one(v) && ar->sign(v) == REF_POS);
    mpq_clears(q.lo, q.hi, NULL);
    mpfi_clear(want);
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(unbounded_intervals_never_hold_nan)
{
    const ref_arith *ar = ref_arith_mpfi();
    static const double end[] = { -INFINITY, -1, 0, 1, INFINITY };
    ref_ctx c;
    ctx_open(&c, ar, 40);
    ref_num *v = ref_vec(&c, 3);
    for (int n = 0; n < 625; n++) {
        double e[4] = { end[n % 5], end[n / 5 % 5], end[n / 25 % 5], end[n / 125] };
        if (e[0] > e[1] || e[2] > e[3]) continue;
        for (int k = 0; k < 2; k++)
            mpfr_set_d(&v[k].i->left, e[2 * k], MPFR_RNDD), mpfr_set_d(&v[k].i->right, e[2 * k + 1], MPFR_RNDU);
        for (int k = 0; k < N_OP2; k++) {
            op2_of(ar, k)(&c, v + 2, v, v + 1);
            ck_assert(mpfr_lessequal_p(&v[2].i->left, &v[2].i->right));
            if (k == MUL && (ar->is_zero(v) || ar->is_zero(v + 1))) ck_assert(ar->is_zero(v + 2)); /* what is inside is finite */
        }
    }
    ref_ctx_clear(&c);
}
END_TEST

/* ---- chains ------------------------------------------------------------------------------------------ */

enum { POOL = 8, OPS = 60 };

/* One random operation on the pool; the divisor's interval must exclude 0, arguments of exp are small. */
static void step(ref_ctx *c, ref_num *v, int op, int r, int a, int b)
{
    switch (op) {
    case 0: ref_add(c, v + r, v + a, v + b); break;
    case 1: ref_sub(c, v + r, v + a, v + b); break;
    case 2: ref_mul(c, v + r, v + a, v + b); break;
    case 3: ref_div(c, v + r, v + a, v + b); break;
    case 4: ref_neg(c, v + r, v + a); break;
    case 5: c->ar->abs(c, v + r, v + a); break;
    case 6: c->ar->pos(c, v + r, v + a); break;
    case 7: c->ar->tanh(c, v + r, v + a); break;
    case 8: c->ar->sigmoid(c, v + r, v + a); break;
    default: c->ar->exp(c, v + r, v + a); break;
    }
}

static bool holds(const ref_num *iv, mpfr_srcptr x)
{
    return mpfr_lessequal_p(&iv->i->left, x) && mpfr_greaterequal_p(&iv->i->right, x);
}

/* Rounding is monotone, so the MPFR program of the same precision stays inside as well as the accurate one. */
START_TEST(interval_chains_enclose_mpfr_and_the_exact_value)
{
    dice d = { 57, (uint64_t)_i, 0 };
    long prec = roll_int(&d, 10, 150);
    ref_ctx iv, m, big;
    ctx_open(&iv, ref_arith_mpfi(), prec), ctx_open(&m, ref_arith_mpfr(), prec), ctx_open(&big, ref_arith_mpfr(), 2000);
    ref_num *v = ref_vec(&iv, POOL), *w = ref_vec(&m, POOL), *x = ref_vec(&big, POOL);
    int narrow = 0;
    for (int k = 0; k < POOL; k++) {
        double a = roll_dyadic(&d, 10, -3, 1);
        ref_set_d(&iv, v + k, a), ref_set_d(&m, w + k, a), ref_set_d(&big, x + k, a);
    }
    for (int n = 0; n < OPS; n++) {
        int op = roll_int(&d, 0, 9), r = roll_int(&d, 0, POOL - 1), a = roll_int(&d, 0, POOL - 1), b = roll_int(&d, 0, POOL - 1);
        bool divides = iv.ar->sign(v + b) == REF_POS || iv.ar->sign(v + b) == REF_NEG;
        if (op == 3 && !divides) op = 2;
        if ((op == 9 || op <= 2) && fabs(big.ar->to_d(x + a)) + fabs(big.ar->to_d(x + b)) > 30) op = 7;
        step(&iv, v, op, r, a, b), step(&m, w, op, r, a, b), step(&big, x, op, r, a, b);
        ck_assert_msg(holds(v + r, w[r].r), "mpfr escapes at step %d, operation %d", n, op);
        ck_assert_msg(holds(v + r, x[r].r), "the exact value escapes at step %d, operation %d", n, op);
        narrow += mpfr_number_p(&v[r].i->left) && mpfr_number_p(&v[r].i->right);
    }
    ck_assert_int_eq(iv.status, EP_OK);
    ck_assert_int_eq(narrow, OPS);
    ref_ctx_clear(&iv), ref_ctx_clear(&m), ref_ctx_clear(&big);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arith_real");
    TCase *t = tcase_create("real");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, mpfr_rounds_the_exact_result_once, 0, test_loops(300));
    tcase_add_loop_test(t, sigmoid_is_accurate_and_its_interval_one_ulp_wide, 0, test_loops(1000));
    tcase_add_loop_test(t, sigmoid_of_long_operands_stays_inside, 0, test_loops(1000));
    tcase_add_loop_test(t, sigmoid_at_the_ends, 0, N_ARITH);
    tcase_add_loop_test(t, ieee_formats_are_mpfr_at_24_and_53_bits, 0, test_loops(400));
    tcase_add_loop_test(t, ieee_functions_are_within_what_libm_documents, 0, test_loops(1000));
    tcase_add_loop_test(t, intervals_are_the_exact_range_rounded_outward, 0, test_loops(600));
    tcase_add_loop_test(t, interval_functions_are_those_of_the_mpfi_library, 0, test_loops(200));
    tcase_add_test(t, unbounded_intervals_never_hold_nan);
    tcase_add_loop_test(t, interval_chains_enclose_mpfr_and_the_exact_value, 0, test_loops(400));
    suite_add_tcase(s, t);
    return run_suite(s);
}
