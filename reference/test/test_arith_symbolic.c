/* The prime field against GMP and its axioms; degrees against hand polynomials and finite differences.
 * SPDX-License-Identifier: MIT */
#include "test_arith_util.h"

/* The third prime is far from 2^61, where the product is reduced by division. */
static const uint64_t PRIMES[] = { REF_PRIME_1, REF_PRIME_2, UINT64_C(1000000007), 3 };

static void field_open(ref_ctx *c, int which, uint64_t seed)
{
    ctx_open(c, ref_arith_field(), 0);
    c->prime = PRIMES[which];
    c->seed = seed;
}

static void mpz_from_u64(mpz_ptr z, uint64_t x) { mpz_import(z, 1, -1, sizeof x, 0, 0, &x); }

static uint64_t mpz_to_u64(mpz_srcptr z)
{
    uint64_t x = 0;
    mpz_export(&x, NULL, -1, sizeof x, 0, 0, z);
    return x;
}

START_TEST(both_moduli_are_prime_and_neighbours)
{
    mpz_t z;
    mpz_init(z);
    mpz_from_u64(z, REF_PRIME_2);
    ck_assert_int_ne(mpz_probab_prime_p(z, 50), 0);
    mpz_nextprime(z, z);
    ck_assert_uint_eq(mpz_to_u64(z), REF_PRIME_1);
    ck_assert_int_ne(mpz_probab_prime_p(z, 50), 0);
    ck_assert_uint_eq(REF_PRIME_1, (UINT64_C(1) << 61) - 1);
    mpz_clear(z);
}
END_TEST

/* Elements: mostly uniform, sometimes at the ends of [0, p). */
static uint64_t element(ref_ctx *c, ref_num *r, dice *d)
{
    ref_draw(c, r);
    switch (roll(d) % 8) {
    case 0: r->f = 0; break;
    case 1: r->f = c->prime - 1; break;
    case 2: r->f = c->prime - 1 - roll(d) % 2; break;
    default: break;
    }
    return r->f;
}

START_TEST(field_operations_are_those_of_gmp)
{
    ref_ctx c;
    field_open(&c, _i % 4, (uint64_t)_i);
    dice d = { 41, (uint64_t)_i, 0 };
    ref_num *v = ref_vec(&c, 3);
    mpz_t p, a, b, r;
    mpz_inits(p, a, b, r, NULL);
    mpz_from_u64(p, c.prime);
    for (int k = 0; k < 50; k++) {
        uint64_t x = element(&c, v, &d), y = element(&c, v + 1, &d);
        mpz_from_u64(a, x), mpz_from_u64(b, y);
        ref_add(&c, v + 2, v, v + 1), mpz_add(r, a, b), mpz_mod(r, r, p);
        ck_assert_uint_eq(v[2].f, mpz_to_u64(r));
        ref_sub(&c, v + 2, v, v + 1), mpz_sub(r, a, b), mpz_mod(r, r, p);
        ck_assert_uint_eq(v[2].f, mpz_to_u64(r));
        ref_mul(&c, v + 2, v, v + 1), mpz_mul(r, a, b), mpz_mod(r, r, p);
        ck_assert_uint_eq(v[2].f, mpz_to_u64(r));
        ref_neg(&c, v + 2, v), mpz_neg(r, a), mpz_mod(r, r, p);
        ck_assert_uint_eq(v[2].f, mpz_to_u64(r));
        if (!y) continue;
        ref_div(&c, v + 2, v, v + 1), mpz_invert(r, b, p), mpz_mul(r, r, a), mpz_mod(r, r, p);
        ck_assert_uint_eq(v[2].f, mpz_to_u64(r));
    }
    ck_assert_int_eq(c.status, EP_OK);
    mpz_clears(p, a, b, r, NULL);
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(field_axioms)
{
    ref_ctx c;
    field_open(&c, _i % 4, (uint64_t)_i + 1000);
    dice d = { 42, (uint64_t)_i, 0 };
    ref_num *v = ref_vec(&c, 7);
    ref_num *x = v, *y = v + 1, *z = v + 2, *l = v + 3, *r = v + 4, *t = v + 5, *pw = v + 6;
    element(&c, x, &d), element(&c, y, &d), element(&c, z, &d);
    ref_add(&c, l, x, y), ref_add(&c, l, l, z), ref_add(&c, r, y, z), ref_add(&c, r, x, r);
    ck_assert_uint_eq(l->f, r->f);
    ref_mul(&c, l, x, y), ref_mul(&c, l, l, z), ref_mul(&c, r, y, z), ref_mul(&c, r, x, r);
    ck_assert_uint_eq(l->f, r->f);
    ref_add(&c, l, x, y), ref_mul(&c, l, l, z);
    ref_mul(&c, r, x, z), ref_mul(&c, t, y, z), ref_add(&c, r, r, t);
    ck_assert_uint_eq(l->f, r->f);
    ref_mul(&c, l, x, y), ref_mul(&c, r, y, x);
    ck_assert_uint_eq(l->f, r->f);
    ref_neg(&c, l, x), ref_add(&c, l, l, x);
    ck_assert(c.ar->is_zero(l));
    if (x->f) {
        ref_div(&c, l, &c.one, x), ref_mul(&c, l, l, x);
        ck_assert(c.ar->is_one(l));
        ref_set(&c, l, &c.one), ref_set(&c, pw, x);
        for (uint64_t n = c.prime - 1; n; n >>= 1) { /* Fermat: x^(p-1) = 1 */
            if (n & 1) ref_mul(&c, l, l, pw);
            ref_mul(&c, pw, pw, pw);
        }
        ck_assert(c.ar->is_one(l));
    }
    ck_assert_int_eq(c.status, EP_OK);
    ref_div(&c, l, y, &c.zero);
    ck_assert_int_eq(c.status, EP_UNABLE);
    ref_ctx_clear(&c);
}
END_TEST

/* x and y have 26 bits and exponents close enough that x + y and x y are exact doubles. */
START_TEST(loading_dyadic_numbers_is_a_homomorphism)
{
    ref_ctx c;
    field_open(&c, _i % 3, 0);
    dice d = { 43, (uint64_t)_i, 0 };
    ref_num *v = ref_vec(&c, 4);
    int e = roll_int(&d, -480, 480);
    double x = roll_dyadic(&d, 26, e, e + 20), y = roll_dyadic(&d, 26, e, e + 20);
    ref_set_d(&c, v, x), ref_set_d(&c, v + 1, y);
    ref_set_d(&c, v + 2, x + y), ref_add(&c, v + 3, v, v + 1);
    ck_assert_msg(v[2].f == v[3].f, "%a + %a", x, y);
    ref_set_d(&c, v + 2, x - y), ref_sub(&c, v + 3, v, v + 1);
    ck_assert_msg(v[2].f == v[3].f, "%a - %a", x, y);
    ref_set_d(&c, v + 2, x * y), ref_mul(&c, v + 3, v, v + 1);
    ck_assert_msg(v[2].f == v[3].f, "%a * %a", x, y);
    ref_set_d(&c, v + 2, -x), ref_neg(&c, v + 3, v);
    ck_assert_msg(v[2].f == v[3].f, "-(%a)", x);
    ref_set_d(&c, v, 12345.0);
    ck_assert_uint_eq(v[0].f, 12345 % c.prime);
    ref_set_d(&c, v, 0.5), ref_add(&c, v, v, v);
    ck_assert(c.ar->is_one(v));
    ref_set_d(&c, v, 0x1p-1074), ref_set_d(&c, v + 1, 0x1p1023), ref_mul(&c, v, v, v + 1);
    ref_set_d(&c, v + 1, 0x1p-51);
    ck_assert_uint_eq(v[0].f, v[1].f);
    ref_ctx_clear(&c);
}
END_TEST

/* 16 bins, 15 degrees of freedom: a fair source exceeds 60 once in 5 million seeds; seeds are fixed. */
START_TEST(draws_are_uniform_fresh_and_repeatable)
{
    enum { N = 3200, BINS = 16 };
    ref_ctx c, again;
    field_open(&c, _i, 7), field_open(&again, _i, 7);
    ref_num *v = ref_vec(&c, 1), *w = ref_vec(&again, 1);
    int bin[BINS] = { 0 };
    uint64_t last = 0;
    for (int k = 0; k < N; k++) {
        const ref_num *unused = &c.one;
        if (k % 2) c.ar->tanh(&c, v, unused); else ref_draw(&c, v);
        again.ar->sigmoid(&again, w, &again.zero);
        ck_assert_uint_eq(v->f, w->f);
        ck_assert(v->f >= 1 && v->f < c.prime);
        if (c.prime > 3) ck_assert_uint_ne(v->f, last);
        last = v->f;
        bin[(int)((double)v->f / (double)c.prime * BINS)]++;
    }
    double chi = 0;
    for (int k = 0; k < BINS; k++) chi += (bin[k] - N / BINS) * (double)(bin[k] - N / BINS) / (N / BINS);
    if (c.prime > 3) ck_assert_msg(chi < 60, "chi^2 = %g", chi);
    c.seed = 8, c.drawn = 0, again.drawn = 0;
    ref_draw(&c, v), ref_draw(&again, w);
    if (c.prime > 3) ck_assert_uint_ne(v->f, w->f);
    ref_ctx_clear(&c), ref_ctx_clear(&again);
}
END_TEST

START_TEST(degrees_of_hand_polynomials)
{
    const ref_arith *ar = ref_arith_degree();
    ref_ctx c;
    ctx_open(&c, ar, 0);
    ref_num *v = ref_vec(&c, 6);
    ref_num *x = v, *y = v + 1, *k = v + 2, *r = v + 3, *t = v + 4;
    ref_draw(&c, x), ref_draw(&c, y), ref_set_d(&c, k, -3.5);
    ck_assert_int_eq(x->deg, 1);
    ck_assert_int_eq(k->deg, 0);
    ck_assert_int_eq(c.zero.deg, -1);
    ref_add(&c, r, x, y), ref_sub(&c, t, x, k), ref_mul(&c, r, r, t), ref_add(&c, r, r, &c.one);
    ck_assert_int_eq(r->deg, 2); /* (x + y)(x + 3.5) + 1 */
    ref_mul(&c, t, r, r), ref_mul(&c, t, t, x);
    ck_assert_int_eq(t->deg, 5);
    ref_mul(&c, t, t, &c.zero);
    ck_assert(ar->is_zero(t));
    ref_add(&c, t, t, k);
    ck_assert_int_eq(t->deg, 0);
    ref_sub(&c, t, x, x);
    ck_assert_int_eq(t->deg, 1); /* an upper bound: cancellation is not seen */
    ref_neg(&c, t, r), ref_div(&c, t, t, k);
    ck_assert_int_eq(t->deg, 2);
    ar->tanh(&c, t, r);
    ck_assert_int_eq(t->deg, 1); /* a nonlinear function is a fresh symbol */
    ref_set(&c, t, x);
    for (int n = 0; n < 70; n++) ref_mul(&c, t, t, t);
    ck_assert(t->deg == INT64_MAX);
    ck_assert_int_eq(c.status, EP_OK);
    ref_div(&c, t, k, x);
    ck_assert_int_eq(c.status, EP_UNABLE);
    ref_ctx_clear(&c);
    ctx_open(&c, ar, 0);
    ref_div(&c, &c.tmp, &c.one, &c.zero);
    ck_assert_int_eq(c.status, EP_UNABLE);
    ref_ctx_clear(&c);
}
END_TEST

enum { POOL = 6, OPS = 14, MAX_DEG = 14 };

/* One random program of +, -, *, neg over POOL values. A product whose degree would exceed MAX_DEG becomes a
 * sum: in the degree arithmetic swap[] is written, elsewhere it is obeyed. */
static void program(ref_ctx *c, ref_num *v, bool *swap, uint64_t seed)
{
    dice d = { 44, seed, 0 };
    for (int k = 0; k < OPS; k++) {
        int r = roll_int(&d, 0, POOL - 1), a = roll_int(&d, 0, POOL - 1), b = roll_int(&d, 0, POOL - 1);
        uint64_t op = roll(&d) % 5;
        if (c->ar == ref_arith_degree()) swap[k] = v[a].deg + v[b].deg > MAX_DEG;
        if (op == 0) ref_sub(c, v + r, v + a, v + b);
        else if (op == 1) ref_neg(c, v + r, v + a);
        else if (op == 2 || swap[k]) ref_add(c, v + r, v + a, v + b);
        else ref_mul(c, v + r, v + a, v + b);
    }
}

/* With every symbol on a line s = p + q t, a polynomial of degree n in the symbols is one of degree <= n
 * in t, so its finite difference of order n + 1 vanishes. */
START_TEST(degree_bounds_the_degree_along_random_lines)
{
    ref_ctx g, c;
    ctx_open(&g, ref_arith_degree(), 0);
    field_open(&c, _i % 2, (uint64_t)_i);
    ref_num *dv = ref_vec(&g, POOL), *v = ref_vec(&c, POOL), *p = ref_vec(&c, POOL), *q = ref_vec(&c, POOL);
    ref_num *sum = ref_vec(&c, POOL), *t = ref_vec(&c, 2), *binom = ref_vec(&c, 1);
    bool swap[OPS];
    for (int s = 0; s < POOL - 1; s++) ref_draw(&g, dv + s), ref_draw(&c, p + s), ref_draw(&c, q + s);
    ref_set_d(&g, dv + POOL - 1, 3.0), ref_set_d(&c, p + POOL - 1, 3.0); /* one constant */
    program(&g, dv, swap, (uint64_t)_i);
    for (int s = 0; s < POOL; s++) {
        int64_t n = dv[s].deg + 1;
        ref_set(&c, binom, &c.one);
        for (int64_t k = 0; k <= n; k++) { /* sum_k (-1)^k C(n, k) f(k) */
            ref_set_d(&c, t, (double)k);
            for (int m = 0; m < POOL; m++) ref_mul(&c, v + m, q + m, t), ref_add(&c, v + m, v + m, p + m);
            program(&c, v, swap, (uint64_t)_i);
            ref_addmul(&c, sum + s, binom, v + s);
            ref_set_d(&c, t, (double)-(n - k)), ref_mul(&c, binom, binom, t);
            ref_set_d(&c, t, (double)(k + 1)), ref_div(&c, binom, binom, t);
        }
        ck_assert_msg(c.ar->is_zero(sum + s), "degree %ld of value %d is too small", (long)dv[s].deg, s);
    }
    ref_ctx_clear(&g), ref_ctx_clear(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arith_symbolic");
    TCase *t = tcase_create("symbolic");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, both_moduli_are_prime_and_neighbours);
    tcase_add_loop_test(t, field_operations_are_those_of_gmp, 0, 4 * test_loops(50));
    tcase_add_loop_test(t, field_axioms, 0, 4 * test_loops(250));
    tcase_add_loop_test(t, loading_dyadic_numbers_is_a_homomorphism, 0, 3 * test_loops(500));
    tcase_add_loop_test(t, draws_are_uniform_fresh_and_repeatable, 0, 4);
    tcase_add_test(t, degrees_of_hand_polynomials);
    tcase_add_loop_test(t, degree_bounds_the_degree_along_random_lines, 0, test_loops(400));
    suite_add_tcase(s, t);
    return run_suite(s);
}
