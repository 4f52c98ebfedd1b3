/* The tape's operations against derivatives taken by hand.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "tape.h"
#include "test/run.h"

/* Four numbers a, b, c, d, none of them 0: multiples of 1/8 or free symbols. */
static ref_num *draw(ref_ctx *c, int seed)
{
    ref_num *r = ref_vec(c, 4);
    for (int k = 0; k < 4; k++) {
        if (c->ar->symbolic) ref_draw(c, &r[k]);
        else ref_set_d(c, &r[k], (double)(1 + ep_rng_u64((uint64_t)seed, 5, (uint64_t)k) % 40) / (k % 2 ? 8 : -8));
    }
    return r;
}

static void expect(ref_ctx *c, const ref_num *got, const ref_num *want, const char *what)
{
    ref_num *d = ref_vec(c, 1);
    ref_sub(c, d, got ? got : &c->zero, want);
    ck_assert_msg(c->ar->is_zero(d), "%s: got %a, want %a", what, got ? c->ar->to_d(got) : 0, c->ar->to_d(want));
}

/* E = (a b - c/d) (-a) + 3 a + a:  dE/da = -2 a b + c/d + 4,  dE/db = -a^2,  dE/dc = a/d,  dE/dd = -a c/d^2 */
static void polynomial(const ref_arith *ar, int seed)
{
    ref_ctx ctx, *c = &ctx;
    ref_tape t;
    ck_assert_int_eq(ref_ctx_init(c, ar, 0), EP_OK);
    c->seed = (uint64_t)seed;
    ck_assert_int_eq(ref_tape_init(c, &t), EP_OK);
    ref_num *p = draw(c, seed), *three = ref_vec(c, 1), *four = ref_vec(c, 1), *w = ref_vec(c, 1), *q = ref_vec(c, 1);
    ref_set_d(c, three, 3);
    ref_set_d(c, four, 4);
    ref_var a = ref_tape_leaf(&t, p), b = ref_tape_leaf(&t, p + 1), e = ref_tape_leaf(&t, p + 2), d = ref_tape_leaf(&t, p + 3);
    ref_var f = ref_tape_mul(&t, ref_tape_sub(&t, ref_tape_mul(&t, a, b), ref_tape_div(&t, e, d)), ref_tape_neg(&t, a));
    f = ref_tape_add(&t, ref_tape_add(&t, f, ref_tape_scale(&t, a, three)), a);
    ck_assert_int_eq(ref_tape_seed(&t, f, NULL), EP_OK);
    ck_assert_int_eq(ref_tape_sweep(&t), EP_OK);
    ref_div(c, q, p + 2, p + 3);
    ref_mul(c, w, p, p + 1);
    ref_sub(c, q, q, w);
    ref_mul(c, w, q, p); /* value: (c/d - a b) a + 4 a */
    ref_addmul(c, w, four, p);
    expect(c, ref_tape_value(&t, f), w, "value");
    ref_mul(c, w, p, p + 1);
    ref_sub(c, w, q, w);
    ref_add(c, w, w, four);
    expect(c, ref_tape_adjoint(&t, a), w, "da");
    ref_mul(c, w, p, p);
    ref_neg(c, w, w);
    expect(c, ref_tape_adjoint(&t, b), w, "db");
    ref_div(c, w, p, p + 3);
    expect(c, ref_tape_adjoint(&t, e), w, "dc");
    ref_mul(c, w, w, p + 2);
    ref_div(c, w, w, p + 3);
    ref_neg(c, w, w);
    expect(c, ref_tape_adjoint(&t, d), w, "dd");
    ref_tape_clear(&t);
    ref_ctx_clear(c);
}

START_TEST(polynomial_in_rationals) { polynomial(ref_arith_rational(), _i + 1); }
END_TEST
START_TEST(polynomial_in_the_field) { polynomial(ref_arith_field(), _i + 1); }
END_TEST

/* s = spike(value v; a: p, b: q), r = s a + b: seeds on r (weight 2) and s (weight 3) in one sweep:
 * ds = 2 a + 3,  da = 2 s + p ds,  db = 2 + q ds. A second sweep after unseed gives s alone. */
START_TEST(spikes_and_several_seeds)
{
    ref_ctx ctx, *c = &ctx;
    ref_tape t;
    ck_assert_int_eq(ref_ctx_init(c, ref_arith_rational(), 0), EP_OK);
    ck_assert_int_eq(ref_tape_init(c, &t), EP_OK);
    ref_num *p = draw(c, _i + 1), *two = ref_vec(c, 1), *three = ref_vec(c, 1), *ds = ref_vec(c, 1), *w = ref_vec(c, 1);
    const ref_num *v = _i % 2 ? &c->one : &c->zero, *partial[2] = {p + 2, p + 3};
    ref_set_d(c, two, 2);
    ref_set_d(c, three, 3);
    ref_var a = ref_tape_leaf(&t, p), b = ref_tape_leaf(&t, p + 1), parent[2] = {a, b};
    ref_var s = ref_tape_spike(&t, v, 2, parent, partial);
    ref_var r = ref_tape_add(&t, ref_tape_mul(&t, s, a), b);
    ck_assert_int_eq(ref_tape_seed(&t, r, two), EP_OK);
    ck_assert_int_eq(ref_tape_seed(&t, s, three), EP_OK);
    ck_assert_int_eq(ref_tape_sweep(&t), EP_OK);
    ref_mul(c, ds, two, p);
    ref_add(c, ds, ds, three);
    expect(c, ref_tape_adjoint(&t, s), ds, "ds");
    ref_mul(c, w, two, v);
    ref_addmul(c, w, p + 2, ds);
    expect(c, ref_tape_adjoint(&t, a), w, "da");
    ref_set(c, w, two);
    ref_addmul(c, w, p + 3, ds);
    expect(c, ref_tape_adjoint(&t, b), w, "db");
    ref_tape_unseed(&t);
    ck_assert_int_eq(ref_tape_seed(&t, s, NULL), EP_OK);
    ck_assert_int_eq(ref_tape_sweep(&t), EP_OK);
    expect(c, ref_tape_adjoint(&t, a), p + 2, "da again");
    expect(c, ref_tape_adjoint(&t, b), p + 3, "db again");
    ck_assert_ptr_null(ref_tape_adjoint(&t, r));
    ref_tape_clear(&t);
    ref_ctx_clear(c);
}
END_TEST

/* Constants record nothing; a product with the constant 0 neither; a product with a variable of value 0 does. */
START_TEST(structural_zeros_are_free)
{
    ref_ctx ctx, *c = &ctx;
    ref_tape t;
    ck_assert_int_eq(ref_ctx_init(c, ref_arith_rational(), 0), EP_OK);
    ck_assert_int_eq(ref_tape_init(c, &t), EP_OK);
    ref_num *p = draw(c, 1);
    ref_var a = ref_tape_leaf(&t, p), z = ref_tape_leaf(&t, NULL), none = ref_tape_constant(&t, &c->zero);
    ref_var k = ref_tape_constant(&t, p + 1);
    size_t before = ref_tape_count(&t, NULL), edges;
    ck_assert_int_lt(ref_tape_mul(&t, a, none).id, 0);
    ck_assert_int_lt(ref_tape_mul(&t, k, k).id, 0);
    ck_assert_int_eq(ref_tape_add(&t, a, none).id, a.id);
    ck_assert_int_eq(ref_tape_sub(&t, a, none).id, a.id);
    ck_assert_int_lt(ref_tape_detach(a).id, 0);
    const ref_num *partial[1] = {&c->zero};
    ck_assert_int_lt(ref_tape_spike(&t, &c->one, 1, &a, partial).id, 0);
    ck_assert_uint_eq(ref_tape_count(&t, &edges), before);
    ck_assert_uint_eq(edges, 0);
    ref_var az = ref_tape_mul(&t, a, z);
    ck_assert_uint_eq(ref_tape_count(&t, &edges), before + 1);
    ck_assert_uint_eq(edges, 1);
    ck_assert_int_eq(ref_tape_seed(&t, az, NULL), EP_OK);
    ck_assert_int_eq(ref_tape_sweep(&t), EP_OK);
    expect(c, ref_tape_adjoint(&t, z), p, "dz");
    ck_assert_ptr_null(ref_tape_adjoint(&t, a));
    ref_tape_clear(&t);
    ref_ctx_clear(c);
}
END_TEST

typedef ref_var fn(ref_tape *t, ref_var a);
static ref_var f_tanh(ref_tape *t, ref_var a) { return ref_tape_tanh(t, a, NULL); }
static ref_var f_sigmoid(ref_tape *t, ref_var a) { return ref_tape_sigmoid(t, a, NULL); }
static double d_exp(double x) { return exp(x); }
static double d_log(double x) { return 1 / x; }
static double d_tanh(double x) { return 1 / (cosh(x) * cosh(x)); }
static double d_sigmoid(double x) { return 0.25 / (cosh(x / 2) * cosh(x / 2)); }
static double d_abs(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
static double d_pos(double x) { return x > 0; }
static const struct { const char *name; fn *f; double (*d)(double); double least; } FN[] = {
    {"exp", ref_tape_exp, d_exp, -4},   {"log", ref_tape_log, d_log, 0.125},     {"tanh", f_tanh, d_tanh, -4},
    {"sigmoid", f_sigmoid, d_sigmoid, -4}, {"abs", ref_tape_abs, d_abs, -4},     {"pos", ref_tape_pos, d_pos, -4}};
enum { N_FN = 6 };

/* d/da of 2 f(a) in 200 bits, against the closed form in double (a few ulp). */
START_TEST(functions)
{
    ref_ctx ctx, *c = &ctx;
    ref_tape t;
    ck_assert_int_eq(ref_ctx_init(c, ref_arith_mpfr(), 200), EP_OK);
    ck_assert_int_eq(ref_tape_init(c, &t), EP_OK);
    int n = _i % N_FN;
    double at = FN[n].least + (double)(_i / N_FN) / 4;
    ref_num *p = ref_vec(c, 2);
    ref_set_d(c, p, at);
    ref_set_d(c, p + 1, 2);
    ref_var a = ref_tape_leaf(&t, p), y = ref_tape_scale(&t, FN[n].f(&t, a), p + 1);
    ck_assert_int_eq(ref_tape_seed(&t, y, NULL), EP_OK);
    ck_assert_int_eq(ref_tape_sweep(&t), EP_OK);
    const ref_num *g = ref_tape_adjoint(&t, a);
    double got = g ? c->ar->to_d(g) : 0, want = 2 * FN[n].d(at);
    ck_assert_msg(fabs(got - want) <= ldexp(fabs(want), -49), "%s at %a: got %a, want %a", FN[n].name, at, got, want);
    ref_tape_clear(&t);
    ref_ctx_clear(c);
}
END_TEST

/* Given values: sigmoid s(1 - s), tanh 1 - y^2 of the given symbol, whatever the argument. */
START_TEST(given_values)
{
    ref_ctx ctx, *c = &ctx;
    ref_tape t;
    ck_assert_int_eq(ref_ctx_init(c, ref_arith_field(), 0), EP_OK);
    ck_assert_int_eq(ref_tape_init(c, &t), EP_OK);
    ref_num *p = draw(c, 1), *w = ref_vec(c, 1);
    ref_var a = ref_tape_leaf(&t, p), b = ref_tape_leaf(&t, p + 1);
    ck_assert_int_eq(ref_tape_seed(&t, ref_tape_tanh(&t, a, p + 2), NULL), EP_OK);
    ck_assert_int_eq(ref_tape_seed(&t, ref_tape_sigmoid(&t, b, p + 3), NULL), EP_OK);
    ck_assert_int_eq(ref_tape_sweep(&t), EP_OK);
    ref_mul(c, w, p + 2, p + 2);
    ref_sub(c, w, &c->one, w);
    expect(c, ref_tape_adjoint(&t, a), w, "tanh");
    ref_mul(c, w, p + 3, p + 3);
    ref_sub(c, w, p + 3, w);
    expect(c, ref_tape_adjoint(&t, b), w, "sigmoid");
    ref_tape_clear(&t);
    ref_ctx_clear(c);
}
END_TEST

static void status_of(const ref_arith *ar, fn *f, const char *value, ep_status want)
{
    ref_ctx ctx, *c = &ctx;
    ref_tape t;
    ck_assert_int_eq(ref_ctx_init(c, ar, 64), EP_OK);
    ck_assert_int_eq(ref_tape_init(c, &t), EP_OK);
    ref_num *p = ref_vec(c, 1);
    ref_set_d(c, p, atof(value));
    if (*value == '?') mpfi_interv_d(p->i, -1, 1);
    ref_var y = f(&t, ref_tape_leaf(&t, p));
    ck_assert_msg(t.status == want, "%s at %s: status %d, want %d", ar->name, value, (int)t.status, (int)want);
    ck_assert_int_lt(y.id, 0);
    ck_assert_int_eq(ref_tape_sweep(&t), want);
    ref_tape_clear(&t);
    ref_ctx_clear(c);
}

static ref_var one_over(ref_tape *t, ref_var a)
{
    return ref_tape_div(t, ref_tape_constant(t, &t->c->one), a);
}

START_TEST(refusals)
{
    status_of(ref_arith_rational(), one_over, "0", EP_DOMAIN);
    status_of(ref_arith_rational(), ref_tape_exp, "1", EP_NOTIMPL);
    status_of(ref_arith_field(), ref_tape_exp, "1", EP_DOMAIN);
    status_of(ref_arith_field(), f_tanh, "1", EP_DOMAIN);
    status_of(ref_arith_mpfr(), ref_tape_log, "0", EP_DOMAIN);
    status_of(ref_arith_mpfi(), ref_tape_abs, "?", EP_UNABLE);
    status_of(ref_arith_mpfi(), ref_tape_pos, "?", EP_UNABLE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tape_ops");
    TCase *tc = tcase_create("ops");
    tcase_add_loop_test(tc, polynomial_in_rationals, 0, test_loops(300));
    tcase_add_loop_test(tc, polynomial_in_the_field, 0, test_loops(300));
    tcase_add_loop_test(tc, spikes_and_several_seeds, 0, test_loops(200));
    tcase_add_loop_test(tc, functions, 0, N_FN * 33);
    tcase_add_test(tc, structural_zeros_are_free);
    tcase_add_test(tc, given_values);
    tcase_add_test(tc, refusals);
    suite_add_tcase(s, tc);
    return test_run(s);
}
